"""A run folder: episodes, outcomes and the texts they refer to, appended as trials finish.

run.json                 what was run (identity: the configuration that determines trials)
manifest.json            provenance, written at start, completed at the end
episodes/<shard>.jsonl   {"key": [benchmark, task, trial], "episode": {...}}
outcomes/<shard>.jsonl   one Outcome per scored trial; the last line of a key counts
blobs/<shard>.jsonl      {"sha": ..., "text": ...}: system texts and tool lists, once per run
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from harness.codec import from_json, to_json
from harness.faults import UserMistake
from harness.journal import Journal, damaged, placed_lines, placed_records
from harness.outcomes import Key, Outcome
from harness.types import Episode


class Blobs(MutableMapping[str, str]):
    """Texts by hash, written once. Keeps the hashes in memory, the texts on disk."""

    def __init__(self, journal: Journal, known: set[str]) -> None:
        self.journal = journal
        self.known = known

    def __setitem__(self, sha: str, text: str) -> None:
        if sha not in self.known:
            self.journal.add({"sha": sha, "text": text})
            self.known.add(sha)

    def __contains__(self, sha: object) -> bool:
        return sha in self.known

    def __getitem__(self, sha: str) -> str:
        self.journal.sync()
        return load_blobs(self.journal.path.parent.parent)[sha]

    def __delitem__(self, sha: str) -> None:
        raise TypeError("blobs are never deleted")

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)


@contextlib.contextmanager
def exclusive(folder: Path, key: str = "run") -> Iterator[None]:
    """Hold a folder for this process alone, until it ends at the latest.

    Raises UserMistake where another has it; `key` is the setting that chooses another folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("w")
    except OSError as error:
        raise UserMistake(f"cannot write {folder}: {error.strerror}; choose {key}=") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserMistake(
                f"{folder} is in use by another process; wait for it or choose another {key}="
            ) from None
        yield


class RunStore:
    """The writing end of a run folder. One process at a time; the same identity only."""

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        self.folder = folder
        self.held = contextlib.ExitStack()
        self.held.enter_context(exclusive(folder))
        check_identity(folder, identity)
        self.episodes = Journal(folder / "episodes" / "0.jsonl")
        self.outcomes = Journal(folder / "outcomes" / "0.jsonl")
        blobs = Journal(folder / "blobs" / "0.jsonl")
        self.blobs = Blobs(blobs, {sha for sha, _ in read_blobs(folder)})

    def add_episode(self, benchmark: str, episode: Episode) -> None:
        key = [benchmark, episode.task_id, episode.trial]
        self.episodes.add({"key": key, "episode": to_json(episode)})

    def add_outcome(self, outcome: Outcome) -> None:
        self.outcomes.add(to_json(outcome))

    def close(self) -> None:
        for journal in (self.episodes, self.outcomes, self.blobs.journal):
            journal.close()
        self.held.close()


def check_identity(folder: Path, identity: Mapping[str, Any]) -> None:
    """Write `run.json`, or refuse a folder that holds trials of another configuration."""
    path = folder / "run.json"
    if not path.exists():
        write_text(path, json.dumps(identity, indent=1, sort_keys=True) + "\n")
        return
    try:
        stored = json.loads(path.read_text())
    except ValueError:
        raise UserMistake(f"{path} is damaged: delete the folder or choose another run=") from None
    wanted = json.loads(json.dumps(identity))
    if stored != wanted:
        names = [n for n in sorted({*stored, *wanted}) if stored.get(n) != wanted.get(n)]
        raise UserMistake(
            f"{folder} holds a run of another configuration (differs in {', '.join(names)}); "
            "choose another run= or give the same options"
        )


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all (temporary name, fsync, rename)."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise UserMistake(f"cannot write {path}: {error.strerror}") from None


def read_outcomes(folder: Path) -> dict[Key, Outcome]:
    """Load the outcomes of a run, the last one of each (benchmark, task, trial)."""
    found: dict[Key, Outcome] = {}
    for place, record in placed_records(need(folder) / "outcomes"):
        try:
            outcome = from_json(Outcome, record)
        except (TypeError, ValueError, AttributeError):
            raise damaged(place) from None
        found[outcome.key] = outcome
    return found


def read_episodes(folder: Path) -> Iterator[tuple[str, Episode]]:
    """Stream (benchmark, episode), the last one of each key, in the order they were stored."""
    last = {key: number for number, key in enumerate(read_keys(folder))}
    for number, (place, record) in enumerate(placed_records(folder / "episodes")):
        benchmark, task_id, trial = record["key"]
        if last[benchmark, task_id, trial] == number:
            try:
                episode = from_json(Episode, record["episode"])
            except (TypeError, ValueError, KeyError, AttributeError):
                raise damaged(place) from None
            yield benchmark, episode


def read_keys(folder: Path) -> Iterator[Key]:
    """Stream the keys of stored episodes without parsing the episodes."""
    decode = json.JSONDecoder().raw_decode
    for place, line in placed_lines(need(folder) / "episodes"):
        try:
            benchmark, task_id, trial = decode(line, len('{"key":'))[0]
        except (TypeError, ValueError):
            raise damaged(place) from None
        yield benchmark, task_id, trial


def load_blobs(folder: Path) -> dict[str, str]:
    """Load the texts that a run's episodes refer to, by hash."""
    return dict(read_blobs(folder))


def read_blobs(folder: Path) -> Iterator[tuple[str, str]]:
    """Stream (hash, text) of the texts that a run's episodes refer to."""
    for place, record in placed_records(folder / "blobs"):
        try:
            yield record["sha"], record["text"]
        except (TypeError, KeyError):
            raise damaged(place) from None


def need(folder: Path) -> Path:
    """Return `folder` if it is a run folder, else say so in one line."""
    if not (folder / "run.json").is_file():
        raise UserMistake(f"{folder} is not a run folder (no run.json): give the folder of a run")
    return folder
