"""The house keeps its shape: import arrows, sizes, no cycles, no heavy import at the door."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("harness", "evaluators", "synth", "train")
ARROWS = {
    "harness": {"harness"},
    "evaluators": {"harness", "evaluators"},
    "synth": {"harness", "evaluators", "synth"},
    "train": {"harness", "evaluators", "train"},
}
HEAVY = {
    "torch", "transformers", "trl", "deepspeed", "datasets", "wandb", "matplotlib", "openai",
    "vllm", "pandas", "scipy",
}  # fmt: skip
FILE_LINES, FUNCTION_LINES, PARAMETERS = 250, 50, 6
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
IDS = [str(path.relative_to(ROOT)) for path in FILES]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(nodes: Iterator[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def at_top(module: ast.Module) -> Iterator[ast.AST]:
    """Walk statements that run on import: no function bodies, no TYPE_CHECKING blocks."""
    stack: list[ast.AST] = list(module.body)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.ClassDef):
            stack += node.body
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test):
            stack += node.body + node.orelse
        elif isinstance(node, ast.Try):
            stack += node.body


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_arrows_point_one_way(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    own = {name.split(".")[0] for name in imports(ast.walk(tree(path)))} & set(PACKAGES)
    assert own <= ARROWS[room]


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_files_and_functions_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= FILE_LINES
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            size = (node.end_lineno or 0) - node.lineno + 1
            assert size <= FUNCTION_LINES, f"{node.name} has {size} lines"
            counted = [a for a in node.args.posonlyargs + node.args.args if a.arg != "self"]
            constructor = node.name == "__init__"
            assert constructor or len(counted) <= PARAMETERS, f"{node.name} takes {len(counted)}"


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_heavy_packages_wait_until_they_are_needed(path: Path) -> None:
    top = {name.split(".")[0] for name in imports(at_top(tree(path)))}
    assert not top & HEAVY


def test_no_import_cycles() -> None:
    names = {module_name(path): path for path in FILES}
    graph = {
        name: {target for found in imports(at_top(tree(path))) for target in known(found, names)}
        for name, path in names.items()
    }
    for name in graph:
        assert name not in reachable(graph, name), f"{name} imports itself through others"


def known(found: str, names: dict[str, Path]) -> set[str]:
    """Resolve `package.module.name` to the module of ours that it loads."""
    while found and found not in names:
        found = found.rpartition(".")[0]
    return {found} if found else set()


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    stack = [target for target in graph[start] if target != start]
    while stack:
        name = stack.pop()
        if name not in seen:
            seen.add(name)
            stack += graph[name]
    return seen


def test_importing_the_harness_loads_nothing_heavy() -> None:
    code = (
        "import sys, harness.episode, harness.runner, harness.store;"
        f"print(sorted({HEAVY!r} & {{n.split('.')[0] for n in sys.modules}}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_a_long_file_and_a_wrong_arrow_would_be_seen() -> None:
    """The twins: what the checks above must refuse."""
    wrong = ast.parse("from evaluators.bfcl import data")
    assert set(imports(ast.walk(wrong))) == {"evaluators.bfcl.data"}
    hidden = ast.parse("def f():\n    import torch")
    assert list(imports(at_top(hidden))) == []
    assert list(imports(at_top(ast.parse("import torch")))) == ["torch"]
    assert reachable({"a": {"b"}, "b": {"a"}}, "a") == {"a", "b"}
