import asyncio
import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.configure import build, compose
from harness.faults import UserMistake
from harness.models.scripted import ScriptedModel
from harness.outcomes import Outcome
from harness.runner import Job, Runner
from harness.store import RunStore
from harness.types import Episode, Message, Task, ToolCall
from synth.benchmark import benchmark, split_of, world_seeds
from synth.generate import Maker, Wishes
from synth.mutants import mutants
from synth.mutation import Score, mutation_test, outcome, play
from synth.package import save_package
from synth.random import random_world
from synth.survey import Survey
from synth.tasks import save_tasks
from synth.users import STOP_TEXT
from synth.verify import Made, SynthesizedEvaluator, canonical, is_met, judge_episode

ROW = [1, "open"]
PAYLOAD: Mapping[str, Any] = {
    "reward_basis": ["DB", "ACTION", "COMMUNICATE"],
    "plan": {"state_diff": {"loan": {"[1]": ROW}}},
    "created": {},
    "required": [{"tools": ["look"], "shows": ["L1"]}],
    "forbidden": [{"tool": "drop", "args": {"id": 1}, "counts": "executed"}],
    "communicate": [
        {"kind": "fact", "what": "fee", "column": "loan.fee", "value": 39.5, "rows": ["L1"]}
    ],
}
LOOK = ("look", {}, '[{"id": "L1", "fee": 39.5}, {"id": "L2", "fee": 7}]', False)
SAID = "The fee is 39.50."
Call = tuple[str, dict[str, Any], str, bool]


def episode(
    calls: Iterable[Call] = (LOOK,), said: str = SAID, state: Any = None, end: str = "user_stop"
) -> Episode:
    log: list[Message] = [Message("user", "?")]
    for number, (name, args, text, error) in enumerate(calls):
        call = ToolCall(str(number), name, args)
        log += [
            Message("agent", calls=(call,)),
            Message("tool", text, owner="agent", call_id=call.id, error=error),
        ]
    log.append(Message("agent", said))
    return Episode("t", tuple(log), end, state=state or {"loan": {"[1]": ROW}})


def verdict(payload: Mapping[str, Any] = PAYLOAD, **changes: Any) -> Any:
    return judge_episode(payload, episode(**changes))


def test_all_that_is_asked_for_passes() -> None:
    found = verdict()
    assert (found.reward, found.passed) == (1.0, True)
    assert [found.parts[part] for part in ("db", "action", "communicate")] == [True] * 3


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"state": {"loan": {"[1]": [1, "closed"]}}}, "db"),
        ({"state": {"loan": {"[1]": ROW, "[2]": ROW}}}, "db"),
        ({"calls": []}, "action"),
        ({"calls": [(*LOOK[:3], True)]}, "action"),
        ({"calls": [("look", {}, '[{"id": "L2"}]', False)]}, "action"),
        ({"calls": [LOOK, ("drop", {"id": 1}, "{}", False)]}, "action"),
        ({"said": "The fee is 7."}, "communicate"),
        ({"said": "Done."}, "communicate"),
        ({"calls": [("look", {}, '[{"id": "L1", "fee": 3}]', False)]}, "communicate"),
    ],
)
def test_each_part_can_fail(changes: dict[str, Any], part: str) -> None:
    found = verdict(**changes)
    assert not found.passed
    assert found.parts[part] is False


def test_attempts_and_executions_are_counted_apart() -> None:
    tried = [LOOK, ("drop", {"id": 1}, "no", True)]
    assert verdict(calls=tried).passed
    strict = {**PAYLOAD, "forbidden": [{**PAYLOAD["forbidden"][0], "counts": "attempted"}]}
    found = verdict(strict, calls=tried)
    assert not found.passed
    assert (found.parts["attempted_forbidden"], found.parts["executed_forbidden"]) == (1, 0)
    other = [LOOK, ("drop", {"id": 2}, "{}", False)]
    assert verdict(strict, calls=other).passed


def test_only_the_reward_basis_counts() -> None:
    wrong = {"state": {"loan": {}}, "calls": [], "said": "Done."}
    assert not verdict({**PAYLOAD, "reward_basis": ["DB"]}, **wrong).passed
    assert verdict({**PAYLOAD, "reward_basis": ["DB"]}, calls=[], said="Done.").passed


