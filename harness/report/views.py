"""What the page shows of one trial: texts, pairs and small numbers, nothing it must interpret."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from harness.outcomes import Outcome

Json = dict[str, Any]
TEXT_LIMIT = 100_000
LEAVES = 400
DEPTH = 5


def view_of(episode: Mapping[str, Any], outcome: Outcome | None) -> Json:
    """Turn a stored episode (as JSON) and its outcome into the page's trajectory.

    Values become texts here, so that integers beyond 2**53, NaN and infinities are shown as they
    are. Token ids are left out. A text is cut at 100,000 characters; `cut` keeps its length.
    """
    view: Json = {
        "log": [line_of(line) for line in episode.get("log", ())],
        "state": list(leaves(episode.get("state", {}))),
        "seed": clip(value_text(episode.get("seed", 0)))[0],
        "prompts": episode.get("prompts", {}),
        "tools": episode.get("tools", []),
    }
    if outcome is not None:
        view["parts"] = [[name, *graded(v)] for name, v in components(outcome.parts)]
        view["labels"] = [
            [c.id, list(leaves(c.evidence, quoted=False))] for c in outcome.categories
        ]
        view["fault"] = outcome.fault
    elif episode.get("fault"):
        fault = episode["fault"]
        view["fault"] = f"{fault.get('seat')}: {fault.get('kind')}: {fault.get('text')}"
    return view


def line_of(line: Mapping[str, Any]) -> Json:
    """Turn one line of the log into the page's form; fields that are empty are left out."""
    text, cut = clip(line.get("text", ""))
    out: Json = {"who": line["author"], "text": text}
    if cut:
        out["cut"] = cut
    if line.get("reasoning"):
        out["why"] = clip(line["reasoning"])[0]
    if line.get("calls"):
        out["calls"] = [call_of(call) for call in line["calls"]]
    for name, key in (("owner", "owner"), ("for", "call_id"), ("error", "error"), ("stop", "stop")):
        if line.get(key):
            out[name] = line[key]
    if line.get("finish") == "length":
        out["short"] = True
    if line.get("usage"):
        out["spent"] = [
            finite(line["usage"].get(k)) for k in ("tokens_in", "tokens_out", "cost_usd")
        ]
    return out


def call_of(call: Mapping[str, Any]) -> Json:
    out: Json = {"id": call.get("id", ""), "name": clip(call.get("name", ""))[0]}
    if call.get("raw") is not None:
        out["raw"] = clip(call["raw"])[0]
    else:
        arguments = call.get("arguments", {})
        out["args"] = [[str(k), clip(value_text(v))[0]] for k, v in arguments.items()]
    return out


def value_text(value: Any) -> str:
    """Write a value as JSON; long or many-lined strings stay as they are."""
    if isinstance(value, str) and (len(value) > 80 or "\n" in value):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def clip(text: str) -> tuple[str, int]:
    """Return the text, cut where it is too long, and its length if it was cut (else 0)."""
    return (text, 0) if len(text) <= TEXT_LIMIT else (text[:TEXT_LIMIT], len(text))


def components(parts: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the parts of a verdict; a part that maps names to truths and shares is opened."""
    for name, value in parts.items():
        inner = value.values() if isinstance(value, Mapping) else ()
        if inner and all(isinstance(item, bool | float) for item in inner):
            yield from ((f"{name} › {key}", item) for key, item in value.items())
        else:
            yield str(name), value


def graded(value: Any) -> tuple[str, str]:
    """Return (text, tone) of a part of a verdict; tone is "good", "bad" or "" where unknown.

    Only truths and shares (floats) are judged: a whole number may count anything (a turn, errors).
    """
    if isinstance(value, bool) or (isinstance(value, float) and math.isfinite(value)):
        tone = "good" if value >= 1 else "bad" if value <= 0 else ""
        return value_text(value), tone
    met = value.get("met", value.get("passed")) if isinstance(value, Mapping) else None
    tone = "" if not isinstance(met, bool) else "good" if met else "bad"
    return clip(value_text(value))[0], tone


def leaves(value: Any, *, quoted: bool = True) -> Iterator[tuple[str, str]]:
    """Yield (path, text) of the leaves of a nested value, 400 at most, 5 levels deep at most."""
    count = 0
    stack: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while stack:
        path, item = stack.pop()
        if isinstance(item, Mapping) and item and len(path) < DEPTH:
            stack.extend(reversed([((*path, str(k)), v) for k, v in item.items()]))
            continue
        if not path:
            continue
        if count == LEAVES:
            yield "…", f"more than {LEAVES} values: the rest is in the run's episodes"
            return
        count += 1
        plain = isinstance(item, str) and not quoted
        yield " › ".join(path), clip(item if plain else value_text(item))[0]


def finite(value: Any) -> float | int | str | None:
    """Return a number that JSON.parse reads exactly enough, else its text, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if abs(value) < 2**53 else str(value)
