"""What rules can tell of a tool from its specification alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synth.package import ToolRecord
from synth.vocabulary import head_nouns, nouns, singular, tokens, verb_of

Schema = Mapping[str, Any]
SECRETS = frozenset("password secret token pin passcode".split())
QUALIFIERS = frozenset("new old source target unique first second other".split())
KEY_WORDS = frozenset(("id", "ids", "identifier"))


@dataclass
class Reading:
    """A tool as rules see it. `subject` is the table it is about ("" for the state at large)."""

    record: ToolRecord
    about: str
    archetype: str
    verb: str
    nouns: tuple[str, ...]
    heads: tuple[str, ...]
    subject: str = ""
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.record.spec.name

    @property
    def params(self) -> dict[str, Schema]:
        found: dict[str, Schema] = self.record.spec.parameters.get("properties", {})
        return found

    @property
    def required(self) -> list[str]:
        return list(self.record.spec.parameters.get("required", ()))

    @property
    def response(self) -> Schema:
        return self.record.response or {}

    @property
    def is_auth(self) -> bool:
        return self.archetype in ("login", "logout")


def read_tools(records: Sequence[ToolRecord]) -> list[Reading]:
    """Read every tool of a domain; a text that all descriptions begin with says nothing."""
    prefix = shared_prefix([record.spec.description for record in records])
    found = []
    for record in records:
        about = record.spec.description[len(prefix) :].strip()
        archetype, verb = verb_of(record.spec.name, about)
        own = tuple(word for word in nouns(record.spec.name) if word != verb)
        heads = tuple(word for word in head_nouns(record.spec.name) if word != verb)
        found.append(Reading(record, about, archetype, verb, own, heads))
    for reading in found:
        settle(reading)
    return found


def settle(reading: Reading) -> None:
    """Correct the archetype where parameters and words say more than the first verb."""
    words = set(tokens(reading.name))
    has_secret = any(SECRETS & set(tokens(name)) for name in reading.params)
    if "login" in words and "status" in words:
        reading.archetype, reading.verb = "login_status", "get"
    elif reading.verb in ("check", "get", "show") and reading.archetype == "update":
        reading.archetype = "get"
    elif reading.archetype == "login" and not reading.params and not has_secret:
        reading.archetype = "other"


def shared_prefix(texts: Sequence[str]) -> str:
    """Return what at least three descriptions all begin with, cut after a sentence."""
    if len(texts) < 3:
        return ""
    shortest, longest = min(texts), max(texts)
    pairs = zip(shortest, longest, strict=False)
    same = next((i for i, (a, b) in enumerate(pairs) if a != b), len(shortest))
    common = shortest[:same]
    cut = max(common.rfind(". "), common.rfind(": "), common.rfind("\n"))
    return common[: cut + 1] if cut > 20 else ""


def key_noun(name: str, description: str = "") -> str:
    """Return what a key is of: `ticket_id` -> ticket; "" where a name is not a key's.

    A description that begins "User ID of …" overrides the name: `receiver_id` is a user's.
    """
    words = [singular(word) for word in tokens(name)]
    if not words or words[-1] not in KEY_WORDS or len(words) < 2:
        return ""
    said = re.match(r"(?:the |a )?([a-z]+) id of\b", description.strip().lower())
    if said and said.group(1) not in ("the", "an", "unique", *words):
        return said.group(1)
    return "_".join(word for word in words[:-1] if word not in QUALIFIERS)


def leaves(schema: Schema, path: str = "$") -> Iterator[tuple[str, str, Schema]]:
    """Walk the named fields of a result schema: (path, name, schema), containers included."""
    for name, part in (schema.get("properties") or {}).items():
        here = f"{path}.{name}"
        yield here, name, part
        yield from leaves(part, here)
    items = schema.get("items")
    if isinstance(items, Mapping):
        yield from leaves(items, f"{path}[*]")


def record_schemas(reading: Reading) -> Iterator[tuple[str, Schema]]:
    """Yield (name, schema) of every object in the result that looks like a record."""
    response = reading.response
    if len(response.get("properties") or {}) >= 2:
        yield "", response
    if response.get("type") == "array" and (response.get("items") or {}).get("properties"):
        yield "", response["items"]
    for _, name, part in leaves(response):
        items = part.get("items") or {}
        if part.get("properties"):
            yield name, part
        elif items.get("properties"):
            yield name, items
