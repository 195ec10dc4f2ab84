import ast
import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.benchmark import Benchmark
from harness.faults import UserMistake
from harness.metrics import summarise
from harness.packs import locate
from harness.results.export.bfcl import export_bfcl
from harness.results.export.bfcl_columns import CATEGORIES, TABLES, Scores, folder_of, overall
from harness.results.export.request import Request, slug
from harness.results.export.tau2 import export_tau2
from harness.types import Message, Usage
from tests.fakes.benchmarks import Porter, shelves
from tests.fakes.finished import benchmark_of, edit_manifest, play
from tests.fakes.packs import has_pack


class Priced(Porter):
    """A porter whose every reply costs a cent and a second."""

    async def generate(self, *arguments: Any, **sampling: Any) -> Message:
        message = await super().generate(*arguments, **sampling)
        return replace(message, usage=Usage(100, 10, cost_usd=0.01, seconds=1.0))


def named(name: str, domains: Sequence[str], **notes: Any) -> Benchmark:
    """The shelves under another name: two tasks in each of `domains`."""
    bench = shelves([f"{domain}_{i}" for domain in domains for i in range(2)])
    tasks = [
        replace(
            task,
            benchmark=name,
            domain=task.id.rpartition("_")[0],
            payload={**task.payload, "id": task.id[-1]},
        )
        for task in bench.tasks
    ]
    data = {"x.json": "ab" * 32}
    return replace(bench, name=name, tasks=tasks, data_sha256=data, notes=notes, version="1.0.1")


TAU2 = named("tau2", ("airline", "retail"), split="base", grading="tau2 1.0.1", mode="llm")
BFCL = named("bfcl", CATEGORIES, mode="native")


@pytest.fixture(scope="module")
def tau2_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ready(play(tmp_path_factory.mktemp("t") / "run", Priced(drops=["retail_1"]), 4, TAU2))


@pytest.fixture(scope="module")
def bfcl_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("b") / "run"
    return ready(play(folder, Priced(drops=["simple_python_0"]), 1, BFCL))


def ready(run: Path) -> Path:
    """Give a run a language model in both seats."""
    agent = {"model": "acme/Agent 8B", "sampling": {"temperature": 0.0}}
    edit_manifest(run, agent=agent, user={"model": "gpt-4.1", "sampling": {}})
    return run


def altered(run: Path, to: Path, benchmark: dict | None = None, **changes: Any) -> Path:
    import shutil

    shutil.copytree(run, to)
    manifest = json.loads((to / "manifest.json").read_text())
    entry = {**manifest["benchmarks"][0], **(benchmark or {})}
    edit_manifest(to, benchmarks=[entry], **changes)
    return to


def request(run: Path, to: Path, **changes: Any) -> Request:
    about = {"organization": "Acme", "submitter": "Acme", "contact": "a@acme.org", "license": "MIT"}
    return Request(run, to, **{**about, **changes})


def test_a_tau2_submission_has_the_leaderboards_shape(tau2_run: Path, tmp_path: Path) -> None:
    paths = export_tau2(request(tau2_run, tmp_path / "out"), TAU2)
    submission = json.loads(paths[0].read_text())
    folder = paths[0].parent
    assert folder.name.startswith("acme-agent-8b_acme_20")
    assert submission["results"]["airline"] == {
        **{f"pass_{k}": 100.0 for k in (1, 2, 3, 4)},
        "cost": 0.02,
    }
    assert [submission["results"]["retail"][f"pass_{k}"] for k in (1, 4)] == [50.0, 50.0]
    assert submission["submission_type"] == "standard"
    assert submission["methodology"]["user_simulator"] == "gpt-4.1"
    assert submission["methodology"]["tau2_bench_version"] == "1.0.1"
    assert submission["contact_info"] == {"email": "a@acme.org"}
    assert submission["trajectory_files"]["airline"] == "acme-agent-8b_airline_gpt-4.1_4trials.json"
    assert {p.name for p in paths[1:]} == set(submission["trajectory_files"].values())
    assert all(p.parent == folder / "trajectories" for p in paths[1:])


def test_tau2_trajectories_recompute_to_the_submission(tau2_run: Path, tmp_path: Path) -> None:
    paths = export_tau2(request(tau2_run, tmp_path / "out"), TAU2)
    submission = json.loads(paths[0].read_text())
    for domain, name in submission["trajectory_files"].items():
        results = json.loads((paths[0].parent / "trajectories" / name).read_text())
        runs = results["simulations"]
        records = [
            (r["task_id"], r["trial"], "pass" if r["reward_info"]["reward"] == 1 else "fail")
            for r in runs
        ]
        summary = summarise(records, [1, 2, 3, 4])
        wanted = {f"pass_{k}": 100 * e.strict for k, e in summary.pass_hat.items()}
        assert submission["results"][domain].items() >= wanted.items()
        assert {r["task_id"] for r in runs} == {t["id"] for t in results["tasks"]} == {"0", "1"}
        assert results["info"]["num_trials"] == 4
        assert results["info"]["environment_info"]["domain_name"] == domain
        assert results["info"]["agent_info"]["llm_args"] == {"temperature": 0.0}
        assert len({r["id"] for r in runs}) == 8


