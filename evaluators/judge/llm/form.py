"""The form of a judge's reply: its schema, and everything that may be wrong with a reply."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

VERDICTS = ("present", "absent", "undetermined")
SEVERITIES = ("critical", "minor", "none")
BLAMED = ("task", "user", "agent", "environment", "undetermined")
REASON_CHARS, QUOTE_CHARS = 400, 200


def schema_of(asked: Sequence[str]) -> dict[str, Any]:
    """Return the JSON Schema of a reply to these questions."""
    finding = {
        "category": {"enum": list(asked)},
        "verdict": {"enum": list(VERDICTS)},
        "message_index": {"type": ["integer", "null"]},
        "quote": {"type": ["string", "null"], "maxLength": QUOTE_CHARS},
        "reason": {"type": "string", "maxLength": REASON_CHARS},
        "severity": {"enum": list(SEVERITIES)},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    }
    top = {
        "findings": {"type": "array", "items": closed(finding)},
        "first_error_message": {"type": ["integer", "null"]},
        "attribution": {"enum": list(BLAMED)},
        "summary": {"type": "string", "maxLength": 600},
    }
    return closed(top)


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": dict(properties),
    }


def problems_of(reply: Any, asked: Sequence[str]) -> list[str]:
    """Say how a decoded reply breaks the schema: all of it, exactly one finding per question."""
    wanted = schema_of(asked)["properties"]
    found = wrong_keys(reply, wanted, "the reply")
    if found:
        return found
    if not isinstance(reply["findings"], list):
        return ["findings is not a list"]
    for number, item in enumerate(reply["findings"]):
        found += problems_of_finding(item, asked, f"findings[{number}]")
    if found:
        return found
    counts = Counter(item["category"] for item in reply["findings"])
    found += [f"there are {counts[c]} findings for {c}, not one" for c in asked if counts[c] != 1]
    if not is_index(reply["first_error_message"]):
        found.append("first_error_message is neither a message number nor null")
    if reply["attribution"] not in BLAMED:
        found.append(f"attribution is none of {', '.join(BLAMED)}")
    if not isinstance(reply["summary"], str):
        found.append("summary is not a text")
    return found


def wrong_keys(value: Any, wanted: Mapping[str, Any], what: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{what} is not an object"]
    absent = [key for key in wanted if key not in value]
    extra = [str(key)[:40] for key in value if key not in wanted]
    return [
        *(f"{what} lacks {key}" for key in absent),
        *(f"{what} has an unknown {key}" for key in extra),
    ]


def problems_of_finding(item: Any, asked: Sequence[str], what: str) -> list[str]:
    found = wrong_keys(
        item, schema_of(asked)["properties"]["findings"]["items"]["properties"], what
    )
    if found:
        return found
    if item["category"] not in asked:
        found.append(f"{what}: category {str(item['category'])[:60]!r} was not asked about")
    if item["verdict"] not in VERDICTS:
        found.append(f"{what}: verdict is none of {', '.join(VERDICTS)}")
    if item["severity"] not in SEVERITIES:
        found.append(f"{what}: severity is none of {', '.join(SEVERITIES)}")
    if not is_index(item["message_index"]):
        found.append(f"{what}: message_index is neither a message number nor null")
    if not (item["quote"] is None or isinstance(item["quote"], str)):
        found.append(f"{what}: quote is neither a text nor null")
    if not isinstance(item["reason"], str):
        found.append(f"{what}: reason is not a text")
    sure = item["confidence"]
    if isinstance(sure, bool) or not isinstance(sure, int | float) or not 0 <= sure <= 1:
        found.append(f"{what}: confidence is not a number from 0 to 1")
    return found


def is_index(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))
