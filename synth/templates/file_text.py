"""What commands say of a file's text, in SQL: lines, words, matches, differences."""

from __future__ import annotations

from collections.abc import Sequence

from synth.expressions import first_type
from synth.program import Step
from synth.reading import Reading
from synth.templates.drafts import require
from synth.vocabulary import squeeze

MARK = "\ue000"


def content_of(place: str) -> str:
    return f"(select content from node where path = :{place})"


def lines_of(text: str) -> str:
    """Return a table of the lines of a text: json_each with `key` and `value`."""
    safe = f"replace({text}, '\\', '{MARK}')"
    return f"json_each('[' || replace(json_quote({safe}), '\\n', '\",\"') || ']')"


def line(alias: str = "") -> str:
    cell = f"{alias}.value" if alias else "value"
    return f"replace({cell}, '{MARK}', '\\')"


def words_in(text: str) -> str:
    """Return the number of words of a text."""
    flat = f"replace(replace({text}, '\n', ' '), '\t', ' ')"
    safe = f"replace({flat}, '\\', '{MARK}')"
    split = f"json_each('[' || replace(json_quote({safe}), ' ', '\",\"') || ']')"
    return f"(select count(*) from {split} where value <> '')"


def concern(reading: Reading) -> list[Step]:
    """Return the guards of counting modes."""
    if "mode" not in reading.params:
        return []
    return [
        require("select coalesce(:mode, 'l') in ('l', 'w', 'c')", "mode must be one of l, w, c")
    ]


def text_result(kind: str, reading: Reading, names: Sequence[str]) -> dict[str, str]:
    """Return {result field: expression} of a command over the files bound as place0, place1."""
    fields = [squeeze(name) for name in (reading.response.get("properties") or {"": {}})]
    text = content_of("place0")
    if kind == "grep":
        pattern = next(p for p in reading.params if p not in names)
        where = f"instr({line()}, :{pattern})"
        inner = f"select {line()} as v from {lines_of(text)} where {where} order by key"
        return {fields[0]: f"json((select json_group_array(v) from ({inner})))"}
    if kind == "sort":
        inner = f"select {line()} as v from {lines_of(text)} order by v"
        return {fields[0]: f"(select group_concat(v, '\n') from ({inner}))"}
    if kind in ("tail", "head"):
        count = next((p for p, s in reading.params.items() if first_type(s) == "integer"), "")
        number = f"coalesce(:{count}, 10)" if count else "10"
        total = f"(select count(*) from {lines_of(text)})"
        test = f"key >= {total} - {number}" if kind == "tail" else f"key < {number}"
        inner = f"select {line()} as v from {lines_of(text)} where {test} order by key"
        return {fields[0]: f"(select coalesce(group_concat(v, '\n'), '') from ({inner}))"}
    if kind == "diff":
        other = content_of("place1")
        pairs = (
            f"select '- ' || {line('a')} || '\n+ ' || {line('b')} as v from {lines_of(text)} as a "
            f"join {lines_of(other)} as b on b.key = a.key where a.value <> b.value order by a.key"
        )
        return {fields[0]: f"(select coalesce(group_concat(v, '\n'), '') from ({pairs}))"}
    return counts(fields, text)


def counts(fields: Sequence[str], text: str) -> dict[str, str]:
    lines = f"(select count(*) from {lines_of(text)})"
    value = (
        f"case coalesce(:mode, 'l') when 'l' then {lines} when 'w' then {words_in(text)} "
        f"else length({text}) end"
    )
    unit = (
        "case coalesce(:mode, 'l') when 'l' then 'lines' when 'w' then 'words' "
        "else 'characters' end"
    )
    return {fields[0]: value} | ({fields[1]: unit} if len(fields) > 1 else {})
