"""Learning curves: pass^1 with its interval, and pass^k, by step of training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.faults import UserMistake
from harness.report.panels import add_legend, colour, name_of, panels, plain_text
from harness.report.plots import STYLE
from harness.results.curve import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def write_curves(curves: Sequence[Curve], out: Path) -> list[Path]:
    """Draw the curves and return the files, PNG and SVG. Raises UserMistake where it cannot."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        figure = draw_curves(curves)
        try:
            out.mkdir(parents=True, exist_ok=True)
            paths = [out / "curve.png", out / "curve.svg"]
            figure.savefig(paths[0], dpi=200, bbox_inches="tight")
            figure.savefig(paths[1], metadata={"Date": None}, bbox_inches="tight")
        except OSError as error:
            raise UserMistake(f"cannot write {out}: {error.strerror}; choose --to") from None
    return paths


def draw_curves(curves: Sequence[Curve]) -> Figure:
    """One panel per domain, one colour per training; solid pass^1, dashed pass^k."""
    places = list(dict.fromkeys(place for curve in curves for place in curve.places()))
    k = min(curve.k for curve in curves)
    figure, axes = panels(len(places), 3.2, 2.4)
    handles: list[Any] = []
    for place, ax in zip(places, axes, strict=True):
        handles = [draw_one(ax, curve, place, k, n) for n, curve in enumerate(curves)]
        ax.set(title=name_of(place), ylim=(-2, 102), xlabel="step")
    dashed = f"; dashed: pass^{k}" if k > 1 else ""
    axes[0].set_ylabel(f"pass^1, percent{dashed}")
    add_legend(figure, [plain_text(curve.name) for curve in curves], handles)
    return figure


def draw_one(axes: Axes, curve: Curve, place: tuple[str, str], k: int, number: int) -> Any:
    """Draw one training in one panel and return what the legend shows of it."""
    found = [(step, row) for step in sorted(curve.rows) if (row := curve.row(step, place))]
    style: dict[str, Any] = {"color": colour(number)}
    known = [(step, row) for step, row in found if row["pass^1_partial"] is not None]
    steps = [step for step, _ in known]
    line = axes.plot(steps, [100 * r["pass^1_partial"] for _, r in known], "o-", ms=3, **style)[0]
    bounded = [(s, r) for s, r in known if r["ci_lo_1"] is not None and r["ci_hi_1"] is not None]
    low, high = ([100 * r[name] for _, r in bounded] for name in ("ci_lo_1", "ci_hi_1"))
    axes.fill_between([s for s, _ in bounded], low, high, alpha=0.12, lw=0, **style)
    if k > 1:
        last = [r[f"pass^{k}_partial"] for _, r in known]
        shown = [(s, 100 * v) for s, v in zip(steps, last, strict=True) if v is not None]
        axes.plot([s for s, _ in shown], [v for _, v in shown], "--", lw=1, **style)
    return line
