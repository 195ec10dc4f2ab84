"""Assemble tasks from drafts: payloads as in the data model, ids from content, files and back."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.codec import from_json, to_json
from harness.faults import UserMistake
from harness.store import write_text
from harness.types import Task
from synth.drafts import MODE_NAMES, Draft, Unfit, check
from synth.measures import call_pattern, difficulty
from synth.package import EnvPackage
from synth.plans import Plan
from synth.scene import COUNT
from synth.users import NO_KEY
from synth.verify import is_told
from synth.wording.personas import Persona, persona_of

SCHEMA_VERSION = 1
NAME = "synthesized"
GENERATOR = {"name": "synth.tasks", "version": 1}
PERSONAS: Mapping[str, str] = {
    "polite": "courteous and a little formal; you write whole sentences and say please.",
    "direct": "friendly and to the point; you say what you want without detours.",
    "casual": "relaxed, as if you wrote to somebody you know; short sentences, no formality.",
    "brief": "in a hurry; as few words as possible.",
}
STOP_RULE = "stops when the last wish was acknowledged or refused"


@dataclass(frozen=True)
class Setting:
    """What surrounds the tasks of a family: package, split, seed, number of distractor tools.

    `distractors` None offers every tool of the world.
    """

    package: EnvPackage
    split: str = ""
    seed: int = 0
    distractors: int | None = None

    @property
    def env(self) -> dict[str, Any]:
        """Say where the world comes from: its package's hash, and its generator's settings."""
        generator = self.package.about.get("generator", {})
        made = {"generator": generator} if generator.get("name") == "synth.random" else {}
        return {"env_id": self.package.env_id, "hash": self.package.hash, **made}


def assemble(draft: Draft, setting: Setting, family: str, twin: str = "") -> Task:
    """Check a draft and turn it into a task of the loop. Raises Unfit naming a failed check.

    `family` is shared by all tasks of one chain and plan; `twin` is the general task's id.
    """
    check(draft)
    check_words(draft)
    plan = Plan(
        draft.scene.plan.state_id,
        draft.steps,
        draft.state,
        draft.scene.plan.outputs if draft.steps == draft.scene.plan.steps else (),
        tuple(s for s in draft.scene.plan.necessary if any(s == step.id for step in draft.steps)),
        draft.scene.plan.witnesses,
        draft.behaviour,
    )
    payload: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "env": setting.env,
        "env_ids": [setting.package.env_id],
        "state_id": plan.state_id,
        "mode": MODE_NAMES[draft.mode],
        "kind": draft.kind,
        "call_pattern": call_pattern(draft.steps),
        **said(draft, persona_of(family.rpartition("/")[2])),
        "tools_offered": offered(draft, setting),
        "removed_tools": list(draft.removed),
        "plan": plan.to_json(),
        "path": [step.to_json() for step in draft.path],
        "moves": [move.to_json() for move in draft.moves],
        "created": created(draft),
        "communicate": wanted(draft),
        "required": [dict(entry) for entry in draft.required],
        "forbidden": [dict(entry) for entry in draft.forbidden],
        "nl_assertions": assertions(draft),
        "reward_basis": basis(draft),
        "chain": draft.scene.chain.json,
        "family": family,
        "split": setting.split,
        "provenance": {
            "generator": {**GENERATOR, "seed": setting.seed},
            "licences": list(setting.package.about.get("licences", ())),
        },
        "decontam": None,
    }
    payload["difficulty"] = difficulty(draft, len(payload["tools_offered"]))
    text = json.dumps(payload)
    task_id = f"{setting.package.env_id}/{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    payload = {"task_id": task_id, **payload, "twin_task_id": twin or None}
    return Task(task_id, NAME, payload, domain=draft.kind, cluster=family)


def check_words(draft: Draft) -> None:
    """Refuse a task whose own reference would not be understood when it refuses or asks."""
    texts = [move.say for move in draft.moves]
    if not all(is_told(wanted, texts, ()) for wanted in draft.expects):
        raise Unfit("a refusal or a question that the verdict does not recognise")


def said(draft: Draft, persona: Persona) -> dict[str, Any]:
    """Return the queries of a task or its user scenario, and who speaks."""
    speaker = f"{persona.who}; {PERSONAS[draft.style]}"
    if draft.queries:
        return {"queries": list(draft.queries), "scenario": None, "persona": speaker}
    slots = [slot for subtask in draft.subtasks for slot in subtask["slots"]]
    scenario = {
        "reason_for_call": draft.subtasks[0]["text"],
        "known_info": [slot["answer"] for slot in slots if not slot["unknown"]],
        "unknown_info": [NO_KEY, *(slot["id"] for slot in slots if slot["unknown"])],
        "withheld_slots": [slot["id"] for slot in slots if slot["withheld"]],
        "drift": [s["drift"] for s in draft.subtasks if s.get("drift")],
        "persona": speaker,
        "style": draft.style,
        "stop_rule": STOP_RULE,
        "subtasks": list(draft.subtasks),
    }
    return {"queries": [], "scenario": scenario, "persona": speaker}


def offered(draft: Draft, setting: Setting) -> list[str]:
    """Return the tools on the table, in the package's order: what is needed, and distractors."""
    names = [r.spec.name for r in setting.package.records if r.spec.name not in draft.removed]
    if setting.distractors is None:
        return names
    needed = {step.tool for step in [*draft.steps, *draft.path]}
    needed |= {entry["tool"] for entry in draft.forbidden}
    needed |= {drift["from"] for drift in goals(draft) if drift["from"] in names}
    needed |= {tool for entry in draft.required for tool in entry["tools"][:1]}
    others = [name for name in names if name not in needed]
    rng = random.Random(f"{setting.seed} {draft.scene.plan.id}")
    chosen = needed | set(rng.sample(others, min(setting.distractors, len(others))))
    return [name for name in names if name in chosen]


