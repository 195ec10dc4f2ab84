"""Plots of the trials themselves: why they fail, and which tasks are solved how often.

Each function returns a figure, or None where the runs have nothing to show.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from harness.outcomes import Outcome
from harness.report.build import Run
from harness.report.panels import (
    Place,
    add_legend,
    colour,
    name_of,
    panels,
    places,
    plain_text,
    run_names,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STATUS_COLOURS = {"pass": "#2c7a57", "fail": "#e3b3a6", "error": "#d9a441", "missing": "#f1efea"}


def draw_categories(runs: Sequence[Run]) -> Figure | None:
    """Error categories as a share of failed trials, one panel per benchmark."""
    names = list(dict.fromkeys(place[0] for place in places(runs)))
    shares = {name: [category_shares(run, name) for run in runs] for name in names}
    shares = {name: counts for name, counts in shares.items() if any(counts)}
    if not shares:
        return None
    figure, axes = panels(len(shares), 4.6, 2.6)
    handles: list[Any] = []
    for (name, counts), ax in zip(shares.items(), axes, strict=True):
        total = {label: sum(c.get(label, 0) for c in counts) for c in counts for label in c}
        labels = sorted(total, key=lambda label: -total[label])[:12]
        thick = 0.8 / len(runs)
        handles = []
        for number, count in enumerate(counts):
            ys = [n - 0.4 + thick * (number + 0.5) for n in range(len(labels))]
            widths = [100 * count.get(label, 0) for label in labels]
            handles.append(ax.barh(ys, widths, thick * 0.9, color=colour(number), alpha=0.85))
        ax.set_yticks(range(len(labels)), [plain_text(x.replace("_", " ")) for x in labels])
        ax.invert_yaxis()
        ax.grid(visible=False, axis="y")
        ax.set(title=plain_text(name), xlabel="percent of failed trials")
    add_legend(figure, run_names(runs), handles)
    return figure


def category_shares(run: Run, benchmark: str) -> dict[str, float]:
    """Share of a benchmark's failed trials that carry each category."""
    failed = [o for o in run.outcomes.values() if o.benchmark == benchmark and o.status == "fail"]
    counts = Counter(name for o in failed for name in {c.id for c in o.categories})
    return {name: count / len(failed) for name, count in counts.items()}


def draw_tasks(runs: Sequence[Run]) -> Figure | None:
    """Every task (column, easiest first) over its trials (rows, run by run)."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    rows = places(runs, ("domain",))
    if not rows:
        return None
    figure, axes = panels(len(rows), 3.4, 1.2 + 0.1 * len(runs))
    order = list(STATUS_COLOURS)
    shades = ListedColormap(list(STATUS_COLOURS.values()))
    for place, ax in zip(rows, axes, strict=True):
        lines = list(status_lines(runs, place))
        grid = [[order.index(status) for status in line] for line in lines]
        ax.imshow(grid, cmap=shades, vmin=0, vmax=len(order) - 1, aspect="auto")
        ax.set(title=name_of(place), xticks=[])
        ax.set_yticks(*run_ticks(runs, place), fontsize=7)
        ax.grid(visible=False)
    axes[0].set(xlabel="tasks", ylabel="trials")
    patches = [Patch(color=shade, label=status) for status, shade in STATUS_COLOURS.items()]
    figure.legend(handles=patches, loc="outside upper left", ncols=4)
    return figure


def run_ticks(runs: Sequence[Run], place: Place) -> tuple[list[float], list[str]]:
    """Place each run's name beside the middle of its trials."""
    names, ticks, first = run_names(runs), [], 0
    for run in runs:
        trials = [o.trial for o in run.outcomes.values() if (o.benchmark, o.domain) == place]
        count = max(trials, default=-1) + 1
        ticks.append(first + (count - 1) / 2)
        first += count
    return ticks, names if len(runs) > 1 else [""]


def status_lines(runs: Sequence[Run], place: Place) -> Iterator[list[str]]:
    """Yield one line of statuses per run and trial, all in the same order of tasks."""
    mine: list[dict[tuple[str, int], Outcome]] = [
        {(o.task_id, o.trial): o for o in run.outcomes.values() if (o.benchmark, o.domain) == place}
        for run in runs
    ]
    passed: Counter[str] = Counter()
    for found in mine:
        for (task, _), outcome in found.items():
            passed[task] += outcome.status == "pass"
    tasks = sorted(passed, key=lambda task: (-passed[task], task))
    for found in mine:
        for trial in range(max((trial for _, trial in found), default=-1) + 1):
            line = [found.get((task, trial)) for task in tasks]
            yield ["missing" if outcome is None else outcome.status for outcome in line]
