"""Roles beside the environment: edges, wording, the user, the judge, strata."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from typing import Any

import pytest

from harness.faults import BadReply, ModelFault
from harness.models.scripted import ScriptedModel
from harness.types import Message, ToolSpec
from synth.acceptance.inputs import check_complete, check_labels, stratify
from synth.acceptance.specs import check_response, check_spec
from synth.acceptance.texts import Brief, Turn, check_wording, holds
from synth.graph import Edge
from synth.llm.ask import Asker, Rejected
from synth.llm.edges import DependencyJudge
from synth.llm.judging import Finding, ProseJudge
from synth.llm.persona import Fact, Persona, PersonaUser
from synth.llm.wording import TaskWriter
from synth.roles.input_sampler import check_strata
from tests.synth.desk import DOMAIN, spec_reply

RECORDS = DOMAIN.intake.records


def asker(*replies: Any) -> Asker:
    texts = [reply if isinstance(reply, str) else json.dumps(reply) for reply in replies]
    return Asker(ScriptedModel(lambda chat, *_: texts.pop(0)), concurrency=1)


CANDIDATES = [
    Edge("count_tickets", "get_ticket", "explicit", ("$.count", "id"), "", ""),
    Edge("close_ticket", "get_ticket", "implicit", ("ticket", "status"), "reads", ""),
    Edge("get_ticket", "close_ticket", "explicit", ("$.id", "id"), "key", "ticket.id"),
]


def edges(*held: bool) -> dict[str, Any]:
    return {"edges": [{"number": n, "holds": h} for n, h in enumerate(held, 1)]}


def test_candidate_edges_are_kept_where_they_hold() -> None:
    judge = DependencyJudge(asker(edges(False, True), edges(True)), batch=2)
    assert asyncio.run(judge.judge(RECORDS, CANDIDATES)) == CANDIDATES[1:]


def test_a_judge_that_skips_a_candidate_is_asked_again_then_left_out() -> None:
    judge = DependencyJudge(asker(edges(True), edges(True, True), "x", "x"), batch=2)
    assert asyncio.run(judge.judge(RECORDS, CANDIDATES)) == CANDIDATES[:2]
    assert judge.asker.ledger["dependency"].rejected == 1


BRIEF = Brief(
    (Turn("close the ticket about the printer", ("Printer jams",)), Turn("count", ("2.50", "3"))),
    hidden=("close_ticket", "17"),
    persona="a clerk",
)
GOOD = ["Please close the one called printer  jams.", "How many of priority 3 cost $2.5?"]


def test_words_pass_that_say_all_and_give_nothing_away() -> None:
    writer = TaskWriter(asker({"texts": GOOD}))
    assert asyncio.run(writer.word(BRIEF)) == GOOD


BAD_TEXTS = {
    "a turn too few": (GOOD[:1], "1 texts were given for 2 turns"),
    "empty": ([" ", GOOD[1]], "text 1 is empty"),
    "a value missing": ([GOOD[0], "How many cost 2.5?"], "does not say '3'"),
    "part of a word": (["Close printer jamster", GOOD[1]], "does not say 'Printer jams'"),
    "a tool's name": ([GOOD[0] + " Use close_ticket.", GOOD[1]], "gives away 'close_ticket'"),
    "an identifier": ([GOOD[0] + " It is #17.", GOOD[1]], "gives away '17'"),
}


@pytest.mark.parametrize("name", BAD_TEXTS)
def test_words_that_break_the_brief_are_repaired_or_rejected(name: str) -> None:
    texts, reason = BAD_TEXTS[name]
    assert reason in str(check_wording(BRIEF, texts))
    writer = TaskWriter(asker({"texts": texts}, {"texts": GOOD}))
    assert asyncio.run(writer.word(BRIEF)) == GOOD
    with pytest.raises(Rejected, match="text"):
        asyncio.run(TaskWriter(asker({"texts": texts}, {"texts": texts})).word(BRIEF))


def test_values_are_found_as_whole_words_and_numbers_by_value() -> None:
    assert holds("It costs 1,200.00 in all", "1200")
    assert holds("ID: AB-1.", "ab-1")
    assert not holds("number 112", "12")
    assert not holds("ABC", "AB")


PERSONA = Persona(
    "Ada, in a hurry",
    ("close the printer's ticket", "count tickets", "say goodbye"),
    (Fact("ticket title", "Printer jams"), Fact("staff number", "S-44", withheld=True)),
)


def says(message: str, goals: list[int], done: bool = False) -> dict[str, Any]:
    return {"message": message, "goals": goals, "done": done}


def play(user: PersonaUser, *lines: Message) -> Message:
    return asyncio.run(user.reply(lines, ()))


def agent(text: str) -> Message:
    return Message("agent", text)


def test_a_user_brings_up_goals_and_ends_after_the_last_answer() -> None:
    user = PersonaUser(
        asker(says("Close it", [1, 2]), says("S-44, and bye", [3]), says("Thanks", [], True)),
        PERSONA,
    )
    first = play(user)
    assert (first.author, first.text, first.stop) == ("user", "Close it", False)
    log = (first, agent("What is your staff number?"))
    second = play(user, *log)
    assert second.text == "S-44, and bye"
    assert play(user, *log, second, agent("Done.")).stop is True
    assert user.raised == {1, 2, 3}


BROKEN = {
    "a withheld fact": (says("I am S-44", [1]), "withheld and nobody has asked"),
    "a withheld fact in other words": (says("It's about 44-S!", [1]), "nobody has asked"),
    "three goals": (says("All of it", [1, 2, 3]), "at most 2"),
    "an unknown goal": (says("More", [4]), "no goal 4"),
    "an early end": (says("Bye", [1], True), "not over"),
    "silence": (says(" ", [1]), "empty"),
    "prose": ("Hello!", "no JSON"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_user_that_breaks_a_rule_is_repaired_or_ends_the_episode(name: str) -> None:
    bad, reason = BROKEN[name]
    user = PersonaUser(asker(bad, says("Close it", [1])), PERSONA)
    assert play(user).text == "Close it"
    with pytest.raises(BadReply, match=reason):
        play(PersonaUser(asker(bad, bad), PERSONA))


TITLE = Persona("Ada", ("close a ticket",), (Fact("ticket", "I mean the Printer one.", True),))


@pytest.mark.parametrize(
    ("said", "free"),
    [
        ("Which ticket do you mean?", True),
        ("I need more details.", False),
        ("Could you give me more details?", True),
        ("I can close a ticket for you.", False),
        ("Do you like weather?", False),
    ],
)
def test_only_a_question_frees_a_withheld_fact(said: str, free: bool) -> None:
    user = PersonaUser(asker(*[says("The printer's", [1])] * 2), TITLE)
    lines = (Message("user", "Close a ticket"), agent(said))
    if free:
        assert play(user, *lines).text == "The printer's"
        return
    with pytest.raises(BadReply, match="withheld"):
        play(user, *lines)


LOG = (
    Message("user", "Close it, please."),
    agent("I closed  ticket 1 for you. The refund is 20 euros."),
    Message("tool", "the refund was 30", owner="agent"),
)
STATEMENTS = ["says that the ticket is closed", "names the refund"]


def findings(*given: tuple[bool, str]) -> dict[str, Any]:
    return {
        "statements": [{"number": n, "met": m, "quote": q} for n, (m, q) in enumerate(given, 1)]
    }


def test_a_judge_quotes_what_it_saw() -> None:
    judge = ProseJudge(asker(findings((True, "closed ticket 1"), (False, ""))))
    assert asyncio.run(judge.judge(STATEMENTS, LOG)) == [
        Finding(STATEMENTS[0], True, "closed ticket 1"),
        Finding(STATEMENTS[1], False, ""),
    ]
    assert asyncio.run(ProseJudge(asker()).judge([], LOG)) == []


@pytest.mark.parametrize(
    "bad",
    [
        findings((True, "closed ticket 2"), (False, "")),
        findings((True, ""), (False, "")),
        findings((True, "the refund was 30"), (False, "")),
        findings((True, "Close it, please."), (False, "")),
        findings((True, "closed ticket 1")),
        "yes, all met",
    ],
)
def test_a_judge_without_evidence_is_a_fault_and_never_a_verdict(bad: Any) -> None:
    with pytest.raises(ModelFault) as caught:
        asyncio.run(ProseJudge(asker(bad, bad)).judge(STATEMENTS, LOG))
    assert caught.value.kind == "judge"


SPEC = ToolSpec(
    "book",
    "",
    {
        "type": "object",
        "properties": {
            "room": {"type": "string"},
            "day": {"type": "string"},
            "meal": {"type": "boolean"},
        },
        "required": ["room", "day"],
    },
)
COMPLETE = [{"room": f"r{n}", "day": "2025-01-01", "meal": n % 2 == 0} for n in range(5)]


@pytest.mark.parametrize("count", [1, 7, 10, 30, 33])
def test_strata_are_exact_to_one(count: int) -> None:
    rows = stratify(SPEC, COMPLETE, count, random.Random(0))
    found = Counter(row["stratum"] for row in rows)
    assert sum(found.values()) == count
    for name, share in (("complete", 0.5), ("missing", 0.2), ("minimal", 0.3)):
        assert abs(found[name] - count * share) <= 1
    assert check_strata(rows, True) == []
    assert check_labels(SPEC, rows) is None
    assert {row["expect"] for row in rows if row["stratum"] == "missing"} <= {"error"}


def test_a_mislabelled_stratum_is_seen() -> None:
    rows = stratify(SPEC, COMPLETE, 10, random.Random(0))
    rows[0] = {**rows[0], "stratum": "missing"}
    assert "is not missing" in str(check_labels(SPEC, rows))


def test_a_tool_that_needs_nothing_has_no_missing_stratum() -> None:
    ping = ToolSpec("ping", "", {"type": "object", "properties": {}})
    rows = stratify(ping, [{}], 10, random.Random(0))
    assert {row["stratum"] for row in rows} == {"complete", "minimal"}
    assert check_strata(rows, False) == []
    assert check_complete(ping, [{}], 10) is None


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ([{"room": "r", "day": "d"}], "leaves out 'meal'"),
        ([{"room": 1, "day": "d", "meal": True}], "must be string"),
        ([{"room": "test", "day": "d", "meal": True}], "placeholder"),
        ([COMPLETE[0]] * 5, "1 distinct calls"),
        ([], "0 distinct calls"),
    ],
)
def test_poor_complete_calls_are_refused(calls: list[Any], reason: str) -> None:
    assert check_complete(SPEC, COMPLETE, 5) is None
    assert reason in str(check_complete(SPEC, calls, 3))


def changed(**parts: Any) -> dict[str, Any]:
    return {**spec_reply("close_ticket"), **parts}


OTHER = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
MORE = {
    "type": "object",
    "properties": {n: {"type": "string"} for n in ("id", "remark", "colour")},
    "required": ["id"],
}
ALL = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "remark": {"type": "string"}},
    "required": ["id", "remark"],
}


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (changed(name="shut_ticket"), "became 'shut_ticket'"),
        (changed(name=""), "no name"),
        (changed(parameters=OTHER), "'remark' is lost"),
        (changed(parameters=MORE), "'colour' is new"),
        (changed(parameters=ALL), "whether 'remark' is required"),
        (changed(parameters={"type": "array"}), "not object"),
    ],
)
def test_a_specification_stays_the_same_tool(reply: dict[str, Any], reason: str) -> None:
    record = RECORDS[1]
    assert check_spec(record, spec_reply("close_ticket")) is None
    assert reason in str(check_spec(record, reply))


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "object", "properties": {"id": {"type": "string"}}}, "integer in another tool"),
        ({"type": "object"}, "without fields"),
        ({"properties": 5}, "type|object"),
        ({}, "no type"),
    ],
)
def test_a_field_has_one_type_everywhere(schema: dict[str, Any], reason: str) -> None:
    known = {"id": "integer"}
    good = {"type": "array", "items": {"properties": {"id": {"type": "number"}}}}
    assert check_response(good, known) is None
    assert any(part in str(check_response(schema, known)) for part in reason.split("|"))
