import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.benchmark import Benchmark
from harness.faults import ModelFault, UserMistake
from harness.outcomes import Outcome
from harness.protocols import Environment
from harness.runner import Job, Runner, rescore
from harness.sample import stratified
from harness.seeds import SeededModel, seed_for
from harness.store import RunStore, read_episodes, read_outcomes
from harness.types import Message, Task
from tests.fakes.benchmarks import Porter, Shelved, shelves


def run(
    folder: Path,
    benchmark: Benchmark,
    model: Any,
    trials: int = 2,
    evaluator: Any = None,
    concurrency: int = 4,
) -> list[Outcome]:
    seen: list[Outcome] = []
    store = RunStore(folder, {"benchmark": benchmark.name})
    try:
        job = Job(benchmark, evaluator or Shelved(), model, trials=trials)
        asyncio.run(Runner(job, store, seen.append, concurrency).run())
    finally:
        store.close()
    return seen


def statuses(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for (_, task, _), outcome in sorted(read_outcomes(folder).items()):
        found.setdefault(task, []).append(outcome.status)
    return found


def test_every_trial_is_played_scored_and_stored(tmp_path: Path) -> None:
    assert len(run(tmp_path, shelves(), Porter(drops=["b"]))) == 6
    assert statuses(tmp_path) == {"a": ["pass"] * 2, "b": ["fail"] * 2, "c": ["pass"] * 2}
    assert len(list(read_episodes(tmp_path))) == 6


def test_a_rerun_plays_nothing_again_and_more_trials_only_the_new_ones(tmp_path: Path) -> None:
    run(tmp_path, shelves(), Porter())
    again = Porter()
    assert run(tmp_path, shelves(), again) == []
    assert again.asked == []
    assert len(run(tmp_path, shelves(), Porter(), trials=3)) == 3


def test_a_fault_is_recorded_never_scored_and_played_again(tmp_path: Path) -> None:
    run(tmp_path, shelves(), Porter(faults=["b"]), trials=1)
    outcome = read_outcomes(tmp_path)["shelves", "b", 0]
    assert (outcome.status, outcome.reward, outcome.cause) == ("error", None, "agent")
    again = Porter()
    run(tmp_path, shelves(), again, trials=1)
    assert again.asked == ["b"]
    assert statuses(tmp_path)["b"] == ["pass"]


class Unreadable(Shelved):
    """A judge that cannot be read the first `times`."""

    def __init__(self, times: int) -> None:
        self.times = times

    async def __call__(self, task: Any, episode: Any) -> Any:
        self.times -= 1
        if self.times >= 0:
            raise ModelFault("not JSON", kind="reply")
        return await super().__call__(task, episode)


def test_a_judge_s_fault_is_scored_again_without_playing(tmp_path: Path) -> None:
    run(tmp_path, shelves(("a",)), Porter(), trials=1, evaluator=Unreadable(1))
    outcome = read_outcomes(tmp_path)["shelves", "a", 0]
    assert (outcome.status, outcome.cause, outcome.fault) == ("error", "judge", "reply: not JSON")
    again = Porter()
    run(tmp_path, shelves(("a",)), again, trials=1)
    assert again.asked == []
    assert statuses(tmp_path) == {"a": ["pass"]}


class Ruined(Shelved):
    """Scoring that finds the world itself broken."""

    async def __call__(self, task: Any, episode: Any) -> Any:
        raise ModelFault("it cannot be built again", kind="replay", seat="env")


def test_scoring_that_finds_the_world_broken_blames_the_world(tmp_path: Path) -> None:
    run(tmp_path, shelves(("a",)), Porter(), trials=1, evaluator=Ruined())
    outcome = read_outcomes(tmp_path)["shelves", "a", 0]
    assert (outcome.status, outcome.cause, outcome.end) == ("error", "env", "user_stop")
    again = Porter()
    run(tmp_path, shelves(("a",)), again, trials=1)
    assert again.asked == []  # what was played is only scored again
    assert statuses(tmp_path) == {"a": ["pass"]}


def without_world(name: str) -> Benchmark:
    """Shelves of which one cannot be built."""
    whole = shelves()

    def environment(task: Task, past: Mapping[str, Any]) -> Environment:
        if task.id == name:
            raise ModelFault("no wood", kind="initial_state")
        return whole.environment(task, past)

    return replace(whole, environment=environment)


def test_a_world_that_cannot_be_built_is_a_fault_of_its_trial_alone(tmp_path: Path) -> None:
    run(tmp_path, without_world("b"), Porter(), trials=1)
    assert statuses(tmp_path) == {"a": ["pass"], "b": ["error"], "c": ["pass"]}
    outcome = read_outcomes(tmp_path)["shelves", "b", 0]
    assert (outcome.cause, outcome.fault, outcome.end) == ("env", "initial_state: no wood", "fault")
    again = Porter()
    run(tmp_path, shelves(), again, trials=1)
    assert again.asked == ["b"]
    assert statuses(tmp_path)["b"] == ["pass"]


def test_an_episode_that_a_crash_left_unscored_is_scored_on_resume(tmp_path: Path) -> None:
    run(tmp_path, shelves(), Porter(), trials=1)
    (tmp_path / "outcomes" / "0.jsonl").write_text("")
    again = Porter()
    assert len(run(tmp_path, shelves(), again, trials=1)) == 3
    assert again.asked == []


def test_a_torn_last_line_costs_one_trial(tmp_path: Path) -> None:
    run(tmp_path, shelves(), Porter(), trials=1, concurrency=1)
    for part in ("episodes", "outcomes"):
        path = tmp_path / part / "0.jsonl"
        path.write_bytes(path.read_bytes()[:-9])
    again = Porter()
    run(tmp_path, shelves(), again, trials=1)
    assert again.asked == ["c"]
    assert statuses(tmp_path) == {"a": ["pass"], "b": ["pass"], "c": ["pass"]}


def test_a_chain_hands_its_state_on_and_chains_of_trials_do_not_mix(tmp_path: Path) -> None:
    run(tmp_path, shelves(chain=True), Porter())
    last = [e for _, e in read_episodes(tmp_path) if e.task_id == "c"]
    assert [e.state["added"] for e in last] == [["a", "b", "c"]] * 2


def test_a_chain_goes_on_in_the_middle(tmp_path: Path) -> None:
    first = Porter(faults=["b"])
    run(tmp_path, shelves(chain=True), first, trials=1)
    assert first.asked == ["a", "b"]
    assert statuses(tmp_path) == {"a": ["pass"], "b": ["error"], "c": ["error"]}
    again = Porter()
    run(tmp_path, shelves(chain=True), again, trials=1)
    assert again.asked == ["b", "c"]
    last = [e for _, e in read_episodes(tmp_path) if e.task_id == "c"]
    assert last[-1].state["added"] == ["a", "b", "c"]


def test_a_task_that_is_only_needed_has_no_outcome(tmp_path: Path) -> None:
    run(tmp_path, shelves(chain=True, scored=False), Porter(), trials=1)
    assert statuses(tmp_path) == {"c": ["pass"]}
    again = Porter()
    run(tmp_path, shelves(chain=True, scored=False), again, trials=1)
    assert again.asked == []


def test_an_unscored_fault_marks_its_dependants_error_and_is_played_again(tmp_path: Path) -> None:
    run(tmp_path, shelves(chain=True, scored=False), Porter(faults=["a"]), trials=1)
    assert statuses(tmp_path) == {"c": ["error"]}
    run(tmp_path, shelves(chain=True, scored=False), Porter(), trials=1)
    assert statuses(tmp_path) == {"c": ["pass"]}


def test_a_second_process_and_another_configuration_are_refused(tmp_path: Path) -> None:
    store = RunStore(tmp_path, {"seed": 0})
    with pytest.raises(UserMistake, match="in use"):
        RunStore(tmp_path, {"seed": 0})
    store.close()
    with pytest.raises(UserMistake, match="differs in seed"):
        RunStore(tmp_path, {"seed": 1})


def test_cancelling_keeps_what_was_finished(tmp_path: Path) -> None:
    class Slow(Porter):
        async def generate(self, chat: Any, tools: Any, **sampling: Any) -> Message:
            if chat[0]["content"] == "c":
                await asyncio.sleep(30)
            return await super().generate(chat, tools, **sampling)

    async def interrupted(store: RunStore) -> None:
        job = Job(shelves(), Shelved(), Slow())
        await asyncio.wait_for(Runner(job, store, lambda o: None, 1).run(), 0.2)

    store = RunStore(tmp_path, {"benchmark": "shelves"})
    with pytest.raises(TimeoutError):
        asyncio.run(interrupted(store))
    store.close()
    assert statuses(tmp_path) == {"a": ["pass"], "b": ["pass"]}


def test_rescoring_reads_stored_episodes_only(tmp_path: Path) -> None:
    run(tmp_path, shelves(), Porter(drops=["b"]))
    fresh: list[Outcome] = []
    job = Job(shelves(), Shelved(), Porter())
    asyncio.run(rescore(job, tmp_path, fresh.append, 2))
    assert sorted(o.key for o in fresh) == sorted(read_outcomes(tmp_path))


def test_a_sample_takes_the_same_number_of_every_domain_and_grows() -> None:
    whole = shelves(tuple("abcdefgh"))
    small = {t.id for t in stratified(whole, 1, 0).tasks}
    large = {t.id for t in stratified(whole, 3, 0).tasks}
    assert (len(small), len(large)) == (2, 6)
    assert small < large
    assert any(small != {t.id for t in stratified(whole, 1, seed).tasks} for seed in (1, 2, 3))


def test_a_sample_keeps_what_its_tasks_need() -> None:
    chained = shelves(tuple("abcd"), chain=True, scored=False)
    assert [t.id for t in stratified(chained, 1, 0).tasks] == list("abcd")


def test_seeds_differ_by_name_and_by_reply() -> None:
    assert seed_for(0, "a", 1) == seed_for(0, "a", 1)
    assert len({seed_for(0, "a", 1), seed_for(0, "a", 2), seed_for(1, "a", 1)}) == 3

    class Seen:
        seeds: Sequence[int] = ()

        async def generate(self, chat: Any, tools: Any, **sampling: Any) -> Message:
            self.seeds = (*self.seeds, sampling["seed"])
            return Message("agent")

    seen = Seen()

    async def twice() -> None:
        seeded = SeededModel(seen, 7)
        await seeded.generate([], ())
        await seeded.generate([], ())

    asyncio.run(twice())
    assert len(set(seen.seeds)) == 2
