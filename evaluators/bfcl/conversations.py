"""Multi-turn tasks: a user with fixed requests, official classes, tools that grow at some turns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from evaluators.bfcl.data import BfclData
from evaluators.bfcl.multi_turn import checker_of
from evaluators.bfcl.official import writer_of
from evaluators.bfcl.parties import TextCalls, WholeSteps
from evaluators.bfcl.worlds import OfficialWorld
from harness.limits import Limits
from harness.parties import ModelParty, Script
from harness.protocols import Environment, Model, Party
from harness.types import Task, ToolSpec


class Conversations:
    """How multi-turn tasks are played. `mode` is "native" or "prompt"."""

    def __init__(self, data: BfclData, mode: str) -> None:
        self.data = data
        self.mode = mode
        self._offer = lru_cache(maxsize=512)(self._offer_of)

    def tasks(self, category: str) -> list[Task]:
        payload = {"root": str(self.data.root), "mode": self.mode}
        return [
            Task(
                row["id"],
                "bfcl",
                {**payload, "row": row},
                domain=category,
                cluster=f"multi_turn_{row['id'].rsplit('_', 1)[1]}",
            )
            for row in self.data.entries(category)
        ]

    def environment(self, task: Task) -> Environment:
        blueprint = checker_of(self.data).blueprint(task.id)
        if self.mode == "prompt":
            return OfficialWorld(blueprint, lambda turn: (), from_text=True)
        held = sorted(self.data.held_out(task.id))

        def tools(turn: int) -> Sequence[ToolSpec]:
            return self._offer(task.id, sum(turn > held_turn for held_turn in held))

        return OfficialWorld(blueprint, tools)

    def _offer_of(self, task_id: str, grown: int) -> tuple[ToolSpec, ...]:
        """Return the tools once the functions of the first `grown` held-out turns are there."""
        functions = self.data.functions(task_id, shown=True)
        for _, docs in sorted(self.data.held_out(task_id).items())[:grown]:
            functions = functions + docs
        return writer_of(self.data).tool_specs(functions)

    def agent(self, task: Task, model: Model) -> Party:
        if self.mode == "prompt":
            functions = self.data.functions(task.id, shown=True)
            return TextCalls(model, writer_of(self.data).system_prompt(functions))
        return WholeSteps(ModelParty("agent", model))

    def user(self, task: Task) -> Party:
        return Script("user", self.requests(task.id))

    def requests(self, task_id: str) -> list[str]:
        """Return the user's texts, one per turn. A turn that only adds functions has a fixed one,
        which names them in prompting mode."""
        held = self.data.held_out(task_id)
        return [
            self._added(held[number]) if number in held else turn[0]["content"]
            for number, turn in enumerate(self.data.prompt(task_id)["question"])
        ]

    def _added(self, functions: list[dict[str, object]]) -> str:
        text: str = self.data.constant(
            "default_prompts", "DEFAULT_USER_PROMPT_FOR_ADDITIONAL_FUNCTION_FC"
        )
        return f"{functions}\n{text}" if self.mode == "prompt" else text

    def limits(self, task: Task) -> Limits:
        steps: int = self.data.constant("default_prompts", "MAXIMUM_STEP_LIMIT")
        return Limits(steps=None, errors=None, steps_per_turn=steps)

    def replies(self, task: Task) -> int:
        """Estimate: each turn takes about two batches of calls and a closing text."""
        return 3 * len(task.payload["row"]["question"])
