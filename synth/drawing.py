"""Draw what the links of a chain leave open: keys known by heart, and values that a user gives."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from synth.bound import Args, Bound
from synth.chains import Node
from synth.scene import Mention, RowId
from synth.views import Param, View

if TYPE_CHECKING:
    from synth.binding import Binder


def is_sayable(value: Any) -> bool:
    """Say whether a person would write a value: a text, a number, or a short list of them."""
    parts = value if isinstance(value, list) else [value]
    return len(parts) <= 5 and all(isinstance(part, (str, int, float)) for part in parts)


class Drawing:
    """The part of a binder that invents arguments."""

    def __init__(self, binder: Binder) -> None:
        self.binder = binder
        self.rng = binder.rng

    def draw(self, node: Node, view: View, args: Args, about: list[RowId]) -> Bound | None:
        """Draw what the links leave open: keys known by heart, and values that a user gives."""
        if view.name in self.binder.files.commands:
            return self.at_hand(node, view)
        for param in view.needs:
            if param.name not in args:
                key = self.by_heart(node, view, param)
                if key is None:
                    return None
                args[param.name] = {"literal": key, "value": key, "heart": True}
                about.append(self.heard(node, param.column, key))
        own = args.get(view.key.name) if view.key is not None else None
        before = self.binder.scratch.row(view.entity, own["value"]) if own is not None else {}
        literals: dict[str, Any] = {}
        for param in self.chosen(view, self.told(view, own)):
            column = param.column.partition(".")[2]
            value = self.binder.values.draw(view, param, self.rng, before.get(column))
            if value is None or not is_sayable(value):
                if param.required:
                    return None
                continue
            literals[param.name] = value
            args[param.name] = {"literal": value, "value": value}
        if view.archetype == "update" and not literals:
            return None
        if view.effect == "compute" and node.id == self.binder.refused:
            self.spoil(view, literals, args)
        return Bound(node, view, args, None, literals=literals, before=before, about=tuple(about))

    def spoil(self, view: View, literals: dict[str, Any], args: Args) -> None:
        """Put a number where it has no place: 0, or one below it."""
        kinds = {param.name: param.schema.get("type") for param in view.params}
        numbers = [name for name in literals if kinds[name] in ("integer", "number")]
        if numbers:
            name, value = (
                self.rng.choice(numbers),
                self.rng.choice((0, -1)) * self.rng.randint(2, 40),
            )
            literals[name], args[name] = value, {"literal": value, "value": value}

    def at_hand(self, node: Node, view: View) -> Bound | None:
        """Draw the arguments of a file command from what lies in the current directory."""
        binder = self.binder
        if node.id == binder.refused:
            values = binder.files.spoil(view, binder.scratch, self.rng)
        else:
            near = [binder.bound[link.src] for link in binder.chain.parents(node.id)]
            values = binder.files.draw(view, binder.scratch, near, self.rng)
        if values is None:
            return None
        args = {name: {"literal": value, "value": value} for name, value in values.items()}
        return Bound(node, view, args, None, literals=values)

    def by_heart(self, node: Node, view: View, param: Param) -> Any:
        """Choose a key that the user knows: the one spoken of before, where the chain says so."""
        for link in self.binder.chain.parents(node.id):
            source = self.binder.bound[link.src]
            own = source.view.key
            if link.edge.kind == "implicit" and own is not None and own.column == param.column:
                return source.args[own.name]["value"]
        key = self.binder.values.key(param.column, self.rng)
        if key is not None:
            return key
        known = self.binder.values.sampled(view.name, param.name)
        return self.rng.choice(known) if known else None

    def heard(self, node: Node, column: str, key: Any) -> RowId:
        row = (self.binder.survey.table_of(column), key)
        if row not in self.binder.mentions:
            self.binder.mentions[row] = Mention(row[0], key, "given", str(node.id), node.turn)
        return row

    def told(self, view: View, own: Mapping[str, Any] | None) -> set[str]:
        """Return the columns that the call's row was described by: they stay as they are."""
        mention = self.binder.mentions.get((view.entity, own["value"])) if own else None
        return {column for column, _ in mention.told} if mention is not None else set()

    def chosen(self, view: View, told: Collection[str]) -> list[Param]:
        """Choose the value parameters of a call: required ones, and one or two others."""
        required = [param for param in view.values if param.required]
        optional = [p for p in view.values if not p.required and p.column not in told]
        if view.archetype == "update" and optional:
            count = min(len(optional), 2 if self.rng.random() < 0.35 else 1)
            count = max(0, count - len(required))
        else:
            count = sum(self.rng.random() < 0.3 for _ in optional)
        return required + self.rng.sample(optional, count)
