"""Look-ups as the official tools write them: a JSON text of constraints in, a listing out.

The constraints are put together from what the model wrote, unescaped, and so are ours: a quote in
an argument changes the question or breaks it, and the caller is told in the same words.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from evaluators.tau2.worlds.banking_tables import Bank
from evaluators.tau2.worlds.store import Json

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "contains": lambda actual, wanted: actual is not None and wanted in actual,
    "startswith": lambda actual, wanted: actual is not None and str(actual).startswith(str(wanted)),
    "endswith": lambda actual, wanted: actual is not None and str(actual).endswith(str(wanted)),
    "in": lambda actual, wanted: actual in wanted,
    "nin": lambda actual, wanted: actual not in wanted,
}
QUERY = "tau2.domains.banking_knowledge.db_query.query_db() got multiple values for"


def lookup(bank: Bank, table: str, field: str, value: Any) -> str:
    """List the records of a table whose field is `value`, as the official tools do."""
    return listing(bank, table, f'{{"{field}": "{value}"}}')


def listing(bank: Bank, table: str, constraints: str) -> str:
    """Answer a question in JSON; its own errors are part of the answer."""
    try:
        wanted = json.loads(constraints)
    except json.JSONDecodeError as error:
        return f"Error: Invalid JSON: {error}"
    try:
        found = select(bank, table, wanted)
    except (TypeError, ValueError, AttributeError) as error:
        return f"Error querying database: {error}"
    if not found:
        return f"No records found in '{table}'."
    return numbered(table, found)


def numbered(table: str, found: Iterable[tuple[str, Json]]) -> str:
    """Write records as a numbered list."""
    rows = list(found)
    lines = [f"Found {len(rows)} record(s) in '{table}':\n"]
    for number, (key, record) in enumerate(rows, 1):
        lines.append(f"{number}. Record ID: {key}")
        lines.extend(f"   {field}: {value}" for field, value in record.items())
        lines.append("")
    return "\n".join(lines)


def empty(answer: str) -> bool:
    """Say whether an answer reads as "nothing found" to the official tools (errors do not)."""
    return "No records found" in answer or "No results found" in answer


def select(bank: Bank, table: str, wanted: Mapping[str, Any]) -> list[tuple[str, Json]]:
    """Return the records that meet all constraints `field__comparison: value`."""
    for name in wanted:
        if name in ("db", "return_ids"):
            raise TypeError(f"{QUERY} keyword argument '{name}'")
    if "db_name" in wanted:
        raise TypeError("query_db() got multiple values for argument 'db_name'")
    limit = wanted.get("limit")
    tests = [split(name, value) for name, value in wanted.items() if name != "limit"]
    found = []
    for key, record in bank.table(table).items():
        if all(holds(record, *test) for test in tests):
            found.append((key, record))
            if limit is not None and len(found) >= limit:
                break
    return found


def split(name: str, value: Any) -> tuple[str, str, Any]:
    field, mark, comparison = name.rpartition("__")
    return (field, comparison, value) if mark else (name, "eq", value)


def holds(record: Mapping[str, Any], field: str, comparison: str, value: Any) -> bool:
    compare = COMPARISONS.get(comparison, COMPARISONS["eq"])
    try:
        return bool(compare(record.get(field), value))
    except (TypeError, ValueError):
        return False
