"""Tools that are not listed: how they are declared, refused and called."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from evaluators.tau2.worlds.toolkit import Kind, Toolkit, require_exactly, tool

Method = TypeVar("Method", bound=Callable[..., Any])


class Refusal(Exception):
    """A tool says no. Officially a plain answer, not an error of the call."""


def discoverable(
    kind: Kind,
    owner: str = "KnowledgeTools",
    takes: tuple[str, ...] = (),
    optional: tuple[str, ...] = (),
    kinds: Mapping[str, str] | None = None,
) -> Callable[[Method], Method]:
    """Declare a method as an unlisted tool of the official class `owner`.

    With `takes` (and `optional`) the method gets its many arguments as one mapping; `kinds` names
    the type of those that are no str.
    """

    def declare(method: Method) -> Method:
        method.__qualname__ = f"{owner}.{method.__name__}"
        who = f"{method.__qualname__}()"

        @functools.wraps(method)
        def answer(self: Any, /, **arguments: Any) -> str:
            try:
                if takes:
                    require_exactly(who, takes, arguments, optional)
                    text: str = method(self, arguments)
                else:
                    text = method(self, **arguments)
            except Refusal as refusal:
                return f"Error: {refusal}"
            return text

        if takes:
            answer.__dict__["__signature__"] = signature_of(takes, optional, kinds or {})
        return cast(Method, tool(kind, hidden=True)(answer))

    return declare


def signature_of(
    takes: tuple[str, ...], optional: tuple[str, ...], kinds: Mapping[str, str]
) -> inspect.Signature:
    """Build the signature of a method that gets its arguments as one mapping."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    named = [
        inspect.Parameter(name, keyword, annotation=kinds.get(name, "str"), default=default)
        for names, default in ((takes, inspect.Parameter.empty), (optional, None))
        for name in names
    ]
    return inspect.Signature([inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY), *named])


def need(names: Sequence[str], *values: Any) -> None:
    """Refuse empty values; `names` are those that the refusal lists, if it lists any."""
    if not all(values):
        listed = f" ({', '.join(names)})" if names else ""
        raise Refusal(f"Missing required parameters{listed}.")


def one_of(name: str, value: Any, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise Refusal(f"Invalid {name}. Must be one of: {list(allowed)}")


def positive(value: Any, wrong: str, low: str) -> float:
    """Read a number greater than zero, or refuse with one of two texts."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise Refusal(wrong) from None
    if number <= 0:
        raise Refusal(low)
    return number


def call(kit: Toolkit, name: str, arguments: Any) -> str:
    """Call an unlisted tool with parsed JSON; raises TypeError on arguments that do not fit."""
    method = getattr(kit, name)
    if not isinstance(arguments, dict):
        owner = f"tau2.domains.banking_knowledge.tools.{method.__qualname__}"
        kind = type(arguments).__name__
        raise TypeError(f"{owner}() argument after ** must be a mapping, not {kind}")
    answer: str = method(**arguments)
    return answer


def is_discoverable(kit: type[Toolkit], name: Any) -> bool:
    """Say whether a toolkit has an unlisted tool; raises TypeError on a name that cannot be one."""
    return name in kit.declared and kit.declared[name].hidden


def parameters(kit: type[Toolkit], name: str) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of an unlisted tool, `self` among them."""
    return inspect.signature(getattr(kit, name)).parameters
