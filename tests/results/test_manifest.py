import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness.faults import UserMistake
from harness.limits import Limits
from harness.results.about import describe, info_of, names_hash
from harness.results.manifest import complete_manifest, read_manifest, start_manifest
from harness.results.provenance import environment_facts, harness_facts, redact, scrub
from harness.results.table import build_table
from harness.types import Message, Task
from tests.fakes.benchmarks import Porter, shelves
from tests.fakes.finished import benchmark_of, play


def test_a_manifest_says_what_was_run_and_what_came_out(tmp_path: Path) -> None:
    manifest = read_manifest(play(tmp_path / "run", Porter(drops=["b"], faults=["c"])))
    assert manifest["schema_version"] == 1
    assert manifest["run_id"] == "run"
    assert manifest["agent"] == {"model": "porter", "revision": "r1", "label": "rule-based"}
    assert manifest["seeds"]["run"] == 0
    (bench,) = manifest["benchmarks"]
    assert (bench["name"], bench["version"], bench["n_tasks"]) == ("shelves", "1", 6)
    assert bench["data_sha256"] == {"shelves.json": "ab" * 32}
    assert bench["task_ids_sha"] == names_hash("abcdef")
    assert "totals" not in bench
    assert manifest["counts"] == {"error": 1, "fail": 3, "pass": 14}
    assert manifest["faults"] == {"agent": 1}
    assert manifest["started"] <= manifest["ended"]
    assert [row["domain"] for row in manifest["results"]] == ["d0", "d1", "average", "Total"]
    assert json.loads(manifest["results"][0]["c_histogram"]) == [0, 0, 1, 2]


def test_every_file_is_hashed(tmp_path: Path) -> None:
    run = play(tmp_path / "run")
    files = read_manifest(run)["files"]
    assert set(files) == {
        *(f"{journal}/0.jsonl" for journal in ("episodes", "outcomes", "blobs")),
        *("run.json", "config.yaml", "table.csv", "table.parquet", "table.md"),
    }
    for name, facts in files.items():
        data = (run / name).read_bytes()
        assert facts["sha256"] == hashlib.sha256(data).hexdigest()
        assert facts["bytes"] == len(data)
    assert files["episodes/0.jsonl"]["records"] == 18


def test_prompts_and_tools_in_force_are_named(tmp_path: Path) -> None:
    run = play(tmp_path / "run", trials=1)
    manifest = read_manifest(run)
    assert manifest["prompts"] == {}
    assert len(manifest["tools_sha"]) == 64
    assert read_manifest(play(tmp_path / "again", trials=1))["tools_sha"] == manifest["tools_sha"]


def test_a_run_that_began_and_never_ended_says_so(tmp_path: Path) -> None:
    start_manifest(tmp_path, {"benchmarks": {"shelves": describe(benchmark_of())}}, seed=3)
    manifest = read_manifest(tmp_path)
    assert manifest["ended"] is None
    assert "results" not in manifest
    assert manifest["seeds"]["run"] == 3


