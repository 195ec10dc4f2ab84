"""List the BFCL entries that no correct answer can pass.

    python -m evaluators.bfcl.lint [--pack FOLDER]

For every entry the best answer is built from the gold: an argument takes the first accepted value,
in any spelling of it, that the checker accepts by itself, and is left out where none is. An entry
is listed when even this answer fails the official rule.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluators.bfcl.ast_match import CRASHES, Call, Doc, argument_fault
from evaluators.bfcl.categories import (
    LIVE,
    MEMORY,
    NON_LIVE,
    WEB_SEARCH,
    Language,
    is_relevance,
    language_of,
)
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.gold_calls import resolved, spelled
from evaluators.bfcl.single_turn import judge
from harness.faults import UserMistake


@dataclass(frozen=True)
class Impossible:
    """An entry that cannot be passed: the error type of its best answer and the obstacles."""

    task_id: str
    error_type: str
    obstacles: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.task_id}: {self.error_type} ({'; '.join(self.obstacles) or 'unexplained'})"


def impossible_entries(data: BfclData) -> list[Impossible]:
    """Judge the best answer to every entry that is scored by its text or its calls alone."""
    found: list[Impossible] = []
    for category in (*NON_LIVE, *LIVE):
        if not is_relevance(category):
            rows = data.entries(category)
            found += [entry for row in rows if (entry := _calls_checked(data, row["id"]))]
    for category in (*MEMORY, *WEB_SEARCH):
        for row in data.entries(category):
            valid, error = judge(row["id"], [data.answer(row["id"])[:1]], "fc", data)
            if not valid:
                found.append(Impossible(row["id"], str(error), ()))
    return found


def _calls_checked(data: BfclData, task_id: str) -> Impossible | None:
    docs: Sequence[Doc] = data.prompt(task_id)["function"]
    calls: list[Call] = []
    obstacles: list[str] = []
    for gold in data.answer(task_id):
        ((name, accepted),) = gold.items()
        doc = next((doc for doc in docs if doc["name"] == name), docs[0])
        arguments = best_arguments(doc, accepted, language_of(task_id))
        calls.append({doc["name"]: arguments})
        obstacles += _obstacles(doc, accepted, arguments)
    valid, error = judge(task_id, calls, "decoded", data)
    return None if valid else Impossible(task_id, str(error), tuple(obstacles))


def best_arguments(
    doc: Doc, accepted: Mapping[str, Sequence[Any]], language: Language
) -> dict[str, Any]:
    """Return an accepted value for every argument of a gold call that has one."""
    properties = doc["parameters"]["properties"]
    arguments: dict[str, Any] = {}
    for name in (name for name in accepted if name in properties):
        schema, golds = properties[name], accepted[name]
        for value in _spellings(golds, schema, language):
            if _is_accepted(value, schema, golds, language):
                arguments[name] = value
                break
    return arguments


def _spellings(golds: Sequence[Any], schema: Doc, language: Language) -> Iterator[Any]:
    """Yield what a model could write for each accepted value; an empty text comes last."""
    for value in sorted((resolved(gold) for gold in golds), key=lambda value: value == ""):
        for as_text in (False, True):
            yield spelled(value, schema, language, as_text)


def _is_accepted(value: Any, schema: Doc, golds: Sequence[Any], language: Language) -> bool:
    try:
        return argument_fault(value, schema, golds, language) is None
    except CRASHES:
        return False


def _obstacles(
    doc: Doc, accepted: Mapping[str, Sequence[Any]], arguments: Mapping[str, Any]
) -> Iterator[str]:
    """Say why a call with the best arguments cannot be accepted."""
    properties, required = doc["parameters"]["properties"], doc["parameters"]["required"]
    for name in required:
        if name not in accepted:
            yield f"{name} is required but not accepted"
    for name, golds in accepted.items():
        if name not in arguments and (name in required or "" not in golds):
            declared = properties[name]["type"] if name in properties else "nothing"
            yield f"no value of {name}, declared {declared}, is accepted: {list(golds)!r:.80}"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the impossible entries; the exit status is 0 unless the pack cannot be read (2)."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluators.bfcl.lint", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--pack", type=Path, help="folder that holds bfcl_eval/")
    options = parser.parse_args(argv)
    try:
        found = impossible_entries(BfclData(options.pack or _located()))
    except UserMistake as mistake:
        print(f"evaluators.bfcl.lint: {mistake}", file=sys.stderr)
        return 2
    for entry in found:
        print(entry)
    print(f"{len(found)} entries cannot be passed")
    return 0


def _located() -> Path:
    from harness.packs import locate

    return locate("bfcl").root


if __name__ == "__main__":
    sys.exit(main())
