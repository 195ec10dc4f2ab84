"""File systems: directories and files under paths, a current directory, the usual commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from synth.expressions import Scope, first_type
from synth.model import Column, Model, Table
from synth.reading import Reading
from synth.render import returned
from synth.templates.drafts import Draft, let, run
from synth.templates.file_changes import (
    write_make,
    write_read,
    write_remove,
    write_transfer,
    write_write,
)
from synth.templates.file_paths import (
    CWD,
    HERE,
    NO_PATH,
    TABLE,
    below,
    file_params,
    located,
    result,
)
from synth.templates.file_text import concern, text_result
from synth.vocabulary import squeeze, tokens

COMMANDS: Mapping[str, str] = {
    **dict.fromkeys(("ls", "dir", "listdirectory", "listdir", "listfiles"), "list"),
    **dict.fromkeys(("cd", "chdir", "changedirectory", "opendirectory"), "enter"),
    **dict.fromkeys(("pwd", "getcwd", "currentdirectory", "printworkingdirectory"), "where"),
    **dict.fromkeys(("cat", "readfile", "readtextfile", "viewfile", "showfile"), "read"),
    **dict.fromkeys(("echo", "writefile", "savefile"), "write"),
    **dict.fromkeys(("touch", "createfile", "newfile"), "touch"),
    **dict.fromkeys(("mkdir", "createdirectory", "makedirectory", "createfolder"), "mkdir"),
    **dict.fromkeys(("rm", "deletefile", "removefile"), "remove"),
    **dict.fromkeys(("rmdir", "deletedirectory", "removedirectory", "deletefolder"), "rmdir"),
    **dict.fromkeys(("mv", "movefile", "renamefile", "move"), "move"),
    **dict.fromkeys(("cp", "copyfile", "copy"), "copy"),
    **dict.fromkeys(("find", "searchfile", "findfile"), "find"),
    **dict.fromkeys(("grep", "searchinfile"), "grep"),
    **dict.fromkeys(("sort", "sortfile"), "sort"),
    **dict.fromkeys(("tail",), "tail"),
    **dict.fromkeys(("head",), "head"),
    **dict.fromkeys(("wc", "countword"), "count"),
    **dict.fromkeys(("diff", "comparefile"), "diff"),
    **dict.fromkeys(("du", "diskusage"), "usage"),
}


def command(reading: Reading) -> str:
    return COMMANDS.get(squeeze(reading.name), "")


def prepare(readings: Sequence[Reading], model: Model) -> None:
    """Replace the model by a tree of files where at least four tools are file commands."""
    about = " ".join(reading.record.spec.description.lower() for reading in readings)
    found = {command(reading) for reading in readings} - {""}
    if len(found) < 4 or not re.search(r"\b(?:file|director|folder)", about):
        return
    columns = {n: Column(n) for n in ("path", "parent", "name", "kind", "content")}
    columns["kind"].options = ("directory", "file")
    model.tables.clear()
    model.tables[TABLE] = Table(TABLE, "path", "string", columns)
    model.state.columns = {"id": Column("id", "integer"), CWD: Column(CWD)}
    for reading in readings:
        reading.subject, reading.keys = "", {}


def write(reading: Reading, model: Model) -> Draft | None:
    """Write a file command."""
    kind = command(reading)
    if TABLE not in model.tables or not kind:
        return None
    draft = WRITERS[kind](reading, model)
    draft.entity = TABLE
    draft.params = dict.fromkeys(file_params(reading), f"{TABLE}.name")
    return draft


def write_list(reading: Reading, model: Model) -> Draft:
    flags = [p for p, s in reading.params.items() if first_type(s) == "boolean"]
    hidden = f" and (:{flags[0]} or name not like '.%')" if flags else ""
    paths = file_params(reading)
    steps = located(reading, paths[0], "place", kind="directory") if paths else []
    place = ":place" if paths else HERE
    inner = f"select name from node where parent = {place}{hidden} order by rowid"
    value = f"json((select json_group_array(name) from ({inner})))"
    draft = Draft(steps, result(reading, model, value), "list", "read")
    draft.outputs = {f"$.{n}[*]": f"{TABLE}.name" for n in reading.response.get("properties") or {}}
    return draft


def write_enter(reading: Reading, model: Model) -> Draft:
    name = file_params(reading)[0]
    steps = located(reading, name, "place", kind="directory")
    steps.append(run(f"update state set {CWD} = :place"))
    text = reading.params[name].get("description", "")
    short = bool(NO_PATH.search(text))
    value = "(select name from node where path = :place)" if short else ":place"
    return Draft(steps, result(reading, model, value), "update", "write")


def write_where(reading: Reading, model: Model) -> Draft:
    return Draft([], result(reading, model, HERE), "get", "read")


def write_find(reading: Reading, model: Model) -> Draft:
    names = [p for p in reading.params if "name" in tokens(p) or p in ("pattern", "query")]
    paths = [p for p in file_params(reading) if p not in names]
    steps = (
        located(reading, paths[0], "place", kind="any")
        if paths
        else [let("place", f"select {HERE}")]
    )
    lead = f"coalesce(rtrim(:{paths[0]}, '/'), '.')" if paths else "'.'"
    test = f" and (:{names[0]} is null or instr(name, :{names[0]}))" if names else ""
    shown = f"{lead} || substr(path, length(:place) + 1)"
    where = f"{below('place')} and path <> :place{test}"
    inner = f"select {shown} as v from node where {where} order by rowid"
    return Draft(
        steps,
        result(reading, model, f"json((select json_group_array(v) from ({inner})))"),
        "find",
        "read",
    )


def write_text(kind: str) -> Callable[[Reading, Model], Draft]:
    """Write a command that reads one or two files' text: sort, tail, count, compare, search."""

    def read(reading: Reading, model: Model) -> Draft:
        names = [p for p in file_params(reading) if p not in ("pattern", "mode")]
        steps = [
            s for i, n in enumerate(names) for s in located(reading, n, f"place{i}", kind="file")
        ]
        steps += concern(reading)
        scope = Scope(reading, model, values=text_result(kind, reading, names))
        return Draft(steps, returned(scope), "get", "read")

    return read


def write_usage(reading: Reading, model: Model) -> Draft:
    flags = [p for p, s in reading.params.items() if first_type(s) == "boolean"]
    inside = f"substr(path, 1, length({HERE}) + 1) = {HERE} || '/'"
    total = f"(select coalesce(sum(length(content)), 0) from node where {inside})"
    steps = [let("total", f"select {total}")]
    plain = "cast(:total as text) || ' bytes'"
    size = (
        "case when :total < 1024 then :total || '.00 B' "
        "when :total < 1048576 then round(:total / 1024.0, 2) || ' KB' "
        "else round(:total / 1048576.0, 2) || ' MB' end"
    )
    value = f"iif(:{flags[0]}, {size}, {plain})" if flags else plain
    return Draft(steps, result(reading, model, value), "get", "read")


WRITERS: Mapping[str, Callable[[Reading, Model], Draft]] = {
    "list": write_list,
    "enter": write_enter,
    "where": write_where,
    "read": write_read,
    "write": write_write,
    "touch": write_make("file"),
    "mkdir": write_make("directory"),
    "remove": write_remove(False),
    "rmdir": write_remove(True),
    "move": write_transfer(False),
    "copy": write_transfer(True),
    "find": write_find,
    "usage": write_usage,
    **{kind: write_text(kind) for kind in ("grep", "sort", "tail", "head", "count", "diff")},
}
