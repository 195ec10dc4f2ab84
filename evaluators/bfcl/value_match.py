"""Compare one argument with its accepted values, by the official rules and error types.

Golds of a list are lists, golds of a dictionary `{key: [accepted, …]}`; `""` among the accepted
values means "may be left out". A gold whose type is not the declared one stands for a variable:
then neither strings are standardised nor nested values looked into.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Fault = str | None

_IGNORED = str.maketrans("'", '"', " ,./-_*^")


def standard(text: str) -> str:
    """Return the text as strings are compared: without blanks and `,./-_*^`, in lower case."""
    return text.translate(_IGNORED).lower()


def value_fault(value: Any, accepted: Sequence[Any], kind: type, inner: type | None) -> Fault:
    """Return the error type of a value declared as `kind` (a list of `inner`), None if accepted.

    Raises AttributeError, TypeError, LookupError on shapes the official checker crashes on.
    """
    fault, is_variable = _type_fault(value, accepted, kind, inner)
    if fault:
        return fault
    if not is_variable:
        if kind is dict:
            return _dict_fault(value, accepted)
        if kind is list and inner is dict:
            return _dict_list_fault(value, accepted)
        if kind is str:
            text = standard(value)
            found = any(text == standard(gold) for gold in accepted if type(gold) is str)
            return None if found else "value_error:string"
        if kind is list:
            golds = [_standard_items(gold) for gold in accepted]
            return None if _standard_items(value) in golds else "value_error:list/tuple"
    return None if value in accepted else "value_error:others"


def _type_fault(
    value: Any, accepted: Sequence[Any], kind: type, inner: type | None
) -> tuple[Fault, bool]:
    """Return the type error, and whether the value is compared as a variable."""
    gold_type = _gold_type(accepted)
    nested = type(value) is kind
    if nested and (inner is None or any(_fits(value, gold, inner) for gold in accepted)):
        return None, gold_type not in (None, kind)
    if gold_type is type(value):
        return ("type_error:nested" if nested else None), True
    return "type_error:simple", False


def _gold_type(accepted: Sequence[Any]) -> type | None:
    for gold in accepted:
        if gold != "":
            return type(gold)
    return None


def _fits(items: list[Any], gold: Any, inner: type) -> bool:
    """Say whether every item has the declared or the gold's inner type; `""` fits everything."""
    if type(gold) is not list:
        return True
    gold_type = _gold_type(gold)
    return all(type(item) is inner or type(item) is gold_type for item in items)


def _standard_items(items: Any) -> list[Any]:
    """Standardise the strings directly in a list; the optional-marker `""` becomes `[]`."""
    listed = [items[index] for index in range(len(items))]
    return [standard(item) if type(item) is str else item for item in listed]


def _dict_fault(value: dict[str, Any], accepted: Sequence[Any]) -> Fault:
    fault: Fault = "dict_checker:unclear"
    for gold in accepted:
        if gold != "":
            fault = _members_fault(value, gold)
            if fault is None:
                return None
    return fault


def _members_fault(value: dict[str, Any], gold: dict[str, Any]) -> Fault:
    fault: Fault = None
    for key, member in value.items():
        if key not in gold:
            fault = "value_error:dict_key"
            break
        plain = standard(member) if type(member) is str else member
        if plain not in _standard_items(gold[key]):
            fault = "value_error:dict_value"
            break
    # A missing key is looked for even then, and its error type replaces the first.
    for key, values in gold.items():
        if key not in value and "" not in values:
            return "value_error:dict_key"
    return fault


def _dict_list_fault(value: list[Any], accepted: Sequence[Any]) -> Fault:
    fault: Fault = "list_dict_checker:unclear"
    for golds in accepted:
        if len(value) != len(golds):
            fault = "value_error:list_dict_count"
            continue
        faults = (_dict_fault(item, [golds[index]]) for index, item in enumerate(value))
        fault = next((found for found in faults if found), None)
        if fault is None:
            return None
    return fault
