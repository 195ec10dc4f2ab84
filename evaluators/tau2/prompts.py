"""What each side is told: the official texts where the pack holds them, else our own.

The policies and the user guidelines are files of the pack. The templates around them live in the
official Python source, from which `harness.packs pull tau2` derives `prompts.json`. A pack without
that file gets the wording below; `texts().source` says which it was and travels with the run.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from evaluators.tau2.pack import read_json, read_text, root
from evaluators.tau2.worlds.domain import Row


@dataclass(frozen=True)
class Texts:
    """Templates, with the official names of their fields. `source` is official or own."""

    source: str
    agent_instruction: str
    agent_system: str
    solo_instruction: str
    solo_system: str
    solo_done: str
    user_system: str
    judge_system: str
    judge_question: str


OWN = Texts(
    source="own",
    agent_instruction=(
        "You serve a customer on behalf of a company, and you keep to the policy below.\n"
        "Each of your turns is either a text for the customer or a tool call, never both.\n"
        "Be helpful within the policy. Tool arguments are valid JSON."
    ),
    agent_system=(
        "<instructions>\n{agent_instruction}\n</instructions>\n<policy>\n{domain_policy}\n</policy>"
    ),
    solo_instruction=(
        "You resolve a customer's ticket on behalf of a company, keeping to the policy below.\n"
        "There is nobody to talk to: work with tool calls only. When the ticket is resolved, "
        "call `{stop_function_name}` alone."
    ),
    solo_system=(
        "<instructions>\n{agent_instruction}\n</instructions>\n"
        "<policy>\n{domain_policy}\n</policy>\n<ticket>\n{ticket}\n</ticket>"
    ),
    solo_done="Call this when the ticket is resolved.",
    user_system=(
        "{global_user_sim_guidelines_with_persona}\n\n<scenario>\n{instructions}\n</scenario>"
    ),
    judge_system=(
        "You grade a conversation between an agent and a customer. For each expected outcome of "
        "the list, decide by itself whether the agent met it.\n"
        'Answer with JSON alone: {"results": [{"expectedOutcome": the outcome, "reasoning": one '
        'or two sentences, "metExpectation": true or false}]}, one entry per outcome, in order.'
    ),
    judge_question="Conversation:\n{trajectory_str}\n\nExpected outcomes:\n{nl_assertions}",
)


def texts() -> Texts:
    """Return the templates of the pack in use."""
    return _texts(root())


@lru_cache(maxsize=4)
def _texts(folder: Path) -> Texts:
    path = folder / "prompts.json"
    return Texts(source="official", **read_json(path)) if path.exists() else OWN


def agent_system(policy: str) -> str:
    """Return the agent's system text around its domain's policy."""
    known = texts()
    return known.agent_system.format(
        agent_instruction=known.agent_instruction, domain_policy=policy
    )


def solo_system(policy: str, ticket: str | None, stop_name: str) -> str:
    """Return the system text of an agent that works on a ticket alone."""
    known = texts()
    instruction = known.solo_instruction.format(stop_function_name=stop_name, stop_token="")
    return known.solo_system.format(
        agent_instruction=instruction, domain_policy=policy, ticket=ticket
    )


def user_system(row: Row, *, tools: bool) -> str:
    """Return the user simulator's system text: the guidelines (with or without tools), then the
    scenario."""
    name = "simulation_guidelines_tools.md" if tools else "simulation_guidelines.md"
    guidelines = read_text(root() / "user_simulator" / name).replace("<PERSONA_GUIDELINES>", "")
    return texts().user_system.format(
        global_user_sim_guidelines_with_persona=guidelines,
        instructions=scenario(row["user_scenario"]),
    )


def scenario(given: Mapping[str, Any]) -> str:
    """Write a task's user scenario as the simulator reads it."""
    lines = []
    if given.get("persona") is not None:
        lines += ["Persona:", textwrap.indent(given["persona"], "\t")]
    instructions = given["instructions"]
    text = instructions if isinstance(instructions, str) else structured(instructions)
    return "\n".join([*lines, "Instructions:", textwrap.indent(text, "\t")])


PARTS = (
    ("reason_for_call", "Reason for call"),
    ("known_info", "Known info"),
    ("unknown_info", "Unknown info"),
    ("task_instructions", "Task instructions"),
)


def structured(given: Mapping[str, Any]) -> str:
    """Write structured instructions; absent parts are left out."""
    blocks = [
        f"{label}:\n{textwrap.indent(given[key], chr(9))}"
        for key, label in PARTS
        if given.get(key) is not None
    ]
    return "\n".join([f"Domain: {given['domain']}", *blocks])
