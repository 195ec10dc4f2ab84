"""Paths of a tree of files: which parameters are paths, and what they lead to."""

from __future__ import annotations

import re

from synth.expressions import Scope, first_type
from synth.model import Model
from synth.program import Step
from synth.reading import Reading
from synth.render import returned
from synth.templates.drafts import let, require
from synth.vocabulary import squeeze, tokens

TABLE = "node"


CWD = "current_working_directory"


NO_PATH = re.compile(
    r"no (?:file )?paths? |not allow path|cannot be a path|local to the current|"
    r"at (?:the )?current directory|from current directory|one folder level|in current directory",
    re.I,
)


HERE = f"(select {CWD} from state)"


def file_params(reading: Reading) -> list[str]:
    words = {
        "file",
        "dir",
        "directory",
        "folder",
        "source",
        "destination",
        "path",
        "name",
        "target",
    }
    return [
        name
        for name, schema in reading.params.items()
        if first_type(schema) == "string" and set(tokens(name)) & words
    ]


def located(reading: Reading, name: str, bound: str, *, kind: str = "") -> list[Step]:
    """Bind the path that a parameter means, and require what is to be there."""
    steps = []
    if NO_PATH.search(reading.params[name].get("description", "")):
        steps.append(require(f"select instr(:{name}, '/') = 0", f"{name} must not be a path"))
    steps.append(let(bound, f"select {resolved(name)}"))
    if kind:
        test = "" if kind == "any" else f" and kind = '{kind}'"
        sql = f"select exists (select 1 from node where path = :{bound}{test})"
        what = {"any": "No such file or directory", "file": "No such file"}
        steps.append(require(sql, f"{{{name}}}: {what.get(kind, 'No such directory')}"))
    return steps


def resolved(name: str) -> str:
    return (
        f"case when :{name} in ('.', '') or :{name} is null then {HERE} "
        f"when :{name} = '..' then (select parent from node where path = {HERE}) "
        f"when :{name} like '/%' then rtrim(:{name}, '/') "
        f"when :{name} like './%' then {HERE} || '/' || rtrim(substr(:{name}, 3), '/') "
        f"else {HERE} || '/' || rtrim(:{name}, '/') end"
    )


def result(reading: Reading, model: Model, value: str = "", message: str = "") -> str:
    """Show a value in the one field of the result; nothing where it has none."""
    fields = list(reading.response.get("properties") or {})
    if not fields:
        return f"select {value}" if value and not reading.response else "select 'null'"
    scope = Scope(reading, model, message=message)
    if value:
        scope.values = {squeeze(fields[0]): value}
    return returned(scope)


def below(place: str) -> str:
    return f"(path = :{place} or substr(path, 1, length(:{place}) + 1) = :{place} || '/')"
