"""Tasks as users and agents meet them: made in random worlds and in the clinic."""

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from harness.faults import UserMistake
from harness.types import Task
from synth.drafts import Unfit, check, is_technical, refusal, says
from synth.families import Manner, fixed
from synth.generate import Maker, Wishes, make_tasks
from synth.plans import replay, step_of
from synth.random import random_world
from synth.tasks import check_words, load_tasks, save_tasks
from tests.synth.clinic import abacus, clinic
from tests.synth.test_plans import bound

SEEDS = range(12)
EVERYTHING = Wishes(twins=None)


@pytest.fixture(scope="module")
def makers() -> list[Maker]:
    return [Maker(random_world(seed), wishes=EVERYTHING) for seed in SEEDS]


@pytest.fixture(scope="module")
def tasks(makers: list[Maker]) -> list[Task]:
    return [task for maker in makers for task in maker.tasks(30)]


def texts(task: Task) -> list[str]:
    """Everything that the user says or may say."""
    scenario = task.payload["scenario"]
    if scenario is None:
        return list(task.payload["queries"])
    said = [subtask["text"] for subtask in scenario["subtasks"]]
    said += [slot["answer"] for subtask in scenario["subtasks"] for slot in subtask["slots"]]
    return said + [drift["text"] for drift in scenario["drift"]]


def test_every_kind_and_mode_is_made(tasks: list[Task]) -> None:
    seen = Counter((task.payload["kind"], task.payload["mode"]) for task in tasks)
    assert set(seen) == {
        ("general", "fixed_queries"),
        ("general", "one_query"),
        ("general", "user_scenario"),
        ("ambiguous", "user_scenario"),
        ("ambiguous", "fixed_queries"),
        ("changing", "user_scenario"),
        ("infeasible", "user_scenario"),
        ("abnormal", "user_scenario"),
    }
    assert len({task.id for task in tasks}) == len(tasks) > 300


def test_a_seed_makes_the_same_tasks_and_another_seed_others() -> None:
    package = random_world(1)
    first = make_tasks(package, 12, seed=3)
    assert first == make_tasks(random_world(1), 12, seed=3)
    assert {t.id for t in first}.isdisjoint({t.id for t in make_tasks(package, 12, seed=4)})


def test_payloads_are_plain_json_and_survive_a_file(tasks: list[Task], tmp_path: Path) -> None:
    save_tasks(tasks, tmp_path / "tasks.jsonl")
    assert load_tasks(tmp_path / "tasks.jsonl") == tasks


def test_a_bad_task_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_text('{"id": "x"}\n')
    with pytest.raises(UserMistake, match="line 1 is no task"):
        load_tasks(path)
    path.write_text('{"id":"x","benchmark":"y","payload":{"schema_version":9}}\n')
    with pytest.raises(UserMistake, match="schema version 9"):
        load_tasks(path)
    with pytest.raises(UserMistake, match="cannot be read"):
        load_tasks(tmp_path / "none.jsonl")


def test_the_final_state_is_what_the_plan_leads_to(makers: list[Maker], tasks: list[Task]) -> None:
    worlds = {maker.package.env_id: maker.package for maker in makers}
    for task in tasks:
        payload = task.payload
        blueprint = worlds[payload["env"]["env_id"]].blueprint(payload["state_id"])
        run = replay(blueprint, [step_of(step) for step in payload["plan"]["steps"]])
        assert run.faults == {}
        assert run.state == payload["plan"]["state_diff"]
        if payload["path"]:
            assert replay(blueprint, [step_of(s) for s in payload["path"]]).state == run.state


def test_every_literal_is_said_and_nothing_leaks(makers: list[Maker], tasks: list[Task]) -> None:
    tools = {m.package.env_id: [r.spec.name for r in m.package.records] for m in makers}
    for task in tasks:
        visible = "\n".join(texts(task))
        for step in task.payload["plan"]["steps"]:
            for arg in step["args"].values():
                assert "ref" in arg or says(visible, arg["literal"])
        for name in tools[task.payload["env"]["env_id"]]:
            assert not is_technical(name) or name.lower() not in visible.lower()
        for wanted in task.payload["communicate"]:
            assert wanted["kind"] not in ("fact", "count") or not says(visible, wanted["value"])


