"""Result tables on disk: CSV, Parquet and Markdown, each written whole or not at all."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.results.columns import type_of
from harness.results.render import render_markdown
from harness.store import write_text

Row = dict[str, Any]


def write_table(folder: Path, rows: Sequence[Mapping[str, Any]]) -> list[Path]:
    """Write table.csv, table.parquet and table.md into `folder` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"table.csv": csv_text(rows), "table.md": render_markdown(rows)}
    for name, text in texts.items():
        write_text(folder / name, text)
    write_parquet(folder / "table.parquet", rows)
    return [folder / "table.csv", folder / "table.parquet", folder / "table.md"]


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write rows as CSV; None is an empty field, floats keep every digit."""
    out = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write_parquet(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as Parquet with one type per column, atomically."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {int: pa.int64(), float: pa.float64(), str: pa.string()}
    names = list(dict.fromkeys(name for row in rows for name in row))
    schema = pa.schema([(name, types[type_of(name)]) for name in names])
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        pq.write_table(pa.Table.from_pylist([dict(row) for row in rows], schema), partial)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UserMistake(f"cannot write {path}: {error.strerror}") from None


def read_table(path: Path) -> list[Row]:
    """Read a table.csv back with the types it was written with."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            return [{name: parse(path, name, text) for name, text in row.items()} for row in reader]
    except (OSError, UnicodeDecodeError) as error:
        raise UserMistake(f"cannot read {path}: {error}") from None


def parse(path: Path, name: str | None, text: str | None) -> Any:
    """Turn one CSV field into its value."""
    if name is None or text is None:
        raise UserMistake(f"{path} is damaged: a row has another number of fields than the header")
    if text == "":
        return None
    try:
        return type_of(name)(text)
    except ValueError:
        raise UserMistake(f"{path}: column {name} holds {text!r}, which is not a number") from None
