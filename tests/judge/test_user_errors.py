"""The rules U1 to U13, each with a user that breaks it and a twin that does not."""

from __future__ import annotations

from typing import Any

import pytest

from evaluators.judge.case import Action, Case, GoldCall, Intent, Tool
from evaluators.judge.user_errors import review_user
from harness.types import Message, ToolCall

SCENARIO = (
    "You are Mia Li and your user id is mia_li_3668. You want to cancel the reservation "
    "NO6JO3 because you are ill. If that is not possible, keep it as it is and say goodbye."
)
TOOLS = {
    "cancel": Tool("cancel", "Cancel a reservation.", write=True),
    "look": Tool("look", "Show a reservation.", write=False),
    "toggle_roaming": Tool("toggle_roaming", "Turn roaming on.", write=True),
    "check_status_bar": Tool("check_status_bar", "Show what the status bar shows.", write=False),
}
HELLO = Message("agent", "Hi! How can I help you today?")
BYE = Message("user", "###STOP###", stop=True)
ID = {"id": "NO6JO3"}


def says(text: str) -> Message:
    return Message("user", text)


def replies(text: str) -> Message:
    return Message("agent", text)


def calls(name: str, by: str = "agent", text: str = "", **arguments: Any) -> tuple[Message, ...]:
    made = ToolCall(f"{name}-{by}", name, arguments)
    return (
        Message(by, text, (made,)),  # type: ignore[arg-type]
        Message("tool", "done", owner=by, call_id=made.id),  # type: ignore[arg-type]
    )


def case(*log: Message, **facts: Any) -> Case:
    gold = facts.pop("gold", ((GoldCall("cancel", ID),),))
    known = {"tools": TOOLS, "gold": gold, "flat": True, "require_reads": False, "opening": 1}
    given = {"scenario": SCENARIO, "user_mode": "model", "end": "user_stop", **known, **facts}
    return Case("t", (HELLO, *log), **given)


def rules(*log: Message, subtasks: Any = (), **facts: Any) -> list[tuple[str, int, str]]:
    found = review_user(case(*log, **facts), subtasks).errors
    return [(error.rule, error.message, error.severity) for error in found]


ASK = says("Please cancel NO6JO3.")
GONE = calls("cancel", **ID)


def test_a_good_conversation_has_no_error() -> None:
    sure = (replies("Shall I cancel it?"), says("Yes, please."))
    assert rules(ASK, *sure, *GONE, replies("It is cancelled."), BYE) == []


def test_u1_a_goodbye_instead_of_an_answer_while_a_write_is_open() -> None:
    question = replies("Shall I cancel it? (yes/no)")
    assert rules(ASK, question, BYE) == [("U1", 3, "critical_hindered")]
    assert rules(ASK, question, says("Yes."), *GONE, replies("Done."), BYE) == []
    assert rules(ASK, *GONE, replies("Done. Do you want anything else?"), BYE) == []
    assert rules(ASK, replies("How can I help with that?"), BYE) == []  # asks for no confirmation


def test_u2_a_withheld_fact_is_told_before_it_is_asked_for() -> None:
    hidden = {"intent": Intent("ambiguous", {"id": "NO6JO3"})}
    assert rules(ASK, replies("Sure."), *GONE, BYE, **hidden) == [("U2", 1, "critical_helped")]
    asked = (says("Please cancel my trip."), replies("Which one?"), says("NO6JO3."))
    assert rules(*asked, *GONE, BYE, **hidden) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("My id is mia_li_3668.", False),
        ("My e-mail is mia.li@example.com.", True),
        ("It is QX7T21.", True),
        ("It leaves on May 20th.", False),
        ("It leaves on May 21st.", True),
    ],
)
def test_u3_an_invented_particular(text: str, wrong: bool) -> None:
    heard = replies("Your trip on 2024-05-20: is that the one?")
    found = rules(ASK, heard, says(text), *GONE, BYE)
    assert found == ([("U3", 3, "critical_hindered")] if wrong else [])


def test_u4_a_user_that_speaks_as_the_agent() -> None:
    flipped = says("Is there anything else I can help you with?")
    assert rules(ASK, *GONE, flipped, BYE) == [("U4", 4, "critical_hindered")]
    assert rules(ASK, *GONE, says("Can you help me with anything else?"), BYE) == []


