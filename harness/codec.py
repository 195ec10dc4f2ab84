"""Values to JSON objects and back. Fields that hold their default are left out.

Plain `json` is used on purpose: model output may hold integers beyond 64 bits, NaN and lone
surrogates, which the faster encoders refuse.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from harness.outcomes import Outcome
from harness.types import Category, Episode, Fault, Message, Task, Tokens, ToolCall, Usage, Verdict

Json = dict[str, Any]
T = TypeVar("T")

_NESTED: Mapping[type, Mapping[str, type]] = {
    Message: {"calls": ToolCall, "usage": Usage, "tokens": Tokens},
    Task: {"opening": Message},
    Episode: {"log": Message, "fault": Fault},
    Verdict: {"categories": Category},
    Outcome: {"categories": Category},
}


def _defaults(cls: type) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (f.name, f.default_factory() if f.default_factory is not dataclasses.MISSING else f.default)
        for f in dataclasses.fields(cls)
    )


_VALUES = (Category, Episode, Fault, Message, Outcome, Task, Tokens, ToolCall, Usage, Verdict)
_FIELDS = {cls: _defaults(cls) for cls in _VALUES}


def to_json(value: Any) -> Json:
    """Turn one of the project's values into a JSON object without its defaults."""
    out: Json = {}
    for name, default in _FIELDS[type(value)]:
        item = getattr(value, name)
        if item is default or (item == default and type(item) is type(default)):
            continue
        out[name] = _plain(item)
    return out


def _plain(item: Any) -> Any:
    if isinstance(item, tuple):
        return [_plain(entry) for entry in item]
    if type(item) in _FIELDS:
        return to_json(item)
    if isinstance(item, Mapping) and not isinstance(item, dict):
        return dict(item)
    return item


def from_json(cls: type[T], data: Json) -> T:
    """Rebuild a value of class `cls`; unknown keys raise TypeError, missing ones get defaults."""
    nested = _NESTED.get(cls, {})
    return cls(**{name: _revive(nested.get(name), item) for name, item in data.items()})


def _revive(cls: type | None, item: Any) -> Any:
    if isinstance(item, list):
        if cls is None:
            return tuple(tuple(x) if isinstance(x, list) else x for x in item)
        return tuple(from_json(cls, entry) for entry in item)
    return item if cls is None or item is None else from_json(cls, item)


def dumps(data: Any) -> str:
    """Encode one line of a JSONL file (ASCII, no spaces)."""
    return json.dumps(data, separators=(",", ":"), default=_fallback)


def _fallback(item: Any) -> Any:
    if isinstance(item, Mapping):
        return dict(item)
    raise TypeError(f"{type(item).__name__} is not JSON: {item!r}")
