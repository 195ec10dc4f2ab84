"""Bring the official source archive into the pack's shape, without importing any of its code."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path
from typing import Any

from evaluators.tau2.archive.constants import constants, docstring_of, local_text
from evaluators.tau2.archive.tools import read_toolkits
from evaluators.tau2.archive.unlisted import tool_texts

BANK = "banking_knowledge"
KITS = {
    "airline": {"agent": "AirlineTools"},
    "retail": {"agent": "RetailTools"},
    "telecom": {"agent": "TelecomTools", "user": "TelecomUserTools"},
    "mock": {"agent": "MockTools", "user": "MockUserTools"},
    BANK: {"agent": "KnowledgeTools", "user": "KnowledgeUserTools"},
}
SOLO = ("telecom", "mock")
NOT_TEXT = ("_voice.json", "audio_difficulty.json", "tasks_full.json")
FOLDERS = ("documents", "prompts")


def normalise(raw: Path, shaped: Path) -> None:
    """Write the pack made of the unpacked archive `raw` into the new folder `shaped`."""
    data, source = raw / "data" / "tau2", raw / "src" / "tau2"
    for name in KITS:
        copy_domain(data / "domains" / name, shaped / "domains" / name)
    for path in sorted((data / "user_simulator").glob("simulation_guidelines*.md")):
        if "voice" not in path.name:
            copy(path, shaped / "user_simulator" / path.name)
    write(shaped / "tool_schemas.json", schemas(source))
    write(shaped / "prompts.json", prompts(source))
    texts = tool_texts(source / "domains" / BANK)
    write(shaped / "domains" / BANK / "tool_texts.json", texts)


def copy_domain(folder: Path, target: Path) -> None:
    """Copy the files of a domain that a text conversation needs."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.endswith(NOT_TEXT):
            copy(path, target / path.name)
    for name in FOLDERS:
        if (folder / name).is_dir():
            shutil.copytree(folder / name, target / name)


def copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)


def write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def schemas(source: Path) -> dict[str, Any]:
    """Derive what each side of each domain is offered, and every tool's type."""
    out: dict[str, Any] = {}
    for name, kits in KITS.items():
        out[name] = read_toolkits(source / "domains" / name, kits)
        if name in SOLO:
            out[f"{name}_solo"] = out[name]
    return out


def prompts(source: Path) -> dict[str, str]:
    """Read the templates around policies, scenarios and assertions."""
    agent = ast.parse((source / "agent" / "llm_agent.py").read_text("utf-8"))
    user = ast.parse((source / "user" / "user_simulator.py").read_text("utf-8"))
    judge = ast.parse((source / "evaluator" / "evaluator_nl_assertions.py").read_text("utf-8"))
    texts = constants(agent)
    return {
        "agent_instruction": texts["AGENT_INSTRUCTION"],
        "agent_system": texts["SYSTEM_PROMPT"],
        "solo_instruction": texts["AGENT_SOLO_INSTRUCTION"],
        "solo_system": texts["SYSTEM_PROMPT_SOLO"],
        "solo_done": docstring_of(agent, "done"),
        "user_system": constants(user)["SYSTEM_PROMPT"],
        "judge_system": local_text(judge, "evaluate_nl_assertions", "system_prompt"),
        "judge_question": local_text(judge, "evaluate_nl_assertions", "user_prompt"),
    }
