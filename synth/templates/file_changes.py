"""Commands that make, write, move and remove files and directories."""

from __future__ import annotations

from collections.abc import Callable

from synth.model import Model
from synth.reading import Reading
from synth.templates.drafts import Draft, let, require, run
from synth.templates.file_paths import NO_PATH, below, file_params, located, resolved, result


def write_make(kind: str) -> Callable[[Reading, Model], Draft]:
    def make(reading: Reading, model: Model) -> Draft:
        name = file_params(reading)[0]
        steps = located(reading, name, "place")
        steps += [
            require("select :place is not null", "there is no current directory"),
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
        last = "replace(:place, rtrim(:place, replace(:place, '/', '')), '')"
        name = f"iif(path = :origin, {last}, name)"
        rows = (
            f"select {moved}, {parent}, {name}, kind, content from node "
            f"where {below('origin')} order by path"
        )
        steps.append(run(f"insert into node (path, parent, name, kind, content) {rows}"))
        if not copy:
            steps.append(run(f"delete from node where {below('origin')}"))
        done = "copied" if copy else "moved"
        shown = f"iif(:inside, :{target} || '/' || replace(:place, :aim || '/', ''), :{target})"
        message = f"'''' || :{source} || ''' {done} to ''' || {shown} || ''''"
        kind = "create" if copy else "update"
        return Draft(steps, result(reading, model, "", message), kind, "write")

    return transfer
