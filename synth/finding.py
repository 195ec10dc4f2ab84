"""How a plan finds rows: what to tell of a row so that exactly one fits, and what to ask of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from synth.asking import LONGEST, Asker
from synth.bound import Args, Bound
from synth.chains import Node
from synth.paths import find_all, look_up, row_of
from synth.scene import Mention, RowId
from synth.views import Param, View

if TYPE_CHECKING:
    from synth.binding import Binder

ROWS = 6
NAMED, OWNED = 0.9, 0.6
Told = list[tuple[str, Any]]


class Finder:
    """The part of a binder that deals with tools which reveal keys."""

    def __init__(self, binder: Binder) -> None:
        self.binder = binder
        self.survey = binder.survey
        self.rng = binder.rng
        self.asker = Asker(binder, self)

    def attempts(
        self, node: Node, view: View, args: Args, about: Sequence[RowId]
    ) -> Iterator[Bound]:
        """Yield searches that single out a row, or that are the question themselves."""
        filled = self.blanks(view, args)
        if filled is None:
            return
        args = filled
        if node.id not in self.binder.chain.consumers and self.binder.is_terminal(node):
            yield from self.asker.questions(node, view, args, about)
        for row, results in self.candidates(view, args):
            if (view.entity, row["key"]) in self.binder.mentions:
                continue
            found = self.describe(view, args, row, results)
            if found is None:
                continue
            told, filters, result, pick = found
            bound = self.bound(node, view, args | filters, result, about)
            bound.pick = pick
            bound.mention = Mention(
                view.entity,
                row["key"],
                "found",
                str(node.id),
                node.turn,
                tuple(told),
                tuple(dict.fromkeys(about)),
            )
            if not self.binder.is_terminal(node) or self.asker.ask_fields(bound):
                yield bound

    def bound(
        self, node: Node, view: View, args: Args, result: Any, about: Sequence[RowId]
    ) -> Bound:
        literals = {n: a["literal"] for n, a in args.items() if "literal" in a}
        return Bound(node, view, args, result, literals=literals, about=tuple(about))

    def candidates(self, view: View, args: Args) -> Iterator[tuple[dict[str, Any], Any]]:
        """Yield rows (with "key") that the search may be for, and the whole search's result."""
        if self.required(view):
            column = self.survey.key_of.get(view.entity, "")
            keys = list(self.binder.values.pools.get(f"{view.entity}.{column}", ()))
            for key in self.rng.sample(keys, min(ROWS, len(keys))):
                yield {"key": key, **self.binder.scratch.row(view.entity, key)}, None
            return
        result = self.binder.scratch.run(view.name, args)
        places = self.places(view, result)
        for place, key in self.rng.sample(places, min(ROWS, len(places))):
            shown = self.shown(view, result, place)
            yield {"key": key, **self.binder.scratch.row(view.entity, key), **shown}, result

    def required(self, view: View) -> list[Param]:
        """Return what a search cannot do without, of its own table's columns."""
        return [p for p in view.values if p.required and p.column.startswith(f"{view.entity}.")]

    def blanks(self, view: View, args: Args) -> Args | None:
        """Give a value to whatever else a search asks for; None where it fails."""
        filled: Args = {}
        for param in view.values:
            if param.required and param not in self.required(view):
                value = self.binder.values.draw(view, param, self.rng)
                if value is None:
                    return None
                filled[param.name] = {"literal": value, "value": value}
        return args | filled

    def places(self, view: View, result: Any) -> list[tuple[str, Any]]:
        """Return (place of the row, key) for every row of a result."""
        paths = view.paths(view.key_column)
        return [
            (row_of(place), key)
            for path in paths[:1]
            for place, key in find_all(result, path)
            if key is not None
        ]

    def shown(self, view: View, result: Any, place: str) -> dict[str, Any]:
        """Return the columns of its own table that a result shows of the row at a place."""
        row = look_up(result, place)
        if not isinstance(row, dict):
            return {}
        names = ((c.partition(".")[2], p.rpartition("]")[2]) for p, c in self.own(view))
        return {name: row[path.lstrip("$.")] for name, path in names if path.lstrip("$.") in row}

    def own(self, view: View) -> Iterator[tuple[str, str]]:
        """Yield (path, column) of the results that are no keys, of the view's own table."""
        for path, column in view.outputs.items():
            if column.startswith(f"{view.entity}.") and column not in view.keys:
                yield path, column

    def describe(
        self, view: View, args: Args, row: Mapping[str, Any], result: Any
    ) -> tuple[Told, Args, Any, str] | None:
        """Choose what to tell of a row so that one row fits: (told, filters, result, place)."""
        for columns in self.descriptions(view, args, row, result):
            told = [(f"{view.entity}.{name}", row[name]) for name in columns]
            filters: Args = {
                param.name: {"literal": row[name], "value": row[name]}
                for name in columns
                for param in view.values
                if param.column == f"{view.entity}.{name}"
            }
            again = self.binder.scratch.run(view.name, args | filters) if filters else result
            fitting = [
                (place, key)
                for place, key in self.places(view, again)
                if self.fits(self.shown(view, again, place), row, columns)
            ]
            if len(fitting) == 1 and fitting[0][1] == row["key"]:
                return told, filters, again, fitting[0][0]
        return None

    def fits(
        self, shown: Mapping[str, Any], row: Mapping[str, Any], columns: Sequence[str]
    ) -> bool:
        return all(shown[name] == row[name] for name in columns if name in shown)

    def descriptions(
        self, view: View, args: Args, row: Mapping[str, Any], result: Any
    ) -> Iterator[Sequence[str]]:
        """Yield sets of columns to describe a row by: its label mostly, else what is special."""
        required = [p.column.partition(".")[2] for p in self.required(view) if p.column]
        if required:
            if set(required) <= row.keys():
                yield required
            return
        label = self.survey.labels.get(view.entity, "")
        sayable = [name for name in self.sayable(view, row) if name != label]
        named = label in row and bool(row[label]) and label in self.known(view)
        if named and self.rng.random() < NAMED:
            yield (label,)
        if args and len(self.places(view, result)) == 1 and self.rng.random() < OWNED:
            yield ()
        self.rng.shuffle(sayable)
        sayable.sort(key=lambda name: isinstance(row[name], (int, float)))
        yield from ((name,) for name in sayable)
        yield from list(combinations(sayable, 2))[:ROWS]
        if named:
            yield (label,)

    def known(self, view: View) -> set[str]:
        """Return the columns of its own table that a search shows or can filter by."""
        columns = {p.column for p in view.values} | set(view.outputs.values())
        own = {c.partition(".")[2] for c in columns if c.startswith(f"{view.entity}.")}
        return own - {view.key_column.partition(".")[2]}

    def sayable(self, view: View, row: Mapping[str, Any]) -> list[str]:
        """Return columns whose value in this row people would tell a row by."""
        return [
            name
            for name in sorted(self.known(view))
            if f"{view.entity}.{name}" not in view.keys
            and isinstance(value := row.get(name), (str, int, float))
            and not isinstance(value, bool)
            and 0 < len(str(value)) <= LONGEST
        ]