def goals(draft: Draft) -> list[Mapping[str, Any]]:
    """Return the changes of mind that turn from one tool to another."""
    drifts = [s["drift"] for s in draft.subtasks if s.get("drift")]
    return [drift for drift in drifts if drift["after"] == "question"]


def created(draft: Draft) -> dict[str, Any]:
    """Return the keys of rows that the plan makes, per table, and the key's column number."""
    survey = draft.scene.survey
    state = survey.package.states[draft.scene.plan.state_id]
    found: dict[str, Any] = {}
    for table, rows in draft.state.items():
        columns = survey.first.columns[table]
        positions = [number for number, (_, key) in enumerate(columns) if key]
        if len(positions) != 1:
            continue
        old = {json.dumps([row[positions[0]]]) for row in state.get(table, ())}
        new = [key for key, row in rows.items() if row is not None and key not in old]
        if new:
            found[table] = {"keys": sorted(new), "position": positions[0]}
    return found


def wanted(draft: Draft) -> list[dict[str, Any]]:
    """Return what the agent must say: facts, a refusal, a question."""
    facts: list[dict[str, Any]] = [
        {
            "kind": "count" if fact.what == COUNT else "fact",
            **fact._asdict(),
            "rows": list(fact.rows),
        }
        for fact in draft.facts
    ]
    return facts + [dict(entry) for entry in draft.expects]


def assertions(draft: Draft) -> list[str]:
    """Write what a judge of prose can check beside the rules; no part of the reward."""
    reason = draft.behaviour.get("reason") or draft.behaviour.get("missing")
    lines = {
        "refuse": f"The agent says that the request cannot be fulfilled, and why: {reason}.",
        "explain": "The agent explains that none of its tools can do what was asked last.",
        "ask": "The agent asks for what the user left out before it acts.",
    }
    kind = draft.behaviour.get("kind")
    return [lines[kind]] if kind in lines else []


def basis(draft: Draft) -> list[str]:
    out = ["DB"]
    if draft.required or draft.forbidden:
        out.append("ACTION")
    if draft.facts or draft.expects:
        out.append("COMMUNICATE")
    return out


def save_tasks(tasks: Iterable[Task], path: Path) -> None:
    """Write tasks as JSON lines."""
    lines = [json.dumps(to_json(task), ensure_ascii=False) for task in tasks]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, "".join(f"{line}\n" for line in lines))


def load_tasks(path: Path) -> list[Task]:
    """Read tasks back. Raises UserMistake naming the line that cannot be read."""
    tasks = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserMistake(f"{path} cannot be read: {error}") from None
    for number, line in enumerate(lines, 1):
        try:
            task = from_json(Task, json.loads(line))
            version = task.payload["schema_version"]
        except (ValueError, TypeError, KeyError) as error:
            raise UserMistake(f"{path} line {number} is no task: {error!r}") from None
        if version != SCHEMA_VERSION:
            raise UserMistake(f"{path} line {number} has schema version {version}, not 1")
        tasks.append(task)
    return tasks
