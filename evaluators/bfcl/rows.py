"""Rows of recorded verdicts: JSON lines, plain or gzip, one object a line."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from harness.faults import UserMistake

Row = dict[str, Any]

_GZIP = b"\x1f\x8b"


def read_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield (line number, row) of a file; UserMistake where it is not a file of JSON objects."""
    number = 0
    try:
        with path.open("rb") as raw:
            is_gzip = raw.read(2) == _GZIP
            raw.seek(0)
            lines = cast(IO[bytes], gzip.GzipFile(fileobj=raw) if is_gzip else raw)
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, _object(line)
    except FileNotFoundError:
        raise UserMistake(f"no such file: {path}") from None
    except IsADirectoryError:
        raise UserMistake(f"{path} is a folder: name the files in it") from None
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise UserMistake(
            f"{path}, line {number + 1}: not readable as JSON lines: {error}"
        ) from None


def _object(line: bytes) -> Row:
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError(f"an object was expected, not {type(row).__name__}")
    return row


def revived(value: Any) -> Any:
    """Turn `{"__tuple__": […]}` back into tuples, at any depth."""
    if isinstance(value, list):
        return [revived(item) for item in value]
    if isinstance(value, dict):
        if value.keys() == {"__tuple__"}:
            return tuple(revived(item) for item in value["__tuple__"])
        return {key: revived(item) for key, item in value.items()}
    return value
