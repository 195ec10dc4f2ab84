"""The texts of a package's files: programs, states, tools."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import yaml

from harness.types import ToolSpec
from synth.program import Program, dump_steps, parse_guards, parse_program
from synth.python_tools import PythonProgram

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
State = Mapping[str, Sequence[Sequence[Any]]]
AnyProgram = Program | PythonProgram


def program_files(name: str, program: AnyProgram) -> dict[str, str]:
    """Return a tool's files: its steps, or its class and the guards before it."""
    out = {}
    if isinstance(program, PythonProgram):
        out[f"programs/{name}.py"] = program.source
    if program.steps:
        out[f"programs/{name}.yaml"] = yaml.dump(
            dump_steps(program.steps),
            Dumper=DUMPER,
            sort_keys=False,
            allow_unicode=True,
            width=100,
        )
    return out


def program_of(texts: Mapping[str, str], spec: ToolSpec) -> AnyProgram:
    """Read a tool's program back. Raises KeyError and BadProgram."""
    source, steps = texts.get(f"programs/{spec.name}.py"), f"programs/{spec.name}.yaml"
    parameters = spec.parameters.get("properties", {})
    if source is None:
        return parse_program(yaml.load(texts[steps], Loader=LOADER), parameters)
    guards = yaml.load(texts[steps], Loader=LOADER) if steps in texts else []
    return PythonProgram(source, parse_guards(guards, parameters))


def rows_text(state: State) -> str:
    """Render a state with one row per line, so that differences can be read."""
    tables = []
    for table, rows in state.items():
        lines = ",\n  ".join(json.dumps(list(row)) for row in rows)
        tables.append(
            f"{json.dumps(table)}: [\n  {lines}\n]" if rows else f"{json.dumps(table)}: []"
        )
    return "{\n" + ",\n".join(tables) + "\n}\n"


def entries_text(entries: Sequence[Mapping[str, Any]]) -> str:
    """Render objects with one field per line."""
    dump = partial(json.dumps, ensure_ascii=False)
    fields = [[f"  {json.dumps(k)}: {dump(v)}" for k, v in entry.items()] for entry in entries]
    return "[\n" + ",\n".join(" {\n" + ",\n".join(lines) + "\n }" for lines in fields) + "\n]\n"
