"""Which call carries out which call of the plan: per turn first, then over the whole run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluators.judge.case import Case, GoldCall, OneOf, Tool
from evaluators.judge.failures import is_auth, is_transient
from evaluators.judge.trace import Act, Trace
from evaluators.judge.values import has_wildcard, same


@dataclass(slots=True)
class Planned:
    """A call of the plan and the act that carries it out, if any.

    `turn` is the user turn it belongs to (0 in flat plans), `excused` says that not making it is
    no fault, `wild` that a "*" stands in it. `broken` says that its act failed where the plan's
    call does not.
    """

    gold: GoldCall
    turn: int
    number: int
    excused: bool = False
    act: Act | None = None
    broken: bool = False
    wild: bool = False

    @property
    def done(self) -> bool:
        return self.act is not None and not self.broken


@dataclass(slots=True)
class Alignment:
    """The plan with its acts, and the strangers: acts that no planned call asked for."""

    planned: list[Planned] = field(default_factory=list)
    strangers: list[Act] = field(default_factory=list)

    @property
    def holes(self) -> list[Planned]:
        return [p for p in self.planned if not p.done and not p.excused]


def align(case: Case, trace: Trace) -> Alignment:
    """Match plan and acts one to one. A successful act beats a failed attempt."""
    planned = plan_of(case)
    free: dict[tuple[str, str], list[Act]] = {}
    for act in trace.acts:
        free.setdefault((act.role, act.name), []).append(act)
    # Literal calls choose before those with wildcards, required ones before excused ones.
    order = sorted(planned, key=lambda p: (p.excused, p.wild, p.number))
    for failed in (False, True):
        for everywhere in (case.flat,) if case.flat else (False, True):
            for item in order:
                if item.act is None:
                    take(item, free, case, (failed, everywhere))
    for item in planned:
        item.broken = item.act is not None and is_broken(item, trace)
    used = {id(p.act) for p in planned}
    return Alignment(planned, [a for a in trace.of("agent") if id(a) not in used])


def plan_of(case: Case) -> list[Planned]:
    calls = [(turn, call) for turn, calls in enumerate(case.gold or ()) for call in calls]
    return [
        Planned(
            call,
            0 if case.flat else turn,
            number,
            is_excused(call, case),
            wild=any(map(has_wildcard, call.arguments.values())),
        )
        for number, (turn, call) in enumerate(calls)
    ]


def is_excused(call: GoldCall, case: Case) -> bool:
    """Say whether a planned call may be left out: it has no effect, and only effects count."""
    if case.require_reads:
        return False
    tool = (case.tools or {}).get(call.name)
    return call.error is True or (tool is not None and tool.write is False)


def take(
    item: Planned,
    free: Mapping[tuple[str, str], list[Act]],
    case: Case,
    where: tuple[bool, bool],
) -> None:
    """Give a planned call the first free act that equals it; `where`: (failed, any turn)."""
    acts = free.get((item.gold.role, item.gold.name))
    if not acts:
        return
    failed, everywhere = where
    tool = (case.tools or {}).get(item.gold.name)
    for place, act in enumerate(acts):
        if (act.failure is not None) is not failed or not (everywhere or act.turn == item.turn):
            continue
        if equal(item.gold.arguments, act, tool):
            item.act = acts.pop(place)
            return


def equal(gold: Mapping[str, Any], act: Act, tool: Tool | None) -> bool:
    """Say whether every gold argument is given; arguments beyond them do not matter."""
    return act.call.raw is None and all(
        agrees(name, value, act.arguments, tool) for name, value in gold.items()
    )


def agrees(name: str, gold: Any, given: Mapping[str, Any], tool: Tool | None) -> bool:
    """Compare one argument. Leaving out what would be the default is giving it."""
    schema = tool.properties.get(name) if tool else None
    schema = schema if isinstance(schema, dict) else {}
    if name in given and given[name] == gold:
        return True
    if name not in given:
        default = "default" in schema and same(gold, schema["default"])
        return gold is None or default or (isinstance(gold, OneOf) and gold.optional)
    return same(gold, given[name], unordered=is_set(schema))


def is_set(schema: Mapping[str, Any]) -> bool:
    """Say whether a parameter's list has no order: unique items, or a choice from an enum."""
    if schema.get("type") not in ("array", "list", "tuple", None):
        return False
    items = schema.get("items")
    chosen = isinstance(items, Mapping) and "enum" in items
    return bool(schema.get("uniqueItems") or schema.get("unordered") or chosen)


def is_broken(item: Planned, trace: Trace) -> bool:
    """Say whether a planned call failed that the plan does not expect to fail.

    The plan's own replay decides. Without one, a failure is taken as intended when the call is
    the plan's word for word, the error is about the request (not about a failing service or a
    login), and the agent did not hide it.
    """
    act = item.act
    assert act is not None
    if act.failure is None:
        return False
    if item.gold.error is not None:
        return not item.gold.error
    if item.wild:
        return True
    unplanned = is_auth(act.failure) or is_transient(act.failure)
    return unplanned or not trace.acknowledged(act)


def is_done(planned: Sequence[Planned]) -> bool:
    return all(item.done or item.excused for item in planned)
