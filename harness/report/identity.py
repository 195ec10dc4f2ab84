"""Who ran what: a run's identity and the labels its rule-based parties must carry."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.store import need

Json = Mapping[str, Any]
SEATS: Mapping[str, tuple[str, ...]] = {
    "agent": ("agent", "model"),
    "user": ("user", "user_model"),
    "judge": ("judge", "judge_model"),
}
RULE_BASED = ("scripted", "script", "lexical", "oracle", "replay", "gold", "fixed_queries", "rules")


@dataclass(frozen=True, slots=True)
class Identity:
    """What stands beside a run's numbers.

    `labels` name the run's rule-based parties, `bench_labels` those of one benchmark; `hashes`
    maps a benchmark to (file, sha256) pairs.
    """

    name: str
    model: str
    facts: tuple[tuple[str, str], ...]
    labels: tuple[str, ...]
    bench_labels: Mapping[str, str]
    hashes: Mapping[str, tuple[tuple[str, str], ...]]


def read_identity(folder: Path) -> Identity:
    """Read run.json and, where there is one, manifest.json of a run folder."""
    run = load(need(folder) / "run.json")
    manifest = load(folder / "manifest.json") if (folder / "manifest.json").is_file() else {}
    names = {seat: seat_name(seat, manifest, run) for seat in SEATS}
    labels = tuple(run_labels(manifest, run))
    benches = list(benchmarks(manifest, run))
    return Identity(
        name=folder.resolve().name,
        model=names["agent"] or folder.resolve().name,
        facts=tuple((label, text) for label, text in facts(manifest, run, names, benches) if text),
        labels=labels,
        bench_labels={
            str(b.get("name", "")): text
            for b in benches
            if (text := bench_label(b)) and text not in labels
        },
        hashes={str(b.get("name", "")): hashes(b) for b in benches},
    )


def load(path: Path) -> dict[str, Any]:
    """Read one JSON object. Raises UserMistake where the file is damaged."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        data = None
    if not isinstance(data, dict):
        raise UserMistake(f"{path} is damaged (not a JSON object): restore it from a copy")
    return data


def seat_nodes(seat: str, *sources: Json) -> Iterator[Json]:
    for source in sources:
        for key in SEATS[seat]:
            node = source.get(key)
            if isinstance(node, str):
                yield {"model": node}
            elif isinstance(node, Mapping):
                yield node


def seat_name(seat: str, *sources: Json) -> str:
    """Name the model of a seat: its `model` or `name`, else the module of its `_target_`."""
    for node in seat_nodes(seat, *sources):
        for key in ("model", "name", "path"):
            if isinstance(node.get(key), str) and node[key]:
                return str(node[key])
        if isinstance(node.get("_target_"), str):
            return str(node["_target_"]).rsplit(".", 1)[0].rsplit(".", 1)[-1]
    return ""


def seat_label(seat: str, *sources: Json) -> str:
    """Return a seat's own `label` (in the seat, `labels` or `notes`), else "rule-based (NAME)"
    for models that are programs."""
    for source in sources:
        for table in (source.get("labels"), source.get("notes")):
            if isinstance(table, Mapping) and isinstance(table.get(seat), str):
                return str(table[seat])
    for node in seat_nodes(seat, *sources):
        if isinstance(node.get("label"), str) and node["label"]:
            return str(node["label"])
    for node in seat_nodes(seat, *sources):
        words = " ".join(str(node.get(key, "")) for key in ("model", "name", "kind", "_target_"))
        for name in RULE_BASED:
            if name in words.lower().replace("/", ".").replace(" ", ".").split("."):
                return f"rule-based ({name})"
    return ""


def run_labels(manifest: Json, run: Json) -> Iterator[str]:
    """Yield the labels of the run's seats, else those its `scripted` lists."""
    found = [f"{seat}: {text}" for seat in SEATS if (text := seat_label(seat, manifest, run))]
    stated = manifest.get("scripted") or ()
    yield from found or ([stated] if isinstance(stated, str) else map(str, stated))


def bench_label(benchmark: Json) -> str:
    """Return what a benchmark says of its rule-based parties: `scripted`, or a seat's note."""
    stated = benchmark.get("scripted")
    if stated:
        return stated if isinstance(stated, str) else ", ".join(map(str, stated))
    notes = benchmark.get("notes")
    if not isinstance(notes, Mapping):
        return ""
    return "; ".join(f"{seat}: {notes[seat]}" for seat in SEATS if notes.get(seat))


def benchmarks(manifest: Json, run: Json) -> Iterator[dict[str, Any]]:
    """Yield what is known of every benchmark, from any of the shapes it is stored in."""
    for key in ("benchmarks", "benchmark"):
        node = manifest.get(key)
        if isinstance(node, Mapping) and all(isinstance(v, Mapping) for v in node.values()):
            node = [{"name": name, **value} for name, value in node.items()]
        elif isinstance(node, Mapping):
            node = [node]
        if isinstance(node, list):
            yield from (dict(entry) for entry in node if isinstance(entry, Mapping))
            return
    names = run.get("benchmark") or run.get("suite") or ()
    yield from ({"name": str(n)} for n in ([names] if isinstance(names, str) else names))


def hashes(benchmark: Json) -> tuple[tuple[str, str], ...]:
    data = benchmark.get("data_sha256")
    if isinstance(data, str):
        return (("data", data),)
    if isinstance(data, Mapping):
        return tuple((str(name), str(sha)) for name, sha in sorted(data.items()))
    return ()


def facts(
    manifest: Json, run: Json, names: Mapping[str, str], benches: list[dict[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Yield (label, text) in reading order; an empty text means unknown."""
    agent = next(seat_nodes("agent", manifest, run), {})
    yield "model", names["agent"]
    yield "revision", text_of(agent.get("revision"))
    yield "user", names["user"]
    yield "judge", names["judge"]
    yield (
        "benchmarks",
        ", ".join(f"{b.get('name')} {b.get('version', '')}".strip() for b in benches),
    )
    yield "split", ", ".join(sorted({str(b["split"]) for b in benches if b.get("split")}))
    seeds = manifest.get("seeds")
    seed = seeds.get("run") if isinstance(seeds, Mapping) else None
    yield "seed", text_of(run.get("seed") if seed is None else seed)
    yield "trials", text_of(manifest.get("trials", run.get("trials")))
    yield "commit", commit(manifest.get("harness"))
    for name in ("started", "ended"):
        yield name, moment(manifest.get(name) or manifest.get(f"{name}_at"))


def commit(harness: Any) -> str:
    if not isinstance(harness, Mapping) or not harness.get("git_sha"):
        return ""
    changed = " + uncommitted changes" if harness.get("dirty") else ""
    return f"{str(harness['git_sha'])[:10]}{changed}"


def moment(value: Any) -> str:
    """Write an ISO time to the minute; anything else as it is."""
    try:
        return datetime.fromisoformat(str(value)).strftime("%Y-%m-%d %H:%M %Z").strip()
    except ValueError:
        return text_of(value)


def text_of(value: Any) -> str:
    return "" if value is None else str(value)
