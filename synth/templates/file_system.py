"""File systems: directories and files under paths, a current directory, the usual commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from synth.model import Column, Model, Table
from synth.program import Step
from synth.reading import Reading
from synth.render import Scope, first_type, returned
from synth.templates.drafts import Draft, let, require, run
from synth.templates.file_text import concern, lines_of, text_result
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
TABLE = "node"
CWD = "current_working_directory"
NO_PATH = re.compile(
    r"no (?:file )?paths? |not allow path|cannot be a path|local to the current|at (?:the )?current "
    r"directory|from current directory|one folder level|in current directory",
    re.I,
)
HERE = f"(select {CWD} from state)"


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
    draft.params = {name: f"{TABLE}.name" for name in file_params(reading)}
    return draft


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


def write_list(reading: Reading, model: Model) -> Draft:
    flags = [p for p, s in reading.params.items() if first_type(s) == "boolean"]
    hidden = f" and (:{flags[0]} or name not like '.%')" if flags else ""
    paths = file_params(reading)
    steps = located(reading, paths[0], "place", kind="directory") if paths else []
    place = ":place" if paths else HERE
    inner = f"select name from node where parent = {place}{hidden} order by rowid"
    value = f"json((select json_group_array(name) from ({inner})))"
    return Draft(steps, result(reading, model, value), "list", "read")


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


def write_make(kind: str) -> Callable[[Reading, Model], Draft]:
    def make(reading: Reading, model: Model) -> Draft:
        name = file_params(reading)[0]
        steps = located(reading, name, "place")
        steps += [
            require("select :place not in (select path from node)", f"{{{name}}} exists already"),
            run(insert("place", kind, "''" if kind == "file" else "null")),
        ]
        return Draft(steps, result(reading, model), "create", "write")

    return make


def insert(place: str, kind: str, content: str) -> str:
    """Insert a node under the directory that its path is in, which must exist."""
    parent = f"rtrim(rtrim(:{place}, replace(:{place}, '/', '')), '/')"
    name = f"replace(:{place}, rtrim(:{place}, replace(:{place}, '/', '')), '')"
    return (
        f"insert into node (path, parent, name, kind, content) "
        f"select :{place}, {parent}, {name}, '{kind}', {content}"
    )


def write_write(reading: Reading, model: Model) -> Draft:
    texts = [p for p in reading.params if p in ("content", "text", "data", "message")]
    names = [p for p in file_params(reading) if p not in texts]
    if not texts or not names:
        return write_read(reading, model)
    name, content = names[0], texts[0]
    steps = []
    if NO_PATH.search(reading.params[name].get("description", "")):
        steps.append(require(f"select :{name} is null or instr(:{name}, '/') = 0", "no paths"))
    steps += [
        let("place", f"select case when :{name} is not null then {resolved(name)} end"),
        require(
            "select not exists (select 1 from node where path = :place and kind = 'directory')",
            f"{{{name}}} is a directory",
        ),
        run(
            insert("place", "file", "''")
            + " where :place is not null and :place not in (select path from node)"
        ),
        run(f"update node set content = :{content} where path = :place"),
    ]
    value = f"iif(:place is null, :{content}, null)"
    return Draft(steps, result(reading, model, value), "update", "write")


def write_read(reading: Reading, model: Model) -> Draft:
    name = file_params(reading)[0]
    steps = located(reading, name, "place", kind="file")
    value = "(select content from node where path = :place)"
    return Draft(steps, result(reading, model, value), "get", "read")


def below(place: str) -> str:
    return f"(path = :{place} or substr(path, 1, length(:{place}) + 1) = :{place} || '/')"


def write_remove(only_empty: bool) -> Callable[[Reading, Model], Draft]:
    def remove(reading: Reading, model: Model) -> Draft:
        name = file_params(reading)[0]
        steps = located(reading, name, "place", kind="directory" if only_empty else "any")
        if only_empty:
            sql = "select not exists (select 1 from node where parent = :place)"
            steps.append(require(sql, f"{{{name}}}: Directory not empty"))
        steps.append(run(f"delete from node where {below('place')}"))
        message = f"'''' || :{name} || ''' removed'"
        return Draft(steps, result(reading, model, "", message), "delete", "write")

    return remove


def write_transfer(copy: bool) -> Callable[[Reading, Model], Draft]:
    def transfer(reading: Reading, model: Model) -> Draft:
        source, target = file_params(reading)[:2]
        steps = located(reading, source, "origin", kind="any") + located(reading, target, "aim")
        into = "exists (select 1 from node where path = :aim and kind = 'directory')"
        last = "(select name from node where path = :origin)"
        steps += [
            let("inside", f"select {into}"),
            let("place", f"select iif(:inside, :aim || '/' || {last}, :aim)"),
            require("select :place not in (select path from node)", f"{{{target}}} exists already"),
        ]
        moved = "iif(path = :origin, :place, :place || substr(path, length(:origin) + 1))"
        parent = (
            "iif(path = :origin, rtrim(rtrim(:place, replace(:place, '/', '')), '/'), "
            ":place || substr(parent, length(:origin) + 1))"
        )
        name = "iif(path = :origin, replace(:place, rtrim(:place, replace(:place, '/', '')), ''), name)"
        rows = f"select {moved}, {parent}, {name}, kind, content from node where {below('origin')} order by path"
        steps.append(run(f"insert into node (path, parent, name, kind, content) {rows}"))
        if not copy:
            steps.append(run(f"delete from node where {below('origin')}"))
        done = "copied" if copy else "moved"
        shown = f"iif(:inside, :{target} || '/' || replace(:place, :aim || '/', ''), :{target})"
        message = f"'''' || :{source} || ''' {done} to ''' || {shown} || ''''"
        kind = "create" if copy else "update"
        return Draft(steps, result(reading, model, "", message), kind, "write")

    return transfer


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
    inner = f"select {shown} as v from node where {below('place')} and path <> :place{test} order by rowid"
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
    total = f"(select coalesce(sum(length(content)), 0) from node where substr(path, 1, length({HERE}) + 1) = {HERE} || '/')"
    steps = [let("total", f"select {total}")]
    plain = "cast(:total as text) || ' bytes'"
    size = "case when :total < 1024 then (:total / 1) || '.00 B' when :total < 1048576 then round(:total / 1024.0, 2) || ' KB' else round(:total / 1048576.0, 2) || ' MB' end"
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
LINES = lines_of
