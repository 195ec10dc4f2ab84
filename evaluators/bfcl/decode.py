"""What a model wrote -> the calls it made, as the official decoders read it.

Text in prompting mode is a Python list, Java or JavaScript calls, or one of the return formats of
format sensitivity; function-calling mode is a list of `{name: JSON text}`. Positional arguments
in text are dropped silently. A decoder may return something that is no list of calls
(`is_call_list` tells): the official verdict differs from that of undecodable text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from evaluators.bfcl.categories import category_of, language_of

MAX_CHARACTERS = 400_000
"""Longer text counts as undecodable: parsing it could take hundreds of megabytes."""

_CONFIGURATION = re.compile(
    r"ret_fmt=(python|json|verbose_xml|concise_xml)&tool_call_tag=(True|False)"
    r"&func_doc_fmt=(?:python|xml|json)&prompt_fmt=(?:plaintext|markdown)"
    r"&style=(?:classic|experimental)\n?\Z"
)
_ARRAY_HEAD = re.compile(r"\[\s*\{")
_ARRAY_TAIL = re.compile(r"\}\s*\]")

# All that parsers of foreign text and our reading of their trees can raise.
_FAILURES = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
)


class Undecodable(Exception):
    """The model's output is not in the format it was asked for. The only error decoding raises."""


@dataclass(frozen=True, slots=True)
class Format:
    """How calls are written in text: `python`, `java`, `javascript`, `json` or an XML form.

    With `tagged` they stand inside `<TOOLCALL>…</TOOLCALL>`.
    """

    name: str
    tagged: bool = False


def format_of(task_id: str) -> Format:
    """Return the format an official id asks for; ValueError for a malformed configuration."""
    _, *parts = task_id.split(":")
    if not parts:
        return Format(language_of(category_of(task_id)))
    found = _CONFIGURATION.match(parts[0])
    if found is None:
        raise ValueError(f"no prompt configuration: {parts[0]!r}")
    return Format(found[1], tagged=found[2] == "True")


def decode_text(text: object, form: Format = Format("python")) -> Any:
    """Return the calls in a model's text, normally `[{name: {argument: value}}, …]`.

    Raises Undecodable, and nothing else, whatever the text.
    """
    if not isinstance(text, str):
        raise Undecodable(f"not text but {type(text).__name__}")
    if len(text) > MAX_CHARACTERS:
        raise Undecodable(f"longer than {MAX_CHARACTERS} characters")
    text = text.strip("`\n ")
    text = text if text.startswith("[") else "[" + text
    text = text if text.endswith("]") else text + "]"
    try:
        return _parse(_between(text, "TOOLCALL").strip() if form.tagged else text, form.name)
    except _FAILURES as error:
        raise Undecodable(f"{type(error).__name__}: {error}"[:500]) from error


def decode_fc(result: Any) -> list[dict[str, Any]]:
    """Return the calls of function-calling mode: the first key of each item, its value as JSON.

    Raises Undecodable, and nothing else.
    """
    try:
        return [_fc_call(item) for item in result]
    except _FAILURES as error:
        raise Undecodable(f"{type(error).__name__}: {error}"[:500]) from error


def is_call_list(decoded: object) -> bool:
    """Say whether it is a list of `{name: {argument: value}}`; the empty list is one."""
    return type(decoded) is list and all(
        type(item) is dict and len(item) == 1 and type(next(iter(item.values()))) is dict
        for item in decoded
    )


def _fc_call(item: dict[str, Any]) -> dict[str, Any]:
    name = list(item.keys())[0]  # noqa: RUF015  a list of characters must fail, not iterate
    return {name: json.loads(item[name])}


def _parse(text: str, name: str) -> Any:
    if name == "python":
        from evaluators.bfcl.python_calls import parse_python

        return parse_python(text)
    if name in ("java", "javascript"):
        from evaluators.bfcl.source_calls import parse_java, parse_javascript

        return (parse_java if name == "java" else parse_javascript)(text[1:-1])
    if name == "json":
        return _parse_json(text)
    from evaluators.bfcl.markup_calls import parse_concise, parse_verbose

    inner = _between(text, "functions")
    parse = parse_verbose if name == "verbose_xml" else parse_concise
    return parse(f"<functions>{inner}</functions>")


def _between(text: str, tag: str) -> str:
    """Return what stands between the first `<tag>` and the next `</tag>`."""
    start = text.index(f"<{tag}>") + len(tag) + 2
    return text[start : text.index(f"</{tag}>", start)]


def _parse_json(text: str) -> list[dict[Any, Any]]:
    start, end = text.find("["), text.rfind("]")
    text = text[start : end + 1] if 0 <= start < end else text
    head = _ARRAY_HEAD.search(text)
    tail = _ARRAY_TAIL.search(text, head.end()) if head else None
    try:
        items = json.loads(text[head.start() : tail.end()] if head and tail else text)
    except json.JSONDecodeError:
        return []  # no call, but decodable: that is what the official parser says
    return [{item["function"]: item["parameters"]} for item in items if isinstance(item, dict)]
