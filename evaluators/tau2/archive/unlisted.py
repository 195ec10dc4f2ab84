"""Texts of the bank's tools that no schema holds: unlisted tools, the search, photographs."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

from evaluators.tau2.archive.constants import local_records
from evaluators.tau2.archive.tools import declared, read_toolkits, scope_of

Json = dict[str, Any]
ARGS = re.compile(r"^\s*Args:\s*$", re.MULTILINE)
RETURNS = re.compile(r"^\s*Returns:\s*$", re.MULTILINE)
PARAMETER = re.compile(r"(?P<name>\w+)\s*(?:\((?P<kind>[^)]+)\))?\s*:\s*(?P<meaning>.+)")
KITS = ("KnowledgeTools", "KnowledgeUserTools")
SCANNER, SCANS = "get_atm_deposit_images_8473", "deposit_image_data"


def tool_texts(folder: Path) -> Json:
    """Return `unlisted` (by tool), `search` (the grep tool) and `deposit_images` (by deposit)."""
    classes = scope_of(folder).classes
    found = (tool for name in KITS for tool in declared(classes.get(name), name))
    return {
        "unlisted": {node.name: manual(ast.get_docstring(node)) for node, _, hide in found if hide},
        "search": read_toolkits(folder, {"agent": "GrepMixin"})["agent"][0],
        "deposit_images": {
            key: {
                "atm": record["atm_id"],
                "scan": record["envelope_contents"],
                "notes": record["verification_notes"],
            }
            for key, record in local_records(classes[KITS[0]], SCANNER, SCANS).items()
        },
    }


def manual(text: str | None) -> Json:
    """Split a docstring into what is shown on unlocking: all before its Args, and these.

    A parameter is `[type, required or optional, meaning]`. Without Args everything is shown.
    """
    head, *rest = ARGS.split(inspect.cleandoc(text or ""), maxsplit=1)
    block = RETURNS.split(rest[0], maxsplit=1)[0] if rest else ""
    entries = filter(None, (PARAMETER.fullmatch(line.strip()) for line in block.splitlines()))
    parameters = {found["name"]: [*kind_of(found["kind"]), found["meaning"]] for found in entries}
    return {"description": head.strip(), "parameters": parameters}


def kind_of(written: str | None) -> tuple[str, str]:
    """Read `type` or `type, optional`; a parameter without a type is a string."""
    words = [word.strip() for word in (written or "string").split(",")]
    named = [word for word in words if word != "optional"]
    return ", ".join(named) or "string", "required" if named == words else "optional"
