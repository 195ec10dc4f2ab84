"""Words for columns and values: how an attribute is named, told of a row, and given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from synth.random.naming import article, plural
from synth.values import DATE
from synth.vocabulary import singular, tokens


@dataclass(frozen=True)
class Attribute:
    """How people speak of a column. `before` and `after` a noun tell a row by it ("red {noun}",
    "due on …"); `detail` gives it in a list after "with". Empty ones are made from the noun."""

    noun: str
    before: str = ""
    after: str = ""
    detail: str = ""

    def told_after(self, value: Any, words: str) -> str:
        """Tell a row by a value, behind its noun: "due on 2 May", "with a weight of 7"."""
        return self.after.format(v=words) if self.after else f"with {self.given(value, words)}"

    def given(self, value: Any, words: str) -> str:
        """Give a value in a list: "high priority", "a weight of 7", "the email a@b.c"."""
        if self.detail:
            return self.detail.format(v=words)
        if isinstance(value, bool):
            return f"{self.noun} set to {words}"
        if len(self.noun) == 1:
            return f"{self.noun} = {words}"
        if is_plural(self.noun):
            return f"the {self.noun} {words}"
        if isinstance(value, (int, float)):
            return f"{a_noun(self.noun)} of {words}"
        return f"the {self.noun} {words}"


ATTRIBUTES: Mapping[str, Attribute] = {
    "priority": Attribute("priority", "", "with {v} priority", "{v} priority"),
    "payment": Attribute("payment method", "", "paid by {v}", "payment by {v}"),
    "channel": Attribute("contact channel", "", "with contact by {v}", "contact by {v}"),
    "season": Attribute("season", "", "planned for {v}", "{v} as the season"),
    "colour": Attribute("colour", "{v}", "", "{v} as the colour"),
    "size": Attribute("size", "{v}", "", "{v} as the size"),
    "status": Attribute("status", "{v}", "", "{v} as the status"),
    "condition": Attribute("condition", "", "in {v} condition", "{v} as the condition"),
    "material": Attribute("material", "", "made of {v}", "{v} as the material"),
    "region": Attribute("region", "", "in the {v}", "{v} as the region"),
    "tier": Attribute("tier", "", "on the {v} tier", "the {v} tier"),
    "language": Attribute("language", "", "who speaks {v}", "{v} as the language"),
    "city": Attribute("city", "", "from {v}", "{v} as the city"),
    "date": Attribute("date", "", "on {v}", "the date {v}"),
    "deadline": Attribute("deadline", "", "with the deadline {v}", "the deadline {v}"),
    "start_date": Attribute("start date", "", "starting on {v}", "{v} as the start date"),
    "due_date": Attribute("due date", "", "due on {v}", "{v} as the due date"),
    "renewal_date": Attribute("renewal date", "", "up for renewal on {v}", "renewal on {v}"),
    "quantity": Attribute("quantity", "", "for a quantity of {v}", "a quantity of {v}"),
    "floor": Attribute("floor", "", "on floor {v}", "floor {v}"),
    "created_by": Attribute("creator", "", "by {v}"),
    "email": Attribute("email address", "", "with the email {v}"),
    "zip": Attribute("zip code", "", "with the zip code {v}"),
    "stock": Attribute("stock", "", "with {v} in stock", "a stock of {v}"),
}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
NUMBERS = {
    2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine",
    10: "ten",
}  # fmt: skip


@lru_cache(maxsize=4096)
def noun_of(table: str) -> str:
    """Return the singular noun for a table's rows: `user_orders` -> "user order"."""
    words = tokens(table)
    return " ".join([*words[:-1], singular(words[-1])]) if words else table


def nouns_of(table: str) -> str:
    return plural(noun_of(table))


def a_noun(noun: str) -> str:
    return f"{article(noun.lower())} {noun}"


@lru_cache(maxsize=4096)
def attribute_of(column: str) -> Attribute:
    """Return how to speak of a column; unknown ones by their name's own words."""
    name = column.rpartition(".")[2]
    if name in ATTRIBUTES:
        return ATTRIBUTES[name]
    noun = " ".join(tokens(name)) or name
    return Attribute(noun)


def is_plural(noun: str) -> bool:
    """Say whether a noun is a plural, by its looks."""
    return noun.endswith("s") and not noun.endswith(("ss", "us", "is"))


def say(value: Any, dates: str = "day") -> str:
    """Say a value: dates as people write them, numbers without empty decimals, texts quoted.

    `dates`: day ("2 May 2026"), month ("May 2, 2026") or iso.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.2f}"
    if isinstance(value, list):
        return ", ".join(say(item, dates) for item in value)
    text = str(value)
    if DATE.fullmatch(text) and dates != "iso":
        day = date.fromisoformat(text)
        month = MONTHS[day.month - 1]
        return (
            f"{day.day} {month} {day.year}" if dates == "day" else f"{month} {day.day}, {day.year}"
        )
    return f'"{text}"' if is_prose(text) else text


def is_prose(text: str) -> bool:
    """Say whether a text needs quotes: several words that are not a name."""
    words = text.split()
    return len(words) > 2 or (len(words) == 2 and not all(w[:1].isupper() for w in words))


def ways_to_say(value: Any) -> set[str]:
    """Return the forms in which a value counts as said, in lower case."""
    forms = {say(value, style).strip('"').lower() for style in ("day", "month", "iso")}
    forms.add(str(value).lower())
    if isinstance(value, int) and value in NUMBERS:
        forms.add(NUMBERS[value])
    if value == 1 and not isinstance(value, bool):
        forms |= {"one", "only"}
    return forms


def listed(parts: Iterable[str], last: str = "and") -> str:
    """Join with commas and a last word: "a, b and c"."""
    items = [part for part in parts if part]
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def sentence(text: str, end: str = ".") -> str:
    """Begin with a capital and end with a mark, unless there is one."""
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else text + end


def possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"