def test_a_resumed_run_keeps_its_first_start(tmp_path: Path) -> None:
    info = {"benchmarks": {}}
    first = start_manifest(tmp_path, info)
    second = start_manifest(tmp_path, info, note="again")
    assert second["started"] == first["started"]
    assert (first["resumed"], len(second["resumed"])) == ([], 1)
    assert second["note"] == "again"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "damaged"),
        ('{"schema_version": 99}', "schema version 99, this program reads 1"),
        ("[]", "schema version None"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(UserMistake, match=words):
        read_manifest(tmp_path)
    with pytest.raises(UserMistake, match="has no manifest"):
        read_manifest(tmp_path / "absent")


def test_a_damaged_journal_cannot_be_completed(tmp_path: Path) -> None:
    run = play(tmp_path / "run", trials=1)
    with (run / "episodes" / "0.jsonl").open("a") as file:
        file.write("{oops\n")
    with pytest.raises(UserMistake, match=r"0\.jsonl:7 is damaged"):
        complete_manifest(run, [], [])


def test_the_table_can_be_rebuilt_from_the_manifest_alone(tmp_path: Path) -> None:
    run = play(tmp_path / "run")
    manifest = read_manifest(run)
    rows = build_table([], ks=[1], info=info_of(manifest))
    assert rows[0]["model_revision"] == "r1"
    assert rows[0]["scripted"] == "user: scripted"
    assert sum(row["missing"] for row in rows if row["kind"] == "domain") == 18


def test_a_benchmark_is_described_with_its_limits_openings_and_unscored_tasks() -> None:
    tasks = [
        Task("a", "shelves", opening=(Message("agent", "hi"),)),
        Task("b", "shelves", scored=False),
    ]
    bench = replace(
        shelves(),
        tasks=tasks,
        limits=lambda task: Limits(steps=5 if task.id == "a" else 6),
        notes={"split": "base", "odd": object()},
    )
    about = describe(bench)
    assert about["openings"] == {"a": 1}
    assert about["unscored"] == ["b"]
    assert [(limit["steps"], limit["tasks"]) for limit in about["limits"]] == [(5, 1), (6, 1)]
    assert about["notes"] == {"split": "base"}
    assert about["split"] == "base"


def git(folder: Path, *arguments: str) -> None:
    names = {"GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x", "GIT_CONFIG_GLOBAL": os.devnull}
    names |= {"GIT_COMMITTER_NAME": "x", "GIT_COMMITTER_EMAIL": "x"}
    command = ["git", "-C", str(folder), *arguments]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **names})


def test_the_commit_and_what_changed_since(tmp_path: Path) -> None:
    assert harness_facts(tmp_path)["git_sha"] is None
    git(tmp_path, "init")
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-m", "a")
    clean = harness_facts(tmp_path)
    assert (len(clean["git_sha"]), clean["dirty"], clean["diff_sha"]) == (40, False, None)
    (tmp_path / "a").write_text("2")
    dirty = harness_facts(tmp_path)
    assert (dirty["git_sha"], dirty["dirty"]) == (clean["git_sha"], True)
    assert len(dirty["diff_sha"]) == 64
    (tmp_path / "sub").mkdir()
    assert harness_facts(tmp_path / "sub")["git_sha"] is None


def test_the_environment_is_named() -> None:
    facts = environment_facts()
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))
    assert facts["packages"]["pytest"] == pytest.__version__
    assert len(facts["packages_sha"]) == 64


@pytest.mark.parametrize(
    ("argument", "kept"),
    [
        ("model.api_key=abc", "model.api_key=***"),
        ("+model.token=abc", "+model.token=***"),
        ("model.api_key=${oc.env:KEY}", "model.api_key=${oc.env:KEY}"),
        ("model.max_tokens=512", "model.max_tokens=512"),
        ("trials=4", "trials=4"),
    ],
)
def test_secrets_on_the_command_line_are_blanked(argument: str, kept: str) -> None:
    assert redact([argument]) == [kept]


def test_secrets_are_blanked_at_any_depth(tmp_path: Path) -> None:
    config = {
        "model": {"api_key": "open-sesame", "max_tokens": 5, "list": [{"hf_token": "open-sesame"}]}
    }
    overrides = ["model.api_key=open-sesame", "trials=2"]
    start_manifest(tmp_path, {"benchmarks": {}}, config=config, overrides=overrides)
    text = (tmp_path / "manifest.json").read_text()
    assert "open-sesame" not in text
    manifest = read_manifest(tmp_path)
    assert manifest["config"]["model"]["max_tokens"] == 5
    assert manifest["overrides"] == ["model.api_key=***", "trials=2"]


def test_empty_secrets_stay_empty() -> None:
    assert scrub({"api_key": None, "monkey": "x"}) == {"api_key": None, "monkey": "x"}
