"""How a plan finds rows: what to tell of a row so that exactly one fits, and what to ask of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from synth.bound import Args, Bound
from synth.chains import Node
from synth.paths import find_all, row_of
from synth.scene import Fact, Mention, RowId
from synth.views import View

if TYPE_CHECKING:
    from synth.binding import Binder

ROWS = 6
NAMED, OWNED, ONE_FIELD = 0.9, 0.6, 0.75
LISTED = 4
LONGEST = 40
Told = list[tuple[str, Any]]


class Finder:
    """The part of a binder that deals with tools which reveal keys."""

    def __init__(self, binder: Binder) -> None:
        self.binder = binder
        self.survey = binder.survey
        self.rng = binder.rng

    def attempts(
        self, node: Node, view: View, args: Args, about: Sequence[RowId]
    ) -> Iterator[Bound]:
        """Yield searches that single out a row, or that are the question themselves."""
        if node.id not in self.binder.chain.consumers and self.binder.is_terminal(node):
            yield from self.questions(node, view, args, about)
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
            if not self.binder.is_terminal(node) or self.ask_fields(bound):
                yield bound

    def bound(
        self, node: Node, view: View, args: Args, result: Any, about: Sequence[RowId]
    ) -> Bound:
        literals = {n: a["literal"] for n, a in args.items() if "literal" in a}
        return Bound(node, view, args, result, literals=literals, about=tuple(about))

    def candidates(self, view: View, args: Args) -> Iterator[tuple[dict[str, Any], Any]]:
        """Yield rows (with "key") that the search may be for, and the whole search's result."""
        required = [p for p in view.values if p.required]
        if required:
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
        found = {}
        for path, column in view.outputs.items():
            table, _, name = column.partition(".")
            if table == view.entity and column not in view.keys:
                values = [v for at, v in find_all(result, path) if at.startswith(place)]
                if len(values) == 1:
                    found[name] = values[0]
        return found

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
        required = [p.column.partition(".")[2] for p in view.values if p.required]
        if required:
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

    def questions(
        self, node: Node, view: View, args: Args, about: Sequence[RowId]
    ) -> Iterator[Bound]:
        """Yield searches whose result is itself what the user wants to know."""
        if any(param.required for param in view.values):
            return
        for filters in self.filters(view):
            if not filters and not args:
                continue
            result = self.binder.scratch.run(view.name, args | filters)
            places = self.places(view, result)
            if not places:
                continue
            bound = self.bound(node, view, args | filters, result, about)
            labels = self.labels(view, result, places)
            if labels and len(labels) <= LISTED and self.rng.random() < 0.5:
                bound.wish, bound.facts = "names", tuple(labels)
            else:
                bound.wish = "count"
                bound.facts = (Fact("number", "", len(places), tuple(key for _, key in places)),)
            yield bound
            if self.rng.random() < 0.5:
                return

    def filters(self, view: View) -> Iterator[Args]:
        """Yield filters by one closed attribute, and none at all, in random order."""
        closed = [p for p in view.values if p.schema.get("enum")]
        options: list[Args] = [{}]
        for param in self.rng.sample(closed, min(2, len(closed))):
            value = self.rng.choice(list(param.schema["enum"]))
            options.append({param.name: {"literal": value, "value": value}})
        self.rng.shuffle(options)
        yield from options

    def labels(self, view: View, result: Any, places: Sequence[tuple[str, Any]]) -> list[Fact]:
        """Return the labels of all rows of a result as facts (none where rows have no label)."""
        label = self.survey.labels.get(view.entity, "")
        found = [self.shown(view, result, place).get(label) for place, _ in places]
        column = f"{view.entity}.{label}"
        keys = [key for _, key in places]
        named = zip(found, keys, strict=True)
        return [Fact(label, column, v, (key,)) for v, key in named] if all(found) else []

    def ask_fields(self, bound: Bound) -> bool:
        """Choose one or two fields of the row to ask for; False where nothing is worth asking."""
        view = bound.view
        told = dict(bound.mention.told) if bound.mention is not None else {}
        heard = {str(v) for other in self.binder.bound.values() for v in other.literals.values()}
        heard |= {str(v) for v in [*bound.literals.values(), *told.values()]}
        options: list[Fact] = []
        keys = (bound.mention.key,) if bound.mention is not None else ()
        for path, column in view.outputs.items():
            if column in view.keys or column in told:
                continue
            places = [
                (at, v) for at, v in find_all(bound.result, path) if at.startswith(bound.pick)
            ]
            if len(places) == 1 and is_fact(places[0][1]) and str(places[0][1]) not in heard:
                name = column.partition(".")[2] or path.rsplit(".", 1)[-1]
                options.append(Fact(name, column, places[0][1], keys))
        label = self.survey.labels.get(view.entity)
        options = [option for option in options if option.what != label] or options
        if not options:
            return False
        count = 1 if self.rng.random() < ONE_FIELD else min(2, len(options))
        bound.wish = "fields" if bound.mention is not None else "result"
        bound.facts = tuple(self.rng.sample(options, count))
        return True


def is_fact(value: Any) -> bool:
    """Say whether a value can be told and recognised: a short text or a number, not a truth."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return False
    return 0 < len(str(value)) <= LONGEST
