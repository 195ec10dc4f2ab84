"""What a plan's reads are for: fields of a row, how many rows there are, what they are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from synth.bound import Args, Bound
from synth.chains import Node
from synth.paths import find_all
from synth.scene import COUNT, Fact, RowId
from synth.views import View

if TYPE_CHECKING:
    from synth.binding import Binder
    from synth.finding import Finder

ONE_FIELD = 0.75
LISTED = 4
LONGEST = 40


class Asker:
    """The part of a binder that chooses what a user wants to be told."""

    def __init__(self, binder: Binder, finder: Finder) -> None:
        self.binder = binder
        self.finder = finder

    def shown_values(self, bound: Bound) -> Iterator[tuple[str, str, Any]]:
        """Yield (name, column, value) of what a result says once of the row, or of anything."""
        view = bound.view
        for path, column in view.outputs.items():
            if column not in view.keys:
                found = [v for at, v in find_all(bound.result, path) if at.startswith(bound.pick)]
                if len(found) == 1:
                    yield column.partition(".")[2] or path.rsplit(".", 1)[-1], column, found[0]
        if view.outputs and bound.mention is not None:
            return
        entries = bound.result if isinstance(bound.result, dict) else {"result": bound.result}
        yield from ((name, "", value) for name, value in entries.items())

    def questions(
        self, node: Node, view: View, args: Args, about: Sequence[RowId]
    ) -> Iterator[Bound]:
        """Yield searches whose result is itself what the user wants to know."""
        for filters in self.filters(view):
            if not filters and not args and view.params:
                continue
            result = self.binder.scratch.run(view.name, args | filters)
            places = self.finder.places(view, result)
            if not places or "[" not in places[0][0]:
                continue
            bound = self.finder.bound(node, view, args | filters, result, about)
            labels = self.labels(view, result, places)
            if labels and len(labels) <= LISTED and self.binder.rng.random() < 0.5:
                bound.wish, bound.facts = "names", tuple(labels)
            else:
                bound.wish = "count"
                bound.facts = (Fact(COUNT, "", len(places), tuple(key for _, key in places)),)
            yield bound
            if self.binder.rng.random() < 0.5:
                return

    def filters(self, view: View) -> Iterator[Args]:
        """Yield filters by one closed attribute, and none at all, in random order."""
        needed: Args = {}
        for param in self.finder.required(view):
            value = self.binder.values.draw(view, param, self.binder.rng)
            if value is None:
                return
            needed[param.name] = {"literal": value, "value": value}
        closed = [p for p in view.values if p.schema.get("enum") and p.name not in needed]
        options: list[Args] = [needed]
        for param in self.binder.rng.sample(closed, min(2, len(closed))):
            value = self.binder.rng.choice(list(param.schema["enum"]))
            options.append(needed | {param.name: {"literal": value, "value": value}})
        self.binder.rng.shuffle(options)
        yield from options

    def labels(self, view: View, result: Any, places: Sequence[tuple[str, Any]]) -> list[Fact]:
        """Return the labels of all rows of a result as facts: their keys where no more is shown,
        none where rows have no label."""
        keys = [key for _, key in places]
        column = f"{view.entity}.{self.binder.survey.labels.get(view.entity, '')}"
        found = [
            self.finder.shown(view, result, p).get(column.partition(".")[2]) for p, _ in places
        ]
        if set(view.outputs.values()) <= view.keys:
            column, found = view.key_column, keys
        label = column.partition(".")[2]
        named = zip(found, keys, strict=True)
        return [Fact(label, column, v, (key,)) for v, key in named] if all(found) else []

    def ask_fields(self, bound: Bound) -> bool:
        """Choose one or two fields of the row to ask for; False where nothing is worth asking."""
        view = bound.view
        if view.name in self.binder.files.commands:
            bound.wish, bound.facts = "result", self.binder.files.facts(bound)
            return bool(bound.facts)
        told = dict(bound.mention.told) if bound.mention is not None else {}
        heard = {str(v) for other in self.binder.bound.values() for v in other.literals.values()}
        heard |= {str(v) for v in [*bound.literals.values(), *told.values()]}
        keys = (bound.mention.key,) if bound.mention is not None else ()
        options = [
            Fact(name, column, value, keys)
            for name, column, value in self.shown_values(bound)
            if column not in told and is_fact(value) and str(value) not in heard
        ]
        label = self.binder.survey.labels.get(view.entity)
        options = [option for option in options if option.what != label] or options
        if not options:
            return False
        count = 1 if self.binder.rng.random() < ONE_FIELD else min(2, len(options))
        bound.wish = "fields" if bound.mention is not None else "result"
        bound.facts = tuple(self.binder.rng.sample(options, count))
        return True


def is_fact(value: Any) -> bool:
    """Say whether a value can be told and recognised: a short text or a number, not a truth."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return False
    return 0 < len(str(value)) <= LONGEST
