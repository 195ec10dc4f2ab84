"""Plots of what a judge says of failed trials: how far they got, and who is to blame.

A judged verdict carries `parts["judge"]` with `score`, the share of the reference plan that was
carried out, and `attribution`. Each function returns a figure, or None where nothing is judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.report.build import Run
from harness.report.panels import add_legend, colour, panels, places, plain_text, run_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 10


def judged(run: Run, benchmark: str) -> list[Mapping[str, Any]]:
    """Return what the judge says of each failed trial of a benchmark."""
    parts = (
        o.parts.get("judge")
        for o in run.outcomes.values()
        if o.benchmark == benchmark and o.status == "fail"
    )
    return [part for part in parts if isinstance(part, Mapping)]


def scores_of(run: Run, benchmark: str) -> list[float]:
    found = (part.get("score") for part in judged(run, benchmark))
    return [float(s) for s in found if isinstance(s, int | float) and 0 <= s <= 1]


def draw_scores(runs: Sequence[Run]) -> Figure | None:
    """How much of the plan failed trials carried out, one histogram per benchmark."""
    names = list(dict.fromkeys(place[0] for place in places(runs)))
    scores = {name: [scores_of(run, name) for run in runs] for name in names}
    scores = {name: found for name, found in scores.items() if any(found)}
    if not scores:
        return None
    figure, axes = panels(len(scores), 3.2, 2.4)
    handles: list[Any] = []
    for (name, found), ax in zip(scores.items(), axes, strict=True):
        weights = [[100 / len(values)] * len(values) for values in found]
        shades = [colour(number) for number in range(len(runs))]
        drawn: Any = ax.hist(found, bins=BINS, range=(0, 1), weights=weights, color=shades)[2]
        handles = list(drawn) if len(runs) > 1 else [drawn]
        ax.set(title=plain_text(name), xlabel="share of the plan carried out")
    axes[0].set(ylabel="percent of failed trials")
    add_legend(figure, run_names(runs), handles)
    return figure


def draw_blame(runs: Sequence[Run]) -> Figure | None:
    """Whom failed trials are put down to, as a share of them, one panel per benchmark."""
    names = list(dict.fromkeys(place[0] for place in places(runs)))
    shares = {name: [blame_shares(run, name) for run in runs] for name in names}
    shares = {name: counts for name, counts in shares.items() if any(counts)}
    if not shares:
        return None
    figure, axes = panels(len(shares), 3.2, 2.0)
    handles: list[Any] = []
    for (name, counts), ax in zip(shares.items(), axes, strict=True):
        labels = sorted({who for count in counts for who in count})
        thick = 0.8 / len(runs)
        handles = []
        for number, count in enumerate(counts):
            ys = [n - 0.4 + thick * (number + 0.5) for n in range(len(labels))]
            widths = [100 * count.get(who, 0) for who in labels]
            handles.append(ax.barh(ys, widths, thick * 0.9, color=colour(number), alpha=0.85))
        ax.set_yticks(range(len(labels)), [plain_text(who) for who in labels])
        ax.invert_yaxis()
        ax.grid(visible=False, axis="y")
        ax.set(title=plain_text(name), xlabel="percent of failed trials")
    add_legend(figure, run_names(runs), handles)
    return figure


def blame_shares(run: Run, benchmark: str) -> dict[str, float]:
    """Share of a benchmark's judged failures that is put down to each party."""
    found = [str(part.get("attribution") or "nobody") for part in judged(run, benchmark)]
    return {who: count / len(found) for who, count in Counter(found).items()}