def test_intermediate_keys_are_hidden(makers: list[Maker], tasks: list[Task]) -> None:
    worlds = {maker.package.env_id: maker.package for maker in makers}
    for task in tasks:
        state = worlds[task.payload["env"]["env_id"]].states[task.payload["state_id"]]
        keys = [row[0] for rows in state.values() for row in rows if isinstance(row[0], str)]
        visible = " ".join(texts(task))
        assert not any(re.search(rf"\b{re.escape(key)}\b", visible) for key in keys)


def test_texts_are_english_sentences(tasks: list[Task]) -> None:
    for task in tasks:
        for text in texts(task):
            assert text == text.strip()
            assert text[0].isupper() or text[0].isdigit()
            assert text[-1] in ".?!"
            assert not re.search(r"\s{2}|\s[.,?!]|[{}]|\bNone\b|\.\.|\ba [aeio]|\bmy my\b|_", text)
            assert not re.search(r"\b(\w+) \1\b", text.replace("that that", "")), text


def test_twins_share_a_plan_with_their_general_task(tasks: list[Task]) -> None:
    by_id = {task.id: task for task in tasks}
    twins = [t for t in tasks if t.payload["twin_task_id"] in by_id]
    assert {t.payload["kind"] for t in twins} == {
        "ambiguous", "changing", "infeasible", "abnormal",
    }  # fmt: skip
    for twin in twins:
        general = by_id[twin.payload["twin_task_id"]]
        assert general.payload["kind"] == "general"
        assert general.cluster == twin.cluster
        if twin.payload["kind"] in ("ambiguous", "changing"):
            assert twin.payload["plan"]["state_diff"] == general.payload["plan"]["state_diff"]


def test_ambiguous_users_leave_out_what_the_plan_needs(tasks: list[Task]) -> None:
    for task in (t for t in tasks if t.payload["kind"] == "ambiguous" and t.payload["scenario"]):
        scenario = task.payload["scenario"]
        opening = "\n".join(subtask["text"] for subtask in scenario["subtasks"])
        held = [
            slot
            for subtask in scenario["subtasks"]
            for slot in subtask["slots"]
            if slot["withheld"]
        ]
        assert [slot["id"] for slot in held] == scenario["withheld_slots"] != []
        literals = {
            str(arg["literal"])
            for step in task.payload["plan"]["steps"]
            for arg in step["args"].values()
            if "literal" in arg
        }
        missing = {value for value in literals if not says(opening, value)}
        assert missing or any("row:" in slot["id"] for slot in held)


def test_an_infeasible_task_is_refused_by_its_world(makers: list[Maker], tasks: list[Task]) -> None:
    worlds = {maker.package.env_id: maker.package for maker in makers}
    guarded = [t for t in tasks if t.payload["kind"] == "infeasible" and t.payload["forbidden"]]
    assert guarded
    for task in guarded:
        payload = task.payload
        (pattern,) = payload["forbidden"]
        assert pattern["counts"] == "attempted"
        assert pattern["tool"] not in {step["tool"] for step in payload["plan"]["steps"]}
        assert payload["required"][0]["shows"]
        assert payload["reward_basis"] == ["DB", "ACTION", "COMMUNICATE"]
        assert pattern["tool"] in payload["tools_offered"]
        assert worlds[payload["env"]["env_id"]].policy


def test_a_refusal_that_the_verdict_would_not_recognise_is_no_task() -> None:
    scene = bound(["find_patients", "find_visits", "cancel_visit"])
    draft = fixed(scene, Manner(1, "direct", "iso", None, ((0,),)))
    wanted = (refusal("violin"),)
    spoken = replace(draft.moves[-1], say="I'm sorry, I cannot tune the violin.")
    check_words(replace(draft, moves=(spoken,), expects=wanted))
    for say in ("I'm sorry, I cannot do that.", "The violin is tuned."):
        other = replace(draft, moves=(replace(spoken, say=say),), expects=wanted)
        with pytest.raises(Unfit, match="does not recognise"):
            check_words(other)


def test_a_missing_tool_is_not_offered(tasks: list[Task]) -> None:
    lacking = [t for t in tasks if t.payload["removed_tools"]]
    assert lacking
    for task in lacking:
        (gone,) = task.payload["removed_tools"]
        assert gone not in task.payload["tools_offered"]
        assert {"kind": "refusal"}.items() <= task.payload["communicate"][-1].items()


