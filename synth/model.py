"""The tables of a synthesised world: columns, SQL for the schema, expressions for records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synth.rows import quote
from synth.vocabulary import squeeze

STATE = "state"
MORE = "more"
SQL_TYPES = {"integer": "integer", "number": "real", "boolean": "integer"}
Schema = Mapping[str, Any]


@dataclass
class Column:
    """A column: JSON type of its values, options of a closed text, the table it refers to.

    A hidden column is only searched by; records that show it have it in `more`.
    """

    name: str
    type: str = "string"
    options: tuple[str, ...] = ()
    refers: str = ""
    about: str = ""
    parts: tuple[str, ...] = ()
    hidden: bool = False

    @property
    def is_json(self) -> bool:
        return self.type in ("array", "object")

    def value(self, alias: str = "") -> str:
        """Return the SQL expression of its JSON value."""
        cell = f"{alias}.{quote(self.name)}" if alias else quote(self.name)
        if self.is_json:
            return f"json({cell})"
        if self.type == "boolean":
            return f"json(case {cell} when 1 then 'true' when 0 then 'false' end)"
        return cell


@dataclass
class Table:
    """A table. `key` is its primary key; `counted` keys come from a counter in the state.

    A table with `open` records keeps fields that no specification names in `more`.
    """

    name: str
    key: str
    key_type: str = "string"
    columns: dict[str, Column] = field(default_factory=dict)
    example: str = ""
    counted: bool = False
    hidden_key: bool = False
    parent: str = ""

    def add(self, column: Column) -> Column:
        """Add a column, or complete the one of the same name."""
        same = self.find(column.name)
        if same is None:
            self.columns[column.name] = column
            return column
        if not same.options and column.options and same.type == "string":
            same.options = column.options
        same.refers = same.refers or column.refers
        same.hidden = same.hidden and column.hidden
        same.about = same.about or column.about
        return same

    def find(self, name: str) -> Column | None:
        """Return the column of a name, whatever its style; prefixes such as `new_` do not count."""
        if name in self.columns:
            return self.columns[name]
        wanted = bare(name)
        for column in self.columns.values():
            if bare(column.name) == wanted:
                return column
        return None

    def record(self, alias: str = "", fields: Mapping[str, Column] | None = None) -> str:
        """Return the SQL of a row as JSON: what stands beside the columns, then those not null."""
        shown = dict(fields) if fields is not None else self.shown()
        cell = f"{alias}.{quote(MORE)}" if alias else quote(MORE)
        inner = json_object({name: column.value(alias) for name, column in shown.items()})
        return f"json_patch({cell}, json_patch('{{}}', {inner}))"

    def shown(self) -> dict[str, Column]:
        return {
            name: column
            for name, column in self.columns.items()
            if not (self.hidden_key and name == self.key) and not column.hidden
        }

    def sql(self) -> str:
        """Return the CREATE TABLE statement."""
        lines = []
        for column in self.columns.values():
            kind = SQL_TYPES.get(column.type, "text")
            tail = " primary key not null" if column.name == self.key else ""
            lines.append(f"  {quote(column.name)} {kind}{tail}")
        if self.name != STATE:
            lines.append(f"  {quote(MORE)} text not null default '{{}}'")
        return f"create table {quote(self.name)} (\n" + ",\n".join(lines) + "\n);"


@dataclass
class Model:
    """Tables by noun, and the one row of everything that has no key."""

    tables: dict[str, Table] = field(default_factory=dict)
    state: Table = field(
        default_factory=lambda: Table(STATE, "id", "integer", {"id": Column("id", "integer")})
    )

    def sql(self) -> str:
        tables = [self.state, *self.tables.values()]
        return "\n".join(table.sql() for table in tables)

    def all(self) -> list[Table]:
        return [self.state, *self.tables.values()]


def bare(name: str) -> str:
    """Return a name's squeezed form without words that only say when."""
    found = squeeze(name)
    for prefix in ("new", "updated", "current"):
        if found.startswith(prefix) and len(found) > len(prefix) + 2:
            found = found.removeprefix(prefix)
    return found


def column_of(name: str, schema: Schema) -> Column:
    """Make a column from a parameter or a result field."""
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "string")
    options = tuple(o for o in schema.get("enum", ()) if isinstance(o, str))
    if kind == "array":
        options = tuple(
            o for o in (schema.get("items") or {}).get("enum", ()) if isinstance(o, str)
        )
    about = str(schema.get("description", ""))
    parts = tuple(schema.get("properties", ())) if kind == "object" else ()
    if parts:
        options = tuple(schema["properties"][parts[0]].get("enum", ()))
    return Column(name, kind, options, "", about, parts)


def literal(value: Any) -> str:
    """Write a value as a SQL literal."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (int, float)):
        return repr(value)
    return "'" + str(value).replace("'", "''").replace("\x00", "") + "'"


def json_object(pairs: Mapping[str, str]) -> str:
    """Write an object of expressions; long ones are merged, as functions take 100 arguments."""
    items = [f"{literal(name)}, {value}" for name, value in pairs.items()]
    groups = [items[i : i + 45] for i in range(0, len(items), 45)] or [[]]
    out = f"json_object({', '.join(groups[0])})"
    for group in groups[1:]:
        out = f"json_patch({out}, json_object({', '.join(group)}))"
    return out


def concat(parts: Sequence[str]) -> str:
    return " || ".join(parts) if parts else "''"


def names(columns: Iterable[Column]) -> list[str]:
    return [column.name for column in columns]
