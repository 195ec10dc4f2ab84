"""A synthesised world whose tools are Python classes, run in the sandbox.

The second kind of world: for tools that compute, and for classes written by a model. It obeys the
same contract as a SQL world; its state is a JSON object, its delta names what differs by path.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from harness.faults import ModelFault, ToolFault
from harness.types import Role, ToolCall, ToolSpec
from synth.arguments import Arguments
from synth.sandbox import DEFAULT, Broken, Limits, Worker
from synth.world import error_text

Delta = dict[str, list[Any]]
"""JSON pointer -> [value now], or [] where it is gone."""


class ToolCrash(ToolFault):
    """The tool's own code failed; its caller is told like of any refusal."""


class Overtime(ToolCrash):
    """The call ran out of time."""


@dataclass(frozen=True)
class PythonBlueprint:
    """Everything needed to open worlds: shared between episodes, never changed.

    `sources` maps module names to texts, each with one class that has `info` and `invoke`
    (synth.sandbox.worker); `state` is what they all start from.
    """

    specs: tuple[ToolSpec, ...]
    sources: Mapping[str, str]
    state: Mapping[str, Any] = field(default_factory=dict)
    policy: str = ""
    limits: Limits = DEFAULT

    @cached_property
    def arguments(self) -> dict[str, Arguments]:
        return {spec.name: Arguments(spec.parameters) for spec in self.specs}

    def open(self) -> Worker:
        """Start a worker that holds the classes over a copy of the initial state."""
        return self.open_over(self.state)

    def open_over(self, state: Mapping[str, Any]) -> Worker:
        """Start a worker over a given state. Raises ModelFault where the sources do not load."""
        worker = Worker(self.limits)
        try:
            said = worker.load(self.sources, state)
        except Broken as broken:
            raise ModelFault(f"the classes do not load: {broken}", "env") from None
        known = {entry.get("name") for entry in said if isinstance(entry, Mapping)}
        missing = [spec.name for spec in self.specs if spec.name not in known]
        if missing:
            worker.end()
            raise ModelFault(f"no class offers the tool {missing[0]}", "env")
        return worker


class PythonWorld:
    """One episode's private process, started at the first call. The agent has the tools."""

    def __init__(
        self,
        blueprint: PythonBlueprint,
        offered: Sequence[str] | None = None,
        past: Mapping[str, Any] | None = None,
    ) -> None:
        self.blueprint = blueprint
        self.offered = tuple(
            spec for spec in blueprint.specs if offered is None or spec.name in offered
        )
        self.allowed = frozenset(spec.name for spec in self.offered)
        self.start = patched(blueprint.state, past or {})
        self.done: list[tuple[str, Mapping[str, Any], str]] = []
        self._worker: Worker | None = None

    def tools(self, role: Role, turn: int) -> Sequence[ToolSpec]:
        return self.offered if role == "agent" else ()

    async def call(self, role: Role, call: ToolCall) -> str:
        if role != "agent" or call.name not in self.allowed:
            raise ToolFault(error_text(f"unknown tool {call.name}"))
        self.check(call.name, call.arguments)
        try:
            (reply,) = await self.worker.calls_async([(call.name, call.arguments)])
        except Broken as broken:
            raise self.give_up(call.name, broken) from None
        return self.result(call.name, call.arguments, reply)

    def run(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Run a tool and return its JSON text. A refused call changes nothing: ToolFault."""
        self.check(name, arguments)
        try:
            (reply,) = self.worker.calls([(name, arguments)])
        except Broken as broken:
            raise self.give_up(name, broken) from None
        return self.result(name, arguments, reply)

    def check(self, name: str, arguments: Mapping[str, Any]) -> None:
        wrong = self.blueprint.arguments[name].check(arguments)
        if wrong is not None:
            raise ToolFault(error_text(f"{name}: {wrong}"))

    @property
    def worker(self) -> Worker:
        """The process; where the last one was ended, a new one that replays what succeeded."""
        if self._worker is None:
            self._worker = self.blueprint.open_over(self.start)
            self.replay(self._worker)
        return self._worker

    def replay(self, worker: Worker) -> None:
        """Bring a fresh process to where this world is. Raises ModelFault where it differs."""
        try:
            replies = worker.calls([(name, arguments) for name, arguments, _ in self.done])
        except Broken as broken:
            raise ModelFault(f"the classes do not replay: {broken}", "env") from None
        for (name, _, expected), reply in zip(self.done, replies, strict=True):
            if reply.get("ok") != expected:
                raise ModelFault(f"{name} answers differently on replay", "env")

    def result(self, name: str, arguments: Mapping[str, Any], reply: Mapping[str, str]) -> str:
        if "ok" in reply:
            self.done.append((name, arguments, reply["ok"]))
            return reply["ok"]
        if "refused" in reply:
            raise ToolFault(error_text(reply["refused"]))
        raise ToolCrash(error_text(f"{name}: {reply['crashed']}"))

    def give_up(self, name: str, broken: Broken) -> ToolFault:
        """Forget the ended process; the next call starts from what succeeded before."""
        self._worker = None
        kind = Overtime if broken.overtime else ToolCrash
        return kind(error_text(f"{name}: {broken}"))

    def whole(self) -> dict[str, Any]:
        """Return the whole state as it is now."""
        if not self.done:
            return dict(self.start)
        try:
            state = json.loads(self.worker.state_text())
        except (Broken, ValueError, RecursionError) as error:
            self._worker = None
            raise ModelFault(f"the classes' state cannot be read: {error}", "env") from None
        if not isinstance(state, dict):
            raise ModelFault("the classes' state is no object", "env")
        return state

    def state(self) -> Mapping[str, Any]:
        """Return the change since the blueprint's state: {path: [value] or [] where gone}."""
        return dict(sorted(differences(self.blueprint.state, self.whole())))

    def verify(self) -> str | None:
        """Replay every success in a fresh process; say what differs, or None (use before trust)."""
        try:
            again = PythonWorld(self.blueprint)
            again.start, again.done = self.start, list(self.done)
            if again.state() != self.state():
                return "the state differs on replay"
        except ModelFault as fault:
            return str(fault)
        return None

    def close(self) -> None:
        """End the process; dropping the world does the same."""
        if self._worker is not None:
            self._worker.end()
            self._worker = None


def differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Yield what differs between two JSON values; objects are compared key by key."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            here = f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"
            if key not in new:
                yield here, []
            elif key not in old:
                yield here, [new[key]]
            else:
                yield from differences(old[key], new[key], here)
    elif canonical(old) != canonical(new):
        yield path, [new]


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def patched(state: Mapping[str, Any], delta: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Return a copy of `state` with a stored change brought in."""
    out: dict[str, Any] = json.loads(json.dumps(state))
    for path, value in delta.items():
        *parents, last = [
            part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]
        ]
        place = out
        for part in parents:
            place = place.setdefault(part, {})
        if value:
            place[last] = json.loads(json.dumps(value[0]))
        else:
            place.pop(last, None)
    return out