def test_difficulty_knobs_do_what_they_say() -> None:
    package = random_world(3)

    def mean(name: str, **wishes: object) -> float:
        found = make_tasks(package, 24, wishes=Wishes(kinds=["general"], **wishes))  # type: ignore[arg-type]
        return sum(t.payload["difficulty"][name] for t in found) / len(found)

    assert mean("calls", turns=(1,), calls=(2,)) < mean("calls", turns=(1,), calls=(4,))
    assert mean("depth", turns=(1,), calls=(2,)) < mean("depth", turns=(3,), calls=(2,))
    assert mean("hidden_calls", calls=(1,), turns=(1,)) < mean(
        "hidden_calls", calls=(4,), turns=(1,)
    )
    assert mean("distractor_tools", distractors=0) < mean("distractor_tools", distractors=5)
    assert mean("distractor_tools", distractors=5) < mean("distractor_tools")
    large = make_tasks(random_world(3, size=4), 4)[0].payload["difficulty"]["state_size"]
    assert large > 2 * make_tasks(package, 4)[0].payload["difficulty"]["state_size"]


def test_with_few_distractors_all_that_is_needed_is_still_offered() -> None:
    for task in make_tasks(random_world(5), 40, wishes=replace(EVERYTHING, distractors=0)):
        used = {s["tool"] for s in task.payload["path"] or task.payload["plan"]["steps"]}
        assert used <= set(task.payload["tools_offered"])


def test_only_wanted_kinds_and_modes_are_made() -> None:
    made = make_tasks(random_world(6), 12, wishes=Wishes(kinds=["general"], modes=["fixed"]))
    assert {(t.payload["kind"], t.payload["mode"]) for t in made} == {("general", "fixed_queries")}


def test_a_package_without_possible_tasks_gives_none() -> None:
    state = {"patient": [], "visit": []}
    maker = Maker(clinic(states={"s0": state}))
    assert maker.tasks(5) == []
    assert maker.counts["plan: no arguments make every call succeed"] > 0


def test_tools_without_state_are_called_once_again_or_side_by_side() -> None:
    made = make_tasks(abacus(), 60)
    patterns = {t.payload["call_pattern"] for t in made if t.payload["kind"] == "general"}
    assert patterns == {"simple", "multiple", "parallel"}
    lacking = [t for t in made if t.payload["kind"] == "abnormal"]
    assert lacking
    for task in lacking:
        assert task.payload["communicate"][-1]["kind"] == "question"
        assert task.payload["forbidden"][0]["counts"] == "attempted"
    assert not any(t.payload["kind"] == "infeasible" for t in made)


MANNER = Manner(1, "direct", "day", None, ((0,),))


def test_a_text_that_leaks_or_hides_too_much_is_refused() -> None:
    draft = fixed(bound(["find_patients", "find_visits", "cancel_visit"]), MANNER)
    check(draft)
    name = next(step.literals["name"] for step in draft.steps if step.literals)
    with pytest.raises(Unfit, match="nobody says"):
        check(replace(draft, queries=("Please cancel a visit.",)))
    with pytest.raises(Unfit, match="tool's name"):
        check(replace(draft, queries=(f"Use cancel_visit for {name}.",)))
    asked = fixed(bound(["find_visits", "get_patient"]), MANNER)
    fact = str(asked.facts[0].value)
    with pytest.raises(Unfit, match="a fact in the text"):
        check(replace(asked, queries=(*asked.queries, f"Is it {fact}?")))


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("due on 2 May 2026", "2026-05-02", True),
        ("due on May 2, 2026", "2026-05-02", True),
        ("due on 12 May 2026", "2026-05-02", False),
        ("a fee of 39.50", 39.5, True),
        ("a fee of 39.50", 39, False),
        ("there are three", 3, True),
        ("room 14", 4, False),
        ("in Good condition", "good", True),
        ("goodness", "good", False),
        ("it is 0.880", 0.88022, True),
        ("it is 0.9", 0.88022, False),
        ("it is 0.87", 0.88022, False),
    ],
)
def test_values_are_recognised_as_people_write_them(text: str, value: object, said: bool) -> None:
    assert says(text, value) is said


def test_ids_are_hashes_of_content(tasks: list[Task]) -> None:
    assert all(re.fullmatch(r"random_\d{8}/[0-9a-f]{12}", task.id) for task in tasks)
    assert json.loads(json.dumps(tasks[0].payload)) == tasks[0].payload