def test_tau2_messages_say_whose_calls_they_are(tau2_run: Path, tmp_path: Path) -> None:
    paths = export_tau2(request(tau2_run, tmp_path / "out"), TAU2)
    run = json.loads(paths[1].read_text())["simulations"][0]
    user, call, tool, text = run["messages"][:4]
    assert (user["role"], user["content"]) == ("user", "airline_0")
    assert call["tool_calls"][0]["requestor"] == "assistant"
    assert call["content"] is None
    assert (tool["role"], tool["id"]) == ("tool", call["tool_calls"][0]["id"])
    assert tool["requestor"] == "assistant"
    assert (text["role"], text["tool_calls"]) == ("assistant", None)
    assert run["termination_reason"] == "user_stop"
    assert run["agent_cost"] == 0.02


@pytest.mark.parametrize(
    ("benchmark", "changes", "options", "words"),
    [
        ({"notes": {"split": "test"}}, {}, {}, "split test, the base split is needed"),
        ({"notes": {"user": "scripted"}}, {}, {}, "the user is not a language model"),
        ({"notes": {"mode": "solo"}}, {}, {}, "the user is not a language model"),
        ({"notes": {"guard_stops": True}}, {}, {}, "the protocol was changed \\(guard_stops\\)"),
        ({"data_sha256": {"x.json": "0"}}, {}, {}, "its data are not the pinned ones"),
        ({}, {"ended": None}, {}, "never completed"),
        ({}, {"agent": {"model": "x", "label": "lexical"}}, {}, "the agent is rule-based"),
        ({}, {"training": {"recipe": "x"}}, {}, "trained for this: --custom is needed"),
        ({}, {}, {"custom": True}, "needs --notes and --reference"),
        ({}, {}, {"organization": ""}, "--organization is needed"),
        ({}, {}, {"contact": ""}, "--contact is needed"),
        ({}, {"trials": 3}, {}, "3 trials per task, 4 are needed"),
        ({}, {"trials": 5}, {}, "trials of airline were not played"),
    ],
)
def test_a_tau2_run_that_breaks_a_rule_is_refused(
    tau2_run: Path, tmp_path: Path, benchmark: dict, changes: dict, options: dict, words: str
) -> None:
    run = altered(tau2_run, tmp_path / "run", benchmark, **changes)
    with pytest.raises(UserMistake, match=words):
        export_tau2(request(run, tmp_path / "out", **options), TAU2)
    assert not (tmp_path / "out").exists()


def test_a_sampled_run_is_refused(tau2_run: Path, tmp_path: Path) -> None:
    whole = replace(TAU2, tasks=[*TAU2.tasks, replace(TAU2.tasks[0], id="airline_2")])
    with pytest.raises(UserMistake, match="airline: 1 of 3 tasks are left out"):
        export_tau2(request(tau2_run, tmp_path / "out"), whole)


def test_a_custom_submission_says_how(tau2_run: Path, tmp_path: Path) -> None:
    run = altered(tau2_run, tmp_path / "run", training={"recipe": "x"})
    asked = request(
        run, tmp_path / "out", custom=True, notes="Trained.", references=("https://x.org",)
    )
    submission = json.loads(export_tau2(asked, TAU2)[0].read_text())
    assert submission["submission_type"] == "custom"
    assert submission["methodology"]["notes"].startswith("Trained. Played with agent-harness")
    assert submission["references"][0]["url"] == "https://x.org"


def test_trials_without_a_verdict_are_refused(tmp_path: Path) -> None:
    run = ready(play(tmp_path / "run", Priced(faults=["airline_0"]), 4, TAU2))
    with pytest.raises(UserMistake, match="1 trials of airline have no verdict"):
        export_tau2(request(run, tmp_path / "out"), TAU2)


def test_another_benchmark_is_refused(bfcl_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="did not play tau2"):
        export_tau2(request(bfcl_run, tmp_path / "out"), TAU2)


def read_one(path: Path) -> dict[str, str]:
    (row,) = csv.DictReader(path.read_text().splitlines())
    return row


