"""What a worker says, checked before anything outside believes its form."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Kind = Literal["ok", "refused", "crashed"]
WRONG_SHAPE = "the worker's reply has a wrong shape"
SHAPES = (frozenset({"ok", "state"}), frozenset({"refused"}), frozenset({"crashed"}))
LONGEST = 2_000


@dataclass(frozen=True)
class Reply:
    """How a call went: the result as JSON text, the refusal, or what broke.

    `state` is the whole state after the call where the call changed it: not yet checked.
    """

    kind: Kind
    text: str
    state: Any = None


def checked_reply(data: Any) -> Reply | None:
    """Return a reply of a right form; None where there is no telling what it is."""
    if not isinstance(data, dict) or frozenset(data) not in SHAPES:
        return None
    text = data.get("refused", data.get("crashed", data.get("ok")))
    if not isinstance(text, str):
        return None
    if "ok" not in data:
        broke = "crashed" in data
        return Reply("crashed", homeless(plain(text))) if broke else Reply("refused", plain(text))
    try:
        value = json.loads(text, parse_constant=no_number)
        text = json.dumps(value)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        return Reply("crashed", f"the result is no JSON: {plain(str(error))}")
    return Reply("ok", text, data["state"])


def no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def plain(text: str) -> str:
    """Return a text fit to be shown: bounded, on one line, without control characters."""
    return re.sub(r"[^\S ]|[\x00-\x1f\x7f-\x9f\ud800-\udfff]", " ", text[:LONGEST])


def homeless(text: str) -> str:
    """Take the folders of this installation out of an error text of Python."""
    for place in places():
        text = text.replace(place, "…")
    return text


@cache
def places() -> tuple[str, ...]:
    """Return the folders of this installation, longest first."""
    found = {sys.prefix, sys.base_prefix, str(Path(os.__file__).parent)}
    found.add(str(Path(__file__).resolve().parents[2]))
    return tuple(sorted((one for one in found if len(one) > 1), key=len, reverse=True))
