"""Memory tasks: conversations in which an agent takes notes, then questions about them.

Each back end has 37 conversations in five chains, one per scenario. A conversation inherits the
memory that the one before left; every question starts from the last one's memory.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from evaluators.bfcl.data import BfclData, Row
from evaluators.bfcl.memory.key_value import MemoryAPI_kv
from evaluators.bfcl.memory.summary import MemoryAPI_rec_sum
from evaluators.bfcl.memory.vector import MemoryAPI_vector
from evaluators.bfcl.official import writer_of
from evaluators.bfcl.parties import TextCalls, WholeSteps
from evaluators.bfcl.worlds import Instances, carried_out, methods_of
from harness.limits import Limits
from harness.parties import ModelParty, Script
from harness.protocols import Environment, Model, Party
from harness.types import Role, Task, ToolCall, ToolSpec

BACK_ENDS: Mapping[str, type[Any]] = MappingProxyType(
    {cls.__name__: cls for cls in (MemoryAPI_kv, MemoryAPI_rec_sum, MemoryAPI_vector)}
)


class MemoryWorld:
    """One conversation with a memory. Its state is the whole memory, for those that inherit it."""

    def __init__(self, back_end: Any, tools: Sequence[ToolSpec], *, from_text: bool) -> None:
        self._back_end = back_end
        self._tools = tools
        self._from_text = from_text
        name = type(back_end).__name__
        self._instances = Instances({name: back_end}, methods_of(type(back_end), name), "world")

    def tools(self, role: Role, turn: int) -> Sequence[ToolSpec]:
        return self._tools if role == "agent" else ()

    async def call(self, role: Role, call: ToolCall) -> str:
        """Run a call; raises ToolFault with the official error text."""
        return self._instances.answer(carried_out(call, from_text=self._from_text))

    def state(self) -> Mapping[str, Any]:
        snapshot: Mapping[str, Any] = self._back_end._snapshot()
        return snapshot


class MemoryChains:
    """How memory tasks are played. `mode` is "native" or "prompt"."""

    def __init__(self, data: BfclData, mode: str) -> None:
        self.data = data
        self.mode = mode
        self._offer = lru_cache(maxsize=256)(self._offer_of)

    def tasks(self, category: str) -> list[Task]:
        """Return the conversations of a back end, which are not scored, and its questions.

        A task that has inherited a memory carries it in its payload as `past`.
        """
        rows = (*self.data.prerequisites(category), *self.data.entries(category))
        return [self._task(row, category) for row in rows]

    def _task(self, row: Row, category: str) -> Task:
        return Task(
            row["id"],
            "bfcl",
            {"root": str(self.data.root), "mode": self.mode, "row": row},
            domain=category,
            needs=tuple(row["depends_on"]),
            cluster=f"{category}:{row['scenario']}",
            scored="_prereq_" not in row["id"],
        )

    def environment(self, task: Task) -> Environment:
        prompting = self.mode == "prompt"
        tools = () if prompting else self._offer(task.id)
        return MemoryWorld(self._back_end(task), tools, from_text=prompting)

    def agent(self, task: Task, model: Model) -> Party:
        if self.mode == "prompt":
            functions = self.data.functions(task.id, shown=True)
            offer = writer_of(self.data).system_prompt(functions)
            return TextCalls(model, f"{offer}\n\n{self.system(task)}")
        return WholeSteps(ModelParty("agent", model, self.system(task)))

    def system(self, task: Task) -> str:
        """Return the official instructions with the memory in view, then the entry's own."""
        row = task.payload["row"]
        unified = task.domain == "memory_rec_sum"
        name = "UNIFIED" if unified else "CORE_ARCHIVAL"
        template: str = self._prompt(f"MEMORY_BACKEND_INSTRUCTION_{name}")
        text = template.format(
            scenario_setting=self._prompt("MEMORY_AGENT_SETTINGS")[row["scenario"]],
            memory_content=self._in_view(task),
        )
        first = row["question"][0][0]
        return f"{text}\n\n{first['content']}" if first["role"] == "system" else text

    def user(self, task: Task) -> Party:
        turns = task.payload["row"]["question"]
        return Script("user", [turn[-1]["content"] for turn in turns])

    def limits(self, task: Task) -> Limits:
        return Limits(steps=None, errors=None, steps_per_turn=self._prompt("MAXIMUM_STEP_LIMIT"))

    def replies(self, task: Task) -> int:
        """Estimate: each turn takes about two batches of calls and a closing text."""
        return 3 * len(task.payload["row"]["question"])

    def _back_end(self, task: Task) -> Any:
        (name,) = task.payload["row"]["involved_classes"]
        return BACK_ENDS[name](task.payload.get("past"))

    def _in_view(self, task: Task) -> str:
        view: str = self._back_end(task)._in_view()
        return view or empty_text(self.data, task.domain)

    def _prompt(self, name: str) -> Any:
        return self.data.constant("default_prompts", name)

    def _offer_of(self, task_id: str) -> tuple[ToolSpec, ...]:
        return writer_of(self.data).tool_specs(self.data.functions(task_id, shown=True))


@lru_cache(maxsize=8)
def empty_text(data: BfclData, category: str) -> str:
    """Return what the official back end shows of an empty memory, read from its source."""
    folder = data.root / "bfcl_eval/eval_checker/multi_turn_eval/func_source_code"
    tree = ast.parse((folder / f"{category}.py").read_text(encoding="utf-8"))
    shows = next(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "_dump_core_memory_to_context"
    )
    returned = [node.value for node in ast.walk(shows) if isinstance(node, ast.Return)]
    return next(str(v.value) for v in returned if isinstance(v, ast.Constant))
