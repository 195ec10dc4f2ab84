"""Tools of one side, and what a call of one returns: the official texts, word for word.

A toolkit is a class whose decorated methods are tools. It bears the official class name, because
Python puts `Class.method()` into the errors of wrong arguments. Methods without the decorator are
what initialisation actions and environment assertions call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

from evaluators.tau2.worlds.store import Store

Kind = Literal["read", "write", "think", "generic"]
Method = TypeVar("Method", bound=Callable[..., Any])

# What a tool may raise on arguments that a model made up. Anything else is a bug of ours.
TOOL_ERRORS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Tool:
    """A declared tool. `mutates`: replay runs it again. `hidden`: callable but not listed.

    `takes`: the required parameters of a tool whose method gets them all as one mapping.
    """

    name: str
    kind: Kind
    mutates: bool
    hidden: bool
    takes: tuple[str, ...] = ()


def tool(
    kind: Kind,
    *,
    mutates: bool | None = None,
    hidden: bool = False,
    takes: tuple[str, ...] = (),
) -> Callable[[Method], Method]:
    """Declare a method as a tool; only writes mutate unless `mutates` says otherwise."""

    def declare(method: Method) -> Method:
        changes = kind == "write" if mutates is None else mutates
        method.__dict__["tool"] = Tool(method.__name__, kind, changes, hidden, takes)
        return method

    return declare


class Toolkit:
    """The tools of one side over a store."""

    declared: ClassVar[Mapping[str, Tool]] = {}

    def __init__(self, store: Store) -> None:
        self.store = store

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        members = {n: m for base in reversed(cls.__mro__) for n, m in vars(base).items()}
        cls.declared = {n: m.tool for n, m in members.items() if hasattr(m, "tool")}

    def use(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Run a tool; raises one of TOOL_ERRORS. A failed write may have written already."""
        if name not in self.declared:
            raise ValueError(f"Tool '{name}' not found.")
        method = getattr(self, name)
        if takes := self.declared[name].takes:
            require_exactly(f"{type(self).__name__}.{name}()", takes, arguments)
            return method(arguments)
        return method(**arguments)


def require_exactly(
    who: str, takes: tuple[str, ...], arguments: Mapping[str, Any], optional: tuple[str, ...] = ()
) -> None:
    """Raise what Python raises where arguments do not fit the required parameters `takes`."""
    for name in arguments:
        if name == "self":
            raise TypeError(f"{who} got multiple values for argument 'self'")
        if name not in takes and name not in optional:
            raise TypeError(f"{who} got an unexpected keyword argument '{name}'")
    missing = [repr(name) for name in takes if name not in arguments]
    if not missing:
        return
    *front, last = missing
    comma = "," if len(front) > 1 else ""
    names = f"{', '.join(front)}{comma} and {last}" if front else last
    plural = "s" if front else ""
    raise TypeError(f"{who} missing {len(missing)} required positional argument{plural}: {names}")


class Dump:
    """A result that is a record (officially a model): its numbers stay numbers in the text."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def to_text(result: Any) -> str:
    """Write a tool's result as the model reads it: a text as it is, anything else as JSON."""
    if isinstance(result, str):
        return result
    if type(result) is Dump:
        return json.dumps(result.value, default=str)
    return json.dumps(plain(result), default=str)


def plain(value: Any) -> Any:
    """Turn numbers and truths outside records into strings, as the official text does."""
    if value is None or isinstance(value, str):
        return value
    if type(value) is Dump:
        return value.value
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    raise ValueError(f"Unsupported type: {type(value)}")


def error_text(error: Exception) -> str:
    """Write an exception as the official environment does.

    Python 3.13 adds a suggestion to unexpected keyword arguments; the official text has none.
    """
    text = str(error)
    if isinstance(error, TypeError) and "unexpected keyword argument" in text:
        text = text.split(". Did you mean", 1)[0]
    return f"Error: {text}"


def reject_reserved(arguments: Mapping[str, Any]) -> None:
    """Refuse argument names that collide with the official call machinery, with its words."""
    owner = "Environment.make_tool_call() got multiple values for"
    if "requestor" in arguments:
        raise TypeError(f"tau2.environment.environment.{owner} keyword argument 'requestor'")
    for name in arguments:
        if name in ("self", "tool_name"):
            raise TypeError(f"{owner} argument '{name}'")
