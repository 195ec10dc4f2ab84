"""Ground-truth plans: calls whose arguments are literals or `$step.path` references, and replay."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from harness.faults import ToolFault
from synth.paths import look_up
from synth.survey import Survey
from synth.world import Blueprint, SqlWorld

REFERENCE = re.compile(r"\$(\d+)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One call. An argument is {"literal": value} or {"ref": "$1[0].id"} (step 1's result).

    A hidden step is one that no user text mentions: it finds what a later step needs.
    """

    id: str
    tool: str
    args: Mapping[str, Mapping[str, Any]]
    turn: int = 0
    hidden: bool = False
    depends: tuple[str, ...] = ()

    @property
    def literals(self) -> dict[str, Any]:
        return {name: arg["literal"] for name, arg in self.args.items() if "literal" in arg}

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "tool": self.tool,
            "args": {name: dict(arg) for name, arg in self.args.items()},
            "turn": self.turn,
            "explicit": not self.hidden,
            "depends": list(self.depends),
        }


def step_of(data: Mapping[str, Any]) -> Step:
    """Read a step back from a task file."""
    return Step(
        data["id"],
        data["tool"],
        data["args"],
        data["turn"],
        not data["explicit"],
        tuple(data["depends"]),
    )


def references(step: Step) -> list[str]:
    """Return the ids of the steps whose results a step uses."""
    found = [REFERENCE.fullmatch(arg["ref"]) for arg in step.args.values() if "ref" in arg]
    return [match.group(1) for match in found if match is not None]


def resolve(step: Step, results: Mapping[str, Any]) -> dict[str, Any]:
    """Fill a step's arguments from earlier results. Raises KeyError where one is missing."""
    args = {}
    for name, arg in step.args.items():
        if "literal" in arg:
            args[name] = arg["literal"]
            continue
        match = REFERENCE.fullmatch(arg["ref"])
        if match is None:
            raise KeyError(arg["ref"])
        args[name] = look_up(results[match.group(1)], f"${match.group(2)}")
    return args


@dataclass(frozen=True)
class Run:
    """What a replay did: results and refusals by step, and the change of the world."""

    results: Mapping[str, Any]
    faults: Mapping[str, str]
    state: Mapping[str, Any]


def replay(blueprint: Blueprint, steps: Iterable[Step], skip: Collection[str] = ()) -> Run:
    """Play steps in a fresh world. A step that lacks what it refers to counts as refused."""
    world = SqlWorld(blueprint)
    results: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for step in steps:
        if step.id in skip:
            continue
        try:
            results[step.id] = json.loads(world.run(step.tool, resolve(step, results)))
        except ToolFault as fault:
            faults[step.id] = str(fault)
        except KeyError as missing:
            faults[step.id] = f"nothing at {missing}"
    return Run(results, faults, world.state())


@dataclass(frozen=True)
class Plan:
    """A verified solution: steps, the change they make, and what was checked."""

    state_id: str
    steps: tuple[Step, ...]
    state: Mapping[str, Any]
    outputs: tuple[str, ...] = ()
    necessary: tuple[str, ...] = ()
    witnesses: tuple[Mapping[str, Any], ...] = ()
    behaviour: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        return digest([self.state_id, [step.to_json() for step in self.steps]])

    def step(self, step_id: str) -> Step:
        return next(step for step in self.steps if step.id == step_id)

    def to_json(self) -> dict[str, Any]:
        hidden = [step.id for step in self.steps if step.hidden]
        return {
            "plan_id": self.id,
            "steps": [step.to_json() for step in self.steps],
            "partial_order": [[d, step.id] for step in self.steps for d in step.depends],
            "final_hash": digest(self.state),
            "state_diff": dict(self.state),
            "outputs_sha": list(self.outputs),
            "alternatives_allowed": True,
            "verified": {
                "replays": 2,
                "necessary_steps": list(self.necessary),
                "minimal": True,
                "hidden_steps": hidden,
                "witnesses": [dict(witness) for witness in self.witnesses],
            },
            "behaviour": dict(self.behaviour),
        }


