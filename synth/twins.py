"""The ambiguous twin of a task: the same plan, but what it needs is told only when asked for."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from synth.drafts import Draft, Move, Unfit
from synth.families import Manner, Telling, scenario
from synth.scene import Scene
from synth.wording.slots import ROW, Slot


def ambiguous(scene: Scene, manner: Manner, rng: random.Random, mode: str = "scenario") -> Draft:
    """Withhold one or two slots of one message; the agent must ask before it can act."""
    telling = Telling(scene, manner)
    options = [
        (i, slot)
        for i, group in enumerate(manner.groups)
        for slot in telling.slots(group)
        if is_needed(scene, slot)
    ]
    if not options:
        raise Unfit("nothing can be withheld")
    index, first = rng.choice(options)
    others = [slot for i, slot in options if i == index and slot.id != first.id]
    closed = [first] + (rng.sample(others, 1) if others and rng.random() < 0.35 else [])
    order = [slot.id for slot in telling.slots(manner.groups[index])]
    closed.sort(key=lambda slot: order.index(slot.id))
    vague = Telling(scene, manner, withheld=[slot.id for slot in closed])
    subtasks = tuple(vague.subtask(group) for group in manner.groups)
    moves = [vague.report(group) for group in manner.groups]
    moves.insert(index, Move(vague.reporter.ask(closed)))
    draft = replace(
        scenario(scene, manner), kind="ambiguous", subtasks=subtasks, moves=tuple(moves),
        behaviour={"kind": "ask", "slots": [slot.id for slot in closed]},
    )  # fmt: skip
    return draft if mode == "scenario" else as_queries(draft, index, closed)


def is_needed(scene: Scene, slot: Slot) -> bool:
    """Say whether nothing can be done without a slot, and its gap shows."""
    if slot.kind == ROW or not slot.literals:
        return bool(slot.literals)
    step_id, name = slot.target
    view = scene.survey.views[scene.plan.step(step_id).tool]
    return view.archetype == "update" or any(p.name == name and p.required for p in view.params)


def as_queries(draft: Draft, index: int, closed: Sequence[Slot]) -> Draft:
    """Say the same without a user to ask: what was left out comes with the next query."""
    queries = [subtask["text"] for subtask in draft.subtasks]
    queries.insert(index + 1, " ".join(slot.answer for slot in closed))
    return replace(draft, mode="fixed", queries=tuple(queries), subtasks=())
