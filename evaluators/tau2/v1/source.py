"""The files of the tau-bench repository. Its Python files are read as syntax trees, never run."""

from __future__ import annotations

import ast
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from evaluators.tau2.archive.constants import function, text_of
from harness.faults import UserMistake
from harness.packs import Pack, locate
from harness.types import ToolSpec

ENVS = "tau_bench/envs"
SPLITS: Mapping[str, Sequence[str]] = {"airline": ("test",), "retail": ("test", "train", "dev")}
TABLES: Mapping[str, Sequence[str]] = {
    "airline": ("flights", "reservations", "users"),
    "retail": ("orders", "products", "users"),
}


def normalise(raw: Path, target: Path) -> None:
    """Keep the environments of the repository: its recorded runs are 15 times as large."""
    shutil.copytree(raw / ENVS, target / ENVS)


def pack(folder: str | None = None) -> Pack:
    """Return the pack, or a local folder in the repository's layout."""
    return _pack(folder, os.environ.get("HARNESS_PACKS"), os.environ.get("HARNESS_CACHE"))


@lru_cache(maxsize=4)
def _pack(folder: str | None, packs: str | None, cache: str | None) -> Pack:
    """Hash the files once per process and setting."""
    return locate("tau_bench", folder)


def used_files(found: Pack, domain: str, split: str) -> Mapping[str, str]:
    """Return the sha256 of the files that a domain's tasks and worlds are made of."""
    data = f"{ENVS}/{domain}/"
    unused = {f"{data}tasks.py", *(f"{data}tasks_{s}.py" for s in SPLITS[domain] if s != split)}
    return {
        path: sha
        for path, sha in found.sha256.items()
        if (path.startswith(data) and path not in unused) or path == f"{ENVS}/user.py"
    }


def read(path: Path) -> str:
    """Read a file; raises UserMistake where it is missing."""
    try:
        return path.read_text("utf-8")
    except OSError:
        raise UserMistake(f"the tau-bench folder lacks {path}: give the whole repository") from None


def read_data(root: Path, domain: str) -> dict[str, Any]:
    """Read a domain's database, one JSON file per table."""
    folder = root / ENVS / domain / "data"
    try:
        return {name: json.loads(read(folder / f"{name}.json")) for name in TABLES[domain]}
    except ValueError as error:
        raise UserMistake(f"a file of {folder} is not JSON: {error}") from None


def read_policy(root: Path, domain: str) -> str:
    return read(root / ENVS / domain / "wiki.md")


def read_tasks(root: Path, domain: str, split: str) -> list[dict[str, Any]]:
    """Read a split's tasks: user_id, instruction, actions (name, kwargs), outputs."""
    if split not in SPLITS[domain]:
        known = ", ".join(SPLITS[domain])
        raise UserMistake(f"tau-bench {domain} has no split {split!r}: choose among {known}")
    path = root / ENVS / domain / f"tasks_{split}.py"
    for node in parse(path).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
            return [record(item, path) for item in node.value.elts]
    raise UserMistake(f"{path} assigns no list of tasks: another revision?")


def record(node: ast.expr, path: Path) -> dict[str, Any]:
    """Read `Task(…)` or `Action(…)` as its keyword arguments."""
    if not isinstance(node, ast.Call) or node.args:
        raise UserMistake(f"{path}, line {node.lineno}: not a call with keyword arguments alone")
    return {keyword.arg or "": value_of(keyword.value, path) for keyword in node.keywords}


def value_of(node: ast.expr, path: Path) -> Any:
    if isinstance(node, ast.List) and any(isinstance(item, ast.Call) for item in node.elts):
        return [record(item, path) for item in node.elts]
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise UserMistake(f"{path}, line {node.lineno}: not a literal value") from None


def read_tools(root: Path, domain: str) -> list[ToolSpec]:
    """Read what the agent is told of each tool, in the official order."""
    folder = root / ENVS / domain / "tools"
    listed = parse(folder / "__init__.py")
    modules = {
        alias.name: node.module
        for node in ast.walk(listed)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return [
        described(folder / f"{module}.py")
        for name in named_in_list(listed)
        if (module := modules.get(name))
    ]


def named_in_list(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
            yield from (item.id for item in node.value.elts if isinstance(item, ast.Name))


def described(path: Path) -> ToolSpec:
    """Read the literal that a tool's `get_info` returns."""
    for node in ast.walk(function(parse(path), "get_info")):
        if isinstance(node, ast.Return) and node.value is not None:
            told = value_of(node.value, path)["function"]
            return ToolSpec(told["name"], told["description"], told["parameters"])
    raise UserMistake(f"{path}: get_info returns nothing: another revision?")


@lru_cache(maxsize=4)
def user_template(root: Path) -> str:
    """Read the user simulator's system text, a template with the field `instruction_display`."""
    for node in ast.walk(function(parse(root / ENVS / "user.py"), "build_system_prompt")):
        if isinstance(node, ast.Return) and (text := node.value and text_of(node.value)):
            return text
    raise UserMistake("tau-bench's user.py has no system text: another revision?")


def parse(path: Path) -> ast.Module:
    """Parse a Python file; raises UserMistake where it is missing or broken."""
    try:
        return ast.parse(read(path), str(path))
    except SyntaxError as error:
        raise UserMistake(f"{path} is not Python: {error}") from None
