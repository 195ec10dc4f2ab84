"""Rows on disk: JSON lines, and Parquet that `datasets.load_dataset` reads."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.faults import UserMistake

TYPES = {"reward": "float64", "trial": "int64", "max_steps": "int64", "pass_rate": "float64"}


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write one object per line, whole or not at all, and return how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    count = 0
    try:
        with partial.open("w", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                count += 1
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UserMistake(f"cannot write {path}: {error.strerror}") from None
    return count


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def write_parquet(path: Path, rows: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> None:
    """Write rows of texts and numbers as one Parquet file; same rows, same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = [(name, getattr(pa, TYPES.get(name, "string"))()) for name in columns]
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=pa.schema(fields))
    partial = path.with_name(f".{path.name}.part")
    pq.write_table(table, partial, compression="zstd")
    partial.replace(path)
