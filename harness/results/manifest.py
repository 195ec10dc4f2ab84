"""manifest.json: what was run, with what, on what, and what came out. Written at the start of a
run and completed at its end, so that a stranger can check every number.

schema_version run_id started resumed ended
harness{version git_sha dirty diff_sha} command config{file sha256} overrides
benchmarks[{name version split grading reward_basis data_sha256 n_tasks task_ids_sha tasks ...}]
agent user judge {model revision endpoint sampling ...} scripted seeds trials ks error_policy
environment{python packages gpu ...} training submission_type
prompts{role: {hash: episodes}} tools_sha counts retries usage results files{path: sha256 ...}
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.outcomes import Outcome
from harness.results.about import RUN_FACTS, SEATS
from harness.results.provenance import command_line, environment_facts, harness_facts, scrub
from harness.store import write_text

SCHEMA_VERSION = 1
NAME = "manifest.json"
JOURNALS = ("episodes", "outcomes", "blobs")
WHOLE_FILES = ("run.json", "config.yaml", "table.csv", "table.parquet", "table.md")
SEED_RULE = "harness.seeds.seed_for(run, task_id, trial)"
Json = dict[str, Any]


def start_manifest(folder: Path, info: Mapping[str, Any], *, seed: int = 0, **facts: Any) -> Json:
    """Write the manifest of a run that begins. A resumed run keeps its first start.

    `info` is what tables take (`harness.results.table`); its `seats` describe the models. `facts`
    are further entries, such as config, overrides, training, submission_type; secrets are blanked.
    """
    folder.mkdir(parents=True, exist_ok=True)
    started, resumed = now(), []
    if (folder / NAME).is_file():
        old = read_manifest(folder)
        started, resumed = old["started"], [*old.get("resumed", []), now()]
    manifest: Json = {
        "schema_version": SCHEMA_VERSION,
        "run_id": info.get("run_id") or folder.name,
        "started": started,
        "resumed": resumed,
        "ended": None,
        "harness": harness_facts(),
        "command": command_line(),
        **seats(info),
        "benchmarks": [
            {"name": name, **{field: value for field, value in about.items() if field != "totals"}}
            for name, about in info.get("benchmarks", {}).items()
        ],
        "seeds": {"run": seed, "per_trial": SEED_RULE},
        "environment": environment_facts(),
        **{name: info.get(name) for name in RUN_FACTS},
        **scrub(facts),
    }
    write_manifest(folder, manifest)
    return manifest


def seats(info: Mapping[str, Any]) -> Json:
    """Describe agent, user and judge: what the model says of itself, at least its name."""
    about = info.get("seats") or {}
    return {
        seat: {**about.get(column, {}), "model": info.get(column)}
        for seat, column in SEATS.items()
        if info.get(column) or about.get(column)
    }


def complete_manifest(
    folder: Path, rows: Sequence[Mapping[str, Any]], outcomes: Iterable[Outcome]
) -> Json:
    """Add what came out: results, counts, usage, prompts in force, and a hash of every file."""
    manifest = read_manifest(folder)
    files, prompts, tools = read_shards(folder)
    for name in WHOLE_FILES:
        if (folder / name).is_file():
            files[name] = file_facts(folder / name)
    manifest |= {
        "ended": now(),
        "prompts": prompts,
        "tools_sha": tools,
        **totals_of(outcomes),
        "results": [dict(row) for row in rows],
        "files": files,
    }
    write_manifest(folder, manifest)
    return manifest


def write_manifest(folder: Path, manifest: Json) -> None:
    write_text(folder / NAME, json.dumps(manifest, indent=1) + "\n")


def read_manifest(folder: Path) -> Json:
    """Read a manifest. Raises UserMistake where it is absent, damaged or of another version."""
    path = folder / NAME
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserMistake(f"{folder} has no {NAME}: it is not a run, or it never began") from None
    except (OSError, ValueError) as error:
        raise UserMistake(f"{path} is damaged ({error}): restore it from a copy") from None
    version = manifest.get("schema_version") if isinstance(manifest, dict) else None
    if version != SCHEMA_VERSION:
        raise UserMistake(
            f"{path} has schema version {version!r}, this program reads {SCHEMA_VERSION}: "
            "use the harness version named in it"
        )
    return dict(manifest)


def read_shards(folder: Path) -> tuple[Json, dict[str, Counter[str]], str | None]:
    """Hash every journal; count the prompts by role; hash the tool lists. One pass, streamed."""
    files: Json = {}
    prompts: dict[str, Counter[str]] = {}
    tools: set[str] = set()
    for journal in JOURNALS:
        for path in sorted((folder / journal).glob("*.jsonl")):
            digest, size, records = hashlib.sha256(), 0, 0
            with path.open("rb") as file:
                for line in file:
                    digest.update(line)
                    size, records = size + len(line), records + 1
                    if journal == "episodes":
                        note_prompts(parse_line(path, records, line)["episode"], prompts, tools)
            name = f"{journal}/{path.name}"
            files[name] = {"sha256": digest.hexdigest(), "bytes": size, "records": records}
    return files, prompts, tools_hash(tools)


def parse_line(path: Path, number: int, line: bytes) -> Json:
    """Parse one record. Raises UserMistake naming the damaged line."""
    try:
        return dict(json.loads(line))
    except (ValueError, TypeError):
        raise UserMistake(f"{path}:{number} is damaged: the run cannot be completed") from None


def note_prompts(episode: Json, prompts: dict[str, Counter[str]], tools: set[str]) -> None:
    for role, sha in episode.get("prompts", {}).items():
        prompts.setdefault(role, Counter())[sha] += 1
    tools.update(sha for _, _, sha in episode.get("tools", ()))


def tools_hash(tools: Iterable[str]) -> str | None:
    """Reduce the hashes of all tool lists to one."""
    text = "\n".join(sorted(tools))
    return hashlib.sha256(text.encode()).hexdigest() if text else None


def file_facts(path: Path) -> Json:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"sha256": digest, "bytes": path.stat().st_size}


def totals_of(outcomes: Iterable[Outcome]) -> Json:
    """Count statuses and causes and add up what was spent."""
    counts: Counter[str] = Counter(dict.fromkeys(("pass", "fail", "error"), 0))
    faults: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    costs, seconds = [], []
    for outcome in outcomes:
        counts[outcome.status] += 1
        if outcome.status == "error":
            faults[outcome.cause] += 1
        for name in ("tokens_in", "tokens_out", "retries"):
            sums[name] += getattr(outcome, name)
        seconds.append(outcome.seconds)
        if outcome.cost_usd is not None:
            costs.append(outcome.cost_usd)
    return {
        "counts": dict(sorted(counts.items())),
        "faults": dict(sorted(faults.items())),
        "retries": sums["retries"],
        "usage": {
            "tokens_in": sums["tokens_in"],
            "tokens_out": sums["tokens_out"],
            "cost_usd": math.fsum(costs) if costs else None,
            "cost_trials": len(costs),
            "seconds": math.fsum(seconds),
        },
    }


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