def test_bfcl_score_tables(bfcl_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    paths = export_bfcl(request(bfcl_run, out, link="https://x.org"), BFCL)
    assert [path.name for path in paths] == list(TABLES)
    row = read_one(out / "score" / "data_overall.csv")
    assert row["Model"] == "acme/Agent 8B"
    simple = (0.5 + 1 + 1) / 3
    assert row["Non-Live Simple AST"] == f"{100 * simple:.2f}%"
    assert row["Non-Live AST Acc"] == f"{100 * (simple + 3) / 4:.2f}%"
    assert row["Overall Acc"] == f"{100 * (0.9 + 0.1 * (simple + 3) / 4):.2f}%"
    assert (row["License"], row["Latency Mean (s)"]) == ("MIT", "1.0")
    replies = 2 * 2 * len(CATEGORIES) - 1
    assert row["Total Cost ($)"] == str(round(0.01 * replies, 2))
    assert read_one(out / "score" / "data_live.csv")["Python Simple AST"] == "100.00%"
    assert read_one(out / "score" / "data_non_live.csv")["Python Simple AST"] == "50.00%"


def test_bfcl_result_layout(bfcl_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_bfcl(request(bfcl_run, out), BFCL)
    folder = out / "result" / "acme-agent-8b"
    lines = (folder / "non_live" / "BFCL_v4_simple_python_result.json").read_text().splitlines()
    first, second = map(json.loads, lines)
    assert (first["id"], first["result"]) == ("simple_python_0", "no")
    assert second["input_token_count"] == 100
    turns = json.loads(
        (folder / "multi_turn" / "BFCL_v4_multi_turn_base_result.json").read_text().splitlines()[0]
    )
    assert turns["result"] == [[[{"put": '{"name": "multi_turn_base_0"}'}], "done"]]
    assert turns["latency"] == [[1.0, 1.0]]
    assert (folder / "agentic" / "memory" / "kv" / "BFCL_v4_memory_kv_result.json").is_file()
    score = out / "score" / "acme-agent-8b" / "non_live" / "BFCL_v4_simple_python_score.json"
    header, failure = map(json.loads, score.read_text().splitlines())
    assert header == {"accuracy": 0.5, "correct_count": 1, "total_count": 2}
    assert (failure["id"], failure["valid"]) == ("simple_python_0", False)


def test_a_bfcl_run_without_some_categories(tmp_path: Path) -> None:
    left = [c for c in CATEGORIES if not c.startswith("web_search")]
    part = named("bfcl", left, mode="native")
    run = ready(play(tmp_path / "run", Priced(), 1, part))
    with pytest.raises(UserMistake, match="not run: web_search_base, web_search_no_snippet"):
        export_bfcl(request(run, tmp_path / "out"), BFCL)
    export_bfcl(request(run, tmp_path / "out", partial=True), BFCL)
    row = read_one(tmp_path / "out" / "score" / "data_overall.csv")
    assert (row["Web Search Acc"], row["Memory Acc"]) == ("N/A", "100.00%")
    assert row["Overall Acc"] == "80.00%"


@pytest.mark.parametrize(
    ("benchmark", "options", "words"),
    [
        ({"notes": {"sample": "20 tasks per domain"}}, {}, "only a part was played"),
        ({}, {"license": ""}, "--license is needed"),
    ],
)
def test_a_bfcl_run_that_breaks_a_rule_is_refused(
    bfcl_run: Path, tmp_path: Path, benchmark: dict, options: dict, words: str
) -> None:
    run = altered(bfcl_run, tmp_path / "run", benchmark)
    with pytest.raises(UserMistake, match=words):
        export_bfcl(request(run, tmp_path / "out", **options), BFCL)


def test_bfcl_overall_is_the_evaluators() -> None:
    from evaluators.bfcl.scores import OFFICIAL, totals

    accuracy = {category: (7 * i % 11) / 11 for i, category in enumerate(CATEGORIES)}
    found = {total["name"]: total["value"] for total in totals(accuracy)}
    assert overall(Scores(accuracy, [], None)) == pytest.approx(found[OFFICIAL])


@pytest.mark.skipif(not has_pack("bfcl"), reason="no bfcl pack on this machine")
def test_bfcl_columns_are_the_packs() -> None:
    path = locate("bfcl").root / "bfcl_eval" / "constants" / "column_headers.py"
    official = {
        node.targets[0].id: ast.literal_eval(node.value)  # type: ignore[attr-defined]
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign)
    }
    for name, columns in TABLES.items():
        wanted = "COLUMNS_" + name.removeprefix("data_").removesuffix(".csv").upper()
        assert list(columns) == official[wanted]


def test_folders_of_categories() -> None:
    assert folder_of("memory_rec_sum") == "agentic/memory/rec_sum"
    assert folder_of("live_relevance") == "live"
    assert slug("Acme/Agent 8B (v2)") == "acme-agent-8b-v2"


def test_the_shelves_are_not_a_leaderboard(tmp_path: Path) -> None:
    run = play(tmp_path / "run", benchmark=benchmark_of())
    with pytest.raises(UserMistake, match="did not play bfcl"):
        export_bfcl(request(run, tmp_path / "out"), BFCL)
