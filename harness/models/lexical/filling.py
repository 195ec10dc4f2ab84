"""Fill a tool's arguments: choose among the options, spread over lists, nest into a call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.models.lexical.options import Option
from harness.models.lexical.reading import Place
from harness.models.lexical.slots import MISSING, Slot
from harness.models.lexical.values import render

SURE = 0.45  # evidence that an optional argument needs
ALIKE = 0.4  # how much weaker the options of a second, parallel call may be
FAN = 12  # calls that one request may spread into
Row = dict[int, Any]
Lookup = Callable[[Slot], Any]


@dataclass(frozen=True, slots=True)
class Filling:
    """The arguments of one or several calls of a tool; none where a needed slot is empty."""

    calls: tuple[dict[str, Any], ...]
    missing: tuple[Slot, ...]


def fill(
    slots: Sequence[Slot], options: Iterable[Option], places: Sequence[Place], lookup: Lookup
) -> Filling:
    """Choose values best first; `lookup` supplies what the request does not hold."""
    ranked = sorted(options, key=lambda option: -option.score)
    chosen = untangle(slots, choose(slots, ranked, frozenset()), places)
    row = {index: option.value for index, option in chosen.items()}
    missing = []
    for index, slot in enumerate(slots):
        if slot.needed and index not in row:
            row[index] = fall_back(slot, lookup)
            if row[index] is MISSING:
                missing.append(slot)
    if missing:
        return Filling((), tuple(missing))
    rows = listed(slots, row, chosen, places) or [row, *repeats(slots, row, chosen, ranked, places)]
    return Filling(tuple(assemble(slots, row) for row in rows[:FAN]), ())


def choose(
    slots: Sequence[Slot], ranked: Sequence[Option], used: frozenset[int]
) -> dict[int, Option]:
    """Give each slot its best option; a mention serves one slot, an optional one needs evidence."""
    chosen: dict[int, Option] = {}
    for option in ranked:
        sure = slots[option.slot].needed or option.evidence >= SURE
        if sure and option.slot not in chosen and not option.uses & used:
            chosen[option.slot] = option
            used |= option.uses
    return chosen


def untangle(
    slots: Sequence[Slot], chosen: dict[int, Option], places: Sequence[Place]
) -> dict[int, Option]:
    """Put numbered siblings (x1, x2) and the members of one list into the order of the slots."""
    bundles: dict[tuple[Any, ...], list[int]] = {}
    for index, option in chosen.items():
        slot = slots[index]
        if len(option.uses) == 1 and slot.kind != "array":
            (use,) = option.uses
            family = re.sub(r"\d+$", "", slot.path[-1])
            key = (slot.kind, family) if family != slot.path[-1] else (slot.kind, places[use].group)
            bundles.setdefault(key, []).append(index)
    for indices in bundles.values():
        by_place = sorted((chosen[index] for index in indices), key=lambda o: min(o.uses))
        for index, option in zip(sorted(indices), by_place, strict=True):
            if option.slot != index:
                (use,) = option.uses
                value = render(slots[index], slots[index].kind, places[use].mention)
                option = Option(option.score, option.evidence, index, value, option.uses)
            chosen[index] = option
    return chosen


def fall_back(slot: Slot, lookup: Lookup) -> Any:
    """Find a needed value outside the request: earlier results, the default, the only choice."""
    value = lookup(slot)
    if value is not MISSING:
        return value
    if slot.default is not MISSING:
        return slot.default
    if len(slot.choices) == 1:
        return slot.choices[0]
    return True if slot.kind == "boolean" else MISSING


def listed(
    slots: Sequence[Slot], row: Row, chosen: Mapping[int, Option], places: Sequence[Place]
) -> list[Row]:
    """Make one row per value where the text lists several values for a single-valued slot."""
    used = frozenset[int]().union(*(option.uses for option in chosen.values()))
    lists: dict[int, list[Any]] = {}
    for index, option in chosen.items():
        if slots[index].kind in ("array", "object"):
            continue
        values = companions(slots[index], option, places, used) or [option.value, *option.others]
        if len(values) > 1:
            lists[index] = values
    if not lists:
        return []
    lengths = {len(values) for values in lists.values()}
    if len(lengths) == 1:
        (length,) = lengths
        return [{**row, **{i: values[at] for i, values in lists.items()}} for at in range(length)]
    rows = [row]
    for index, values in lists.items():
        rows = [{**each, index: value} for each in rows for value in values][: 4 * FAN]
    return rows


def companions(
    slot: Slot, option: Option, places: Sequence[Place], used: frozenset[int]
) -> list[Any]:
    """Return the values of the list in which an option's mention stands, unless others use it."""
    if len(option.uses) != 1 or option.others:
        return []
    (use,) = option.uses
    here = places[use]
    group = {n for n, place in enumerate(places) if place.group == here.group}
    if not here.listed or here.mention.kind == "phrase" or used & (group - {use}):
        return []
    values = [render(slot, slot.kind, places[n].mention) for n in sorted(group)]
    return [] if MISSING in values else values


def repeats(
    slots: Sequence[Slot],
    row: Row,
    chosen: Mapping[int, Option],
    ranked: Sequence[Option],
    places: Sequence[Place],
) -> list[Row]:
    """Make further rows from mentions left over that fill all the same slots in the same way."""

    def alike(option: Option) -> bool:
        first = chosen.get(option.slot)
        if first is None or len(first.uses) != 1 or len(option.uses) != 1:
            return False
        (old,), (new,) = first.uses, option.uses
        mention = places[new].mention
        same = mention.kind == places[old].mention.kind and mention.kind != "phrase"
        return same and first.value != option.value and option.score >= first.score - ALIKE

    used = frozenset[int]().union(*(option.uses for option in chosen.values()))
    candidates = [option for option in ranked if alike(option)]
    full = {i for i, o in chosen.items() if len(o.uses) == 1 and slots[i].needed}
    rows: list[Row] = []
    while len(rows) < FAN:
        more = choose(slots, candidates, used)
        if not more or not full <= more.keys():
            break
        used |= frozenset[int]().union(*(option.uses for option in more.values()))
        rows.append({**row, **{index: option.value for index, option in more.items()}})
    return rows


def assemble(slots: Sequence[Slot], row: Mapping[int, Any]) -> dict[str, Any]:
    """Nest flat values into the arguments of a call, in the order of the schema."""
    arguments: dict[str, Any] = {}
    for index in sorted(row):
        *outer, last = slots[index].path
        target = arguments
        for name in outer:
            target = target.setdefault(name, {})
        target[last] = row[index]
    return arguments
