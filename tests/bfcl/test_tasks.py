"""BFCL as a benchmark: categories, what an agent is shown, what is left out and why."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from evaluators.bfcl import benchmark
from evaluators.bfcl.categories import (
    CATEGORIES,
    LIVE,
    MEMORY,
    MULTI_TURN,
    NON_LIVE,
    format_configurations,
)
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.tasks import GROUPS, playable
from evaluators.bfcl.verdict import BfclEvaluator
from harness.benchmark import Benchmark
from harness.chat import to_chat
from harness.conformance import check_environment
from harness.episode import run_episode
from harness.faults import UserMistake
from harness.sample import stratified
from harness.types import Episode, Message, Task, ToolCall, ToolSpec, Verdict


class Says:
    """A model with one reply."""

    show_reasoning = False

    def __init__(self, text: str = "", *calls: ToolCall) -> None:
        self.message = Message("agent", text, calls)

    async def generate(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], **sampling: Any
    ) -> Message:
        return self.message


def build(bfcl: BfclData, **options: Any) -> Benchmark:
    return benchmark(pack=str(bfcl.root), **options)


def play(bench: Benchmark, task: Task, model: Any) -> tuple[Episode, Verdict]:
    async def go() -> tuple[Episode, Verdict]:
        agent = bench.agent(task, 0, model)
        world, user = bench.environment(task, {}), bench.user(task, 0, None)
        episode = await run_episode(task, world, agent, user, bench.limits(task))
        return episode, await BfclEvaluator()(task, episode)

    return asyncio.run(go())


def test_groups_are_the_official_ones(bfcl: BfclData) -> None:
    source = (bfcl.root / "bfcl_eval/constants/category_mapping.py").read_text()
    scope: dict[str, Any] = {}
    exec(source, scope)
    official = scope["TEST_COLLECTION_MAPPING"]
    assert set(GROUPS) == set(official)
    for name, categories in official.items():
        assert set(GROUPS[name]) == set(categories), name


def test_every_category_is_there(bfcl: BfclData) -> None:
    bench = build(bfcl)
    counts = Counter(task.domain for task in bench.tasks if task.scored)
    assert set(counts) == {*NON_LIVE, *LIVE, *MULTI_TURN, "memory_kv", "memory_rec_sum"}
    assert sum(counts.values()) == 5106 - 155 - 200
    assert sum(not task.scored for task in bench.tasks) == 2 * 37
    assert set(bench.notes["left_out"]) == {
        "memory_vector",
        "web_search_base",
        "web_search_no_snippet",
    }
    assert len({task.id for task in bench.tasks}) == len(bench.tasks)
    assert "bfcl_eval/data/BFCL_v4_multiple.json" in bench.data_sha256


def test_prompting_mode_adds_format_sensitivity(bfcl: BfclData) -> None:
    bench = build(bfcl, categories="format_sensitivity", mode="prompt")
    assert len(bench.tasks) == 5200
    assert Counter(Counter(t.cluster for t in bench.tasks).values()) == {26: 200}
    system = {t.id.split(":")[1]: bench.agent(t, 0, Says()).system for t in bench.tasks[:26]}
    assert set(system) == set(format_configurations())
    assert len(set(system.values())) == 26


@pytest.mark.parametrize("name", ["web_search_base", "web_search_no_snippet", "format_sensitivity"])
def test_a_category_that_cannot_be_played_is_refused_by_name(name: str) -> None:
    with pytest.raises(UserMistake, match=f"BFCL {name} cannot be played: "):
        playable(name, "native")
    assert name in playable("all", "native")[1]


def test_unknown_names_are_refused(bfcl: BfclData) -> None:
    with pytest.raises(UserMistake, match="no category 'simple'"):
        playable(["simple"], "native")
    with pytest.raises(UserMistake, match="mode 'text' is unknown"):
        build(bfcl, mode="text")
    with pytest.raises(UserMistake, match="nothing of web_search"):
        playable("web_search", "native")


def test_categories_come_in_official_order() -> None:
    names, left_out = playable(["multi_turn", "live_simple", "memory"], "native")
    assert names == tuple(
        c for c in CATEGORIES if c in (*MULTI_TURN, "live_simple", *MEMORY[:1], "memory_rec_sum")
    )
    assert list(left_out) == ["memory_vector"]


def test_a_sample_is_stratified_and_repeatable(bfcl: BfclData) -> None:
    one, two, other = (stratified(build(bfcl), 3, s) for s in (1, 1, 2))
    counts = Counter(task.domain for task in one.tasks if task.scored)
    assert set(counts.values()) == {3}
    assert [t.id for t in one.tasks] == [t.id for t in two.tasks] != [t.id for t in other.tasks]
    ids = {task.id for task in one.tasks}
    assert all(need in ids for task in one.tasks for need in task.needs)


def test_variants_of_a_multi_turn_task_share_a_cluster(bfcl: BfclData) -> None:
    tasks = build(bfcl, categories="multi_turn").tasks
    assert {t.domain for t in tasks if t.cluster == "multi_turn_7"} == set(MULTI_TURN)


def test_worlds_keep_the_contract(bfcl: BfclData) -> None:
    bench = stratified(build(bfcl), 1, 0)
    for task in bench.tasks:
        if task.scored:
            asyncio.run(check_environment(bench.environment(task, {})))


def test_a_question_with_history_is_shown_as_it_is(bfcl: BfclData) -> None:
    bench = build(bfcl, categories="live_irrelevance")
    long = [t for t in bench.tasks if len(t.payload["row"]["question"][0]) > 2]
    assert long
    for task in long:
        chat = to_chat(task.opening, "agent", bench.agent(task, 0, Says()).system)
        assert chat == task.payload["row"]["question"][0]


def test_dots_in_names_are_underscores_for_native_models(bfcl: BfclData) -> None:
    bench = build(bfcl, categories="simple_python")
    task = next(t for t in bench.tasks if "." in t.payload["row"]["function"][0]["name"])
    (tool,) = bench.environment(task, {}).tools("agent", 1)
    assert "." not in tool.name
    name, accepted = next(iter(bfcl.answer(task.id)[0].items()))
    given = {key: next(v for v in values if v != "") for key, values in accepted.items()}
    episode, verdict = play(bench, task, Says("", ToolCall("1", name.replace(".", "_"), given)))
    assert (episode.end, verdict.passed) == ("called", True)
    _, verdict = play(bench, task, Says("", ToolCall("1", name, given)))
    assert not verdict.passed


@pytest.mark.parametrize(
    ("raw", "error"),
    [("{", "ast_decoder:decoder_failed"), ("[1]", "ast_decoder:decoder_wrong_output_format")],
)
def test_unreadable_arguments_fail_like_the_official_decoder(
    bfcl: BfclData, raw: str, error: str
) -> None:
    bench = build(bfcl, categories="simple_python")
    call = ToolCall("1", bench.environment(bench.tasks[0], {}).tools("agent", 1)[0].name, raw=raw)
    episode, verdict = play(bench, bench.tasks[0], Says("", call))
    assert (episode.end, verdict.parts["error_type"]) == ("agent_stop", error)
    assert [category.id for category in verdict.categories] == [error]


@pytest.mark.parametrize(
    ("category", "called", "said"),
    [
        ("irrelevance", False, True),
        ("live_irrelevance", False, True),
        ("live_relevance", True, False),
    ],
)
def test_relevance_asks_only_for_a_call(
    bfcl: BfclData, category: str, called: bool, said: bool
) -> None:
    bench = build(bfcl, categories=category)
    assert play(bench, bench.tasks[0], Says("", ToolCall("1", "f", {})))[1].passed is called
    assert play(bench, bench.tasks[0], Says("No."))[1].passed is said


def test_the_agent_is_never_shown_the_gold(bfcl: BfclData) -> None:
    bench = build(bfcl, categories=["multi_turn_base", "simple_python"])
    marks = {"multi_turn_base_0": "grep(", "simple_python_0": '[10], "height"'}
    for task in bench.tasks:
        if task.id in marks:
            agent = bench.agent(task, 0, Says())
            tools = bench.environment(task, {}).tools("agent", 1)
            shown = json.dumps([agent.system, [t.parameters for t in tools], str(task.opening)])
            assert marks[task.id] not in shown
            assert "ground_truth" not in json.dumps(task.payload)
