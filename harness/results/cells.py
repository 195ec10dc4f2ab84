"""One cell of a result table: the trials of one domain of one benchmark, summed up."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.metrics import BadOutcomes, Summary, share, summarise
from harness.outcomes import Outcome
from harness.results.failures import Failures
from harness.results.users import Users
from harness.statistics import interval, minimum_detectable, variance_components
from harness.tallies import Counts, ErrorPolicy, Record, pass_hat

Row = dict[str, Any]


@dataclass(slots=True)
class Cell:
    """What a row needs of its trials; sums are taken at the end, so their order is immaterial."""

    records: list[Record] = field(default_factory=list)
    clusters: dict[str, str] = field(default_factory=dict)
    rewards: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    users: Users = field(default_factory=Users)
    failures: Failures = field(default_factory=Failures)

    def add(self, outcome: Outcome) -> None:
        """Take in one trial."""
        self.records.append((outcome.task_id, outcome.trial, outcome.status))
        if outcome.cluster:
            self.clusters[outcome.task_id] = outcome.cluster
        if outcome.status == "missing":
            return
        if outcome.reward is not None:
            if not math.isfinite(outcome.reward):
                raise BadOutcomes(
                    f"task {outcome.task_id} trial {outcome.trial} has reward {outcome.reward}"
                )
            self.rewards.append(outcome.reward)
        if outcome.cost_usd is not None:
            self.costs.append(outcome.cost_usd)
        self.seconds.append(outcome.seconds)
        self.users.add(outcome)
        self.failures.add(outcome)
        self.count(outcome)

    def count(self, outcome: Outcome) -> None:
        """Count who failed and what was spent."""
        counts = self.counts
        counts["played"] += 1
        counts["turns"] += outcome.turns
        counts["calls"] += outcome.calls
        counts["tool_errors"] += outcome.tool_errors
        counts["tokens_in"] += outcome.tokens_in
        counts["tokens_out"] += outcome.tokens_out
        counts["retries"] += outcome.retries
        counts[f"end:{outcome.end}"] += 1
        kind = "error" if outcome.status == "error" else "blame"
        if outcome.cause:
            counts[f"{kind}:{outcome.cause}"] += 1

    def fill_missing(self, tasks: Iterable[str], trials: int) -> None:
        """Add a missing trial for every expected (task, trial) that was never played."""
        known = {(task, trial) for task, trial, _ in self.records}
        for task in tasks:
            for trial in range(trials):
                if (task, trial) not in known:
                    self.records.append((task, trial, "missing"))


def cell_row(cell: Cell, ks: Sequence[int], policy: ErrorPolicy = "fail") -> Row:
    """Compute every figure of a cell."""
    summary = summarise(cell.records, ks, policy, cell.clusters)
    dropped = summarise(cell.records, ks, "drop", cell.clusters)
    statuses = summary.statuses
    return {
        "n_tasks": summary.tasks_total,
        "n_clusters": sum(summary.groups.values()),
        "n_trials_min": summary.n_min,
        "n_trials_max": summary.n_max,
        "trials_expected": len(cell.records),
        "trials_scored": summary.trials_scored,
        "errors": statuses["error"],
        "missing": statuses["missing"],
        "error_policy": policy,
        **estimates(summary, dropped, ks),
        "avg_reward": mean_reward(cell, statuses["error"] if policy == "fail" else 0),
        "flaky_rate": summary.flaky_rate,
        "never_rate": summary.never_rate,
        "always_rate": summary.always_rate,
        "coverage": coverage(summary, ks),
        "tasks_lost": summary.tasks_lost,
        "tasks_lost_drop": dropped.tasks_lost,
        **rates(cell.counts, statuses["error"]),
        **cell.users.row(cell.counts["played"], ks, policy, cell.clusters),
        **cell.failures.row(),
        **spending(cell),
        **spreads(summary),
        "c_histogram": histogram_text(summary),
    }


def estimates(summary: Summary, dropped: Summary, ks: Sequence[int]) -> Row:
    """Columns per k: strict, error, interval, pass@k, and the partial and dropped variants."""
    row: Row = {}
    for k in ks:
        hat, bounds = summary.pass_hat[k], interval(summary.groups, pass_hat, k)
        row |= {
            f"pass^{k}": hat.strict,
            f"se_{k}": hat.se_clustered,
            f"ci_lo_{k}": bounds.low if bounds else None,
            f"ci_hi_{k}": bounds.high if bounds else None,
            f"ci_method_{k}": bounds.method if bounds else None,
            f"pass@{k}": summary.pass_at[k].strict,
            f"pass^{k}_partial": hat.partial,
            f"tasks_used_{k}": hat.tasks_used,
            f"pass^{k}_drop": dropped.pass_hat[k].partial,
            f"tasks_used_drop_{k}": dropped.pass_hat[k].tasks_used,
        }
    return row


def coverage(summary: Summary, ks: Sequence[int]) -> float | None:
    """Share of tasks that have enough scored trials for the largest k."""
    return share(summary.pass_hat[max(ks)].tasks_used, summary.tasks_total) if ks else None


def mean_reward(cell: Cell, errors_as_zero: int) -> float | None:
    """Mean reward over trials: errors count 0 under the headline policy."""
    trials = len(cell.rewards) + errors_as_zero
    return math.fsum(cell.rewards) / trials if trials else None


def rates(counts: Mapping[str, int], errors: int) -> Row:
    """Shares of the played trials by who or what ended them; faults are all infrastructure."""
    played = counts["played"]
    steps = counts["end:max_steps"] + counts["end:max_steps_per_turn"]
    seats = {name.partition(":")[2]: m for name, m in counts.items() if name.startswith("error:")}
    return {
        "infra_error_rate": share(errors, played),
        "agent_error_rate": share(counts["blame:agent"], played),
        "env_error_rate": share(counts["blame:env"], played),
        "timeout_rate": share(counts["end:timeout"], played),
        "max_steps_rate": share(steps, played),
        "max_errors_rate": share(counts["end:max_errors"], played),
        "fault_seats": json.dumps(seats, sort_keys=True) if seats else None,
        "retries": counts["retries"],
    }


def spending(cell: Cell) -> Row:
    """Means per played trial, and token totals. Costs are over the trials whose price is known."""
    counts, played = cell.counts, cell.counts["played"]
    return {
        "turns_mean": share(counts["turns"], played),
        "tool_calls_mean": share(counts["calls"], played),
        "tool_error_rate": share(counts["tool_errors"], counts["calls"]),
        "in_tokens": counts["tokens_in"],
        "out_tokens": counts["tokens_out"],
        "cost_usd_mean": math.fsum(cell.costs) / len(cell.costs) if cell.costs else None,
        "cost_trials": len(cell.costs),
        "wall_s_mean": math.fsum(cell.seconds) / played if played else None,
    }


def spreads(summary: Summary) -> Row:
    """Variance components and the difference that a second run of this size could show."""
    split = variance_components(summary.counts)
    smallest = minimum_detectable(summary.counts)
    one = summary.pass_hat.get(1)
    if smallest and one and one.se_task and one.se_clustered:
        smallest *= one.se_clustered / one.se_task
    return {
        "variance_between": split.between if split else None,
        "variance_within": split.within if split else None,
        "icc": split.icc if split else None,
        "mde_paired": smallest,
    }


def histogram_text(summary: Summary) -> str:
    """Write tasks by successes: [..n+1..], or {"n": [...]} where tasks differ in n."""
    whole = summary.c_histogram
    if whole is not None:
        return json.dumps(whole, separators=(",", ":"))
    counts: Mapping[Counts, int] = summary.counts
    by_n = {str(n): [counts[n, c] for c in range(n + 1)] for n in sorted({n for n, _ in counts})}
    return json.dumps(by_n, separators=(",", ":"))