def test_an_episode_that_was_cut_off_fails() -> None:
    found = verdict(end="max_steps")
    assert not found.passed
    assert found.parts["premature"] == "max_steps"


def test_a_fact_must_have_been_shown_of_its_own_row() -> None:
    other = [("look", {}, '[{"id": "L1"}, {"id": "L2", "fee": 39.5}]', False)]
    assert not verdict(calls=other).parts["communicate"]
    keyed = [("look", {"id": "L1"}, '{"fee": 39.5}', False)]
    assert verdict(calls=keyed).parts["communicate"]


def test_a_count_is_grounded_in_all_its_rows() -> None:
    count = {"kind": "count", "what": "number of rows", "column": "", "value": 2}
    task = {**PAYLOAD, "communicate": [{**count, "rows": ["L1", "L2"]}]}
    assert verdict(task, said="There are two.").passed
    few = [("look", {}, '[{"id": "L1"}, {"id": "L3"}]', False)]
    assert not verdict(task, said="There are two.", calls=few).passed


def test_refusals_must_say_what_they_are_about_and_questions_fit_their_cues() -> None:
    no = {**PAYLOAD, "communicate": [{"kind": "refusal", "about": ["loan"]}]}
    assert verdict(no, said="I cannot extend the loan.").passed
    assert not verdict(no, said="I cannot help you with that.").passed
    assert not verdict(no, said="The loan is extended.").passed
    ask = {**PAYLOAD, "communicate": [{"kind": "question", "cues": [r"\bday\b"]}]}
    assert verdict(ask, said="For which day?").passed
    assert not verdict(ask, said="For which room?").passed


def test_a_search_must_be_for_what_was_named() -> None:
    task = {**PAYLOAD, "required": [{"tools": ["look"], "shows": [], "asks": ["Ada"]}]}
    for args, met in (({"name": "ada"}, True), ({}, True), ({"name": "Bo"}, False)):
        assert verdict(task, calls=[("look", args, LOOK[2], False)]).parts["action"] is met


def test_keys_of_two_new_rows_may_be_swapped_but_not_their_content() -> None:
    created = {"loan": {"keys": ["[7]", "[8]"], "position": 0}}
    one = {"loan": {"[7]": [7, "a"], "[8]": [8, "b"], "[1]": ROW}}
    swapped = {"loan": {"[7]": [7, "b"], "[8]": [8, "a"], "[1]": ROW}}
    other = {"loan": {"[7]": [7, "b"], "[8]": [8, "b"], "[1]": ROW}}
    assert canonical(one, created) == canonical(swapped, created)
    assert canonical(one, created) != canonical(other, created)
    assert canonical(one, {}) != canonical(swapped, {})


@pytest.fixture(scope="module")
def made() -> list[tuple[Task, Survey]]:
    makers = [Maker(random_world(seed), wishes=Wishes(twins=None)) for seed in range(3)]
    return [(task, maker.survey) for maker in makers for task in maker.tasks(14)]


def test_mutants_are_killed(made: list[tuple[Task, Survey]]) -> None:
    score = asyncio.run(mutation_test(made, random.Random(0)))
    assert score.total > 300
    assert score.rate >= 0.95
    assert {"drop call", "alter value", "wrong row", "extra write", "wrong fact"} <= set(
        score.killed
    )
    found = score.to_json()
    assert found["killed"] + found["equivalent"] + found["survived"] == found["mutants"]


def test_a_change_made_twice_is_equivalent_where_it_changes_nothing_more(
    made: list[tuple[Task, Survey]],
) -> None:
    endings = set()
    for task, survey in made:
        gold = asyncio.run(play(task, dict(task.payload), survey))
        assert judge_episode(task.payload, gold).passed
        for mutant in mutants(task, survey, random.Random(0)):
            if mutant.kind in ("repeat write", "wrong fact"):
                ending = asyncio.run(play(task, mutant.payload, survey))
                same = outcome(ending) == outcome(gold)
                assert same <= judge_episode(task.payload, ending).passed
                endings.add((mutant.kind, same))
    assert endings == {("repeat write", True), ("repeat write", False), ("wrong fact", False)}
    assert Score().rate == 0


