"""A SQLite connection that generated SQL cannot misuse: allow-lists, bounds, no clock, no files.

What SQLite alone would let through, and what stops it here: `random()` and the clock (functions
are allow-listed, column defaults must be literals), huge values (LENGTH limit), endless work
(virtual-machine steps are counted, the wall clock is the backstop), attach, pragma, triggers and
views (the authorizer), a table-valued function's first use reported as a schema write (used once
before the authorizer is installed).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import apsw

from synth.program import LITERAL
from synth.sums import value_of

FUNCTIONS = frozenset(
    """abs acos arithmetic asin atan atan2 avg ceil ceiling coalesce concat concat_ws cos count
        degrees exp
        floor group_concat iif ifnull instr json json_array json_array_length json_each json_extract
        json_group_array json_group_object json_insert json_object json_patch json_quote json_remove
        json_replace json_set json_type json_valid length like ln log log10 log2 lower ltrim max min
        mod nullif pi pow power radians replace round rtrim sign sin sqrt string_agg substr
        substring sum tan total trim trunc typeof unicode upper -> ->>""".split()
)
BYTES = 1_000_000
STEPS_PER_CHECK = 1_000
CHECKS = 2_000
SECONDS = 2.0
LITERAL_DEFAULT = re.compile(r"\s*(?:[-+]?\d+(?:\.\d*)?|'(?:[^']|'')*'|null|true|false)\s*", re.I)

WRITES = {
    apsw.SQLITE_INSERT: "insert",
    apsw.SQLITE_UPDATE: "update",
    apsw.SQLITE_DELETE: "delete",
}
LIMITS = {
    apsw.SQLITE_LIMIT_LENGTH: BYTES,
    apsw.SQLITE_LIMIT_SQL_LENGTH: 20_000,
    apsw.SQLITE_LIMIT_COLUMN: 200,
    apsw.SQLITE_LIMIT_EXPR_DEPTH: 100,
    apsw.SQLITE_LIMIT_COMPOUND_SELECT: 20,
    apsw.SQLITE_LIMIT_ATTACHED: 0,
    apsw.SQLITE_LIMIT_FUNCTION_ARG: 100,
    apsw.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
    apsw.SQLITE_LIMIT_VARIABLE_NUMBER: 250,
    apsw.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
}


@dataclass(slots=True)
class Access:
    """What statements read and write: `table.column`; a row inserted or deleted is `table.*`."""

    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Guard:
    """The watch over one connection: bounds the work of a call and notes what is touched.

    `ours` is True only while the engine's own statements run (savepoints, change sets).
    """

    checks: int = 0
    deadline: float = 0.0
    ours: bool = False
    access: Access | None = None
    tables: frozenset[str] = frozenset()

    def start(self) -> None:
        """Give the next call its full allowance."""
        self.checks = 0
        self.deadline = time.monotonic() + SECONDS

    def work(self) -> bool:
        """Answer SQLite's progress handler: True interrupts."""
        self.checks += 1
        return self.checks > CHECKS or time.monotonic() > self.deadline

    def authorize(
        self,
        action: int,
        first: str | None,
        second: str | None,
        database: str | None,
        _: str | None,
    ) -> int:
        """Allow reading, writing rows and listed functions; nothing else."""
        if self.ours or action == apsw.SQLITE_SELECT:
            return apsw.SQLITE_OK
        if action == apsw.SQLITE_PRAGMA and first == "table_xinfo":
            return apsw.SQLITE_OK  # the session extension asks this at a table's first change
        if action == apsw.SQLITE_FUNCTION:
            return apsw.SQLITE_OK if (second or "").lower() in FUNCTIONS else apsw.SQLITE_DENY
        table = (first or "").lower()
        if table not in self.tables:
            return apsw.SQLITE_DENY
        if action == apsw.SQLITE_READ:
            self.note("reads", table, second)
            return apsw.SQLITE_OK
        if action in WRITES:
            self.note("writes", table, second if action == apsw.SQLITE_UPDATE else "*")
            return apsw.SQLITE_OK
        return apsw.SQLITE_DENY

    def note(self, kind: str, table: str, column: str | None) -> None:
        if self.access is not None:
            found: set[str] = getattr(self.access, kind)
            found.add(f"{table}.{column or '*'}")


