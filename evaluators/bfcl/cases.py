"""A finished BFCL episode as the rules of `evaluators.judge` read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from evaluators.bfcl.categories import (
    MULTI_TURN,
    Language,
    is_agentic,
    is_relevance,
    language_of,
)
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.effects import effects, is_login
from evaluators.bfcl.gold_calls import multi_turn_calls, resolved, spelled
from evaluators.bfcl.hints import Doc
from evaluators.bfcl.multi_turn import checker_of
from evaluators.bfcl.tasks import data_of
from evaluators.judge.case import Behaviour, Case, GoldCall, OneOf, Tool, tool_of
from evaluators.judge.failures import failure_of
from harness.faults import ToolFault
from harness.types import Episode, Task, ToolSpec, Verdict

Gold = tuple[tuple[GoldCall, ...], ...]


def case_of(task: Task, episode: Episode, verdict: Verdict | None = None) -> Case:
    """Describe an episode of any category, with the gold of its user turns."""
    data = data_of(Path(task.payload["root"]))
    native = task.payload["mode"] == "native"
    multi = task.domain in MULTI_TURN
    gold, behaviour, reason = gold_of(data, task, native)
    return Case(
        id=task.id,
        log=episode.log,
        tools=tools_of(data, task.id, native and not multi),
        gold=gold,
        behaviour=behaviour,
        reason=reason,
        answers=tuple(map(str, data.answer(task.id))) if is_agentic(task.domain) else (),
        policy=system_of(task),
        user_mode="fixed_queries" if multi else "",
        single_turn=not multi and not is_agentic(task.domain),
        opening=len(task.opening),
        end=episode.end,
        fault=episode.fault,
        passed=None if verdict is None else verdict.passed,
    )


def gold_of(data: BfclData, task: Task, native: bool) -> tuple[Gold | None, Behaviour | None, str]:
    """Return the plan by user turn, what is expected where there is none, and why there is none."""
    if task.domain in MULTI_TURN:
        return replayed(data, task.id), None, ""
    if is_agentic(task.domain):
        return None, None, "only the last answer counts"
    if is_relevance(task.domain):
        if "irrelevance" in task.domain:
            return ((),), "no_call", ""
        return None, "call", "any call of an offered function is right"
    users = sum(line.author == "user" for line in task.opening)
    return ((),) * (users - 1) + (single_turn_gold(data, task.id, native),), None, ""


def single_turn_gold(data: BfclData, task_id: str, native: bool) -> tuple[GoldCall, ...]:
    """Return the gold calls of an AST entry, with every accepted value."""
    docs = {doc["name"]: doc["parameters"] for doc in data.prompt(task_id)["function"]}
    language = language_of(task_id)
    calls = []
    for gold in data.answer(task_id):
        for name, accepted in gold.items():
            schema = docs.get(name, {}).get("properties", {})
            arguments = {
                key: OneOf(tuple(written(v, schema.get(key, {}), language) for v in values))
                for key, values in accepted.items()
            }
            calls.append(GoldCall(offered(name, native), arguments))
    return tuple(calls)


def written(value: Any, schema: Mapping[str, Any], language: Language) -> Any:
    """Write an accepted value as a call holds it; source text has room for one value per key."""
    if value in ("", None):
        return value
    return all_of(value) if language == "python" else spelled(resolved(value), schema, language)


def all_of(value: Any) -> Any:
    """Turn an accepted value into a gold value: inside objects stand lists of accepted values."""
    if isinstance(value, dict):
        return {
            key: OneOf(tuple(map(all_of, values))) if isinstance(values, list) else values
            for key, values in value.items()
        }
    return [all_of(item) for item in value] if isinstance(value, list) else value


@lru_cache(maxsize=4096)
def replayed(data: BfclData, task_id: str) -> Gold:
    """Return a multi-turn plan with what its calls answer."""
    checker = checker_of(data)
    world = checker.blueprint(task_id).world("gold")
    turns = []
    for turn in multi_turn_calls(data, checker.classes, task_id):
        calls = []
        for name, arguments in turn:
            try:
                text, error = world.answer((name, arguments)), False
            except ToolFault as fault:
                text, error = str(fault), True
            error = error or failure_of(text) is not None
            calls.append(GoldCall(name, arguments, "agent", text, error))
        turns.append(tuple(calls))
    return tuple(turns)


def tools_of(data: BfclData, task_id: str, underscores: bool) -> Mapping[str, Tool]:
    """Return the tools of an entry, held-out ones included, with what is known of their effects."""
    row = data.prompt(task_id)
    if "involved_classes" not in row:
        return described(data, data.functions(task_id), underscores)
    classes = (class_tools(data, name) for name in row["involved_classes"])
    return {name: tool for tools in classes for name, tool in tools.items()}


@lru_cache(maxsize=64)
def class_tools(data: BfclData, class_name: str) -> Mapping[str, Tool]:
    """Return the tools of a stateful class; hundreds of entries share them."""
    return described(data, data.func_doc(class_name), False)


def described(data: BfclData, docs: Iterable[Doc], underscores: bool) -> Mapping[str, Tool]:
    """Wrap function docs, with their effects as the official source has them."""
    writes = effects(data.root)
    found = {}
    for doc in docs:
        name = offered(doc["name"], underscores)
        spec = ToolSpec(name, str(doc.get("description", "")), doc.get("parameters") or {})
        found[name] = tool_of(spec, write=writes.get(name), auth=is_login(name))
    return found


def offered(name: str, underscores: bool) -> str:
    """Return a function's name as models see it: native calling knows no dots."""
    return name.replace(".", "_") if underscores else name


def system_of(task: Task) -> str:
    """Return the system text of an entry, if it has one."""
    turns = task.payload["row"].get("question") or [[]]
    return "\n".join(m["content"] for m in turns[0] if m["role"] == "system")