def digest(value: Any) -> str:
    """Return 12 hex digits over a JSON value."""
    text = json.dumps(value, sort_keys=True, default=dict)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class Rejected(Exception):
    """A plan that does not hold; the text names the check."""


def verify(
    survey: Survey,
    state_id: str,
    steps: Sequence[Step],
    refused: Step | None = None,
    implied: Collection[tuple[str, str]] = (),
) -> Plan:
    """Check a plan by execution. Raises Rejected naming the first check that fails.

    Checks: two replays in fresh worlds agree and refuse nothing (but `refused`, made last, which
    must be refused both times), every read finds something, every hidden step is used, dropping
    any write changes the final state, and dropping the first of each pair of `implied` steps shows
    in what the second does.
    """
    blueprint = survey.blueprint(state_id)
    every = [*steps, *([refused] if refused else [])]
    first, second = replay(blueprint, every), replay(blueprint, every)
    check_faults(first, refused)
    if first != second:
        raise Rejected("two replays differ")
    check_reads(survey, every, first)
    writes = [step.id for step in steps if not survey.views[step.tool].reads]
    witnesses = []
    for step_id in writes:
        if len(writes) == 1 and first.state and not implied:
            continue
        without = replay(blueprint, steps, skip={step_id})
        if without.state == first.state:
            raise Rejected("a write that changes nothing")
        witnesses += dropped(step_id, steps, first, without)
    if not set(implied) <= {(w["src"], w["dst"]) for w in witnesses}:
        raise Rejected("an implicit edge without a witness")
    texts = [json.dumps(first.results[step.id], sort_keys=True) for step in steps]
    return Plan(
        state_id,
        tuple(ordered(step, witnesses) for step in steps),
        first.state,
        tuple(digest(text) for text in texts),
        tuple(writes),
        tuple(witnesses),
    )


def check_faults(run: Run, refused: Step | None) -> None:
    """Raise Rejected unless exactly the step that is meant to be refused was."""
    wrong = {step: fault for step, fault in run.faults.items() if not refused or step != refused.id}
    if wrong:
        raise Rejected(f"refused: {next(iter(wrong.values()))}")
    if refused is not None and refused.id not in run.faults:
        raise Rejected("not refused")


def check_reads(survey: Survey, steps: Sequence[Step], run: Run) -> None:
    """Raise Rejected where a read finds nothing, or is hidden and used by no step."""
    reads = [step for step in steps if survey.views[step.tool].reads and step.id in run.results]
    if any(run.results[step.id] in (None, [], {}, "") for step in reads):
        raise Rejected("an empty read")
    used = {ref for step in steps for ref in references(step)}
    if any(step.hidden and step.id not in used for step in reads):
        raise Rejected("a hidden read that nothing uses")


def dropped(step_id: str, steps: Sequence[Step], full: Run, without: Run) -> list[dict[str, Any]]:
    """Return what dropping a write did to later steps that do not use its result: a witness of
    an implicit dependency."""
    found = []
    for step in steps:
        if step.id == step_id or step_id in references(step):
            continue
        fault = without.faults.get(step.id)
        if fault is not None and not fault.startswith("nothing at"):
            found.append({"src": step_id, "dst": step.id, "effect": "enables"})
        elif fault is None and without.results[step.id] != full.results[step.id]:
            found.append({"src": step_id, "dst": step.id, "effect": "alters"})
    return found


def ordered(step: Step, witnesses: Iterable[Mapping[str, Any]]) -> Step:
    """Add the dependencies that executions showed to those that references state."""
    implied = [w["src"] for w in witnesses if w["dst"] == step.id and w["effect"] == "enables"]
    depends = tuple(dict.fromkeys([*references(step), *implied]))
    return Step(step.id, step.tool, step.args, step.turn, step.hidden, depends)
