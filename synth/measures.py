"""How hard a task is and what pattern its calls have."""

from __future__ import annotations

from collections.abc import Sequence

from synth.drafts import Draft
from synth.plans import Step, references


def call_pattern(steps: Sequence[Step]) -> str:
    """Name the pattern of a plan's calls: simple, multiple, parallel, sequential or nested."""
    if len(steps) < 2:
        return "simple"
    if not any(step.depends for step in steps):
        return "multiple" if len({step.tool for step in steps}) < len(steps) else "parallel"
    fed = {step.id for step in steps if references(step)}
    return "nested" if any(set(references(step)) & fed for step in steps) else "sequential"


def difficulty(draft: Draft, tools: int) -> dict[str, int]:
    """Measure a task: depth, width, hidden calls, distractor tools, rows of the state."""
    per_turn: dict[int, int] = {}
    for step in draft.steps:
        per_turn[step.turn] = per_turn.get(step.turn, 0) + 1
    state = draft.scene.survey.package.states[draft.scene.plan.state_id]
    return {
        "depth": depth(draft.steps),
        "width": max(per_turn.values(), default=0),
        "turns": len(draft.queries) or len(draft.subtasks),
        "calls": len(draft.steps),
        "hidden_calls": sum(step.hidden for step in draft.steps),
        "distractor_tools": tools - len({step.tool for step in draft.steps}),
        "state_size": sum(len(rows) for rows in state.values()),
    }


def depth(steps: Sequence[Step]) -> int:
    """Return the number of calls on the longest path of dependencies."""
    longest: dict[str, int] = {}
    for step in steps:
        longest[step.id] = 1 + max((longest.get(d, 0) for d in step.depends), default=0)
    return max(longest.values(), default=0)
