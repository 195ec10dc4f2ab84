"""Tools as short programs of guarded SQL: what must hold, what is done, what is returned.

    - require: select 1 from session where open = 1
      else: You must log in first.
    - let: ticket_id
      be: select coalesce(max(id), 0) + 1 from ticket
    - run: insert into ticket (id, title) values (:ticket_id, :title)
    - return: select json_object('id', :ticket_id, 'status', 'Open')

Parameters and `let` names are bound as `:name`; lists and objects arrive as JSON text, booleans
as 0 and 1. A `require` that finds no row, or a first column that is NULL or 0, ends the call with
its `else` text, in which `{name}` is replaced; nothing the call did before remains.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["require", "let", "run", "return"]
KINDS: tuple[Kind, ...] = ("require", "let", "run", "return")
FIELDS: Mapping[str, frozenset[str]] = {
    "require": frozenset({"require", "else"}),
    "let": frozenset({"let", "be"}),
    "run": frozenset({"run"}),
    "return": frozenset({"return"}),
}
VERBS: Mapping[str, re.Pattern[str]] = {
    kind: re.compile(rf"\s*(?:{verbs})\b", re.IGNORECASE)
    for kind, verbs in (
        ("require", "select|values|with"),
        ("let", "select|values|with"),
        ("run", "insert|update|delete|replace|with"),
        ("return", "select|values|with"),
    )
}
NAME = re.compile(r"[A-Za-z_]\w*")
PARAMETER = re.compile(r":([A-Za-z_]\w*)")
LITERAL = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)


class BadProgram(ValueError):
    """A program that cannot be accepted; the text says why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `name` is what `let` binds, `otherwise` the refusal of `require`."""

    kind: Kind
    sql: str
    name: str = ""
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """The steps of one tool, ending with what it returns."""

    steps: tuple[Step, ...]

    @property
    def requirements(self) -> tuple[Step, ...]:
        """Return every precondition: each is a way in which a call can be refused."""
        return tuple(step for step in self.steps if step.kind == "require")

    def with_steps(self, steps: Sequence[Step]) -> Program:
        """Return the program with other steps."""
        return Program(tuple(steps))


def parse_program(data: object, parameters: Iterable[str]) -> Program:
    """Read a program from plain YAML data. Raises BadProgram naming the faulty step."""
    if not isinstance(data, Sequence) or isinstance(data, str) or not data:
        raise BadProgram("a program is a list of steps")
    bound = set(parameters)
    steps = []
    for number, entry in enumerate(data, 1):
        step = parse_step(entry, number)
        unbound = sorted(names_in(step.sql) - bound)
        if unbound:
            raise BadProgram(f"step {number} uses :{unbound[0]}, which nothing binds")
        if step.kind == "let":
            bound.add(step.name)
        steps.append(step)
    if steps[-1].kind != "return" or any(step.kind == "return" for step in steps[:-1]):
        raise BadProgram("a program ends with its one return")
    return Program(tuple(steps))


def parse_guards(data: object, parameters: Iterable[str]) -> tuple[Step, ...]:
    """Read a list of `require` steps alone. Raises BadProgram."""
    ending = [{"return": "select 1"}]
    program = parse_program([*data, *ending] if isinstance(data, list) else data, parameters)
    if len(program.requirements) != len(program.steps) - 1:
        raise BadProgram("only require steps may stand before a class")
    return program.requirements


def parse_step(entry: object, number: int) -> Step:
    """Read one step; its keys say its kind."""
    if not isinstance(entry, Mapping):
        raise BadProgram(f"step {number} is not a mapping")
    kind = next((kind for kind in KINDS if kind in entry), None)
    if kind is None:
        raise BadProgram(f"step {number} has none of {', '.join(KINDS)}")
    if set(entry) != FIELDS[kind]:
        raise BadProgram(f"step {number}: {kind} takes {', '.join(sorted(FIELDS[kind]))}")
    texts = {key: text(entry[key], number) for key in FIELDS[kind]}
    sql = texts["be" if kind == "let" else kind]
    if not VERBS[kind].match(sql):
        raise BadProgram(f"step {number}: {kind} does not take a statement like {sql[:40]!r}")
    if kind == "require":
        return Step(kind, sql, otherwise=texts["else"])
    if kind == "let":
        if not NAME.fullmatch(texts["let"]):
            raise BadProgram(f"step {number}: {texts['let']!r} is not a name")
        return Step(kind, sql, name=texts["let"])
    return Step(kind, sql)


def text(value: object, number: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadProgram(f"step {number} holds {value!r} where text is needed")
    return value.strip()


def names_in(sql: str) -> set[str]:
    """Return the `:names` that a statement binds, literals and comments left out."""
    return set(PARAMETER.findall(LITERAL.sub("''", sql)))


def dump_steps(steps: Iterable[Step]) -> list[dict[str, str]]:
    """Turn steps back into plain data for YAML."""
    out: list[dict[str, str]] = []
    for step in steps:
        if step.kind == "require":
            out.append({"require": step.sql, "else": step.otherwise})
        elif step.kind == "let":
            out.append({"let": step.name, "be": step.sql})
        else:
            out.append({step.kind: step.sql})
    return out


def refusal(step: Step, bound: Mapping[str, Any]) -> str:
    """Fill the `{name}` places of a refusal with what was bound."""

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        return str(bound[name]) if name in bound else match.group(0)

    return re.sub(r"\{([A-Za-z_]\w*)\}", fill, step.otherwise)


def error_text(text: str) -> str:
    """Return what the caller of a refused call reads."""
    return json.dumps({"error": text})