def run_all(agent: str, folder: Path, **options: Any) -> list[Outcome]:
    """Play a small benchmark through the runner and return what came of it."""
    job = Job(
        benchmark(worlds=6, tasks_per_world=12, split="", agent=agent, twins=None, **options),
        SynthesizedEvaluator(),
        ScriptedModel([]),
    )
    found: list[Outcome] = []
    store = RunStore(folder / agent, {"agent": agent})
    asyncio.run(Runner(job, store, found.append).run())
    store.close()
    return found


@pytest.mark.parametrize("agent", ["oracle", "noisy"])
def test_the_oracle_solves_every_task_through_the_runner(agent: str, tmp_path: Path) -> None:
    found = run_all(agent, tmp_path)
    assert len(found) == 72
    assert {o.status for o in found} == {"pass"}
    assert {o.domain for o in found} == {
        "general", "ambiguous", "changing", "infeasible", "abnormal",
    }  # fmt: skip
    assert sum(o.tool_errors for o in found) > 0 if agent == "noisy" else True


@pytest.mark.parametrize("agent", ["idle", "refuser"])
def test_agents_that_do_nothing_solve_none(agent: str, tmp_path: Path) -> None:
    assert {o.status for o in run_all(agent, tmp_path)} == {"fail"}


def test_a_folder_of_tasks_is_the_same_benchmark(tmp_path: Path) -> None:
    package = random_world(7)
    tasks = Maker(package, split="test").tasks(6)
    save_package(package, tmp_path / "envs")
    save_tasks(tasks, tmp_path / "tasks.jsonl")
    loaded = benchmark(str(tmp_path))
    assert loaded.tasks == tasks
    world = loaded.environment(tasks[0], {})
    names = [spec.name for spec in world.tools("agent", 1)]
    assert names == tasks[0].payload["tools_offered"]
    assert benchmark(str(tmp_path), split="train").tasks == []


def test_splits_keep_worlds_apart_and_seeds_apart() -> None:
    train, test = (set(world_seeds(30, split, 0)) for split in ("train", "test"))
    assert train.isdisjoint(test)
    assert {split_of(seed) for seed in test} == {"test"}
    assert set(world_seeds(30, "train", 1)).isdisjoint(train)
    every = [split_of(seed) for seed in range(2000)]
    assert 0.75 < every.count("train") / 2000 < 0.85


@pytest.mark.parametrize(
    "wrong", [{"user": "robot"}, {"agent": "magic"}, {"split": "all"}, {"path": "/nowhere"}]
)
def test_wrong_settings_are_one_line(wrong: dict[str, str]) -> None:
    with pytest.raises(UserMistake):
        benchmark(**wrong)  # type: ignore[arg-type]


def test_a_model_can_take_the_users_seat() -> None:
    bench_ = benchmark(worlds=1, tasks_per_world=12, split="", user="llm")
    task = next(t for t in bench_.tasks if t.payload["scenario"])
    party = bench_.user(task, 0, ScriptedModel([]))
    assert STOP_TEXT in getattr(party, "system", "")
    with pytest.raises(UserMistake, match="user is a model"):
        bench_.user(task, 0, None)
    system = getattr(bench_.agent(task, 0, ScriptedModel([])), "system", "")
    assert "can be" in system
    assert not any(name in system for name in task.payload["tools_offered"])


def test_the_benchmark_is_chosen_in_yaml() -> None:
    config = compose(
        ["benchmark=synthesized", "benchmark.synthesized.build.worlds=2", "model=lexical"]
    )
    found = build(config.benchmark.synthesized.build)
    assert len(found.tasks) == 20
    assert json.dumps(found.notes)
    assert callable(build(config.benchmark.synthesized.evaluator, judge=None))


def test_a_refused_call_shows_what_a_look_would_where_the_task_says_so() -> None:
    pattern = {"tools": ["ls"], "shows": [], "tried": "cd"}

    def met(name: str, executed: bool) -> bool:
        return is_met(pattern, [Made(ToolCall("1", name, {}), executed, "")])

    assert met("ls", True)
    assert met("cd", False)
    assert not met("cd", True)
    assert not met("rm", False)
    assert not is_met({"tools": ["ls"], "shows": []}, [Made(ToolCall("1", "cd", {}), False, "")])
