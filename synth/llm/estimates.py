"""What a synthesis by models would take, stage by stage, beside what the paper reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synth.llm.edges import BATCH
from synth.llm.prompts import load_prompt

CHARACTERS_PER_TOKEN = 4
PAPER_TOOLS = 27
MEAN_ROUNDS = 2.0


@dataclass(frozen=True)
class Reported:
    """A row of VULCAN's cost table: tokens and dollars per environment of 27 tools or per task."""

    stage: str
    tokens: int
    cost_usd: float
    per: str = "environment"


PAPER: tuple[Reported, ...] = (
    Reported("schema preprocessing", 49_600, 0.14),
    Reported("tool implementation", 362_600, 1.20),
    Reported("environment composition", 297_600, 1.03),
    Reported("dependency graph", 1_040_000, 2.31),
    Reported("initial state", 2_800, 0.01, "task"),
    Reported("input sampling", 26_000, 0.08, "task"),
    Reported("task", 11_500, 0.02, "task"),
)
PAPER_TOTAL_USD = 4.80
PAPER_SETTINGS: Mapping[str, int] = {"environments": 14, "tools": 232, "tasks": 104_000}
"""14 environments with 232 tools; 43K BFCL + 16K tau2 + 45K Vita tasks were generated."""


@dataclass(frozen=True)
class Workload:
    """What is to be made. `spec_tokens` is the mean length of one specification, `turns` and
    `calls` (per turn) are means over tasks; `talked` is the share of tasks with a user to talk to,
    `judged` the share with statements about prose."""

    environments: int
    tools: int
    tasks: int
    states: int = 3
    spec_tokens: int = 150
    edges_per_tool: int = 6
    turns: float = 2.0
    calls: float = 2.5
    trials: int = 1
    talked: float = 0.6
    judged: float = 0.4

    @property
    def tools_each(self) -> float:
        return self.tools / max(1, self.environments)


@dataclass(frozen=True)
class Estimate:
    """Calls and tokens of one stage. `cost_usd` is None without a price."""

    stage: str
    calls: int
    tokens_in: int
    tokens_out: int
    cost_usd: float | None = None


ROLES: Mapping[str, tuple[str, ...]] = {
    "spec_normalizer": ("normalize_spec",),
    "output_schema": ("response_schema",),
    "implementation": ("sql_program",),
    "state_sampler": ("tables", "initial_state"),
    "input_sampler": ("inputs",),
    "graph": ("dependency",),
    "task_writer": ("wording",),
    "user": ("user",),
    "verifier": ("judge",),
}
"""The prompts that a role asks with, where it is set to llm."""
IMPLEMENTATIONS: Mapping[str, tuple[str, ...]] = {
    "SqlImplementation": ("sql_program",),
    "PythonImplementation": ("python_class",),
    "MixedImplementation": ("sql_program", "python_class"),
}
REPLY_TOKENS = 120
LEFT_OVER = 0.3
"""Share of tools that a mixed implementation asks a class for, as assumed."""


def prompts_of(role: str, node: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the prompts that a configured role asks with."""
    if role != "implementation":
        return ROLES.get(role, ())
    return IMPLEMENTATIONS.get(str(node.get("_target_", "")).rpartition(".")[2], ROLES[role])


def estimate(
    work: Workload,
    roles: Mapping[str, Mapping[str, Any]],
    price: Mapping[str, float] | None = None,
) -> list[Estimate]:
    """Estimate every stage of the roles that a model fills, by name as configured.

    Prompts are measured as they are; replies, rounds and contexts are assumed.
    """
    rows = []
    for role, node in roles.items():
        prompts = prompts_of(role, node)
        for prompt in prompts:
            calls, context, reply = demand(prompt, work)
            if prompt == "python_class" and len(prompts) > 1:
                calls *= LEFT_OVER
            rows.append(priced(prompt, calls, length(prompt) + context, reply, price))
    return rows


def estimate_agent(work: Workload, price: Mapping[str, float] | None = None) -> Estimate:
    """Estimate a teacher's episodes: the tools and half the conversation in every prompt."""
    return priced("agent", *demand("agent", work), price)


def priced(
    stage: str, calls: float, prompt: float, reply: float, price: Mapping[str, float] | None
) -> Estimate:
    """Return the estimate of so many calls; `prompt` and `reply` are tokens of one."""
    tokens_in, tokens_out = round(calls * prompt), round(calls * reply)
    cost = None
    if price and "input" in price and "output" in price:
        cost = (tokens_in * price["input"] + tokens_out * price["output"]) / 1e6
    return Estimate(stage, round(calls), tokens_in, tokens_out, cost)


def length(prompt: str) -> float:
    """Return a prompt's own length in tokens."""
    found = load_prompt(prompt)
    return (len(found.system) + len(found.user)) / CHARACTERS_PER_TOKEN


def demand(prompt: str, work: Workload) -> tuple[float, float, float]:
    """Return a stage's calls, and the tokens of context and reply of one call."""
    spec, siblings = work.spec_tokens, 30 * work.tools_each
    whole = spec * work.tools_each
    state = 120 * work.tools_each
    tools, environments, tasks = work.tools, work.environments, work.tasks
    played = tasks * work.trials
    replies = played * work.turns * (0.7 * work.calls + 1)
    table: Mapping[str, tuple[float, float, float]] = {
        "normalize_spec": (tools, spec + siblings, spec * 1.2),
        "response_schema": (tools, spec + 2 * siblings, spec),
        "sql_program": (tools * MEAN_ROUNDS, 2 * spec + siblings + 600, 350),
        "python_class": (tools * MEAN_ROUNDS, 2 * spec + siblings + 600 + state, 450),
        "tables": (environments * 1.5, whole, 40 * work.tools_each),
        "initial_state": (environments * work.states * 1.5, 40 * work.tools_each, state),
        "inputs": (tools * 1.3, spec + state, 700),
        "dependency": (tools * work.edges_per_tool / BATCH, siblings + BATCH * 25, BATCH * 12),
        "wording": (tasks * 1.2, 60 * work.turns + 100, 45 * work.turns),
        "user": (played * work.talked * (work.turns + 1.5), 150 + 120 * work.turns, 60),
        "judge": (played * work.judged * 1.1, 400 * work.turns, 150),
        "agent": (replies, whole + replies / max(1, played) / 2 * REPLY_TOKENS, REPLY_TOKENS),
    }
    return table[prompt]


def paper_total(work: Workload) -> tuple[int, float]:
    """Return the tokens and dollars that the paper's table gives for a workload.

    Stages over tools scale with their number; the graph asks about every ordered pair.
    """
    tokens = cost = 0.0
    each = work.tools_each
    pairs = each * (each - 1) / (PAPER_TOOLS * (PAPER_TOOLS - 1))
    for row in PAPER:
        if row.per == "task":
            share = float(work.tasks)
        else:
            share = pairs if row.stage == "dependency graph" else each / PAPER_TOOLS
            share *= work.environments
        tokens += row.tokens * share
        cost += row.cost_usd * share
    return round(tokens), round(cost, 2)


def convergence(rounds: Mapping[int, int], rejected: int) -> dict[int, float]:
    """Return the share of items accepted within n rounds (paper: over 64 % within 8)."""
    total = sum(rounds.values()) + rejected
    out, done = {}, 0
    for number in range(1, max(rounds, default=0) + 1):
        done += rounds.get(number, 0)
        out[number] = done / total
    return out
