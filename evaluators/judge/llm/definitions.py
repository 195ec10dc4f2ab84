"""The categories in our own words, as a judge is told them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from evaluators.judge import categories as c

DEFINITIONS: Mapping[str, str] = MappingProxyType(
    {
        c.NO_TOOL_CALLS: "The task needs tools, and the assistant used none from start to end.",
        c.INCORRECT: "A tool that does not suit the step, or wrong or malformed arguments.",
        c.INCOMPLETE: "Some part of what was asked was never worked on before the end.",
        c.HALLUCINATED: "The assistant states a fact, name or value that no tool answer, policy "
        "or user text supports.",
        c.AUTHORIZATION: "A needed login or verification was left out or done in the wrong place.",
        c.MISSING_CALL: "A needed call was left out of a step whose other calls were made.",
        c.INACCURATE: "The calls were made, but the answer given to the user misreports them.",
        c.EXECUTION_ERROR: "A call failed, and the failure was not noticed, fixed or reported.",
        c.MISSING_REQUIRED_CALL: "A call that the task needs was never made, without good reason.",
        c.UNEXPECTED_CALL: "A call was made although none was due, such as when data is missing.",
        c.WRONG_ORDER: "Calls that depend on each other were made in the wrong sequence.",
        c.NO_EXPLANATION: "The request lacks something or is unclear, and the reply does not say "
        "what.",
        c.PLAN_VIOLATION: "The assistant went against the plan or against an order not to call.",
        c.WRONG_TOOL: "The tool that was called is not the one the request is about.",
        c.NOT_AS_INTENDED: "An argument does not match what the user asked for.",
        c.MISSING_PARAMETER: "A required argument was left out.",
        c.FABRICATED: "An argument has a value that nothing in the conversation gives.",
        c.NOT_RECOVERED: "After a failed call the assistant neither corrected nor repeated it.",
        c.MISUSED_RESULT: "The assistant reads a tool answer wrongly or contradicts it.",
        c.FABRICATED_AFTER_ERROR: "After an error or an empty answer, data was made up.",
        c.IGNORED_RESULTS: "A tool answer was obtained and then left entirely out of account.",
        c.MISSING_OUTPUT: "A tool answered with nothing where it should have had content.",
    }
)
