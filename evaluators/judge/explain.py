"""Why a call of the plan was not carried out. Every hole in the plan gets exactly one reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evaluators.judge.align import Alignment, Planned, agrees
from evaluators.judge.case import Case, Tool
from evaluators.judge.tags import is_pending
from evaluators.judge.trace import Act, Trace
from evaluators.judge.values import leaves, plain

Why = Literal["failed", "arguments", "tool", "login", "missing"]
_ALIKE = 0.5


@dataclass(slots=True)
class Hole:
    """A planned call that was not carried out.

    failed     it was made and failed unexpectedly
    arguments  its tool was called with other arguments (`act`)
    tool       another tool was called in its place (`act`)
    login      it authenticates, and was not made
    missing    nothing stands for it
    """

    planned: Planned
    why: Why
    act: Act | None = None

    @property
    def turn(self) -> int:
        return self.planned.turn

    @property
    def attempted(self) -> bool:
        return self.act is not None


def explain(case: Case, trace: Trace, alignment: Alignment) -> tuple[list[Hole], list[Act]]:
    """Return the holes with their reasons, and the strangers that explain none of them."""
    free = list(alignment.strangers)
    by_turn: dict[int, list[Planned]] = defaultdict(list)
    for planned in alignment.holes:
        by_turn[planned.turn].append(planned)
    holes: list[Hole] = []
    for turn, group in by_turn.items():
        near = [a for a in free if case.flat or a.turn == turn]
        found = explain_turn(group, near, case.tools or {})
        if not case.flat:
            stand_in(found, near, alignment, trace)
        used = {id(hole.act) for hole in found}
        free = [a for a in free if id(a) not in used]
        holes += found
    return sorted(holes, key=lambda hole: hole.planned.number), free


def explain_turn(
    group: Sequence[Planned], near: list[Act], tools: Mapping[str, Tool]
) -> list[Hole]:
    """Explain the holes of one turn with the strangers of that turn."""
    holes: list[Hole] = []
    rest: list[Planned] = []
    for planned in group:
        if planned.broken:
            holes.append(Hole(planned, "failed", planned.act))
        elif (act := nearest(planned, near, tools)) is not None:
            near.remove(act)
            holes.append(Hole(planned, "arguments", act))
        else:
            rest.append(planned)
    for planned, act in substitutes(rest, near, tools):
        rest.remove(planned)
        holes.append(Hole(planned, "tool", act))
    for planned in rest:
        tool = tools.get(planned.gold.name)
        holes.append(Hole(planned, "login" if tool and tool.auth else "missing"))
    return holes


def stand_in(
    holes: Sequence[Hole], near: Sequence[Act], alignment: Alignment, trace: Trace
) -> None:
    """Let the only stranger of a turn explain its only open hole, whatever the kinds.

    It must stand exactly where the planned call was due. A lookup in a write's place counts only
    where the agent then talks as if it were done: otherwise it looked something up and stopped.
    """
    open_holes = [hole for hole in holes if hole.why == "missing"]
    left = [act for act in near if all(act is not hole.act for hole in holes)]
    if len(open_holes) != 1 or len(left) != 1 or open_holes[0].planned.gold.role != "agent":
        return
    hole, act = open_holes[0], left[0]
    said = trace.said(hole.turn)
    if in_place(act, hole.planned, alignment) and said and not is_pending(said[-1][1]):
        hole.why, hole.act = "tool", act


def in_place(act: Act, planned: Planned, alignment: Alignment) -> bool:
    """Say whether an act stands between the acts of the planned calls around a hole."""
    done = [p for p in alignment.planned if p.turn == planned.turn and p.done and p.act]
    before = [p.act.number for p in done if p.act and p.number < planned.number]
    after = [p.act.number for p in done if p.act and p.number > planned.number]
    return max(before, default=-1) < act.number < min(after, default=act.number + 1)


def nearest(planned: Planned, near: Sequence[Act], tools: Mapping[str, Tool]) -> Act | None:
    """Find the stranger of the same tool that shares most arguments, a successful one first."""
    gold, tool = planned.gold, tools.get(planned.gold.name)
    same_tool = [a for a in near if a.name == gold.name and a.role == gold.role]

    def closeness(act: Act) -> tuple[int, bool]:
        alike = sum(agrees(k, v, act.arguments, tool) for k, v in gold.arguments.items())
        return alike, act.failure is None

    return max(same_tool, key=closeness, default=None)


def substitutes(
    holes: Sequence[Planned], near: Sequence[Act], tools: Mapping[str, Tool]
) -> list[tuple[Planned, Act]]:
    """Pair holes with strangers that stand in their place.

    A stranger stands for a hole when it carries its argument values, or bears a similar name, or
    when in this turn there are as many strangers as holes of the same kind (read or write; a tool
    that nobody declared may be either). Without the condition on the kind, looking something up
    before giving up would count as the wrong tool.
    """
    pairs: list[tuple[Planned, Act]] = []
    left = list(near)
    for planned in holes:
        act = next((a for a in left if resembles(planned, a, tools)), None)
        if act is not None:
            left.remove(act)
            pairs.append((planned, act))
    done = {id(planned) for planned, _ in pairs}
    rest = [planned for planned in holes if id(planned) not in done]
    for write in (True, False):
        open_holes = [p for p in rest if is_agents(p, write, tools)]
        standing = [a for a in left if kind_of(a.name, tools) in (write, None)]
        if open_holes and len(open_holes) == len(standing):
            pairs += zip(open_holes, standing, strict=True)
            left = [a for a in left if a not in standing]
    return pairs


def is_agents(planned: Planned, write: bool, tools: Mapping[str, Tool]) -> bool:
    return planned.gold.role == "agent" and kind_of(planned.gold.name, tools) is write


def kind_of(name: str, tools: Mapping[str, Tool]) -> bool | None:
    tool = tools.get(name)
    return tool.write if tool else None


def resembles(planned: Planned, act: Act, tools: Mapping[str, Tool]) -> bool:
    """Say whether an act was evidently meant as the planned call."""
    if act.role != planned.gold.role:
        return False
    wanted = scalars(planned.gold.arguments)
    if wanted and wanted == scalars(act.arguments):
        return True
    same_kind = kind_of(act.name, tools) in (kind_of(planned.gold.name, tools), None)
    return same_kind and alike(planned.gold.name, act.name) > _ALIKE


def scalars(arguments: Mapping[str, Any]) -> list[str]:
    return sorted(repr(plain(leaf)) for leaf in leaves(arguments))


def alike(one: str, two: str) -> float:
    """Return the share of words that two tool names have in common."""
    a, b = (set(_split(name)) for name in (one, two))
    return len(a & b) / len(a | b) if a | b else 0.0


def _split(name: str) -> list[str]:
    spaced = "".join(f" {c}" if c.isupper() else c for c in name)
    return "".join(c if c.isalnum() else " " for c in spaced).casefold().split()
