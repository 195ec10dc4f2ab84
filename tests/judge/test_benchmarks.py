"""Cases of BFCL and tau2: gold runs have no category, effects are read off the official source."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from evaluators.bfcl.cases import case_of
from evaluators.bfcl.effects import effects, is_login
from evaluators.judge.case import Case
from evaluators.judge.quality.bases import play, script_of, verified
from evaluators.judge.rules import judge
from harness.faults import UserMistake
from harness.packs import locate
from harness.types import Episode, Message, Task, ToolCall

ROOT = Path(__file__).resolve().parents[2]
ORACLES = Path(os.environ.get("HARNESS_ORACLES", ROOT.parent / "shared" / "oracles"))


def has(pack: str) -> bool:
    try:
        locate(pack)
    except UserMistake:
        return False
    return True


bfcl = pytest.mark.skipif(not has("bfcl"), reason="no bfcl pack: see harness.packs")
tau2 = pytest.mark.skipif(not has("tau2"), reason="no tau2 pack: set HARNESS_PACKS")


@bfcl
def test_effects_of_bfcl_tools() -> None:
    path = ORACLES / "printed_runs_tools.json"
    if not path.exists():
        pytest.skip(f"no {path}: set HARNESS_ORACLES")
    printed = json.loads(path.read_text())
    found = effects(locate("bfcl").root)
    shared = [name for name in printed if name in found]
    assert len(shared) > 100
    differ = [n for n in shared if found[n] != printed[n]["write"]]
    assert differ == ["contact_customer_support"]  # changes nothing, though one may call it a write
    assert [n for n in shared if is_login(n) != printed[n]["auth"]] == []


def gold_case(task: Task) -> Case:
    """Play a task's gold through the loop and describe the episode."""
    from evaluators.bfcl.gold import gold_replay
    from harness.episode import run_episode
    from harness.models.scripted import ScriptedModel

    bench = gold_replay(categories=task.domain)
    agent, user = bench.agent(task, 0, ScriptedModel([])), bench.user(task, 0, None)
    played = run_episode(task, bench.environment(task, {}), agent, user, bench.limits(task))
    return case_of(task, asyncio.run(played))


@bfcl
@pytest.mark.parametrize(
    "category", ["multi_turn_base", "multi_turn_miss_param", "parallel_multiple", "simple_java",
                 "live_multiple", "irrelevance"],
)  # fmt: skip
def test_gold_runs_of_bfcl(category: str) -> None:
    from evaluators.bfcl import benchmark

    for task in benchmark(category).tasks[:6]:
        found = judge(gold_case(task), guess=True)
        assert found.findings == (), (task.id, found.findings)


@bfcl
def test_flawed_runs_of_bfcl() -> None:
    from evaluators.bfcl import benchmark

    task = benchmark("simple_python").tasks[0]
    silent = Episode(task.id, (*task.opening, Message("agent", "No.")), "user_stop")
    assert judge(case_of(task, silent)).primary == "Missing Required Tool Call"
    task = benchmark("irrelevance").tasks[0]
    call = ToolCall("c", "anything", {})
    eager = Episode(task.id, (*task.opening, Message("agent", calls=(call,))), "called")
    assert judge(case_of(task, eager)).primary == "Unexpected Tool Call"


@bfcl
def test_plans_of_bfcl_know_what_they_answer() -> None:
    from evaluators.bfcl.cases import replayed
    from evaluators.bfcl.tasks import data_of

    data = data_of(locate("bfcl").root)
    plans = [replayed(data, row["id"]) for row in data.entries("multi_turn_base")[:60]]
    calls = [call for plan in plans for turn in plan for call in turn]
    assert all(isinstance(call.result, str) for call in calls)
    assert not any(call.error for call in calls)


@tau2
@pytest.mark.parametrize("domain", ["airline", "retail"])
def test_planted_bases_of_tau2(domain: str) -> None:
    from evaluators.tau2.planted import bases

    found = list(verified(bases(8, domain=domain)))
    assert len(found) > 4
    for base in found:
        assert judge(play(base, script_of(base)), guess=True).findings == ()


@tau2
def test_cases_of_tau2_know_what_the_gold_answers() -> None:
    from evaluators.tau2.gold import gold_parties
    from evaluators.tau2.gold_cases import replay_of, replayed_case
    from evaluators.tau2.tasks import load_tasks
    from evaluators.tau2.worlds.domain import domain_of
    from harness.episode import run_episode

    for task in load_tasks("retail")[:8]:
        replay = replay_of(task)
        assert replay is replay_of(task)
        assert replay.fault == ""
        assert all(isinstance(call.result, str) for call in replay.calls)
        agent, user = gold_parties(task)
        world: Any = domain_of(task).world(task.payload)
        episode = asyncio.run(run_episode(task, world, agent, user))
        assert judge(replayed_case(task, episode)).findings == ()
        cut = Episode(task.id, episode.log[:2], "user_stop")
        found = judge(replayed_case(task, cut))
        wrote = any(tools_write(task, p.name) for p in replay.calls)
        assert bool(found.findings) == wrote


def tools_write(task: Task, name: str) -> bool:
    from evaluators.tau2.cases import tools_of
    from evaluators.tau2.worlds.domain import domain_of

    return bool(tools_of(domain_of(task))[name].write)
