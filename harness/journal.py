"""Append-only JSONL files that survive a crash: one unbuffered write a record, a torn tail cut."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.codec import dumps
from harness.faults import UserMistake

SYNC_RECORDS = 64
SYNC_SECONDS = 1.0


class Journal:
    """One shard, written by one process. Each record is on its way to disk when `add` returns;
    the device is synced every 64 records or every second, whichever comes first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise UserMistake(
                f"cannot write {path}: {error.strerror}; choose another run="
            ) from None
        self.size = whole_lines(self.fd)
        os.ftruncate(self.fd, self.size)
        os.lseek(self.fd, self.size, os.SEEK_SET)
        self.pending = 0
        self.synced = time.monotonic()

    def add(self, record: Any) -> None:
        """Append one record. A record that does not fit on the disk leaves no trace."""
        line = (dumps(record) + "\n").encode()
        written = 0
        try:
            while written < len(line):
                written += os.write(self.fd, line[written:])
        except OSError as error:
            os.ftruncate(self.fd, self.size)
            os.lseek(self.fd, self.size, os.SEEK_SET)
            raise UserMistake(
                f"cannot write {self.path}: {error.strerror}; everything finished before is kept: "
                "make room and run the same command again"
            ) from None
        self.size += len(line)
        self.pending += 1
        if self.pending >= SYNC_RECORDS or time.monotonic() - self.synced > SYNC_SECONDS:
            self.sync()

    def sync(self) -> None:
        if self.pending:
            os.fdatasync(self.fd)
        self.pending, self.synced = 0, time.monotonic()

    def close(self) -> None:
        self.sync()
        os.close(self.fd)


def whole_lines(fd: int) -> int:
    """Return the size of the file up to its last newline (a torn last line is not counted)."""
    end = os.fstat(fd).st_size
    while end:
        start = max(0, end - 65536)
        os.lseek(fd, start, os.SEEK_SET)
        position = os.read(fd, end - start).rfind(b"\n")
        if position >= 0:
            return start + position + 1
        end = start
    return 0


def read_lines(folder: Path) -> Iterator[str]:
    """Yield every whole line of every shard in `folder`, shards in name order."""
    return (line for _, line in placed_lines(folder))


def placed_lines(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (file:number, line) of every whole line. Raises UserMistake where it is no text."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    continue
                place = f"{path}:{number}"
                try:
                    yield place, line.decode()
                except UnicodeDecodeError:
                    raise damaged(place) from None


def read_records(folder: Path) -> Iterator[Any]:
    """Yield every record of every shard. Raises UserMistake on a line that is not JSON."""
    return (record for _, record in placed_records(folder))


def placed_records(folder: Path) -> Iterator[tuple[str, Any]]:
    """Yield (file:number, record) of every shard."""
    for place, line in placed_lines(folder):
        try:
            yield place, json.loads(line)
        except ValueError:
            raise damaged(place) from None


def damaged(place: str) -> UserMistake:
    """Say which line of a run is not what a run writes."""
    return UserMistake(
        f"{place} is not JSON of this version: the file was damaged; restore it or delete the "
        "line (its trial is then played again)"
    )
