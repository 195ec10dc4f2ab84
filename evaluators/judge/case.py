"""What every rule and judge reads: one finished episode with all that is known about its task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from harness.types import Fault, Message, Role, ToolSpec

Behaviour = Literal["call", "no_call", "explain"]
Kind = Literal["general", "ambiguous", "changing", "infeasible", "abnormal"]
ANY = "*"


class Unknown:
    """The type of a value that nobody recorded (None is a value)."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class OneOf:
    """A gold value of which there are several; with "" or None among them it may be left out."""

    values: tuple[Any, ...]

    @property
    def optional(self) -> bool:
        return any(value is None or value == "" for value in self.values)


@dataclass(frozen=True)
class Tool:
    """A tool with what is known of its effects. None means that nobody said.

    `properties` maps a parameter to its JSON Schema; `example` is an example of its output.
    """

    name: str
    description: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    write: bool | None = None
    auth: bool = False
    example: Any = UNKNOWN

    @cached_property
    def text(self) -> str:
        """All prose about the tool, from which values may be quoted: gathered when asked for."""
        return " ".join([self.description, *_prose(self.properties)])


@dataclass(frozen=True, slots=True)
class GoldCall:
    """A call of the reference plan. A value "*" matches anything, a `OneOf` any of its values.

    `result` and `error` are what the plan's own replay answered, UNKNOWN and None where it was
    not replayed.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    role: Role = "agent"
    result: Any = UNKNOWN
    error: bool | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """A required or forbidden call; empty `arguments` mean any arguments (Trajectory2Task)."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Intent:
    """How the user's wish is out of the ordinary.

    `withheld` maps facts that the user tells only when asked to their values. After the user
    turn `change_turn` (from 0) the calls in `superseded` are no longer wanted.
    """

    kind: Kind = "general"
    withheld: Mapping[str, Any] = field(default_factory=dict)
    change_turn: int | None = None
    superseded: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A finished episode and its task, as far as known.

    `gold` is None where there is no reference plan; its items belong to user turns in order, or
    to the whole run where `flat`. `require_reads` is False where only the outcome counts: then
    the plan is one way among many and its reads are not required. `missing` names what an
    abnormal task lacks (a parameter, a tool). The last reply must hold one of `answers`.
    `passed` is the verdict of the benchmark, `task_fault` why the task itself cannot be solved.
    """

    id: str
    log: tuple[Message, ...]
    tools: Mapping[str, Tool] | None = None
    gold: tuple[tuple[GoldCall, ...], ...] | None = None
    flat: bool = False
    require_reads: bool = True
    behaviour: Behaviour | None = None
    missing: tuple[str, ...] = ()
    required: tuple[Action, ...] = ()
    forbidden: tuple[Action, ...] = ()
    communicate: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    intent: Intent = Intent()
    policy: str = ""
    scenario: str = ""
    user_mode: Literal["fixed_queries", "scripted", "model", ""] = ""
    single_turn: bool = False
    opening: int = 0
    end: str = ""
    fault: Fault | None = None
    passed: bool | None = None
    reason: str = ""
    task_fault: str = ""


def tool_of(
    spec: ToolSpec, *, write: bool | None = None, auth: bool = False, example: Any = UNKNOWN
) -> Tool:
    """Wrap a tool spec with its flags."""
    schema = spec.parameters
    properties = schema.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    required = schema.get("required")
    listed = required if isinstance(required, list | tuple) else ()
    names = tuple(name for name in listed if isinstance(name, str))
    return Tool(spec.name, spec.description, properties, names, write, auth, example)


def _prose(node: Any) -> list[str]:
    """Collect the texts and numbers of a schema: descriptions, enums, defaults, examples."""
    if isinstance(node, Mapping):
        return [text for key, item in node.items() if key != "type" for text in _prose(item)]
    if isinstance(node, list | tuple):
        return [text for item in node for text in _prose(item)]
    return [str(node)] if isinstance(node, str | int | float) else []
