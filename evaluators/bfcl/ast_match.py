"""Compare decoded calls with the accepted ones: BFCL's single-turn verdict, rule for rule.

The rule is kept with its quirks because published scores depend on them; parallel calls, for
instance, are matched greedily in gold order and not as well as possible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from evaluators.bfcl.categories import Language
from evaluators.bfcl.java_literals import JAVA_TYPES, java_value
from evaluators.bfcl.javascript_literals import SCRIPT_TYPES, javascript_value
from evaluators.bfcl.literals import LIST_TYPES
from evaluators.bfcl.value_match import Fault, value_fault

Call = Mapping[str, Any]
Doc = Mapping[str, Any]

UNSCORABLE = "ast_checker:unscorable"
"""Our own error type, for answers on which the official checker crashes: they are not accepted."""

PYTHON_TYPES: Mapping[str, type] = MappingProxyType(
    {
        "string": str,
        "integer": int,
        "float": float,
        "boolean": bool,
        "array": list,
        "tuple": list,
        "dict": dict,
        "any": str,
    }
)
_SOURCES: Mapping[str, tuple[Mapping[str, type], Callable[..., Any], str]] = MappingProxyType(
    {
        "java": (JAVA_TYPES, java_value, "type_error:java"),
        "javascript": (SCRIPT_TYPES, javascript_value, "type_error:js"),
    }
)
CRASHES = (LookupError, AttributeError, TypeError, ValueError, ArithmeticError, RuntimeError)


def match(
    calls: Sequence[Call],
    docs: Sequence[Doc],
    golds: Sequence[Call],
    category: str,
    language: Language = "python",
    underscore_to_dot: bool = False,
) -> tuple[bool, Fault]:
    """Return whether the calls are accepted and, if not, the official error type.

    `calls` are `[{name: {argument: value}}, …]` (check `decode.is_call_list` first), `golds`
    `[{name: {argument: [accepted, …]}}, …]`, `docs` un-hinted. `underscore_to_dot` expects names
    with every "." replaced by "_".
    """
    if "parallel" in category:  # asked first: parallel_multiple is parallel
        rule = _parallel_fault
    else:
        rule = _chosen_fault if "multiple" in category else _single_fault
    try:
        fault = rule(calls, docs, golds, language, underscore_to_dot)
    except CRASHES:
        fault = UNSCORABLE
    return fault is None, fault


def _single_fault(
    calls: Sequence[Call], docs: Sequence[Doc], golds: Sequence[Call], language: str, dots: bool
) -> Fault:
    if len(calls) != 1:
        return "simple_function_checker:wrong_count"
    return _call_fault(calls[0], docs[0], golds[0], language, dots)


def _chosen_fault(
    calls: Sequence[Call], docs: Sequence[Doc], golds: Sequence[Call], language: str, dots: bool
) -> Fault:
    if len(calls) != len(golds):
        return "multiple_function_checker:wrong_count"
    return _call_fault(calls[0], _doc_of(golds[0], docs), golds[0], language, dots)


def _parallel_fault(
    calls: Sequence[Call], docs: Sequence[Doc], golds: Sequence[Call], language: str, dots: bool
) -> Fault:
    """Give each gold, in order, the first call left that it accepts."""
    if len(calls) != len(golds):
        return "parallel_function_checker_no_order:wrong_count"
    left = list(calls)
    for gold in golds:
        doc = _doc_of(gold, docs)
        for index, call in enumerate(left):
            if _call_fault(call, doc, gold, language, dots) is None:
                del left[index]
                break
        else:
            return "parallel_function_checker_no_order:cannot_find_match"
    return None


def _doc_of(gold: Call, docs: Sequence[Doc]) -> Doc:
    """Return the doc of the function a gold names; LookupError where there is none."""
    name = next(iter(gold))
    for doc in docs:
        if doc["name"] == name:
            return doc
    raise LookupError(f"no doc of {name!r}")


def _call_fault(call: Call, doc: Doc, gold: Call, language: str, dots: bool) -> Fault:
    accepted: Mapping[str, Sequence[Any]] = next(iter(gold.values()))
    properties, required = doc["parameters"]["properties"], doc["parameters"]["required"]
    name = doc["name"].replace(".", "_") if dots else doc["name"]
    if name not in call:
        return "simple_function_checker:wrong_func_name"
    arguments = call[name]
    for argument in required:
        if argument not in arguments:
            return "simple_function_checker:missing_required"
    for argument, value in arguments.items():
        if argument not in properties or argument not in accepted:
            return "simple_function_checker:unexpected_param"
        fault = argument_fault(value, properties[argument], accepted[argument], language)
        if fault:
            return fault
    for argument, values in accepted.items():
        if argument not in arguments and "" not in values:
            return "simple_function_checker:missing_optional"
    return None


def argument_fault(value: Any, schema: Doc, accepted: Sequence[Any], language: str) -> Fault:
    """Return the error type of one argument's value, None if it is accepted.

    Raises LookupError, AttributeError, TypeError, ValueError, ArithmeticError or RuntimeError
    where the official checker crashes.
    """
    if language == "python":
        return _python_fault(value, schema, accepted)
    return _source_fault(value, schema, accepted, language)


def _python_fault(value: Any, schema: Doc, accepted: Sequence[Any]) -> Fault:
    declared = schema["type"]
    kind, inner = PYTHON_TYPES[declared], None
    if kind is list:
        inner = PYTHON_TYPES[schema["items"]["type"]]
        if declared == "tuple" and type(value) is tuple:
            value = list(value)
    elif kind is float and type(value) is int:
        value = float(value)
    return value_fault(value, accepted, kind, inner)


def _source_fault(value: Any, schema: Doc, accepted: Sequence[Any], language: str) -> Fault:
    """Check a source literal, which must arrive as a string."""
    types, read, not_text = _SOURCES[language]
    declared = schema["type"]
    kind = types[declared]
    if type(value) is not str:
        return not_text
    if declared not in LIST_TYPES:
        return value_fault(read(value, declared), accepted, kind, None)
    inner = schema["items"]["type"]
    return value_fault(read(value, declared, inner), accepted, kind, types[inner])
