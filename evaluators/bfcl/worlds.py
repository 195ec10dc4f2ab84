"""Worlds of BFCL's multi-turn tasks: fresh instances of the official classes for every episode."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import localcontext
from types import FunctionType
from typing import Any

from evaluators.bfcl.calls import Method, call_text, evaluate, refused, rendered, rewrite, written
from evaluators.bfcl.classes import Commons, OfficialClasses, mutable_defaults, public_methods
from evaluators.bfcl.delta import delta
from evaluators.bfcl.guards import GUARDS
from harness.faults import ToolFault
from harness.types import Role, ToolCall, ToolSpec

Call = tuple[str, Mapping[str, Any]] | str
"""A call as (name, arguments), or as the text a prompting model's reply was turned into."""

_FAILED = "Error during execution: "
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """A method that calls may name: whose it is, how to call it, the names of its parameters."""

    owner: str
    function: FunctionType
    parameters: tuple[str, ...]
    names: frozenset[str]
    guard: Callable[[dict[str, Any]], None] | None
    shares_defaults: bool


class Blueprint:
    """What all worlds of one task share: initial instances, methods and their owners."""

    def __init__(self, task_id: str, row: Mapping[str, Any], classes: OfficialClasses) -> None:
        self.task_id = task_id
        config = row.get("initial_config", {})
        long_context = "long_context" in task_id
        self.initial = {
            name: classes.build(name, config.get(name, {}), long_context=long_context)
            for name in row["involved_classes"]
        }
        # Only long-context instances hold constants of the pack.
        self._shared = classes.shared if long_context else {}
        self.methods: dict[str, Entry] = {}
        for name, instance in self.initial.items():
            self.methods |= methods_of(type(instance), name)

    def commons(self) -> Commons:
        """Return what the worlds of one check share, fresh."""
        return Commons(self._shared)

    def world(self, label: str = "world", commons: Commons | None = None) -> Instances:
        """Build fresh instances. `label` is part of the owners' names, as the model's name is
        in the official code; `commons` is shared between the worlds of one check only."""
        commons = commons or self.commons()
        objects = {name: commons.copy(instance) for name, instance in self.initial.items()}
        label = f"{label}_{self.task_id}".translate(str.maketrans("-./:", "____"))
        return Instances(objects, self.methods, label, commons)


class Instances:
    """Instances of the official classes, and the calls they answer."""

    def __init__(
        self,
        objects: Mapping[str, Any],
        methods: Mapping[str, Entry],
        label: str,
        commons: Commons | None = None,
    ) -> None:
        self.objects = objects
        self._methods = methods
        self._label = label
        self._commons = commons or Commons({})

    def answer(self, call: Call) -> str:
        """Return the official response to a call; raises ToolFault with it where it is an error."""
        try:
            if isinstance(call, str):
                return rendered(self._evaluated(call))
            name, arguments = call
            entry = self._methods.get(name)
            if entry is not None and _is_plain(arguments, entry.names):
                return rendered(self._bound(entry)(**_copied(arguments)))
            return rendered(self._evaluated(call_text(name, arguments)))
        except Exception as error:  # foreign code: whatever it raises is the response
            raise ToolFault(f"{_FAILED}{error}") from error

    def respond(self, call: Call) -> str:
        """Return the official response to a call, errors included."""
        try:
            return self.answer(call)
        except ToolFault as fault:
            return str(fault)

    def _evaluated(self, text: str) -> Any:
        owners = {cls: f"{self._label}_{cls}_instance" for cls in self.objects}
        text = rewrite(text, {name: owners[entry.owner] for name, entry in self._methods.items()})
        name = refused(text)
        if name is not None:
            raise ValueError(f"Function call {name} is not allowed.")
        callables: dict[str, dict[str, Method]] = {owner: {} for owner in owners.values()}
        for method, entry in self._methods.items():
            callables[owners[entry.owner]][method] = self._bound(entry)
        return evaluate(text, callables)

    def _bound(self, entry: Entry) -> Method:
        """Bind a method to its instance, behind its guard and with this world's own defaults."""
        method: Method = entry.function.__get__(self.objects[entry.owner])
        if entry.guard is not None:
            return functools.partial(_guarded, entry, method)
        if entry.shares_defaults:
            return functools.partial(_filled, entry, method, self._commons)
        return method


class OfficialWorld:
    """The environment of a multi-turn episode: official classes, tools that grow at some turns.

    In prompting mode (`from_text`) calls are carried out as the text they were written as.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        tools: Callable[[int], Sequence[ToolSpec]],
        *,
        from_text: bool = False,
    ) -> None:
        self._blueprint = blueprint
        self._tools = tools
        self._from_text = from_text
        self._instances = blueprint.world()

    def tools(self, role: Role, turn: int) -> Sequence[ToolSpec]:
        return self._tools(turn) if role == "agent" else ()

    async def call(self, role: Role, call: ToolCall) -> str:
        """Run a call; raises ToolFault with the official error text."""
        return self._instances.answer(carried_out(call, from_text=self._from_text))

    def state(self) -> Mapping[str, Any]:
        """Return what changed in public attributes (see `evaluators.bfcl.delta`)."""
        return delta(self._blueprint.initial, self._instances.objects)


def carried_out(call: ToolCall, *, from_text: bool) -> Call:
    """Return what the official code executes for a call of an episode."""
    return written(call) if from_text else (call.name, call.arguments)


def methods_of(cls: type[Any], owner: str) -> dict[str, Entry]:
    """Return the methods of a class that calls may name; `owner` is the name of the class."""
    table = {}
    for name, function in public_methods(cls).items():
        code = function.__code__
        parameters = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
        table[name] = Entry(
            owner,
            function,
            parameters,
            frozenset(parameters),
            GUARDS.get(name),
            bool(mutable_defaults(function)),
        )
    return table


def _guarded(entry: Entry, method: Method, *arguments: Any, **named: Any) -> Any:
    seen = {**dict(zip(entry.parameters, arguments, strict=False)), **named}
    before = dict(seen)
    if entry.guard is not None:
        entry.guard(seen)
    with localcontext():  # `square_root` sets the precision of the whole process
        return method(*arguments, **named) if seen == before else method(**seen)


def _filled(entry: Entry, method: Method, commons: Commons, *arguments: Any, **named: Any) -> Any:
    given = {*named, *entry.parameters[: len(arguments)]}
    defaults = commons.default_arguments(entry.function)
    return method(*arguments, **named, **{k: v for k, v in defaults.items() if k not in given})


def _is_plain(arguments: Mapping[str, Any], parameters: frozenset[str]) -> bool:
    """Say whether the official detour over text would hand over these very arguments."""
    return all(
        key in parameters and _is_plain_value(value, _MAX_DEPTH) for key, value in arguments.items()
    )


def _is_plain_value(value: Any, depth: int) -> bool:
    kind = type(value)
    if kind is str:
        return "(" not in value
    if kind is int or kind is bool or value is None:
        return True
    if kind is float:
        return math.isfinite(value)
    if depth == 0:
        return False
    if kind is list:
        return all(_is_plain_value(item, depth - 1) for item in value)
    if kind is dict:
        return all(
            type(key) is str and "(" not in key and _is_plain_value(item, depth - 1)
            for key, item in value.items()
        )
    return False


def _copied(value: Any) -> Any:
    """Copy JSON data: a world must not hold on to the lists of the episode's log."""
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    if type(value) is list:
        return [_copied(item) for item in value]
    return value
