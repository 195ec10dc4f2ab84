"""The official reward components, each as a function of (task row, log).

A row is a task as the official task file has it. Where the official evaluator raises (a replay
that answers differently, an assertion about a thing that does not exist) a ModelFault is raised:
there is no verdict then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.tau2.history import to_log
from evaluators.tau2.worlds.domain import Domain, Row
from evaluators.tau2.worlds.store import Base, canonical
from evaluators.tau2.worlds.toolkit import TOOL_ERRORS
from evaluators.tau2.worlds.world import World
from harness.faults import ModelFault
from harness.types import Message, Role, ToolCall

DEFAULT_BASIS = ("DB", "COMMUNICATE")
BASES = frozenset({"DB", "ENV_ASSERTION", "ACTION", "NL_ASSERTION", "COMMUNICATE"})
ROLES: Mapping[str, Role] = {"assistant": "agent", "user": "user"}
Log = Sequence[Message]


def criteria_of(row: Row) -> Mapping[str, Any]:
    criteria: Mapping[str, Any] = row.get("evaluation_criteria") or {}
    return criteria


def basis_of(row: Row) -> list[str]:
    """Return the components whose product is the reward; raises ModelFault on an unknown one."""
    basis = list(criteria_of(row).get("reward_basis", DEFAULT_BASIS))
    if unknown := set(basis) - BASES:
        raise ModelFault(f"unknown reward basis {sorted(unknown)}", kind="task", seat="env")
    return basis


def needs_judge(row: Row) -> bool:
    """Say whether the reward depends on assertions that a judge model decides."""
    criteria = criteria_of(row)
    basis = criteria.get("reward_basis", DEFAULT_BASIS)
    return "NL_ASSERTION" in basis and bool(criteria.get("nl_assertions"))


# --- the environment -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EnvironmentCheck:
    """`db_match`: final databases equal the gold replay's. `met`: one truth per env assertion.

    `wrote`: the episode changed a database. `gold_writes`: the gold actions change one.
    """

    db_match: bool
    met: tuple[bool, ...] | None
    wrote: bool = False
    gold_writes: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A database as its base and canonical change: equal snapshots are equal databases."""

    base: Base
    text: str


def check_environment(domain: Domain, row: Row, log: Log, *, solo: bool) -> EnvironmentCheck:
    """Replay the log's writes, compare with the gold replay, then run the assertions."""
    criteria = criteria_of(row)
    assertions = criteria.get("env_assertions")
    if criteria.get("actions") is None and assertions is None:
        return EnvironmentCheck(True, None)
    world = domain.world(row, solo=solo)
    start = snapshots(world)
    replay(world, log)
    gold, gold_start = gold_of(domain, row)
    final = snapshots(world)
    match = equal(final, gold)
    met = tuple(world.check(assertion) for assertion in assertions or ())
    return EnvironmentCheck(match, met, not equal(final, start), not equal(gold, gold_start))


def snapshots(world: World) -> tuple[Snapshot, ...]:
    kits = [world.agent] if world.user is None else [world.agent, world.user]
    return tuple(Snapshot(kit.store.base, canonical(kit.store.delta())) for kit in kits)


def equal(one: tuple[Snapshot, ...], two: tuple[Snapshot, ...]) -> bool:
    return all(a.base is b.base and a.text == b.text for a, b in zip(one, two, strict=True))


def replay(world: World, log: Log) -> None:
    """Run a log's mutating calls again and require the recorded answers."""
    if world.solo and any(line.author == "user" for line in log):
        raise ModelFault("user messages are not allowed in solo mode", kind="replay", seat="env")
    for role, call, result in answered_calls(log):
        if call.raw is None:
            world.replay(role, call.name, call.arguments, result.text)
    try:
        world.sync()
    except TOOL_ERRORS as error:
        raise ModelFault(f"after the replay: {error}", kind="replay", seat="env") from error


def answered_calls(log: Log) -> Iterator[tuple[Role, ToolCall, Message]]:
    """Pair each call with its result; a result alone or a call without one has no replay."""
    lines = iter(log)
    for line in lines:
        if line.author == "tool":
            raise ModelFault("a tool result without its call", kind="replay", seat="env")
        for call in line.calls:
            result = next(lines, None)
            if result is None or result.author != "tool" or result.call_id != call.id:
                raise ModelFault(
                    f"the call of {call.name} has no result", kind="replay", seat="env"
                )
            yield line.author, call, result


_GOLD: dict[int, tuple[Row, tuple[tuple[Snapshot, ...], tuple[Snapshot, ...]]]] = {}


def gold_of(domain: Domain, row: Row) -> tuple[tuple[Snapshot, ...], tuple[Snapshot, ...]]:
    """Return the databases after and before the gold actions, worked out once per task row."""
    known = _GOLD.get(id(row))
    if known is None:
        known = _GOLD[id(row)] = (row, gold_replay(domain, row))  # holding `row` keeps its id
        while len(_GOLD) > 4096:
            del _GOLD[next(iter(_GOLD))]
    return known[1]


def gold_replay(domain: Domain, row: Row) -> tuple[tuple[Snapshot, ...], tuple[Snapshot, ...]]:
    """Run the gold actions on a fresh world. They never synchronise; failing ones do nothing."""
    world = domain.world(row)
    replay(world, to_log((row.get("initial_state") or {}).get("message_history") or ()))
    start = snapshots(world)
    for action in criteria_of(row).get("actions") or ():
        role = ROLES[action.get("requestor", "assistant")]
        try:
            world.use(role, action["name"], action["arguments"])
        except TOOL_ERRORS:
            continue
    return snapshots(world), start


# --- what was done and said --------------------------------------------------------------------


def check_actions(row: Row, log: Log) -> tuple[bool, ...] | None:
    """Say for each gold action whether some call of either side matches it."""
    actions = criteria_of(row).get("actions")
    if not actions:
        return None
    calls = [call for line in log for call in line.calls]
    return tuple(any(matches(action, call) for call in calls) for action in actions)


def matches(action: Mapping[str, Any], call: ToolCall) -> bool:
    """Compare by name and arguments. Without `compare_args` only what the *call* gave counts."""
    if action["name"] != call.name:
        return False
    names = action.get("compare_args")
    if names is None:
        names = call.arguments.keys()
    given = {key: value for key, value in call.arguments.items() if key in names}
    wanted = {key: value for key, value in action["arguments"].items() if key in names}
    return given == wanted


def check_communicated(row: Row, log: Log) -> tuple[bool, ...] | None:
    """Say for each info whether an agent's text holds it, case and the text's commas aside."""
    infos = criteria_of(row).get("communicate_info")
    if not infos:
        return None
    said = [
        line.text.lower().replace(",", "")
        for line in log
        if line.author == "agent" and line.text.strip()
    ]
    return tuple(any(info.lower() in text for text in said) for info in infos)