def test_u5_a_message_said_before() -> None:
    again = says("please cancel NO6JO3.  Now, please.")
    assert rules(again, replies("Why?"), again, *GONE, BYE) == [("U5", 3, "minor")]
    assert rules(says("Yes."), replies("Why?"), says("Yes."), *GONE, BYE) == []


def test_u6_five_turns_without_a_tool_call() -> None:
    talk = [line for word in ("a", "b", "c") for line in (says(f"So {word}."), replies("Hm."))]
    assert rules(ASK, replies("Hm."), *talk, BYE) == [("U6", 9, "minor")]
    assert rules(ASK, replies("Hm."), *talk, *GONE, BYE) == []
    assert rules(*talk, BYE) == []


def test_u7_a_recited_scenario() -> None:
    assert rules(says(SCENARIO), *GONE, BYE) == [("U7", 1, "critical_helped")]
    assert rules(says(SCENARIO[: len(SCENARIO) // 2]), *GONE, BYE) == []


def test_u8_an_empty_message() -> None:
    assert rules(ASK, replies("Why?"), says(" "), *GONE, BYE) == [("U8", 3, "critical_hindered")]
    assert rules(ASK, replies("Why?"), says("."), *GONE, BYE) == []


def test_u9_text_beside_a_call() -> None:
    asked = replies("Please turn on roaming.")
    both = calls("toggle_roaming", "user", "I do it.")
    assert rules(ASK, asked, *both, says("On."), *GONE, BYE) == [("U9", 3, "minor")]
    assert rules(ASK, asked, *calls("toggle_roaming", "user"), says("On."), *GONE, BYE) == []


def test_u10_more_than_two_subtasks_at_once() -> None:
    subtasks = [["NO6JO3"], ["HAT001"], ["gift card"]]
    facts = {"scenario": f"{SCENARIO} HAT001, gift card", "subtasks": subtasks}
    crowded = says("Cancel NO6JO3, change HAT001 and use my gift card.")
    assert rules(crowded, *GONE, BYE, **facts) == [("U10", 1, "minor")]
    assert rules(says("Cancel NO6JO3 and change HAT001."), *GONE, BYE, **facts) == []


@pytest.mark.parametrize(
    ("tool", "severity"), [("toggle_roaming", "critical_helped"), ("check_status_bar", "minor")]
)
def test_u11_a_tool_nobody_asked_the_user_to_use(tool: str, severity: str) -> None:
    used = (*calls(tool, "user"), says("I did something."), *GONE, BYE)
    assert rules(ASK, replies("One moment."), *used) == [("U11", 3, severity)]
    asked = replies("Is roaming on? And what do you see in the status bar?")
    assert rules(ASK, asked, *used) == []


def test_u12_a_change_of_mind_that_never_comes() -> None:
    changing = {"intent": Intent("changing", {}, 1, (Action("cancel"),))}
    assert rules(ASK, *GONE, BYE, **changing) == [("U12", 4, "critical_hindered")]
    assert rules(ASK, *GONE, says("No, keep it after all."), BYE, **changing) == []


def test_u13_no_goodbye_until_the_steps_run_out() -> None:
    endless = (ASK, *GONE, replies("Done."), says("Thank you."))
    assert rules(*endless, end="max_steps") == [("U13", 5, "critical_hindered")]
    assert rules(ASK, replies("Hm."), end="max_steps") == [("U13", 2, "minor")]  # not done either
    assert rules(*endless, end="max_errors") == []
    assert rules(*endless, replies("Bye."), BYE) == []


def test_fixed_queries_cannot_err() -> None:
    assert rules(says(SCENARIO), BYE, user_mode="fixed_queries") == []


WRONG = calls("cancel", id="QQ1")


@pytest.mark.parametrize(
    ("log", "passed", "first"),
    [
        ((ASK, *GONE, BYE), True, ""),
        ((says(SCENARIO), *GONE, BYE), True, "user"),
        ((says("I am QX7T21."), *WRONG, BYE), False, "user"),
        ((ASK, *WRONG, says("I am QX7T21."), BYE), False, "agent"),
        ((ASK, replies("No."), BYE), False, "agent"),
        ((ASK, replies("Shall I?"), BYE), False, "user"),
        ((ASK, *GONE, BYE), False, ""),
    ],
)
def test_who_made_the_first_critical_error(
    log: tuple[Message, ...], passed: bool, first: str
) -> None:
    assert review_user(case(*log, passed=passed)).first_critical == first
