"""Written dates: the pattern that finds them and the day they name."""

from __future__ import annotations

import re
from datetime import date

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
DATE = (
    r"\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b"
    r"|\b\d{1,2}[/.-]\d{1,2}[/.-]\d{4}\b"
    rf"|\b{MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH}\b(?:,?\s+\d{{4}})?"
)
_NAMED = re.compile(MONTH, re.IGNORECASE)
_SHORT = "janfebmaraprmayjunjulaugsepoctnovdec"


def read_date(text: str) -> date | None:
    """Read a written date; None where a part is missing or impossible.

    A month beyond 12 is a day: "23/06/2024" is read as the 23rd of June.
    """
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    named = _NAMED.search(text)
    if named and len(numbers) == 2:
        day, year = sorted(numbers)
        month = _SHORT.index(named.group()[:3].lower()) // 3 + 1
    elif len(numbers) == 3 and numbers[0] > 31:
        year, month, day = numbers
    elif len(numbers) == 3:
        month, day, year = numbers
        if month > 12:
            month, day = day, month
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
