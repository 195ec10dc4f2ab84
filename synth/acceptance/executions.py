"""Run an implementation on sampled calls: the paper's four failure modes, twice for determinism.

The modes (VULCAN, appendix A): timeout, inconsistent output, malformed input or state, runtime
error. Every call runs in two fresh worlds; what differs between them is not deterministic.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import apsw

from harness.faults import ModelFault, ToolFault
from synth.acceptance.problems import Problem
from synth.arguments import Arguments, compile_check
from synth.package import ToolRecord
from synth.python_tools import Overtime, ToolCrash
from synth.validation import EXECUTIONS, ILLOGICAL, MALFORMED, RUNTIME, TIMEOUT

Kind = Literal["ok", "refused", "invalid", "timeout", "inconsistent output", "runtime error"]
MODES: Mapping[str, str] = {
    "timeout": TIMEOUT,
    "inconsistent output": ILLOGICAL,
    "runtime error": RUNTIME,
}
"""The paper's failure mode of an outcome."""
Sample = Mapping[str, Any]
"""{"args": {...}, "stratum": complete|missing|minimal|adversarial, "expect": ok|error}"""


class Runnable(Protocol):
    """A world that runs a tool at once."""

    def run(self, name: str, arguments: Mapping[str, Any]) -> str: ...

    def state(self) -> Mapping[str, Any]: ...


Opener = Callable[[], Runnable]


@dataclass(frozen=True)
class Outcome:
    """How one call went; `text` is the result, the refusal or the problem."""

    kind: Kind
    text: str
    state: Mapping[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return self.kind in ("timeout", "inconsistent output", "runtime error")


def execute(world: Runnable, record: ToolRecord, arguments: Mapping[str, Any]) -> Outcome:
    """Run one call and classify it."""
    wrong = Arguments(record.spec.parameters).check(arguments)
    if wrong is not None:
        return Outcome("invalid", wrong)
    name = record.spec.name
    try:
        text = world.run(name, arguments)
        changed = world.state()
    except ToolFault as fault:
        return Outcome(kind_of(fault), str(fault), world.state())
    except ModelFault as fault:
        return Outcome("runtime error", str(fault))
    problem = output_problem(record, text)
    return Outcome("inconsistent output" if problem else "ok", problem or text, changed)


def kind_of(fault: ToolFault) -> Kind:
    """Tell a refusal from a failure: SQLite's own error is kept as a fault's context."""
    cause = fault.__context__
    if isinstance(fault, Overtime) or isinstance(cause, apsw.InterruptError):
        return "timeout"
    engine = (apsw.Error, OverflowError, UnicodeEncodeError)
    return (
        "runtime error" if isinstance(fault, ToolCrash) or isinstance(cause, engine) else "refused"
    )


def output_problem(record: ToolRecord, text: str) -> str:
    """Return how a result disagrees with the tool's response schema, or ''."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return f"the result is no JSON: {text[:200]}"
    wrong = compile_check(record.response)(value) if record.response else None
    return f"the result {wrong}: {text[:200]}" if wrong else ""


def check_executions(
    record: ToolRecord, worlds: Sequence[Opener], samples: Sequence[Sample], count: int = EXECUTIONS
) -> str | None:
    """Run `count` sampled calls over the worlds in turn; say the first thing that is wrong."""
    seen: list[Outcome] = []
    for number, sample in enumerate(spread(samples, count)):
        open_world = worlds[number % len(worlds)]
        shown = f"{record.spec.name}({json.dumps(sample['args'])[:400]})"
        first = execute(open_world(), record, sample["args"])
        if first.failed:
            return Problem(f"{shown}: {first.kind}: {first.text}", MODES[first.kind])
        if first.kind != "ok" and first.state:
            left = json.dumps(first.state)[:300]
            return Problem(f"{shown} is refused but leaves a change: {left}", MALFORMED)
        if execute(open_world(), record, sample["args"]) != first:
            text = f"{shown} is not deterministic: two runs in fresh worlds differ"
            return Problem(text, ILLOGICAL)
        seen.append(first)
    return verdict(record, seen)


def strata(samples: Sequence[Sample]) -> list[Sample]:
    """Return the calls whose outcome is known beforehand; adversarial ones may be wrong."""
    return [sample for sample in samples if sample["stratum"] != "adversarial"]


def spread(samples: Sequence[Sample], count: int) -> Iterator[Sample]:
    """Yield `count` samples, repeating them in order where there are fewer."""
    for number in range(count if samples else 0):
        yield samples[number % len(samples)]


def verdict(record: ToolRecord, seen: Sequence[Outcome]) -> str | None:
    """Say what the calls together lack: success, or an effect of a tool that writes."""
    if not seen:
        return "there is no sampled call to run"
    good = [outcome for outcome in seen if outcome.kind == "ok"]
    if not good:
        refused = next((o.text for o in seen if o.kind == "refused"), seen[0].text)
        text = f"none of the sampled calls succeeds; the first refusal: {refused[:300]}"
        return Problem(text, ILLOGICAL)
    effect = record.annotations.get("effect")
    if effect == "write" and not any(outcome.state for outcome in good):
        return Problem("the tool writes, yet no sampled call changes the state", ILLOGICAL)
    if effect in ("read", "compute") and any(outcome.state for outcome in good):
        return Problem("the tool only reads, yet a sampled call changes the state", ILLOGICAL)
    return None
