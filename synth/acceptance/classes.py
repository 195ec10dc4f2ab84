"""Accept a Python class: it loads in the sandbox, says what it offers, uses its arguments, runs."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.faults import ModelFault
from synth.acceptance.executions import Sample, check_executions
from synth.package import ToolRecord
from synth.python_world import PythonBlueprint, PythonWorld
from synth.sandbox import DEFAULT, Limits

LONGEST = 40_000


def check_class(
    record: ToolRecord,
    source: str,
    states: Sequence[Mapping[str, Any]],
    samples: Sequence[Sample],
    limits: Limits = DEFAULT,
) -> str | None:
    """Say what is wrong with a one-tool class given as source text, or None.

    Raises ModelFault where the machine has no sandbox: nothing can be said then.
    """
    name = record.spec.name
    problem = check_source(record, source)
    if problem:
        return problem
    blueprints = [
        PythonBlueprint((record.spec,), {"tool": source}, state, limits=limits) for state in states
    ]
    try:
        blueprints[0].open().end()
    except ModelFault as fault:
        if fault.kind == "sandbox":
            raise
        return f"{name}: {fault}"
    worlds = [lambda blueprint=blueprint: PythonWorld(blueprint) for blueprint in blueprints]
    return check_executions(record, worlds, samples)


def check_source(record: ToolRecord, source: str) -> str | None:
    """Parse without running: the text is Python, and every argument is used."""
    if len(source) > LONGEST:
        return f"the source has {len(source):,} characters; {LONGEST:,} are allowed"
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"the source is no Python: {error}"
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= set(looked_up(tree))
    for name in record.spec.parameters.get("properties", {}):
        if name not in used:
            return f"the argument {name!r} is never used"
    return None


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
