"""Forward–backward validation: run every tool on sampled calls and look for four failures.

VULCAN App. A: timeout, logical inconsistency of the output, malformed input or state, runtime
error. A tool that fails is written again by the next template that fits it (`synth.convergence`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.faults import ToolFault
from synth.package import ToolRecord
from synth.python_tools import Overtime
from synth.world import Blueprint, SqlWorld

EXECUTIONS = 30
TIMEOUT, ILLOGICAL, MALFORMED, RUNTIME = (
    "timeout",
    "logical inconsistency",
    "malformed input or state",
    "runtime error",
)
MODES = (TIMEOUT, ILLOGICAL, MALFORMED, RUNTIME)
TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
Row = Mapping[str, Any]


@dataclass
class Check:
    """What running one tool showed: calls, successes, refusals, failures by mode with a witness.

    `pairs` are the different calls per state; a deterministic tool has one result for each.
    """

    tool: str
    executions: int = 0
    succeeded: int = 0
    refused: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    witness: dict[str, str] = field(default_factory=dict)
    pairs: set[tuple[int, str]] = field(default_factory=set)

    @property
    def valid(self) -> bool:
        return not self.failures

    def fail(self, mode: str, why: str) -> None:
        self.failures[mode] += 1
        self.witness.setdefault(mode, why)


def check_tool(
    record: ToolRecord, blueprints: Sequence[Blueprint], inputs: Sequence[Sequence[Row]]
) -> Check:
    """Run a tool's sampled calls, each on a fresh world of its state."""
    check = Check(record.spec.name)
    wanted_success = False
    for place, (blueprint, rows) in enumerate(zip(blueprints, inputs, strict=True)):
        for row in list(rows)[: EXECUTIONS + 5]:
            check.pairs.add((place, json.dumps(row["args"], sort_keys=True)))
            wanted_success |= row["stratum"] in ("complete", "minimal")
            run_row(check, record, blueprint, row)
    if wanted_success and not check.succeeded and not check.failures:
        check.fail(ILLOGICAL, "no sampled call succeeds")
    return check


def run_row(check: Check, record: ToolRecord, blueprint: Blueprint, row: Row) -> None:
    """Run one call twice and compare what it does with what specification and stratum say."""
    first, second = SqlWorld(blueprint), SqlWorld(blueprint)
    result = execute(first, record.spec.name, row["args"])
    check.executions += 1
    if result != execute(second, record.spec.name, row["args"]):
        return check.fail(ILLOGICAL, f"two runs of {row['args']} differ")
    if first.state() != second.state():
        return check.fail(ILLOGICAL, f"two runs of {row['args']} leave different states")
    judge(check, record, first, row, result)
    return None


def check_sparse(
    check: Check, record: ToolRecord, blueprint: Blueprint, rows: Sequence[Row]
) -> None:
    """Run complete calls in a world that holds next to nothing: it may refuse, never break."""
    for row in rows:
        if row["stratum"] != "complete":
            continue
        kind, text = execute(SqlWorld(blueprint), record.spec.name, row["args"])
        check.executions += 1
        if kind in (TIMEOUT, RUNTIME):
            check.fail(kind, f"{row['args']} in an empty world: {text}")
        elif kind == "ok" and (wrong := misfit(json.loads(text), record.response or {})):
            check.fail(ILLOGICAL, f"{row['args']} in an empty world: {wrong}")


def execute(world: SqlWorld, name: str, arguments: Mapping[str, Any]) -> tuple[str, str]:
    """Return ("ok", output), ("input", why), ("refused", why), or a failure mode and its text."""
    wrong = world.blueprint.tools[name].arguments.check(arguments)
    try:
        output = world.run(name, arguments)
    except ToolFault as fault:
        text = json.loads(str(fault))["error"]
        if wrong is not None:
            return "input", text
        if isinstance(fault, Overtime) or "more work than" in text:
            return TIMEOUT, text
        return (RUNTIME if text.startswith(f"{name}: ") else "refused"), text
    return "ok", output


def judge(
    check: Check, record: ToolRecord, world: SqlWorld, row: Row, result: tuple[str, str]
) -> None:
    kind, text = result
    if kind in (TIMEOUT, RUNTIME):
        return check.fail(kind, f"{row['args']}: {text}")
    if kind == "ok":
        check.succeeded += 1
        return judge_success(check, record, world, row, text)
    check.refused += 1
    if world.state():
        return check.fail(MALFORMED, f"{row['args']} is refused and leaves a change")
    if kind == "input" and row["stratum"] in ("complete", "minimal"):
        return check.fail(MALFORMED, f"a sampled call does not fit the schema: {text}")
    return None


def judge_success(check: Check, record: ToolRecord, world: SqlWorld, row: Row, output: str) -> None:
    if row["stratum"] in ("missing", "adversarial"):
        return check.fail(MALFORMED, f"{row['stratum']} call {row['args']} is accepted")
    try:
        value = json.loads(output)
    except ValueError:
        return check.fail(ILLOGICAL, f"the output is not JSON: {output[:80]}")
    wrong = misfit(value, record.response or {})
    if wrong:
        return check.fail(ILLOGICAL, f"{row['args']}: {wrong}")
    if record.annotations.get("effect") in ("read", "compute") and world.state():
        return check.fail(ILLOGICAL, "a reading tool changes the state")
    broken = world.own("pragma integrity_check")
    if broken != [("ok",)]:
        return check.fail(MALFORMED, f"the state is broken: {broken[0][0]}")
    return None


def misfit(value: Any, schema: Mapping[str, Any], path: str = "$") -> str:
    """Return where an output differs from its schema in type; null fits everything."""
    kinds = schema.get("type")
    names = [kinds] if isinstance(kinds, str) else list(kinds or ())
    if value is None or not names:
        return ""
    allowed = tuple(kind for name in names for kind in TYPES.get(name, (object,)))
    if not isinstance(value, allowed) or (isinstance(value, bool) and "boolean" not in names):
        return f"{path} is {type(value).__name__}, not {' or '.join(names)}"
    if isinstance(value, dict):
        for name, part in (schema.get("properties") or {}).items():
            if name in value and (wrong := misfit(value[name], part, f"{path}.{name}")):
                return wrong
    if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        for item in value:
            if wrong := misfit(item, schema["items"], f"{path}[*]"):
                return wrong
    return ""


def check_composed(
    records: Sequence[ToolRecord],
    blueprint: Blueprint,
    inputs: Mapping[str, Sequence[Row]],
    rounds: int = 3,
) -> Counter[str]:
    """Run every tool after every other's writes in one world; count outcomes and failures."""
    found: Counter[str] = Counter()
    for start in range(rounds):
        world = SqlWorld(blueprint)
        again = SqlWorld(blueprint)
        for place in range(len(records) * 2):
            record = records[(start * 7 + place * (start + 1)) % len(records)]
            rows = [r for r in inputs[record.spec.name] if r["stratum"] == "complete"]
            if not rows:
                continue
            args = rows[(place + start) % len(rows)]["args"]
            outcome = execute(world, record.spec.name, args)
            found[outcome[0]] += 1
            if outcome != execute(again, record.spec.name, args):
                found[ILLOGICAL] += 1
            if outcome[0] == "ok" and misfit(json.loads(outcome[1]), record.response or {}):
                found[ILLOGICAL] += 1
    return found
