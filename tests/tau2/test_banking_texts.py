"""What the bank's tools say of themselves: official texts of a pack, else our own, and labelled."""

import json
from pathlib import Path
from typing import Any

import pytest

from evaluators.tau2.benchmark import text_notes
from evaluators.tau2.pack import root
from evaluators.tau2.worlds.banking_app import KnowledgeUserTools
from evaluators.tau2.worlds.banking_desk import KnowledgeTools
from evaluators.tau2.worlds.banking_texts import (
    FILE,
    OWN_SEARCH,
    Manual,
    Scan,
    Texts,
    bank_texts,
    own_manual,
)
from evaluators.tau2.worlds.toolkit import Toolkit
from harness.faults import UserMistake
from tests.tau2.banking_calls import give, unlock, world
from tests.tau2.data import needs_pack

FREEZE = "freeze_debit_card_3892"
SEARCH = {"type": "function", "function": {"name": "grep", "description": "G", "parameters": {}}}
KITS: tuple[type[Toolkit], ...] = (KnowledgeTools, KnowledgeUserTools)


def unlisted() -> list[tuple[type[Toolkit], str]]:
    return [(kit, name) for kit in KITS for name, tool in kit.declared.items() if tool.hidden]


def official(**changes: Any) -> dict[str, Any]:
    entry = {"description": "D.", "parameters": {"card_id": ["string", "required", "The card"]}}
    names = [name for _, name in unlisted()]
    shot = {"atm": "A", "scan": "S", "notes": "N"}
    plain = {"unlisted": dict.fromkeys(names, entry), "search": SEARCH}
    return {**plain, "deposit_images": {"d": shot}, **changes}


def bank_folder(folder: Path, texts: Any) -> Path:
    bank = folder / "tau2" / "domains" / "banking_knowledge"
    bank.mkdir(parents=True)
    if texts is not None:
        (bank / FILE).write_text(json.dumps(texts))
    return bank


def test_official_texts_are_read_from_the_pack(tmp_path: Path) -> None:
    texts = bank_texts(bank_folder(tmp_path, official())).require(*KITS)
    assert texts.source == "official"
    assert texts.search.description == "G"
    assert texts.scans == {"d": Scan("A", "S", "N")}
    assert texts.manual(KnowledgeTools, FREEZE).text(FREEZE) == (
        f"Tool: {FREEZE}\nDescription: D.\nParameters:\n  - card_id: string (required) - The card"
    )


def test_a_pack_without_them_gets_own_texts(tmp_path: Path) -> None:
    texts = bank_texts(bank_folder(tmp_path, None)).require(*KITS)
    assert (texts.source, texts.search, texts.scans) == ("own", OWN_SEARCH, {})
    assert texts.manual(KnowledgeTools, FREEZE).text(FREEZE) == (
        f"Tool: {FREEZE}\nDescription: Freeze debit card.\nParameters:\n"
        "  - card_id: string (required)"
    )
    assert (
        own_manual(KnowledgeTools, "example_agent_tool_0000")
        .text("x")
        .endswith("Parameters:\n  (no parameters)")
    )


def test_own_parameters_of_tools_that_take_many_are_typed() -> None:
    given = own_manual(KnowledgeTools, "file_credit_card_transaction_dispute_4829").parameters
    assert given["contacted_merchant"] == ("boolean", "required", "")
    assert given["partial_refund_amount"] == ("number", "optional", "")
    assert (len(given), "self" in given, "given" in given) == (15, False, False)


@needs_pack
def test_own_parameters_are_the_official_ones() -> None:
    texts = bank_texts(root() / "domains" / "banking_knowledge")
    if texts.source == "own":
        pytest.skip("this tau2 pack has no tool_texts.json")
    for kit, name in unlisted():
        ours, theirs = own_manual(kit, name).parameters, texts.manual(kit, name).parameters
        assert [(p, *words[:2]) for p, words in ours.items()] == [
            (p, *words[:2]) for p, words in theirs.items()
        ]


@pytest.mark.parametrize(
    "broken", [[], {"search": SEARCH}, official(search={}), official(deposit_images={"d": {}})]
)
def test_a_file_of_another_form_is_one_clear_line(tmp_path: Path, broken: Any) -> None:
    with pytest.raises(UserMistake, match=r"tool_texts\.json of the tau2 pack has another form"):
        bank_texts(bank_folder(tmp_path, broken))


def test_a_file_that_lacks_a_tool_is_refused(tmp_path: Path) -> None:
    fewer = official()["unlisted"]
    del fewer[FREEZE]
    texts = bank_texts(bank_folder(tmp_path, official(unlisted=fewer)))
    with pytest.raises(UserMistake, match=f"lacks 1 unlisted tools .{FREEZE}"):
        texts.require(*KITS)


def test_own_texts_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, texts, noted in (("with", official(), {}), ("bare", None, {"tool_texts": "own"})):
        bank_folder(tmp_path / name, texts)
        monkeypatch.setenv("HARNESS_PACKS", str(tmp_path / name))
        assert text_notes(["mock", "banking_knowledge"]) == noted
        assert text_notes(["mock"]) == {}


@needs_pack
def test_the_desk_shows_the_texts_it_was_given() -> None:
    place = world()
    assert isinstance(place.agent, KnowledgeTools)
    shown = {FREEZE: Manual("F.", {}), "get_referral_link": Manual("R.", {})}
    place.agent.texts = Texts("official", shown)
    assert f"\n\nTool: {FREEZE}\nDescription: F.\nParameters:\n  (no" in unlock(place, FREEZE)
    assert "\nDescription: R.\nArguments: " in give(place, "get_referral_link")
    place.agent.texts = Texts()
    assert "\nDescription: Get referral link.\n" in give(place, "get_referral_link")
