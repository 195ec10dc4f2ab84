"""Read a Python source without running it: what it names, what is wrong with its text."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from synth.package import ToolRecord

LONGEST = 40_000


def check_source(record: ToolRecord, source: str) -> str | None:
    """Parse without running: the text is Python, and every argument is used."""
    if len(source) > LONGEST:
        return f"the source has {len(source):,} characters; {LONGEST:,} are allowed"
    try:
        used = names_used(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"the source is no Python: {error}"
    for name in record.spec.parameters.get("properties", {}):
        if name not in used:
            return f"the argument {name!r} is never used"
    return None


def names_used(source: str) -> set[str]:
    """Return the names that a source reads, and texts that look something up. May raise
    SyntaxError, ValueError, RecursionError and MemoryError."""
    with warnings.catch_warnings(action="ignore"):
        tree = ast.parse(source)
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | set(looked_up(tree))


def looked_up(tree: ast.AST) -> Iterator[str]:
    """Yield texts that look something up: `arguments["x"]`, `arguments.get("x")`."""
    for node in ast.walk(tree):
        found: list[ast.expr] = []
        if isinstance(node, ast.Subscript):
            found = [node.slice]
        elif isinstance(node, ast.Call):
            found = node.args[:1]
        for part in found:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value
