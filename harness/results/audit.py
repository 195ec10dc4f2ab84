"""Check the files of a run: hashes, whole lines, known keys, texts under their own hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.outcomes import Key
from harness.results.findings import Findings
from harness.results.manifest import JOURNALS, WHOLE_FILES, Json, file_facts


def audit_files(folder: Path, manifest: Json, found: Findings) -> None:
    """Compare every file with the size and hash that the manifest gives it."""
    listed = manifest.get("files") or {}
    shards = [f"{j}/{p.name}" for j in JOURNALS for p in (folder / j).glob("*")]
    present = {*shards, *(name for name in WHOLE_FILES if (folder / name).exists())}
    for name in sorted({*listed, *present, "run.json", "table.csv", "table.parquet"}):
        path = folder / name
        if not path.is_file():
            found.add("missing file", name, "the file is absent")
        elif name not in listed:
            found.add("unlisted file", name, "the manifest does not know this file")
        else:
            found.checked["files"] += 1
            facts = file_facts(path)
            if facts["bytes"] != listed[name].get("bytes"):
                found.differ(
                    "changed file", name, "size in bytes", listed[name].get("bytes"), facts["bytes"]
                )
            elif facts["sha256"] != listed[name].get("sha256"):
                found.add("changed file", name, "its sha256 is not the one in the manifest")


def read_journal(folder: Path, journal: str, found: Findings) -> Iterator[tuple[str, Any]]:
    """Yield (place, record) of every whole, decodable line; the rest become findings."""
    for path in sorted((folder / journal).glob("*.jsonl")):
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                place = f"{journal}/{path.name}:{number}"
                if not line.endswith(b"\n"):
                    found.add("torn file", place, "the last line is cut off")
                    continue
                try:
                    record = json.loads(line)
                except ValueError:
                    found.add("damaged line", place, "is not JSON")
                    continue
                if not isinstance(record, dict):
                    found.add("damaged line", place, "is not a JSON object")
                    continue
                yield place, record


def audit_blobs(folder: Path, found: Findings) -> set[str]:
    """Check every stored text against its hash and return the hashes."""
    known: set[str] = set()
    for place, record in read_journal(folder, "blobs", found):
        sha, text = record.get("sha"), record.get("text")
        if not isinstance(text, str) or not isinstance(sha, str):
            found.add("damaged line", place, "is not a text with its hash")
            continue
        found.checked["texts"] += 1
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        if not digest.startswith(sha) or len(sha) < 16:
            found.add("edited text", place, f"the text does not have the hash {sha}")
        known.add(sha)
    return known


def last_places(folder: Path) -> dict[Key, str]:
    """Say where each key stands last among the episodes. Keys are read, episodes are not."""
    decode = json.JSONDecoder().raw_decode
    last: dict[Key, str] = {}
    for path in sorted((folder / "episodes").glob("*.jsonl")):
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                try:
                    benchmark, task, trial = decode(line, len('{"key":'))[0]
                    last[benchmark, task, trial] = f"episodes/{path.name}:{number}"
                except (ValueError, TypeError):
                    continue
    return last
