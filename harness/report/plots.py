"""The report's plots as PNG and SVG for papers: `write_plots(runs)` fills RUN/plots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.faults import UserMistake
from harness.report.build import Run, read_run, shared_folder
from harness.report.draw_judgements import draw_blame, draw_scores
from harness.report.draw_rates import draw_cost, draw_intervals, draw_reliability
from harness.report.draw_trials import draw_categories, draw_tasks
from harness.report.panels import plain_text, run_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLOTS: dict[str, Callable[[Sequence[Run]], Figure | None]] = {
    "leaderboard": draw_intervals,
    "reliability": draw_reliability,
    "categories": draw_categories,
    "scores": draw_scores,
    "blame": draw_blame,
    "cost": draw_cost,
    "tasks": draw_tasks,
}
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#999999",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "agent-harness",
    "text.parse_math": False,
}


def write_plots(folders: Sequence[Path], out: Path | None = None) -> list[Path]:
    """Draw every plot that the runs have data for and return the files, PNG and SVG.

    They go to `plots/` in `out`, which defaults to the run's folder, or to the folder that holds
    all runs. Raises UserMistake where a folder is no run or cannot be written.
    """
    target = (out or shared_folder(folders)) / "plots"
    runs = [read_run(folder) for folder in folders]
    try:
        target.mkdir(parents=True, exist_ok=True)
        return list(draw_all(runs, target))
    except OSError as error:
        raise UserMistake(f"cannot write {target}: {error.strerror}; choose --out") from None


def draw_all(runs: Sequence[Run], target: Path) -> Iterator[Path]:
    import matplotlib

    formats: list[tuple[str, dict[str, Any]]] = [
        ("png", {"dpi": 200}),
        ("svg", {"metadata": {"Date": None}}),
    ]
    for name, draw in PLOTS.items():
        with matplotlib.rc_context(STYLE):
            figure = draw(runs)
            if figure is None:
                continue
            if note := footnote(runs):
                figure.supxlabel(note, fontsize=7, color="#8f6610", x=0.01, ha="left")
            for kind, extra in formats:
                path = target / f"{name}.{kind}"
                figure.savefig(path, bbox_inches="tight", **extra)
                yield path


def footnote(runs: Sequence[Run]) -> str:
    """Name every rule-based party of the runs, because its numbers are in the plot."""
    labels = [{*run.identity.labels, *run.identity.bench_labels.values()} for run in runs]
    shared = set.intersection(*labels)
    own = [
        f"{name}, {text}"
        for name, texts in zip(run_names(runs), labels, strict=True)
        for text in sorted(texts - shared)
    ]
    return "\n".join(plain_text(note, 120) for note in (*sorted(shared), *own))
