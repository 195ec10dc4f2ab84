"""System texts: assembled from the pack's files, labelled by the source of their templates."""

import json
from pathlib import Path

import pytest

from evaluators.tau2 import prompts
from tests.tau2.data import needs_pack, row


def test_a_scenario_reads_as_the_simulator_reads_it() -> None:
    structured = {"domain": "d", "reason_for_call": "a\nb", "task_instructions": "t"}
    assert prompts.scenario({"persona": "p", "instructions": structured}) == (
        "Persona:\n\tp\nInstructions:\n\tDomain: d\n\tReason for call:\n\t\ta\n\t\tb\n"
        "\tTask instructions:\n\t\tt"
    )
    assert prompts.scenario({"instructions": "x"}) == "Instructions:\n\tx"


@needs_pack
def test_guidelines_depend_on_the_users_tools() -> None:
    with_tools = prompts.user_system(row(), tools=True)
    without = prompts.user_system(row(), tools=False)
    assert with_tools != without
    assert "<PERSONA_GUIDELINES>" not in with_tools + without
    assert without.endswith("<scenario>\nInstructions:\n\tAsk for a task.\n</scenario>")


@needs_pack
def test_policy_and_ticket_are_in_the_agents_text() -> None:
    assert "POLICY {x}" in prompts.agent_system("POLICY {x}")
    alone = prompts.solo_system("POLICY", "TICKET", "done")
    assert "POLICY" in alone
    assert "TICKET" in alone
    assert "`done`" in alone


def test_a_pack_with_official_texts_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = set(prompts.OWN.__dataclass_fields__) - {"source"}
    for name, texts in (("with", {name: f"official {name}" for name in fields}), ("without", None)):
        folder = tmp_path / name / "tau2"
        (folder / "domains").mkdir(parents=True)
        if texts is not None:
            (folder / "prompts.json").write_text(json.dumps(texts))
        monkeypatch.setenv("HARNESS_PACKS", str(tmp_path / name))
        found = prompts.texts()
        assert found.source == ("own" if texts is None else "official")
        assert found.agent_system == (
            prompts.OWN.agent_system if texts is None else "official agent_system"
        )
