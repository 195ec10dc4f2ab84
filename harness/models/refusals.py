"""What a server's refusal means: try again, give up, or blame the one who spoke too long."""

from __future__ import annotations

import email.utils
import json
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.faults import BadReply, ModelFault
from harness.models.values import Undecodable, loads

TRANSIENT = (408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529)
_TOO_LONG = re.compile(
    r"context.?(length|window|size)|max_model_len|maximum model length|prompt is too long"
    r"|too many (input )?tokens|reduce the length|exceeds? (the )?maximum (input|prompt|token)"
    r"|input (is too long|length)|longer than the (maximum|model)",
    re.IGNORECASE,
)
_CONTEXT = re.compile(r"context length (?:is|of) (?:only )?(\d+)", re.IGNORECASE)
_INPUT = re.compile(r"(\d+) (?:input tokens|in the messages)", re.IGNORECASE)


class Again(Exception):
    """A failure that may pass: `fault` is what to raise when patience ends."""

    def __init__(self, fault: ModelFault, retry_after: float | None = None) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.retry_after = retry_after


class TooLong(Exception):
    """The request does not fit; with `room` completion tokens instead it would."""

    def __init__(self, text: str, room: int) -> None:
        super().__init__(text)
        self.room = room


@dataclass(frozen=True)
class Patience:
    """How often and how long to wait: exponential steps with jitter, or what the server asks."""

    retries: int
    first_s: float
    longest_s: float
    rng: random.Random

    def wait(self, tried: int, asked: float | None) -> float | None:
        """Return the seconds to wait before retry number `tried` + 1, or None to give up."""
        if tried >= self.retries or (asked is not None and asked > self.longest_s):
            return None
        step = min(self.first_s * 2.0**tried, self.longest_s)
        return max(step * (0.5 + self.rng.random() / 2), asked or 0.0)


def one_line(text: str, length: int = 200) -> str:
    """Squeeze `text` to one line of at most `length` characters."""
    line = " ".join(text[: 4 * length].split())
    return line if len(line) <= length else line[: length - 1] + "…"


def refused(where: str, status: int, body: str, headers: Mapping[str, str]) -> Exception:
    """Turn an HTTP error into the exception to raise: Again, TooLong, BadReply or ModelFault."""
    said = one_line(message_of(body))
    line = f"{where} answered {status}: {said}" if said else f"{where} answered {status}"
    if status in (400, 413, 422) and _TOO_LONG.search(message_of(body)):
        room = room_left(message_of(body))
        return TooLong(line, room) if room else BadReply(f"the context is full: {line}")
    if 300 <= status < 400:
        target = headers.get("location", "elsewhere")
        return ModelFault(f"{line}, a redirect to {target} (correct base_url)", "not_found")
    if status in (401, 403):
        return ModelFault(f"{line} (check the API key)", "auth")
    if status in (404, 405):
        return ModelFault(f"{line} (check base_url and the model's name)", "not_found")
    if status in TRANSIENT and "insufficient_quota" not in body:
        kind = "rate_limit" if status == 429 else "server_error"
        return Again(ModelFault(line, kind), retry_after(headers))
    return ModelFault(line, "server_error" if status >= 500 else "request")


def message_of(body: str) -> str:
    """Find the human sentence in an error body of whatever shape."""
    if looks_like_html(body):
        title = re.search(r"<title>(.*?)</title>", body, re.IGNORECASE | re.DOTALL)
        return f"an HTML page ({title.group(1)})" if title else "an HTML page"
    try:
        data: Any = loads(body)
    except Undecodable:
        return body
    return error_text(data) or body


def error_text(data: Any) -> str:
    """Return the message of an OpenAI-style error object, "" where there is none."""
    if not isinstance(data, dict):
        return ""
    error = data.get("error") or data.get("detail") or data
    if isinstance(error, dict):
        words = [error.get("code"), error.get("message")]
        return " ".join(word for word in words if isinstance(word, str))
    return error if isinstance(error, str) else json.dumps(error)


def looks_like_html(body: str) -> bool:
    return body[:200].lstrip().lower().startswith(("<!doctype", "<html", "<head", "<body"))


def room_left(said: str) -> int:
    """Compute the completion tokens that still fit, from a server's own figures (0 = none)."""
    context, taken = _CONTEXT.search(said), _INPUT.search(said)
    if context is None or taken is None:
        return 0
    return max(int(context.group(1)) - int(taken.group(1)), 0)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After (seconds or an HTTP date) or retry-after-ms."""
    try:
        if (ms := headers.get("retry-after-ms")) is not None:
            return max(float(ms) / 1000, 0.0)
        value = headers.get("retry-after")
        if value is None:
            return None
        if re.fullmatch(r"\s*\d+(\.\d*)?\s*", value):
            return float(value)
        return max(email.utils.parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except (ValueError, OverflowError):
        return None


def unreadable(where: str, body: bytes) -> Exception:
    """Name what came instead of a chat completion in a response that claims success."""
    text = body[:2000].decode("utf-8", "replace")
    if not text.strip():
        return Again(ModelFault(f"{where} sent an empty body", "bad_response"))
    if looks_like_html(text):
        return ModelFault(
            f"{where} sent {one_line(message_of(text))} instead of JSON (check base_url: "
            "it usually ends in /v1)",
            "bad_response",
        )
    if text.lstrip().startswith(("{", "[")):
        return Again(ModelFault(f"{where} sent truncated or broken JSON", "bad_response"))
    return ModelFault(f"{where} sent no JSON: {one_line(text)}", "bad_response")
