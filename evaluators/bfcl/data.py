"""The official files of BFCL v4, read lazily from the pack: prompts, golds and function docs.

Rows are the official ones (ids, agentic questions with their response-format message, memory
dependencies), but stateful entries carry no `function`: ask `functions`. Rows, golds and docs
are shared between callers and must not be changed.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from evaluators.bfcl.categories import (
    CATEGORIES,
    FORMAT_SENSITIVITY,
    MEMORY,
    SCENARIOS,
    WEB_SEARCH,
    Language,
    category_of,
    format_configurations,
    is_relevance,
    language_of,
)
from evaluators.bfcl.hints import Doc, HintTexts, hinted, read_hints
from harness.faults import UserMistake

Row = dict[str, Any]


class BfclData:
    """Everything BFCL v4 ships. `root` is the pack's folder, the one that holds `bfcl_eval/`.

    Every method raises UserMistake where a file is missing or an id is unknown.
    """

    categories: tuple[str, ...] = CATEGORIES

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder = root / "bfcl_eval" / "data"
        self._rows: dict[str, tuple[Row, ...]] = {}
        self._by_id: dict[str, dict[str, Row]] = {}
        self._golds: dict[str, dict[str, Any]] = {}
        self._docs: dict[str, tuple[Doc, ...]] = {}
        self._chains: dict[str, list[Row]] = {}
        self._modules: dict[str, dict[str, ast.expr]] = {}

    def entries(self, category: str) -> tuple[Row, ...]:
        """Return the rows of a category in official order (memory: without prerequisites)."""
        if category not in self._rows:
            self._rows[category] = tuple(self._build_rows(category))
        return self._rows[category]

    def prompt(self, task_id: str) -> Row:
        """Return the official row of an id, prerequisites of memory included."""
        category = category_of(task_id)
        if category not in self._by_id:
            prerequisite = category.removesuffix("_prereq")
            known = prerequisite == category
            rows = self.entries(category) if known else self.prerequisites(prerequisite)
            self._by_id[category] = {row["id"]: row for row in rows}
        try:
            return self._by_id[category][task_id]
        except KeyError:
            raise UserMistake(f"BFCL has no entry {task_id!r}: check the id") from None

    def answer(self, task_id: str) -> Any:
        """Return the gold of an id as the official file has it; None for (ir)relevance sets."""
        category = category_of(task_id)
        if category == FORMAT_SENSITIVITY:
            return self.answer(task_id.split(":")[-1])
        if is_relevance(category):
            return None
        if category not in self._golds:
            golds = self._lines(f"possible_answer/{_file_name(category)}")
            rows = self.entries(category)
            if len(golds) != len(rows):
                raise UserMistake(f"BFCL {category}: {len(rows)} prompts but {len(golds)} golds")
            pairs = zip(rows, golds, strict=True)
            self._golds[category] = {row["id"]: gold["ground_truth"] for row, gold in pairs}
        try:
            return self._golds[category][task_id]
        except KeyError:
            raise UserMistake(f"BFCL has no gold for {task_id!r}: check the id") from None

    def functions(self, task_id: str, *, shown: bool = False) -> list[Doc]:
        """Return the function docs of an id: as scored, or with the language hints models see.

        Multi-turn and agentic entries get the docs of their classes, held-out functions removed.
        """
        docs, category = self._split_docs(task_id)[0], category_of(task_id)
        if not shown:
            return docs
        language = language_of(category)
        docs = hinted(docs, language, self._hints[language])
        # The official loader hints format sensitivity twice: as the original and as the variant.
        return hinted(docs, language, self._hints[language]) if ":" in task_id else docs

    def held_out(self, task_id: str) -> Mapping[int, list[Doc]]:
        """Return the docs held back until a turn, by 0-based turn; empty for most entries."""
        return self._split_docs(task_id)[1]

    def func_doc(self, class_name: str) -> tuple[Doc, ...]:
        """Return the docs of a stateful class (`GorillaFileSystem`, `MemoryAPI_kv`, …)."""
        if class_name not in self._docs:
            files = self.constant("executable_backend_config", "MULTI_TURN_FUNC_DOC_FILE_MAPPING")
            if class_name not in files:
                raise UserMistake(f"BFCL has no class {class_name!r}: choose from {list(files)}")
            self._docs[class_name] = self._lines(f"multi_turn_func_doc/{files[class_name]}")
        return self._docs[class_name]

    def prerequisites(self, category: str) -> tuple[Row, ...]:
        """Return the conversations played before a memory category, scenario by scenario."""
        if category not in MEMORY:
            raise UserMistake(f"BFCL {category!r} has no prerequisites: choose from {MEMORY}")
        key = f"{category}_prereq"
        if key not in self._rows:
            rows = (row for scenario in SCENARIOS for row in self._chain(category, scenario))
            self._rows[key] = tuple(rows)
        return self._rows[key]

    def constant(self, module: str, name: str) -> Any:
        """Return a literal constant of the pack's `constants/<module>.py`, e.g. a prompt."""
        try:
            return ast.literal_eval(self._constants(module)[name])
        except KeyError:
            raise UserMistake(f"BFCL pack: no constant {name} in constants/{module}.py") from None

    def _constants(self, module: str) -> dict[str, ast.expr]:
        if module not in self._modules:
            path = self.root / "bfcl_eval" / "constants" / f"{module}.py"
            self._modules[module] = {
                node.targets[0].id: node.value
                for node in ast.parse(_read(path)).body
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            }
        return self._modules[module]

    @cached_property
    def _hints(self) -> Mapping[Language, HintTexts]:
        return read_hints(self.root / "bfcl_eval" / "utils.py")

    def _lines(self, name: str) -> tuple[Row, ...]:
        path = self._folder / name
        try:
            return tuple(json.loads(line) for line in _read(path).split("\n") if line.strip())
        except json.JSONDecodeError as error:
            raise UserMistake(f"{path} is not a file of JSON lines: {error}") from error

    def _build_rows(self, category: str) -> list[Row]:
        if category not in CATEGORIES:
            raise UserMistake(f"BFCL has no category {category!r}: choose from {CATEGORIES}")
        if category == FORMAT_SENSITIVITY:
            return self._variants()
        rows = list(self._lines(_file_name(category)))
        if category in WEB_SEARCH:
            return [self._agentic({**row, "id": _renamed(row, category)}) for row in rows]
        if category in MEMORY:
            return [self._agentic(self._linked(row, category)) for row in rows]
        return rows

    def _variants(self) -> list[Row]:
        path = self._folder / _file_name(FORMAT_SENSITIVITY)
        wanted: dict[str, list[str]] = json.loads(_read(path))
        rows = [
            row for category, ids in wanted.items() for row in self.entries(category)
            if row["id"] in ids
        ]  # fmt: skip
        pairs = ((row, config) for row in rows for config in format_configurations())
        return [
            {**row, "id": f"{FORMAT_SENSITIVITY}_{index}:{config}:{row['id']}"}
            for index, (row, config) in enumerate(pairs)
        ]

    def _agentic(self, row: Row) -> Row:
        name = "ADDITIONAL_SYSTEM_PROMPT_FOR_AGENTIC_RESPONSE_FORMAT"
        message = {"role": "system", "content": self.constant("default_prompts", name)}
        first, *rest = row["question"]
        return {**row, "question": [[message, *first], *rest]}

    def _linked(self, row: Row, category: str) -> Row:
        chain = self._chain(category, row["scenario"])
        return {
            **row,
            "id": _renamed(row, category),
            "depends_on": [link["id"] for link in chain],
            "involved_classes": [f"MemoryAPI_{category.removeprefix('memory_')}"],
        }

    def _chain(self, category: str, scenario: str) -> list[Row]:
        key = f"{category}:{scenario}"
        if key not in self._chains:
            rows = self._lines(f"memory_prereq_conversation/memory_{scenario}.json")
            ids = [_renamed(row, category) for row in rows]
            classes = [f"MemoryAPI_{category.removeprefix('memory_')}"]
            self._chains[key] = [
                {**row, "id": ids[i], "depends_on": ids[:i], "involved_classes": classes}
                for i, row in enumerate(rows)
            ]
        return self._chains[key]

    def _split_docs(self, task_id: str) -> tuple[list[Doc], dict[int, list[Doc]]]:
        row = self.prompt(task_id)
        if "involved_classes" not in row:
            return list(row["function"]), {}
        docs = [doc for name in row["involved_classes"] for doc in self.func_doc(name)]
        held: dict[int, list[Doc]] = {}
        for turn, names in row.get("missed_function", {}).items():
            held[int(turn)] = [doc for name in names for doc in docs if doc["name"] == name]
            docs = [doc for doc in docs if doc["name"] not in names]
        return docs, held


def _renamed(row: Row, category: str) -> str:
    """Put the back end or variant into an id: `memory_3-…` becomes `memory_kv_3-…`."""
    name: str = row["id"]
    return name.replace("memory" if category in MEMORY else "web_search", category)


def _file_name(category: str) -> str:
    stem = "memory" if category in MEMORY else category
    return f"BFCL_v4_{'web_search' if category in WEB_SEARCH else stem}.json"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserMistake(f"cannot read {path} of the BFCL pack: {error}") from error