def open_database(image: bytes) -> tuple[apsw.Connection, Guard]:
    """Open a private in-memory copy of a database image behind a guard."""
    connection = apsw.Connection(":memory:")
    connection.deserialize("main", image)
    for limit, value in LIMITS.items():
        connection.limit(limit, value)
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
    connection.execute("select 1 from json_each('[]')").fetchall()
    connection.create_scalar_function("arithmetic", value_of, 1, deterministic=True)
    names = connection.execute("select lower(name) from sqlite_master where type = 'table'")
    guard = Guard(
        tables=frozenset({"json_each", *(name for (name,) in names)} - {"sqlite_sequence"})
    )
    connection.authorizer = guard.authorize
    connection.set_progress_handler(guard.work, STEPS_PER_CHECK)
    return connection, guard


def inspect(image: bytes, statements: Iterable[tuple[str, Iterable[str]]]) -> Access:
    """Compile statements, each with the names it binds, without running them.

    Returns what they may read and write. Raises BadStatement for what SQLite or the guard refuse
    and for text after the first statement.
    """
    return inspect_each(image, [statements])[0]


def inspect_each(
    image: bytes, groups: Iterable[Iterable[tuple[str, Iterable[str]]]]
) -> list[Access]:
    """Inspect several groups of statements over one connection: one Access per group."""
    connection, guard = open_database(image)
    connection.exec_trace = lambda cursor, sql, bindings: False
    found = []
    for statements in groups:
        guard.access = Access()
        for sql, names in statements:
            guard.start()
            compile_only(connection, sql, names)
        found.append(guard.access)
    connection.close()
    return found


def compile_only(connection: apsw.Connection, sql: str, names: Iterable[str]) -> None:
    """Compile one statement; the connection's trace stops it before it runs."""
    if not apsw.complete(sql.rstrip().removesuffix(";") + ";") or ";" in bare(sql):
        raise BadStatement(f"one statement is wanted, not: {sql}")
    try:
        connection.execute(sql, dict.fromkeys(names), can_cache=False)
    except apsw.ExecTraceAbort:
        return
    except apsw.Error as error:
        raise BadStatement(f"{error}: {sql}") from None
    raise BadStatement(f"nothing to run: {sql!r}")


def bare(sql: str) -> str:
    """Return a statement without literals, comments and its closing semicolon."""
    return LITERAL.sub("''", sql).strip().removesuffix(";")


class BadStatement(ValueError):
    """A statement that cannot be accepted; the text says why."""


def build_image(schema_sql: str, fill: Callable[[apsw.Connection], None] | None = None) -> bytes:
    """Create a database from CREATE TABLE / INDEX statements and return its image.

    Raises BadSchema for anything else, for a default that is not a literal and for SQL errors.
    """
    connection = apsw.Connection(":memory:")
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
    connection.authorizer = authorize_schema
    try:
        connection.execute(schema_sql)
        connection.authorizer = None
        check_tables(connection)
        if fill is not None:
            fill(connection)
    except BadSchema:
        raise
    except (apsw.Error, OverflowError, ValueError, TypeError) as error:
        raise BadSchema(f"the schema is refused: {error}") from None
    connection.execute("vacuum")
    return connection.serialize("main")


class BadSchema(ValueError):
    """A schema that cannot be accepted; the text says why."""


SCHEMA_ACTIONS = frozenset(
    {
        apsw.SQLITE_CREATE_TABLE,
        apsw.SQLITE_CREATE_INDEX,
        apsw.SQLITE_INSERT,
        apsw.SQLITE_UPDATE,
        apsw.SQLITE_READ,
        apsw.SQLITE_SELECT,
        apsw.SQLITE_REINDEX,
        apsw.SQLITE_TRANSACTION,
    }
)


def authorize_schema(
    action: int, first: str | None, second: str | None, database: str | None, _: str | None
) -> int:
    """Allow tables and indexes only; rows may be written to the schema table alone."""
    if action == apsw.SQLITE_FUNCTION:
        return apsw.SQLITE_OK if (second or "").lower() in FUNCTIONS else apsw.SQLITE_DENY
    if action in (apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE):
        return apsw.SQLITE_OK if first == "sqlite_master" else apsw.SQLITE_DENY
    return apsw.SQLITE_OK if action in SCHEMA_ACTIONS else apsw.SQLITE_DENY


def check_tables(connection: apsw.Connection) -> None:
    """Refuse column defaults that are evaluated, such as random() and current_timestamp."""
    query = (
        "select m.name, c.name, c.dflt_value from sqlite_master m, pragma_table_xinfo(m.name) c "
        "where m.type = 'table' and c.dflt_value is not null"
    )
    for table, column, default in connection.execute(query):
        if not LITERAL_DEFAULT.fullmatch(str(default)):
            raise BadSchema(f"{table}.{column}: the default {default!r} is not a literal")
