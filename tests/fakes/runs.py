"""Synthetic run folders: many benchmarks, faults, calls of both sides, hostile texts."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.episode import keep, tools_text
from harness.outcomes import Outcome, outcome_of
from harness.results.about import info_of
from harness.results.manifest import file_facts
from harness.results.table import build_table, write_table
from harness.store import RunStore, read_outcomes, write_text
from harness.types import (
    Category,
    Episode,
    Fault,
    Message,
    Task,
    ToolCall,
    ToolSpec,
    Usage,
    Verdict,
)

DOMAINS: Mapping[str, tuple[str, ...]] = {
    "tau2": ("airline", "retail", "telecom"),
    "bfcl": ("simple_python", "multi_turn_base", "irrelevance"),
}
REQUESTS = (
    "Hi, I need to change my flight on {date} to a later one. My booking is {code}.",
    "Please cancel order {code} and refund it to the card I paid with.",
    "My phone shows no signal since {date}. The line ends in {number}.",
    "What would it cost to add {number} bags to reservation {code}?",
    "I moved. Can you update the delivery address of order {code} before {date}?",
)
SCRIPTED = {"tau2": "scripted user: fixed rules, not a model"}
CATEGORIES = (
    "incorrect_tool_or_arguments",
    "incomplete_task",
    "missing_tool_call",
    "authorization_failure",
    "tool_execution_error",
    "no_tool_calls",
    "inaccurate_response",
)
HOSTILE = (
    "</script><script>window.pwned = 1</script>",
    '<img src=x onerror="window.pwned = 2">',
    "<!--<script><svg/onload=window.pwned=3>",
    "line\u2028separator\u2029here \x00 \u202egnp.exe",
    "lone \ud800 surrogate \udfff",
    "{{ 7 * 7 }} {% include '/etc/passwd' %} ${window.pwned=4}",
    "'\"><iframe srcdoc='<script>parent.pwned=5</script>'>",
)
SYSTEM = "You help customers. Look things up before you promise anything.\n" * 12
TOOLS = (
    ToolSpec("find_record", "Look up a record by its code.", {"type": "object"}),
    ToolSpec("update_record", "Change a record.", {"type": "object"}),
)


@dataclass(frozen=True)
class Shape:
    """What a synthetic run looks like. `skill` is the mean pass rate, `seed` fixes every byte.

    A finished run has its table and its results in the manifest. `filler` lengthens the talk.
    """

    model: str = "acme/agent-8b"
    domains: Mapping[str, Sequence[str]] = field(default_factory=lambda: DOMAINS)
    tasks: int = 12
    trials: int = 4
    skill: float = 0.55
    seed: int = 0
    hostile: bool = False
    priced: bool = True
    categories: bool = True
    filler: int = 1
    finished: bool = False
    run: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)


def write_run(folder: Path, shape: Shape | None = None) -> Path:
    """Write a run folder of `shape` as the runner would, and return it."""
    shape = shape or Shape()
    store = RunStore(folder, {**run_of(shape), **shape.run})
    for task, episode, outcome in trials_of(shape, store):
        store.add_episode(task.benchmark, episode)
        if outcome is not None:
            store.add_outcome(outcome)
    store.close()
    manifest = {"run_id": folder.name, **manifest_of(shape), **shape.manifest}
    if shape.finished:
        rows = build_table(read_outcomes(folder).values(), ks=ks_of(shape), info=info_of(manifest))
        write_table(folder, rows)
        manifest |= {"results": rows, "files": {"table.csv": file_facts(folder / "table.csv")}}
    write_text(folder / "manifest.json", json.dumps(manifest, indent=1) + "\n")
    return folder


def ks_of(shape: Shape) -> range:
    return range(1, shape.trials + 1)


def run_of(shape: Shape) -> dict[str, Any]:
    return {
        "suite": sorted(shape.domains),
        "model": {"name": shape.model, "temperature": 0.7},
        "trials": shape.trials,
        "seed": shape.seed,
    }


def manifest_of(shape: Shape) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "harness": {"version": "0.1.0", "git_sha": "1a2b3c4d5e6f", "dirty": False},
        "benchmarks": [
            {
                "name": name,
                "version": "2026.3.23",
                "split": "test",
                "data_sha256": {f"{d}.json": hash_of(d) for d in domains},
                "n_tasks": shape.tasks * len(domains),
                "tasks": {f"{d}_{n}": d for d in domains for n in range(shape.tasks)},
                "scripted": SCRIPTED.get(name, ""),
            }
            for name, domains in shape.domains.items()
        ],
        "agent": {"model": shape.model, "revision": "main@77aa"},
        "user": {"model": "acme/user-8b"},
        "seeds": {"run": shape.seed},
        "trials": shape.trials,
        "started": "2026-11-20T09:00:00+00:00",
        "ended": "2026-11-20T10:30:00+00:00",
    }


def hash_of(text: str) -> str:
    return random.Random(ascii(text)).randbytes(32).hex()


def trials_of(shape: Shape, store: RunStore) -> Iterator[tuple[Task, Episode, Outcome | None]]:
    for benchmark, domains in shape.domains.items():
        for domain in domains:
            for number in range(shape.tasks):
                rng = random.Random(ascii((shape.seed, benchmark, domain, number)))
                task = Task(f"{domain}_{number}", benchmark, domain=domain)
                hardness = rng.betavariate(0.8, 0.8)
                for trial in range(shape.trials):
                    yield task, *play(task, trial, hardness, shape, store)


def play(
    task: Task, trial: int, hardness: float, shape: Shape, store: RunStore
) -> tuple[Episode, Outcome | None]:
    rng = random.Random(ascii((shape.seed, shape.model, task.id, trial)))
    luck = rng.random()
    passed = luck < (shape.skill + (0.5 - hardness)) and luck < 0.97
    fault = (
        Fault("user", "http_503", "the endpoint answered 503 six times") if luck > 0.98 else None
    )
    log = tuple(talk(rng, passed, shape))
    if shape.hostile:
        log = poison(log)
    end = "fault" if fault else rng.choice(["agent_stop"] * 4 + ["max_steps"] * (not passed))
    state = {"records": {"K7QX": {"status": ["open", "changed"]}}} if passed else {}
    prompts = {"agent": keep(store.blobs, SYSTEM)}
    tools = ((0, "agent", keep(store.blobs, tools_text(TOOLS))),)
    episode = Episode(
        task.id, log, end, trial, trial, fault, state, prompts, tools, rng.uniform(2, 40)
    )
    verdict = None if fault else verdict_of(rng, passed, shape)
    return episode, outcome_of(task, episode, verdict)


def verdict_of(rng: random.Random, passed: bool, shape: Shape) -> Verdict:
    parts = {"db": 1.0 if passed else rng.choice([0.0, 1.0]), "communicate": float(passed)}
    labels: tuple[Category, ...] = ()
    if not passed and shape.categories:
        first = rng.choices(CATEGORIES, weights=range(len(CATEGORIES), 0, -1))[0]
        labels = (Category(first, {"turn": 2, "rule": "gold call unmatched"}),)
        blamed = "user" if len(first) % 3 == 0 else "agent"
        parts = {**parts, "judge": {"score": len(first) % 10 / 10, "attribution": blamed}}
    if shape.hostile:
        parts = {**parts, HOSTILE[1]: HOSTILE[0], "nan": float("nan"), "inf": float("inf")}
        labels = (*labels, Category(HOSTILE[1], {"__proto__": HOSTILE[0]}))
    return Verdict(float(passed), passed, parts, labels)


def talk(rng: random.Random, passed: bool, shape: Shape) -> Iterator[Message]:
    """One conversation: a request, a lookup of the agent, a tool of the user, a change, a bye."""
    code = "".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=4))
    facts = {"code": code, "number": rng.randint(2, 9), "date": f"May {rng.randint(1, 30)}"}
    request = rng.choice(REQUESTS).format(**facts)
    size = rng.randint(400, 1800) * len(shape.model)
    usage = Usage(size, size // 14, 0, size * 3e-7 if shape.priced else None, 1.2)
    yield Message("user", request, usage=Usage(300, 30, 0, 0.0004 if shape.priced else None))
    find = ToolCall("c1", "find_record", {"code": code, "include": ["items", "payments"]})
    yield Message("agent", calls=(find,), reasoning="Check the record first.", usage=usage)
    record = {"code": code, "status": "open", "items": [{"sku": "A-1", "price": 24.5}] * 3}
    yield Message("tool", json.dumps(record), owner="agent", call_id="c1")
    for _ in range(shape.filler):
        yield Message("agent", f"I found {code}. Could you read me the code on your screen?")
        look = ToolCall("u1", "look_at_screen", {"where": "top left"})
        yield Message("user", calls=(look,))
        yield Message(
            "tool", f"The screen shows {rng.randint(100, 999)}.", owner="user", call_id="u1"
        )
        yield Message("user", "It shows three digits. Please go ahead.")
    change = ToolCall("c2", "update_record", {"code": code, "status": "changed", "fee": 12.5})
    yield Message("agent", calls=(change,), usage=usage)
    answer = '{"ok": true}' if passed else "Error: payment method not found"
    yield Message("tool", answer, owner="agent", call_id="c2", error=not passed)
    yield Message("agent", f"Done: {code} is changed. Anything else?", stop=True, usage=usage)


def poison(log: Sequence[Message]) -> tuple[Message, ...]:
    """Replace texts, names, arguments and results by things a page must not trust."""
    bad = ToolCall(
        HOSTILE[1],
        HOSTILE[0],
        {HOSTILE[1]: HOSTILE[0], "__proto__": {"polluted": 1}, "n": float("nan"), "big": 2**70},
    )
    raw = ToolCall("r", "broken", {}, raw='{"a": ' + HOSTILE[0])
    lines = [
        replace(line, text=line.text + " " + HOSTILE[n % len(HOSTILE)], reasoning=HOSTILE[0])
        for n, line in enumerate(log)
    ]
    lines.append(Message("agent", "x" * 300_000, calls=(bad, raw)))
    lines.append(Message("tool", "y<b>" * 1000, owner="agent", call_id=HOSTILE[1], error=True))
    return tuple(lines)
