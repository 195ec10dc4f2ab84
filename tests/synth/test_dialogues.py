"""Who speaks: users that tell what they are asked, agents that play plans, and what is heard."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest

from harness.episode import run_episode
from harness.limits import Limits
from harness.parties import Script
from harness.protocols import Party
from harness.types import Episode, Message, Task
from synth.agents import Idle, Oracle, Refuser
from synth.benchmark import Stage
from synth.generate import Maker, Wishes
from synth.listening import asks_for, asks_vaguely, is_over, promises, refuses
from synth.random import random_world
from synth.users import (
    CONFUSED,
    GIVES_UP,
    PATIENCE,
    THANKS,
    UNKNOWN,
    ScriptedUser,
    brief,
)

DAY = {"id": "day", "answer": "On 2 May.", "cues": [r"\bday\b"], "withheld": True, "unknown": False}
ROOM = {
    "id": "room",
    "answer": "Room 4.",
    "cues": [r"\broom\b"],
    "withheld": True,
    "unknown": False,
}


def user(*subtasks: dict[str, Any]) -> ScriptedUser:
    return ScriptedUser({"subtasks": subtasks})


def subtask(text: str = "Book a visit.", *slots: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"text": text, "slots": list(slots), **more}


def answers(party: Party, lines: Sequence[str]) -> list[Message]:
    """Return what a user says first and to every line of an agent."""
    log: list[Message] = []
    said = []
    for line in ("", *lines):
        if line:
            log.append(Message("agent", line))
        said.append(asyncio.run(party.reply(log, ())))
        log.append(said[-1])
    return said


def texts(party: Party, *lines: str) -> list[str]:
    return [message.text for message in answers(party, lines)]


def test_a_slot_is_told_when_asked_for_and_not_before() -> None:
    said = texts(user(subtask("Book.", DAY, ROOM)), "Which day?", "And the room, please?", "Done.")
    assert said == ["Book.", "On 2 May.", "Room 4.", THANKS]


def test_both_are_told_when_both_are_asked_for() -> None:
    assert texts(user(subtask("Book.", DAY, ROOM)), "Which day and which room?")[1] == (
        "On 2 May. Room 4."
    )


def test_nothing_withheld_is_told_in_answer_to_something_else() -> None:
    party = user(subtask("Book.", DAY, ROOM))
    for line in ("What is your blood type?", "The room is nice on that day. Shall I proceed?"):
        assert not {"On 2 May.", "Room 4."} & set(texts(party, line))


def test_a_vague_question_gets_one_thing_at_a_time() -> None:
    said = texts(user(subtask("Book.", DAY, ROOM)), "Could you give me more details?")
    assert said[1] == "On 2 May."


def test_what_was_told_is_told_again_and_what_is_unknown_is_admitted() -> None:
    unknown = DAY | {"unknown": True}
    assert texts(user(subtask("Book.", unknown)), "Which day?")[1] == UNKNOWN
    again = texts(user(subtask("Book.", DAY)), "Which day?", "Sorry, which day?")
    assert again[1:] == ["On 2 May."] * 2


def test_a_user_waits_for_promises_confirms_and_loses_patience() -> None:
    said = answers(user(subtask()), ["I will look into it now.", "Shall I go ahead?", "Done."])
    assert [m.text for m in said[1:]] == ["All right, please go ahead.", "Yes, please.", THANKS]
    assert said[-1].stop
    bored = answers(user(subtask()), ["Which colour?"] * (PATIENCE + 1))
    assert [m.text for m in bored[1:]] == [CONFUSED] * PATIENCE + [GIVES_UP]
    assert bored[-1].stop


def test_one_wish_follows_the_other_and_a_refusal_is_taken() -> None:
    said = answers(
        user(subtask("A."), subtask("B.")), ["Done. Anything else?", "I cannot do that."]
    )
    assert [m.text for m in said] == ["A.", "B.", GIVES_UP]
    assert said[-1].stop


@pytest.mark.parametrize(
    ("after", "lines", "expected"),
    [
        ("reply", ["Done.", "Done."], ["Book.", "Instead.", THANKS]),
        ("question", ["Which day?", "Done."], ["Book.", "Instead. On 2 May.", THANKS]),
        ("question", ["Done.", "Done."], ["Book.", "Instead.", THANKS]),
        ("end", ["Which day?", "Done.", "Done."], ["Book.", "On 2 May.", "Instead.", THANKS]),
    ],
)
def test_a_mind_changes_once_when_it_is_due(
    after: str, lines: list[str], expected: list[str]
) -> None:
    drift = {"after": after, "text": "Instead.", "slot": "day"}
    assert texts(user(subtask("Book.", DAY, drift=drift)), *lines) == expected


def test_the_user_reads_nothing_but_what_is_said_to_it() -> None:
    log = [Message("agent", "Done."), Message("tool", "which day?", owner="agent", call_id="1")]
    party = user(subtask("Book.", DAY))
    asyncio.run(party.reply([], ()))
    assert asyncio.run(party.reply(log, ())).text == THANKS


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("What day suits you?", True),
        ("Please provide the day.", True),
        ("I need to know the day.", True),
        ("The day is fine.", False),
        ("What time?", False),
        ("I changed the day. Anything else?", False),
    ],
)
def test_asking(text: str, heard: bool) -> None:
    assert asks_for(text, [r"\bday\b"]) is heard


def test_promises_refusals_and_closings_are_told_apart() -> None:
    assert promises("Let me check that.")
    assert not promises("Let me check: which day?")
    assert refuses(["I'm afraid that is not possible."])
    assert not refuses(["It has been cancelled."])
    assert is_over("Done. Is there anything else I can do?")
    assert not is_over("Anything else? And which day?")
    assert asks_vaguely("Could you be more specific?")
    assert not asks_vaguely("Here are more details.")


def test_the_brief_of_a_model_says_what_is_kept_back() -> None:
    drift = {"after": "reply", "text": "Make it June.", "slot": ""}
    unknown = ROOM | {"unknown": True}
    text = brief({"persona": "calm", "subtasks": [subtask("Book.", DAY, unknown, drift=drift)]})
    assert "Only when asked for it: On 2 May." in text
    assert "You do not know this, also when asked: room" in text
    assert "After the agent's first reply, say: Make it June." in text
    assert "Room 4." not in text


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    makers = (Maker(random_world(seed), wishes=Wishes(twins=None)) for seed in range(8))
    return [task for maker in makers for task in maker.tasks(30)]


STAGE = Stage(None, "scripted", "model", 0)


def play(task: Task, agent: Party) -> Episode:
    queries = task.payload["queries"]
    party: Party = Script("user", queries) if queries else ScriptedUser(task.payload["scenario"])
    world = STAGE.world(task, {})
    return asyncio.run(run_episode(task, world, agent, party, Limits(steps=120)))


def test_no_user_tells_withheld_facts_to_an_agent_that_asks_nothing(tasks: list[Task]) -> None:
    checked = 0
    for task in tasks:
        if task.payload["kind"] != "ambiguous" or task.payload["queries"]:
            continue
        said = " ".join(m.text for m in play(task, Idle()).log if m.author == "user")
        for part in task.payload["scenario"]["subtasks"]:
            for slot in part["slots"]:
                assert not slot["withheld"] or slot["answer"] not in said
                checked += slot["withheld"]
    assert checked > 20


def test_the_oracle_asks_for_what_is_withheld_and_hears_it(tasks: list[Task]) -> None:
    for task in tasks:
        if task.payload["kind"] == "ambiguous" and task.payload["scenario"]:
            log = play(task, Oracle(task.payload)).log
            asked = next(i for i, m in enumerate(log) if m.author == "agent" and "?" in m.text)
            assert log[asked + 1].author == "user"
            held = task.payload["scenario"]["withheld_slots"]
            slots = [s for part in task.payload["scenario"]["subtasks"] for s in part["slots"]]
            for slot in slots:
                assert slot["id"] not in held or slot["answer"] in log[asked + 1].text


def test_the_oracle_calls_what_it_can_at_once_when_parallel(tasks: list[Task]) -> None:
    batches = [
        max(len(m.calls) for m in play(task, Oracle(task.payload, parallel=parallel)).log)
        for parallel in (False, True)
        for task in tasks[:60]
    ]
    assert max(batches[:60]) == 1
    assert max(batches[60:]) > 1


def test_noise_is_seeded_fails_and_is_recovered_from(tasks: list[Task]) -> None:
    slips = 0
    for task in tasks[:60]:
        logs = [play(task, Oracle(task.payload, random.Random(7), noise=0.5)).log for _ in range(2)]
        assert logs[0] == logs[1]
        for line in logs[0]:
            if line.author == "tool" and str(line.call_id).startswith("slip:"):
                slips += 1
                assert line.error or line.text == "[]"
    assert slips > 20


def test_do_nothing_agents_say_their_line(tasks: list[Task]) -> None:
    assert {m.text for m in play(tasks[0], Idle()).log if m.author == "agent"} == {"All right."}
    assert refuses([m.text for m in play(tasks[0], Refuser()).log if m.author == "agent"])
