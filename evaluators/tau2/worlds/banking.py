"""The banking_knowledge domain: a desk, a customer, and a knowledge base to search or not.

Retrieval variants (option `retrieval`) are those that need neither network nor sandbox.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from evaluators.tau2.pack import read_json
from evaluators.tau2.worlds.banking_app import KnowledgeUserTools
from evaluators.tau2.worlds.banking_desk import KnowledgeTools
from evaluators.tau2.worlds.banking_documents import Documents, SearchingTools, policy_text
from evaluators.tau2.worlds.banking_tables import BankBase, Tables
from evaluators.tau2.worlds.banking_texts import bank_texts
from evaluators.tau2.worlds.domain import Domain, Row, specs_of
from evaluators.tau2.worlds.world import World
from harness.faults import UserMistake

VARIANTS = ("no_knowledge", "full_kb", "grep_only")


def load(folder: Path, options: Mapping[str, str]) -> Domain:
    """Read the domain. Option `retrieval` says how the agent gets at the documents."""
    variant = options.get("retrieval", VARIANTS[0])
    if variant not in VARIANTS:
        raise UserMistake(
            f"banking_knowledge retrieval {variant!r}: choose among {', '.join(VARIANTS)} "
            "(the other official variants need a network or a sandbox)"
        )
    base = BankBase(read_json(folder / "db.json"))
    documents = Documents(folder / "documents")
    texts = bank_texts(folder).require(KnowledgeTools, KnowledgeUserTools)
    specs = specs_of("banking_knowledge")
    if variant == "grep_only":
        specs = {**specs, "agent": (texts.search, *specs["agent"])}

    def new(row: Row, solo: bool) -> World:
        store, logged = Tables(base), logged_reads(row)
        if variant == "grep_only":
            return World(
                SearchingTools(store, logged, texts, documents),
                KnowledgeUserTools(store),
                specs=specs,
            )
        return World(KnowledgeTools(store, logged, texts), KnowledgeUserTools(store), specs=specs)

    def policy(solo: bool) -> str:
        return policy_text(folder / "prompts", variant, documents)

    return Domain("banking_knowledge", new, policy)


def logged_reads(row: Row) -> Collection[str]:
    """Name the unlisted tools that the task's own solution calls."""
    criteria: Mapping[str, Any] = row.get("evaluation_criteria") or {}
    called = (
        (action.get("arguments") or {}).get("agent_tool_name")
        for action in criteria.get("actions") or ()
        if action["name"] == "call_discoverable_agent_tool"
    )
    return frozenset(name for name in called if name)
