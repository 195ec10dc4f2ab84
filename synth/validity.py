"""How the tools of an environment validate: failures by mode, convergence, calls executed.

VULCAN App. A: four failure modes, found by a forward–backward loop; the share of tools that pass
within n iterations (Fig. 7); input-output pairs per tool (Table 7).
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from synth.validation import ILLOGICAL, MODES, RUNTIME, TIMEOUT, Check

ITERATIONS = 8
FAILED_WITHOUT_RUNNING = "refused before it ran"
FAILED = (TIMEOUT, RUNTIME, ILLOGICAL, "inconsistent output")


@dataclass(frozen=True)
class ToolValidity:
    """One tool: the iteration in which it passed (0 = never), failures by mode on the way there,
    what its executions in the end came to, and different (state, arguments, result) among them."""

    passed: int
    failures: Mapping[str, int] = field(default_factory=dict)
    executions: int = 0
    succeeded: int = 0
    refused: int = 0
    pairs: int = 0


@dataclass(frozen=True)
class Validity:
    """All tools of an environment, and how calls in the composed world went, by kind."""

    tools: Mapping[str, ToolValidity]
    composed: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def summary(self) -> dict[str, Any]:
        """Return what a package's manifest says of its checks."""
        kept = [tool for tool in self.tools.values() if tool.passed]
        return {
            "executions": sum(tool.executions for tool in kept),
            "succeeded": sum(tool.succeeded for tool in kept),
            "timeouts": self.composed.get("timeout", 0),
            "crashes": self.composed.get("runtime error", 0),
            "unused_args": [],
            "determinism_ok": not self.composed.get("inconsistent output", 0),
            "composed": dict(sorted(self.composed.items())),
        }


def of_rules(
    names: Sequence[str],
    checks: Iterable[Check],
    attempts: Mapping[str, int],
    earlier: Mapping[str, Mapping[str, int]],
    composed: Mapping[str, int],
) -> Validity:
    """Return the validity of tools that rules wrote.

    `attempts` says how often each was written again, `earlier` how the versions before failed.
    """
    found = {check.tool: check for check in checks}
    tools = {
        name: tool_of(found.get(name), attempts.get(name, 0) + 1, earlier.get(name, {}))
        for name in names
    }
    return Validity(tools, dict(composed))


def of_model(
    names: Sequence[str],
    checks: Iterable[Check],
    trails: Sequence[Mapping[str, Sequence[str]]],
    composed: Mapping[str, int],
) -> Validity:
    """Return the validity of tools that a model wrote.

    `trails` are, per implementing stage in order, how each reply for a tool ended.
    """
    found = {check.tool: check for check in checks}
    tools = {}
    for name in names:
        ways = [mode for trail in trails for mode in trail.get(name, ())]
        failures: Counter[str] = Counter()
        for mode in ways:
            if mode != "accepted":
                failures[mode if mode in MODES else FAILED_WITHOUT_RUNNING] += 1
        passed = len(ways) if name in found and ways[-1:] == ["accepted"] else 0
        tools[name] = tool_of(found.get(name), passed, failures)
    return Validity(tools, dict(composed))


def tool_of(check: Check | None, passed: int, failures: Mapping[str, int]) -> ToolValidity:
    if check is None:
        return ToolValidity(0, dict(failures))
    return ToolValidity(
        passed if check.valid else 0,
        dict(Counter(failures) + check.failures),
        check.executions,
        check.succeeded,
        check.refused,
        len(check.pairs),
    )


def row_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return one line about an environment from what `Validity.to_json` gave."""
    tools = list(data["tools"].values())
    failures: Counter[str] = Counter()
    for tool in tools:
        failures.update(tool["failures"])
    pairs = [tool["pairs"] for tool in tools if tool["pairs"]] or [0]
    composed = data["composed"]
    return {
        "tools": len(tools),
        "valid_within": {
            str(n): sum(0 < tool["passed"] <= n for tool in tools)
            for n in range(1, max([ITERATIONS, *(tool["passed"] for tool in tools)]) + 1)
        },
        "executions": sum(tool["executions"] for tool in tools),
        "failures": {
            mode: failures[mode] for mode in (*MODES, FAILED_WITHOUT_RUNNING) if failures[mode]
        },
        "pairs": {
            "min": min(pairs),
            "median": statistics.median(pairs),
            "mean": round(statistics.fmean(pairs), 2),
            "max": max(pairs),
            "total": sum(pairs),
        },
        "composed": {
            "calls": sum(n for kind, n in composed.items() if kind != ILLOGICAL),
            "failures": sum(composed.get(kind, 0) for kind in FAILED),
        },
    }
