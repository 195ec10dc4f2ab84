"""Plots of the table's rows: intervals, pass^k over k, cost against quality.

Each function returns a figure, or None where the runs have nothing to show.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.report.build import Run
from harness.report.panels import (
    MARKS,
    Place,
    add_legend,
    colour,
    largest_k,
    name_of,
    panels,
    places,
    plain_text,
    row_at,
    run_names,
)
from harness.report.rows import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_intervals(runs: Sequence[Run]) -> Figure | None:
    """pass^1 with its interval per domain; a hollow mark for the largest k."""
    rows = places(runs)
    if not rows:
        return None
    figure, (axes,) = panels(1, 6.4, 0.7 + 0.26 * len(rows) * max(1, 0.6 * len(runs)))
    most, handles = largest_k(runs), []
    for number, run in enumerate(runs):
        shift = 0.7 * ((number + 0.5) / len(runs) - 0.5)
        found = [(y + shift, row) for y, p in enumerate(rows) if (row := row_at(run, p))]
        handles.append(axes.plot([], [], MARKS[number % 8], color=colour(number), ms=4)[0])
        for y, row in found:
            draw_row(axes, row, y, most, number)
    axes.set_yticks(range(len(rows)), [name_of(place) for place in rows])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlim(-2, 102)
    hollow = f"; hollow: pass^{most}" if most > 1 else ""
    axes.set_xlabel(f"pass^1 with 95 % interval over tasks, percent{hollow}")
    add_legend(figure, run_names(runs), handles)
    return figure


def draw_row(axes: Axes, row: Row, y: float, most: int, number: int) -> None:
    style: dict[str, Any] = {"color": colour(number)}
    low, high, p = row.get("ci_lo_1"), row.get("ci_hi_1"), row.get("pass^1")
    if low is not None and high is not None:
        axes.plot([100 * low, 100 * high], [y, y], lw=1.5, alpha=0.5, **style)
    last = row.get(f"pass^{most}")
    if most > 1 and last is not None:
        axes.plot(100 * last, y, MARKS[number % 8], mfc="white", ms=4.5, **style)
    if p is not None:
        axes.plot(100 * p, y, MARKS[number % 8], ms=4.5, **style)


def draw_reliability(runs: Sequence[Run]) -> Figure | None:
    """pass^k over k with the band of its intervals, one panel per domain."""
    most, rows = largest_k(runs), places(runs)
    if most < 2 or not rows:
        return None
    figure, axes = panels(len(rows))
    handles: dict[int, Any] = {}
    for place, ax in zip(rows, axes, strict=True):
        for number, run in enumerate(runs):
            if (row := row_at(run, place)) is None:
                continue
            ks = [k for k in range(1, most + 1) if row.get(f"pass^{k}") is not None]
            style: dict[str, Any] = {
                "color": colour(number),
                "marker": MARKS[number % 8],
                "ms": 3.5,
            }
            handles[number] = ax.plot(ks, [100 * row[f"pass^{k}"] for k in ks], lw=1.4, **style)[0]
            sure = [k for k in ks if row.get(f"ci_lo_{k}") is not None]
            low, high = ([100 * row[f"ci_{end}_{k}"] for k in sure] for end in ("lo", "hi"))
            ax.fill_between(sure, low, high, color=colour(number), alpha=0.13, lw=0)
        ax.set(title=name_of(place), ylim=(0, 100), xticks=range(1, most + 1))
    axes[0].set(xlabel="k", ylabel="pass^k, percent")
    names = run_names(runs)
    known = sorted(handles)
    add_legend(figure, [names[n] for n in known], [handles[n] for n in known])
    return figure


def draw_cost(runs: Sequence[Run]) -> Figure | None:
    """pass^1 over cost per trial (tokens where no price is known), one panel per benchmark.

    A single run shows its domains; several runs show one point each, the average of domains.
    """
    priced = any(o.cost_usd is not None for run in runs for o in run.outcomes.values())
    groups: dict[str, list[tuple[int, Row, float]]] = {}
    for number, run in enumerate(runs):
        for place in cost_places(run, single=len(runs) == 1):
            row, cost = row_at(run, place), mean_cost(run, place, priced)
            if row is not None and row.get("pass^1") is not None and cost is not None:
                groups.setdefault(place[0], []).append((number, row, cost))
    if not groups:
        return None
    figure, axes = panels(len(groups), 4.2, 2.9)
    handles = [axes[0].plot([], [], MARKS[n % 8], color=colour(n))[0] for n in range(len(runs))]
    for (name, points), ax in zip(groups.items(), axes, strict=True):
        for number, row, cost in points:
            draw_point(ax, row, cost, number)
        ax.locator_params(axis="x", nbins=5)
        unit = "USD per trial" if priced else "tokens per trial"
        ax.set(title=plain_text(name), xlabel=unit, ylabel="pass^1, percent", ylim=(0, 100))
        ax.set_xlim(0, 1.15 * max(cost for _, _, cost in points))
    add_legend(figure, run_names(runs), handles)
    return figure


def cost_places(run: Run, *, single: bool) -> list[Place]:
    """List the domains of a single run, else the average (or only domain) of each benchmark."""
    if single:
        return places([run], ("domain",))
    return list({place[0]: place for place in places([run])}.values())


def draw_point(ax: Axes, row: Row, cost: float, number: int) -> None:
    """Draw one rate over its cost, with its interval and, for a domain, its name."""
    y, low, high = 100 * row["pass^1"], row.get("ci_lo_1"), row.get("ci_hi_1")
    if low is not None and high is not None:
        bounds = [100 * low, 100 * high]
        ax.plot([cost, cost], bounds, color=colour(number), alpha=0.4, lw=1.2)
    ax.plot(cost, y, MARKS[number % 8], color=colour(number), ms=4.5)
    text = plain_text(str(row["domain"] or row["benchmark"]), 24)
    if row["kind"] == "domain":
        ax.annotate(text, (cost, y), (5, 3), textcoords="offset points", fontsize=7)


def mean_cost(run: Run, place: Place, priced: bool) -> float | None:
    """Mean cost (or tokens) of a domain's trials, or of all for an average; None if unknown."""
    row = row_at(run, place)
    whole = row is not None and row["kind"] == "average"
    outcomes = [o for o in run.outcomes.values() if o.benchmark == place[0]]
    mine = [o for o in outcomes if whole or o.domain == place[1]]
    if priced:
        costs = [o.cost_usd for o in mine if o.cost_usd is not None]
    else:
        costs = [float(o.tokens_in + o.tokens_out) for o in mine]
    return sum(costs) / len(costs) if costs and sum(costs) > 0 else None
