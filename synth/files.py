"""Trees of files as people use them: what is at hand in a directory, what follows what, new names.

A command names things of the current directory, which earlier commands of the plan may have made
or entered: so its arguments are looked up in the world as it is then.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from synth.directories import Drawer
from synth.scene import Fact
from synth.survey import Survey
from synth.templates.file_paths import TABLE
from synth.templates.file_system import COMMANDS
from synth.views import View
from synth.vocabulary import squeeze

if TYPE_CHECKING:
    from synth.bound import Bound
    from synth.scratch import Scratch

LINES = 12
LONGEST = 90
FLOWS: Mapping[str, frozenset[str]] = {
    "enter": frozenset(
        """mkdir touch write read sort grep tail head count copy move remove rmdir list
        where find enter""".split()
    ),
    "mkdir": frozenset(("enter", "copy", "move", "list")),
    "touch": frozenset(("copy", "move", "list")),
    "write": frozenset(("copy", "move")),
    "copy": frozenset(("move", "write", "read", "sort", "grep", "tail", "head", "count", "enter")),
    "move": frozenset(("read", "sort", "grep", "tail", "head", "count", "enter")),
    "remove": frozenset(("list",)),
    "rmdir": frozenset(("list",)),
}
"""Which command people ask for on top of which change."""
ALONE = frozenset(("mkdir", "remove", "enter"))
"""Commands whose work no other command does."""
NOT_ASKED = frozenset(("diff",))


@lru_cache(maxsize=8)
def files_of(survey: Survey) -> Files:
    """Return the file commands of a world; there are none in worlds that hold no tree."""
    return Files(survey)


@dataclass
class Files:
    """What there is to know of a world's file commands."""

    survey: Survey
    commands: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        is_tree = {"path", "parent", "name", "content"} <= set(self.survey.tables.get(TABLE, ()))
        names = self.survey.records if is_tree else ()
        found = {name: COMMANDS.get(squeeze(name), "") for name in names}
        self.commands = {name: command for name, command in found.items() if command}

    def follows(self, src: str, dst: str) -> bool | None:
        """Say whether people ask for `dst` after the change `src`; None of other tools."""
        if src not in self.commands or dst not in self.commands:
            return None
        return self.commands[dst] in FLOWS.get(self.commands[src], ())

    def is_purpose(self, tool: str) -> bool:
        return self.commands.get(tool) not in NOT_ASKED

    def replaceable(self, tool: str) -> bool | None:
        """Say whether another command can do what this one does; None of other tools."""
        return self.commands[tool] not in ALONE if tool in self.commands else None

    def roles(self, view: View) -> list[tuple[str, str]]:
        """Return (role, parameter) of what a person says for a command."""
        paths = [p.name for p in view.params if p.column == f"{TABLE}.name"]
        others = [p for p in view.params if p.column != f"{TABLE}.name"]
        texts = [p.name for p in others if p.schema.get("type") == "string"]
        numbers = [p.name for p in others if p.schema.get("type") == "integer"]
        command = self.commands[view.name]
        if command in ("copy", "move"):
            return list(zip(("source", "target"), paths, strict=False))
        if command == "find":
            return [("part", name) for name in paths if "name" in name][:1]
        first = {"enter": "folder", "mkdir": "new folder", "rmdir": "folder", "touch": "new file"}
        found = [(first.get(command, "file"), name) for name in paths[:1]]
        if command == "write":
            found += [("text", name) for name in texts[:1]]
        elif command == "grep":
            found += [("word", name) for name in texts[:1]]
        elif command in ("tail", "head"):
            found += [("lines", name) for name in numbers[:1]]
        return found

    def draw(
        self, view: View, scratch: Scratch, near: Sequence[Bound], rng: random.Random
    ) -> dict[str, Any] | None:
        """Choose arguments that make sense where the world is now; None where there are none.

        `near` are the calls that this one builds on: it is about what they made, if it can be.
        """
        drawer = Drawer(scratch, rng, frozenset(self.made(near)))
        values: dict[str, Any] = {}
        for role, name in self.roles(view):
            value = drawer.value(self.commands[view.name], role, list(values.values()))
            if value is None:
                return None
            values[name] = value
        return values

    def made(self, near: Sequence[Bound]) -> Iterator[str]:
        """Yield the names that calls made or brought about."""
        for bound in near:
            values = dict(self.roles(bound.view))
            for role in ("new folder", "new file", "target", "file"):
                if role in values and values[role] in bound.literals:
                    yield str(bound.literals[values[role]])

    def spoil(self, view: View, scratch: Scratch, rng: random.Random) -> dict[str, Any] | None:
        """Choose arguments that a guard refuses: a name that is taken, or that nothing has."""
        drawer = Drawer(scratch, rng)
        values: dict[str, Any] = {}
        for role, name in self.roles(view):
            if role.startswith("new"):
                taken = [e.name for e in drawer.entries() if e.is_file == (role == "new file")]
                values[name] = rng.choice(taken) if taken else None
            elif role == "folder" and self.commands[view.name] == "rmdir":
                values[name] = drawer.folder(lambda entry: drawer.entries(entry.name))
            elif role in ("file", "folder", "source"):
                values[name] = drawer.new_name(file=role != "folder")
            else:
                values[name] = drawer.value(self.commands[view.name], role, ["?"])
        return None if None in values.values() else values

    def facts(self, bound: Bound) -> tuple[Fact, ...]:
        """Return what is to be told of a read: names, lines, a number; none where that is much."""
        command = self.commands[bound.view.name]
        entries = bound.result if isinstance(bound.result, dict) else {"result": bound.result}
        name, value = next(iter(entries.items()), ("", None))
        parts = value if isinstance(value, list) else [value]
        if isinstance(value, str):
            parts = [line for line in value.split("\n") if line.strip()]
            parts = parts[:1] if command == "sort" else parts
        told = [p for p in parts if isinstance(p, (str, int)) and not isinstance(p, bool)]
        if not told or len(told) != len(parts) or len(told) > LINES:
            return ()
        if any(len(str(part)) > LONGEST for part in told):
            return ()
        return tuple(Fact(name, "", part) for part in dict.fromkeys(told))
