"""What went wrong on the user's side: rates of its errors, and the runs in which none mattered.

Evaluators that look at the user leave `user_errors` in a verdict's parts, a list of
{rule, message, severity, reason} in log order (empty: looked, found nothing), and may add
`first_critical` (who made the first critical error) and `user_stop` (how the user hung up).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.metrics import share, summarise
from harness.outcomes import Outcome
from harness.tallies import ErrorPolicy, Record

SEVERITIES = ("critical_helped", "critical_hindered", "minor")


@dataclass(slots=True)
class Users:
    """Counts over the trials of a cell; `clean` holds those without a critical user error."""

    counts: Counter[str] = field(default_factory=Counter)
    clean: list[Record] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Take in one trial that was played."""
        counts, parts = self.counts, outcome.parts
        found = errors_of(outcome)
        worst = worst_of(outcome, found)
        counts["reviewed"] += "user_errors" in parts
        counts[f"worst:{worst}"] += 1
        if worst in ("", "minor"):
            self.clean.append((outcome.task_id, outcome.trial, outcome.status))
        for rule in {str(error.get("rule")) for error in found}:
            counts[f"rule:{rule}"] += 1
        for kind in ("first_critical", "user_stop"):
            if name := parts.get(kind):
                counts[f"{kind}:{name}"] += 1

    def row(
        self,
        played: int,
        ks: Sequence[int],
        policy: ErrorPolicy,
        clusters: Mapping[str, str],
    ) -> dict[str, Any]:
        """Return the table's columns; `played` is the number of trials that were played."""
        rates = {name: share(self.counts[f"worst:{name}"], played) for name in SEVERITIES}
        wrong = sum(self.counts[f"worst:{name}"] for name in SEVERITIES)
        row: dict[str, Any] = {
            "user_error_rate": share(wrong, played),
            "user_helped_rate": rates["critical_helped"],
            "user_hindered_rate": rates["critical_hindered"],
            "user_minor_rate": rates["minor"],
            "user_error_rules": self.named("rule"),
            "user_stops": self.named("user_stop"),
            "first_critical": self.named("first_critical"),
            "trials_reviewed": self.counts["reviewed"],
        }
        if not self.counts["reviewed"]:
            return row
        clean = summarise(self.clean, ks, policy, clusters)
        row["trials_clean"] = len(self.clean)
        for k in ks:
            row[f"pass^{k}_clean"] = clean.pass_hat[k].partial
            row[f"tasks_used_clean_{k}"] = clean.pass_hat[k].tasks_used
        return row

    def named(self, kind: str) -> str | None:
        """Write the counts of one kind as JSON, None where there are none."""
        prefix = f"{kind}:"
        found = {n.removeprefix(prefix): c for n, c in self.counts.items() if n.startswith(prefix)}
        return json.dumps(found, sort_keys=True) if found else None


def errors_of(outcome: Outcome) -> list[Mapping[str, Any]]:
    """Return the user's errors that a verdict names, [] where it names none."""
    found = outcome.parts.get("user_errors")
    return [e for e in found if isinstance(e, Mapping)] if isinstance(found, list | tuple) else []


def worst_of(outcome: Outcome, found: Sequence[Mapping[str, Any]]) -> str:
    """Return the severity of a trial's user errors: its first critical one's, else minor or "".

    A user that broke the protocol ended the episode: that hindered.
    """
    severities = [str(error.get("severity")) for error in found]
    critical = next((s for s in severities if s.startswith("critical")), "")
    if critical not in SEVERITIES:
        critical = "critical_hindered" if critical or outcome.end == "user_error" else ""
    return critical or ("minor" if severities else "")
