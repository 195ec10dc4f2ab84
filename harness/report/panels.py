"""What all plots share: places, colours, names that any font can show, a grid of panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.report.build import Run
from harness.report.rows import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#22607a", "#bb6426", "#3b8556", "#864f9c", "#a3822a", "#a8446a", "#4a8b9c", "#62676d")
MARKS = "os^Dv<>P"
Place = tuple[str, str]


def plain_text(text: str, limit: int = 40) -> str:
    """Return a text that any font can show: printable, short, on one line."""
    clean = "".join(c if c.isprintable() and ord(c) < 0x2500 else "?" for c in text)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def places(runs: Sequence[Run], kinds: Sequence[str] = ("domain", "average")) -> list[Place]:
    """List (benchmark, domain) of all rows, averages after the domains of their benchmark."""
    found = {(r["benchmark"], r["domain"]): r["kind"] for run in runs for r in run.rows}
    benchmarks = {name: at for at, name in enumerate(dict.fromkeys(b for b, _ in found))}
    kept = [place for place, kind in found.items() if kind in kinds]
    return sorted(kept, key=lambda p: (benchmarks[p[0]], kinds.index(found[p])))


def row_at(run: Run, place: Place) -> Row | None:
    return next((r for r in run.rows if (r["benchmark"], r["domain"]) == place), None)


def largest_k(runs: Sequence[Run]) -> int:
    names = (k for run in runs for r in run.rows for k, v in r.items() if v is not None)
    return max((int(n[5:]) for n in names if n.startswith("pass^") and n[5:].isdigit()), default=1)


def panels(count: int, width: float = 2.6, height: float = 2.0) -> tuple[Figure, list[Axes]]:
    """Lay out `count` axes, four to a line."""
    from matplotlib.figure import Figure

    columns = min(4, count)
    lines = -(-count // columns)
    figure = Figure(figsize=(width * columns, height * lines), layout="constrained")
    axes = [figure.add_subplot(lines, columns, n + 1) for n in range(count)]
    return figure, axes


def name_of(place: Place) -> str:
    return plain_text(" / ".join(part for part in place if part))


def run_names(runs: Sequence[Run]) -> list[str]:
    """Name every run by its model, and by its folder where several runs share a model."""
    models = [run.identity.model for run in runs]
    return [
        plain_text(model if models.count(model) == 1 else f"{model} ({run.identity.name})")
        for model, run in zip(models, runs, strict=True)
    ]


def add_legend(figure: Figure, names: Sequence[str], handles: Sequence[Any]) -> None:
    """Name the series above the panels; a single run needs no legend."""
    if len(names) > 1:
        figure.legend(handles, names, loc="outside upper left", ncols=min(4, len(names)))
