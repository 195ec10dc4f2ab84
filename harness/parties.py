"""Who takes part: a script, or a model in a role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from harness.chat import View
from harness.faults import ModelFault
from harness.protocols import Model
from harness.types import Message, Role, ToolCall, ToolSpec

Line = str | Message | Sequence[ToolCall]


class Script:
    """Say given lines in order. Serves as fixed-query user, replay agent and test party.

    A line is a text, a list of calls, or a whole Message. After the last line the party stops,
    or raises ModelFault when `ends` is "fault" (a script that must not run out).
    """

    system = ""

    def __init__(self, role: Role, lines: Iterable[Line], *, ends: str = "stop") -> None:
        self.role = role
        self.lines: Iterator[Line] = iter(lines)
        self.ends = ends

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        line = next(self.lines, None)
        if line is None:
            if self.ends == "fault":
                raise ModelFault("the script has no more lines", kind="script_end")
            return Message(self.role, stop=True)
        if isinstance(line, Message):
            return line
        if isinstance(line, str):
            return Message(self.role, line)
        return Message(self.role, calls=tuple(line))


class ModelParty:
    """A model in a role. A text that holds one of `stop_texts` and makes no call hangs up."""

    def __init__(
        self,
        role: Role,
        model: Model,
        system: str = "",
        stop_texts: Sequence[str] = (),
        **sampling: Any,
    ) -> None:
        self.role = role
        self.model = model
        self.system = system
        self.stop_texts = tuple(stop_texts)
        self.sampling = sampling
        show = bool(getattr(model, "show_reasoning", False))
        self.view = View(role, system, reasoning=show)

    async def reply(self, log: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
        message = await self.model.generate(self.view.read(log), tools, **self.sampling)
        stop = not message.calls and any(text in message.text for text in self.stop_texts)
        return replace(message, author=self.role, stop=stop or message.stop)
