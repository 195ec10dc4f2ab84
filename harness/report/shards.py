"""Episodes in chunks that a page loads when it needs them: inside the page or beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.journal import read_lines
from harness.store import write_text

CHUNK_EPISODES = 250
CHUNK_BYTES = 1_000_000
FOLDER = "report_data"


def encode(data: Any) -> str:
    """Write JSON that is safe inside a script element and that JSON.parse reads.

    ASCII only, so U+2028, U+2029 and lone surrogates are escapes; `<` and `>` are escapes too, so
    that no text can close the element. NaN and infinities raise ValueError: see `views.finite`.
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


class Texts:
    """The run's system texts and tool lists by hash: positions in memory, texts on disk."""

    def __init__(self, folder: Path) -> None:
        self.places: dict[str, tuple[Path, int]] = {}
        for path in sorted((folder / "blobs").glob("*.jsonl")):
            position = 0
            with path.open("rb") as file:
                for line in file:
                    if line.endswith(b"\n"):
                        self.places[record_of(path, line)["sha"]] = (path, position)
                    position += len(line)

    def get(self, sha: str) -> str | None:
        """Read one text, or None where the run does not hold it."""
        if sha not in self.places:
            return None
        path, position = self.places[sha]
        with path.open("rb") as file:
            file.seek(position)
            return str(record_of(path, file.readline())["text"])


def record_of(path: Path, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
        record["sha"], record["text"]
    except (ValueError, KeyError, TypeError):
        raise UserMistake(f"{path} is damaged: restore it from a copy of the run") from None
    return dict(record)


class Shards:
    """Collects trajectories into chunks and hands each full chunk to `emit` as encoded JSON."""

    def __init__(self, emit: Callable[[int, str], None]) -> None:
        self.emit = emit
        self.count = 0
        self.views: list[str] = []
        self.texts: dict[str, str] = {}
        self.size = 0

    def add(self, view: Mapping[str, Any], texts: Texts) -> tuple[int, int]:
        """Add a trajectory with the texts it refers to and return its (chunk, place)."""
        encoded = encode(view)
        if self.views and (
            len(self.views) >= CHUNK_EPISODES or self.size + len(encoded) > CHUNK_BYTES
        ):
            self.flush()
        self.views.append(encoded)
        self.size += len(encoded)
        for sha in (*view["prompts"].values(), *(entry[2] for entry in view["tools"])):
            if sha not in self.texts and (text := texts.get(sha)) is not None:
                self.texts[sha] = text
                self.size += len(text)
        return self.count, len(self.views) - 1

    def flush(self) -> None:
        """Hand out what is collected, if anything."""
        if not self.views:
            return
        body = f'{{"episodes":[{",".join(self.views)}],"texts":{encode(self.texts)}}}'
        self.emit(self.count, body)
        self.count += 1
        self.views, self.texts, self.size = [], {}, 0


def write_chunk(folder: Path, build: str, number: int, body: str) -> None:
    """Write a chunk as a script, because a page from file:// may load nothing else."""
    literal = encode(body)
    write_text(folder / f"{number:03d}.js", f'harnessChunk("{build}",{number},{literal});\n')


def sweep(folder: Path, count: int) -> None:
    """Delete the chunks that an earlier, larger report left behind."""
    for path in folder.glob("[0-9]*.js"):
        if path.stem.isdigit() and int(path.stem) >= count:
            path.unlink()


def is_large(folders: list[Path], limit: int, size_limit: int) -> bool:
    """Say whether the episodes of all runs are too many, or too big, for one page."""
    paths = [path for folder in folders for path in (folder / "episodes").glob("*.jsonl")]
    if sum(path.stat().st_size for path in paths) > size_limit:
        return True
    counted: Iterator[str] = (line for f in folders for line in read_lines(f / "episodes"))
    return any(number > limit for number, _ in enumerate(counted, 1))
