"""Calls as the text that a prompting model is asked for, in every return format of BFCL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from evaluators.bfcl.decode import Format
from evaluators.bfcl.gold_calls import Call

_KINDS = {str: "string", bool: "boolean", int: "integer", float: "float", list: "array"}


def write_calls(calls: Sequence[Call], form: Format) -> str:
    """Write calls in a return format, inside its tag where it wants one."""
    if form.name == "json":
        text = json.dumps([{"function": name, "parameters": given} for name, given in calls])
    elif form.name.endswith("xml"):
        functions = (_xml_call(name, given, form.name) for name, given in calls)
        text = f"<functions>{''.join(functions)}</functions>"
    else:
        spell = repr if form.name == "python" else _source
        text = f"[{', '.join(_plain_call(name, given, spell) for name, given in calls)}]"
    return f"<TOOLCALL>{text}</TOOLCALL>" if form.tagged else text


def _plain_call(name: str, given: dict[str, Any], spell: Any) -> str:
    return f"{name}({', '.join(f'{key}={spell(value)}' for key, value in given.items())})"


def _source(value: Any) -> str:
    """Write a Java or JavaScript argument, which is source text already."""
    return str(value)


def _xml_call(name: str, given: dict[str, Any], form: str) -> str:
    concise = form == "concise_xml"
    params = "".join(_xml_param(key, value, concise=concise) for key, value in given.items())
    inner = params if concise else f"<params>{params}</params>"
    return f"<function name={quoteattr(name)}>{inner}</function>"


def _xml_param(name: str, value: Any, *, concise: bool) -> str:
    kind = "null" if value is None else _KINDS.get(type(value), "dict")
    head = f"<param name={quoteattr(name)}"
    if concise:
        return f'{head} type="{kind}">{escape(str(value))}</param>'
    return f'{head} value={quoteattr(str(value))} type="{kind}"/>'
