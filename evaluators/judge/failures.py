"""When a tool's answer is an error, what kind of one, and when it is empty."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_SUSPICIOUS = re.compile(
    r'"(?:errors?|exception|success|succeeded|ok|status(?:_?code)?|code|message|detail)"'
    r'|"(?:error|exception|traceback)\b',
    re.I,
)
_ERROR_WORD = re.compile(r"(?:error|exception|traceback|failed|failure|fatal)\b", re.I)
_ERROR_STATUS = re.compile(
    r"(?:error|exception|failed to|fail(?:ed|ure)?\s*[:\-]|invalid|unauthori[sz]ed|forbidden"
    r"|access denied|permission denied)\b|fail(?:ed|ure)?$",
    re.I,
)
_ERROR_PROSE = re.compile(
    r"(?:error|exception|traceback|failure|invalid|unauthori[sz]ed|forbidden|(?:access|permission)"
    r" denied|not (?:found|authenticated|authori[sz]ed|logged in))\b|failed(?: to\b|\s*:)"
    r"|[45]\d\d [A-Z]",
    re.I,
)
_ERROR_FIELD = re.compile(r"(?:error|exception|traceback)\b\s*[:(]", re.I)
_INFORMATIVE = re.compile(
    r"\balready\b|\bno (?:change|update|action)s? (?:was |were |is )?(?:needed|necessary|made)"
    r"|\bnothing to\b|\bup to date\b",
    re.I,
)
_AUTH = re.compile(
    r"\bun-?authori[sz]ed|\bunauthenticated|\bforbidden\b|\b40[13]\b|\bpermission"
    r"|\b(?:access|authori[sz]ation|authentication) (?:is |was )?denied"
    r"|\bnot (?:currently |yet )?(?:authori[sz]ed|authenticated|logged[ -]?in|signed[ -]?in)"
    r"|\bno (?:user|one|member|account|customer)(?: is)?(?: currently)? (?:logged|signed)"
    r"|\b(?:authenticat|authori[sz]at)\w* (?:is |was )?(?:required|failed|needed|necessary|missing)"
    r"|\brequires? (?:an? |to be |you to )?(?:authenticat|authori[sz]|log|sign)"
    r"|\b(?:log|sign)[ -]?in (?:first|is required|required|to |before)"
    r"|\blogin (?:first|is required|required|needed|failed)"
    r"|\bmust (?:first )?(?:be (?:logged|signed|authenticated|authori[sz]ed)|log|sign|authenticate)"
    r"|\bplease (?:first )?(?:log|sign|authenticate)"
    r"|\b(?:invalid|expired|missing|bad|wrong|incorrect|no|unknown) "
    r"(?:access |auth\w* |session |bearer |refresh |login |user )*"
    r"(?:tokens?|credentials?|passwords?|sessions?|api[ _-]?keys?)\b"
    r"|\b(?:tokens?|sessions?|credentials?|passwords?) (?:is |are |has |have |was |were )?(?:not )?"
    r"(?:been )?(?:invalid|expired|missing|required|incorrect|revoked|found|provided|valid)"
    r"|\bnot allowed for (?:this|your) (?:user|account|role)"
    r"|\b(?:insufficient|lack\w*|without) (?:the )?(?:necessary |required )?"
    r"(?:privilege|right|scope|permission|access)"
    r"|\bdo(?:es)?(?: not|n['’]t) have (?:\w+ )?(?:access|permission|rights?)",
    re.I,
)
_TRANSIENT = re.compile(
    r"time[d ]?-?\s?out|\bunavailable\b|\binternal (?:server )?error|\bserver error|\bconnection\b"
    r"|\bnetwork\b|\brate[ -]?limit|\btoo many requests|\btry again\b|\btemporar|\bunexpected\b"
    r"|\boverload|\bexecution failed|\bsomething went wrong|\bservice (?:is )?down|\b50[0234]\b"
    r"|\b429\b|\bcrashed\b|\bunreachable\b",
    re.I,
)
_WRAPPERS = ("result", "results", "data", "response", "output", "content", "body", "return")


def failure_of(text: str | None) -> str | None:
    """Return a tool answer's error message, or None where it is none.

    An error is an "error" that is not empty, success=false, an error status or code, or a text
    that begins with an error word. Refusals that only inform ("already logged in") are none, and
    the word "error" somewhere in a text is none.
    """
    if not text:
        return None
    body = text.lstrip()
    if body[:1] in ("{", "["):
        if not _SUSPICIOUS.search(body):
            return None
        try:
            return inspect(json.loads(body))
        except (ValueError, RecursionError):
            return None
    return body[:500] if _ERROR_PROSE.match(body) else None


def inspect(value: Any, depth: int = 2) -> str | None:
    """Look for an error in a decoded answer; wrappers such as {"result": …} are opened."""
    if not isinstance(value, Mapping):
        return None
    for key in ("error", "errors", "exception", "Error"):
        found = value.get(key)
        if found and not (isinstance(found, str) and found.casefold() in ("none", "null", "false")):
            return f"{describe(value)}: {found}" if found is True else spelled(found)
    if any(value.get(key) is False for key in ("success", "succeeded", "ok")):
        message = describe(value)
        return None if _INFORMATIVE.search(message) else message or "success is false"
    return _bad_status(value) or _inside(value, depth)


def _bad_status(value: Mapping[str, Any]) -> str | None:
    status = value.get("status")
    if isinstance(status, str) and _ERROR_STATUS.match(status.strip()):
        starts = _ERROR_WORD.match(status.strip()) is not None and " " in status.strip()
        if starts or len(value) <= 3:  # else it may be a field of the record that was read
            return status if len(value) == 1 else f"{status} {describe(value)}".strip()
    for key in ("status_code", "statusCode", "code", "status"):
        code = value.get(key)
        if isinstance(code, int) and not isinstance(code, bool) and 400 <= code <= 599:
            return f"{code} {describe(value)}".strip()
    for key in ("message", "detail"):
        text = value.get(key)
        if isinstance(text, str) and len(value) <= 2 and _ERROR_PROSE.match(text.strip()):
            return text
    return None


def _inside(value: Mapping[str, Any], depth: int) -> str | None:
    if depth == 0:
        return None
    inner = [value[key] for key in _WRAPPERS if key in value]
    for item in inner:
        if isinstance(item, str) and _ERROR_FIELD.match(item.strip()):
            return item[:500]
    return next((text for item in inner if (text := inspect(item, depth - 1))), None)


def describe(value: Mapping[str, Any]) -> str:
    """Return what an answer says in words."""
    names = ("message", "reason", "detail", "error_message", "description", "status")
    return next((v for name in names if isinstance(v := value.get(name), str) and v), "")


def spelled(value: Any) -> str:
    if isinstance(value, Mapping):
        return describe(value) or json.dumps(dict(value), default=str)[:500]
    return str(value)[:500]


def is_auth(message: str) -> bool:
    """Say whether an error message speaks of missing authentication or permission."""
    return _AUTH.search(message) is not None


def is_transient(message: str) -> bool:
    """Say whether an error message speaks of a failing service, which no plan intends."""
    return _TRANSIENT.search(message) is not None


def is_informative(text: str) -> bool:
    """Say whether an answer only says that there was nothing to do."""
    return _INFORMATIVE.search(text) is not None


def emptiness(text: str | None) -> str:
    """Return "void" for null, "", {} or only null leaves, "hollow" for empty lists, else ""."""
    if text is None:
        return ""
    body = text.strip()
    if body in ("", "null", "None", "{}", '""', "''"):
        return "void"
    if len(body) > 400 or body[0] not in "{[":
        return ""
    try:
        return _void(json.loads(body))
    except (ValueError, RecursionError):
        return ""


def _void(value: Any) -> str:
    """Return the emptiness of a decoded answer; one value that is there settles it."""
    if value is None or value == "" or value == {}:
        return "void"
    if value == []:
        return "hollow"
    if not isinstance(value, (dict, list)):
        return ""
    hollow = isinstance(value, list)
    for item in value.values() if isinstance(value, dict) else value:
        kind = _void(item)
        if not kind:
            return ""
        hollow = hollow or kind == "hollow"
    return "hollow" if hollow else "void"
