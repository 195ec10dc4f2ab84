"""The change of a world's public state, as JSON: what an episode keeps of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def delta(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return `{set: {path: value}, removed: [path]}` of two families of instances, by class name.

    A path is the class, the attribute and dict keys, joined as in JSON Pointer (RFC 6901).
    """
    out: dict[str, Any] = {}
    removed: list[str] = []
    for name, instance in after.items():
        for attribute, value in vars(instance).items():
            if attribute.startswith("_"):
                continue
            old = getattr(before[name], attribute, None)
            if old != value:
                _compare(f"/{name}/{attribute}", plain(old), plain(value), out, removed)
    changes: dict[str, Any] = {}
    if out:
        changes["set"] = dict(sorted(out.items()))
    if removed:
        changes["removed"] = sorted(removed)
    return changes


def plain(value: Any) -> Any:
    """Turn a value of the official classes into JSON data: sets are sorted, objects are dicts."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set):
        return sorted((plain(item) for item in value), key=json.dumps)
    if hasattr(value, "contents"):
        return {"directory": value.name, "contents": plain(value.contents)}
    if hasattr(value, "content"):
        return {"file": value.name, "content": plain(value.content)}
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _compare(path: str, old: Any, new: Any, out: dict[str, Any], removed: list[str]) -> None:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        if old != new:
            out[path] = new
        return
    for key, value in new.items():
        inner = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        if key in old:
            _compare(inner, old[key], value, out, removed)
        else:
            out[inner] = value
    removed += [
        f"{path}/{key.replace('~', '~0').replace('/', '~1')}" for key in old if key not in new
    ]
