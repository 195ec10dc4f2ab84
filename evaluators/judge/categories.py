"""The error categories of VULCAN's Tables 8 and 9, their order of precedence, and extra tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

NO_TOOL_CALLS = "No Tool Calls"
INCORRECT = "Incorrect Tool or Arguments"
INCOMPLETE = "Incomplete Task"
HALLUCINATED = "Hallucinated Information"
AUTHORIZATION = "Authorization Failure"
MISSING_CALL = "Missing Tool Call"
INACCURATE = "Inaccurate Response"
EXECUTION_ERROR = "Tool Execution Error"

MISSING_REQUIRED_CALL = "Missing Required Tool Call"
UNEXPECTED_CALL = "Unexpected Tool Call"
WRONG_ORDER = "Wrong Order"
NO_EXPLANATION = "Failed Expected Explanation"
PLAN_VIOLATION = "Plan Violation"
WRONG_TOOL = "Wrong Tool Choice"
NOT_AS_INTENDED = "Argument Missing User Intent"
MISSING_PARAMETER = "Missing Required Parameter"
FABRICATED = "Fabricated Value"
NOT_RECOVERED = "Failed to Recover"
MISUSED_RESULT = "Misused Tool Result"
FABRICATED_AFTER_ERROR = "Fabricated After Error"
IGNORED_RESULTS = "Ignored Tool Results"
MISSING_OUTPUT = "Missing Expected Output"

# The first that is present is the primary category.
TABLE_9 = (
    NO_TOOL_CALLS,
    AUTHORIZATION,
    EXECUTION_ERROR,
    INCORRECT,
    INCOMPLETE,
    MISSING_CALL,
    HALLUCINATED,
    INACCURATE,
)
TABLE_8 = (
    PLAN_VIOLATION,
    UNEXPECTED_CALL,
    NOT_RECOVERED,
    WRONG_TOOL,
    MISSING_PARAMETER,
    FABRICATED,
    NOT_AS_INTENDED,
    WRONG_ORDER,
    MISSING_REQUIRED_CALL,
    MISSING_OUTPUT,
    NO_EXPLANATION,
    FABRICATED_AFTER_ERROR,
    MISUSED_RESULT,
    IGNORED_RESULTS,
)

DECIDED_9 = frozenset(TABLE_9) - {HALLUCINATED, INACCURATE}
DECIDED_8 = frozenset(TABLE_8) - {
    NO_EXPLANATION,
    FABRICATED_AFTER_ERROR,
    MISUSED_RESULT,
    IGNORED_RESULTS,
}

ANNOUNCED = "announced_not_executed"
ASKED = "asked_instead_of_acted"

_TABLES: Mapping[str, int] = MappingProxyType(
    {**dict.fromkeys(TABLE_8, 8), **dict.fromkeys(TABLE_9, 9)}
)


def table_of(category: str) -> int:
    """Return 8 or 9."""
    return _TABLES[category]


def primary_of(categories: Iterable[str], table: int) -> str | None:
    """Return the category of `table` that comes first in its order, or None."""
    found = set(categories)
    return next((c for c in (TABLE_9 if table == 9 else TABLE_8) if c in found), None)
