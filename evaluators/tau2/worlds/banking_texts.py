"""What the bank's tools say of themselves: the official texts where the pack holds them.

Unlisted tools, the search and the ATM's photographs have no place in the pack's tool schemas:
`harness.packs pull tau2` reads them off the official source into `tool_texts.json`. A pack without
that file gets names and parameters of our own methods, few words, and no photographs;
`Texts.source` says which it was and travels with the run.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from evaluators.tau2.pack import read_json
from evaluators.tau2.worlds.domain import spec
from evaluators.tau2.worlds.toolkit import Toolkit
from harness.faults import UserMistake
from harness.types import ToolSpec

FILE = "tool_texts.json"
KINDS = {"str": "string", "float": "number", "int": "integer", "bool": "boolean"}


@dataclass(frozen=True)
class Manual:
    """An unlisted tool: its parameters as (type, required or optional, meaning)."""

    description: str
    parameters: Mapping[str, tuple[str, str, str]]

    def text(self, name: str) -> str:
        """Write what unlocking the tool shows."""
        lines = [
            f"  - {parameter}: {kind} ({need})" + (f" - {meaning}" if meaning else "")
            for parameter, (kind, need, meaning) in self.parameters.items()
        ]
        listed = "\n".join(lines) or "  (no parameters)"
        return f"Tool: {name}\nDescription: {self.description}\nParameters:\n{listed}"


@dataclass(frozen=True)
class Scan:
    """What an ATM photographed of a deposit: its name, the pictures in words, the findings."""

    atm: str
    scan: str
    notes: str


OWN_SEARCH = ToolSpec(
    "grep",
    "Find the documents that match a regular expression, those with most matches first.",
    {
        "properties": {
            "pattern": {
                "description": "A regular expression; anything else is taken as plain text",
                "title": "Pattern",
                "type": "string",
            }
        },
        "required": ["pattern"],
        "title": "parameters",
        "type": "object",
    },
)


@dataclass(frozen=True)
class Texts:
    """The bank's texts. `source` is official or own; own ones hold no manuals and no scans."""

    source: str = "own"
    manuals: Mapping[str, Manual] = field(default_factory=dict)
    search: ToolSpec = OWN_SEARCH
    scans: Mapping[str, Scan] = field(default_factory=dict)

    def manual(self, kit: type[Toolkit], name: str) -> Manual:
        """Return the manual of an unlisted tool of a toolkit."""
        return own_manual(kit, name) if self.source == "own" else self.manuals[name]

    def require(self, *kits: type[Toolkit]) -> Texts:
        """Raise UserMistake where official texts lack an unlisted tool."""
        hidden = {name for kit in kits for name, tool in kit.declared.items() if tool.hidden}
        if self.source == "official" and (lost := sorted(hidden - self.manuals.keys())):
            raise UserMistake(
                f"{FILE} of the tau2 pack lacks {len(lost)} unlisted tools ({lost[0]}, …): pull "
                "the pack again"
            )
        return self


def own_manual(kit: type[Toolkit], name: str) -> Manual:
    """Describe an unlisted tool by the words of its name and its method's parameters."""
    words = " ".join(word for word in name.split("_") if not word.isdigit())
    parameters = inspect.signature(getattr(kit, name)).parameters
    return Manual(
        f"{words.capitalize()}.",
        {p: own_parameter(parameter) for p, parameter in parameters.items() if p != "self"},
    )


def own_parameter(parameter: inspect.Parameter) -> tuple[str, str, str]:
    required = parameter.default is inspect.Parameter.empty
    return KINDS[parameter.annotation], "required" if required else "optional", ""


@lru_cache(maxsize=4)
def bank_texts(folder: Path) -> Texts:
    """Read the texts of the bank's folder; raises UserMistake on a file that does not fit."""
    path = folder / FILE
    if not path.exists():
        return Texts()
    found = read_json(path)
    try:
        return Texts(
            "official",
            {name: manual(entry) for name, entry in found["unlisted"].items()},
            spec(found["search"]),
            {key: Scan(**scan) for key, scan in found["deposit_images"].items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise UserMistake(f"{path} of the tau2 pack has another form: pull it again") from None


def manual(entry: Mapping[str, Any]) -> Manual:
    named = ((name, *words) for name, words in entry["parameters"].items())
    parameters = {name: (kind, need, meaning) for name, kind, need, meaning in named}
    return Manual(entry["description"], parameters)
