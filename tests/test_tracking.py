"""What a tracker is told is what the run says; a tracker that fails loses nothing."""

from __future__ import annotations

import importlib.util
import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from harness.configure import build
from harness.faults import UserMistake
from harness.outcomes import Outcome
from harness.paths import conf_dir
from harness.results.about import info_of
from harness.results.manifest import read_manifest
from harness.tracking import NoTracker, Tracker, WandbTracker
from harness.tracking.__main__ import main
from harness.tracking.figures import category_lines, grid, labels, scalars, settings_of
from harness.tracking.leaderboard import leaderboard_rows
from harness.types import Category
from tests.fakes.runs import Shape, write_run
from tests.fakes.wandb_log import read_log, read_tables

needs_wandb = pytest.mark.skipif(
    importlib.util.find_spec("wandb") is None,
    reason="wandb is not installed: pip install 'agent-harness[wandb]'",
)
SHAPE = Shape(tasks=4, trials=2, finished=True)


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep W&B inside the test's folder, without a key."""
    for name in ("CACHE_DIR", "CONFIG_DIR", "DATA_DIR"):
        monkeypatch.setenv(f"WANDB_{name}", str(tmp_path / name))
    for name in ("API_KEY", "BASE_URL", "MODE", "DIR"):
        monkeypatch.delenv(f"WANDB_{name}", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    return tmp_path


def track(tracker: Tracker, folder: Path) -> list[dict[str, Any]]:
    """Track a stored run as the application would, and return its rows."""
    manifest = read_manifest(folder)
    rows: list[dict[str, Any]] = manifest["results"]
    info = {**info_of(manifest), "run_id": folder.name, "model": manifest["agent"]["model"]}
    tracker.start({**info, "folder": folder, "sweep": "seeds", "config": {"trials": 2}})
    tracker.finish(folder, rows)
    return rows


def row(**fields: Any) -> dict[str, Any]:
    return {"benchmark": "b", "domain": "d", "kind": "domain", **fields}


def test_scalars_are_named_by_metric_benchmark_and_domain() -> None:
    one = row(**{"pass^1": 0.5, "ci_lo_1": 0.25, "ci_hi_1": 0.75, "pass@4": 1.0, "n_tasks": 9})
    nothing = row(**{"domain": "e", "pass^1": None, "ci_lo_1": float("nan"), "model": "m"})
    assert scalars([one, nothing]) == {
        "pass^1/b/d": 0.5,
        "pass^1/b/d/lo": 0.25,
        "pass^1/b/d/hi": 0.75,
        "pass@4/b/d": 1.0,
    }


def test_the_grid_leaves_out_empty_columns() -> None:
    assert grid([row(x=None, y=1), row(x=None, z=2)]) == (
        ["benchmark", "domain", "kind", "y", "z"],
        [["b", "d", "domain", 1, None], ["b", "d", "domain", None, 2]],
    )


def test_categories_are_counted_over_failed_trials_only() -> None:
    twice = (Category("x"), Category("x"), Category("y"))
    outcomes = [
        Outcome("b", "d", "1", 0, "fail", 0.0, categories=twice),
        Outcome("b", "d", "2", 0, "fail", 0.0),
        Outcome("b", "d", "3", 0, "pass", 1.0, categories=(Category("x"),)),
    ]
    assert category_lines(outcomes) == [("b", "x", 1, 2), ("b", "y", 1, 2)]


def test_settings_hold_hashes_instead_of_task_lists() -> None:
    about = {"version": "1", "data_sha256": {"f": "aa"}, "tasks": {"t": "d"}, "totals": print}
    settings = settings_of({"model": "m", "benchmarks": {"b": about}, "watch": print, "trials": 2})
    assert settings["benchmarks"]["b"]["version"] == "1"
    assert len(settings["benchmarks"]["b"]["data_sha256"]) == 64
    assert "tasks" not in settings["benchmarks"]["b"]
    assert {"model", "trials"} < set(settings)
    assert "watch" not in settings


def test_labels_of_run_and_benchmarks() -> None:
    info = {"scripted": ["model rule-based"], "benchmarks": {"b": {"scripted": "user: rules"}}}
    assert list(labels(info)) == ["model rule-based", "user: rules"]
    assert list(labels({"scripted": "", "benchmarks": {"b": {}}})) == []


def test_no_tracker_does_nothing(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r", SHAPE)
    before = sorted(folder.rglob("*"))
    track(NoTracker(), folder)
    assert sorted(folder.rglob("*")) == before


def test_no_tracker_is_the_configured_default() -> None:
    assert isinstance(build(OmegaConf.load(conf_dir() / "tracker" / "none.yaml")), NoTracker)


@needs_wandb
def test_the_configuration_of_wandb_fits_its_constructor() -> None:
    tracker = build(OmegaConf.load(conf_dir() / "tracker" / "wandb.yaml"))
    assert isinstance(tracker, WandbTracker)
    assert tracker.project == "agent-harness"


def test_a_missing_package_is_said_before_anything_runs() -> None:
    program = """
import sys
sys.modules["wandb"] = None
from harness.faults import UserMistake
from harness.tracking import WandbTracker
try:
    WandbTracker()
except UserMistake as mistake:
    print(mistake)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip().endswith("pip install 'agent-harness[wandb]'"), done.stderr


@needs_wandb
def test_an_offline_run_holds_the_numbers_of_the_table(offline: Path) -> None:
    folder = write_run(offline / "r", SHAPE)
    rows = track(WandbTracker(project="p", tags=["t"]), folder)
    stored = read_log(folder)
    run, summary = stored["run"], stored["summary"]
    assert (run.project, run.run_group, run.job_type) == ("p", "seeds", "eval")
    assert run.display_name == "acme/agent-8b × tau2+bfcl"
    assert list(run.tags) == ["t", "rule-based"]
    assert stored["config"]["trials"] == 2
    for line in rows:
        place = f"{line['benchmark']}/{line['domain']}"
        for k in (1, 2):
            assert summary[f"pass^{k}/{place}"] == line[f"pass^{k}"]
            assert summary[f"pass^{k}/{place}/lo"] == line[f"ci_lo_{k}"]
            assert summary[f"pass^{k}/{place}/hi"] == line[f"ci_hi_{k}"]
    tables = read_tables(folder)
    assert [(r["domain"], r["pass^1"]) for r in tables["results"]] == [
        (line["domain"], line["pass^1"]) for line in rows
    ]
    assert sum(line["trials"] for line in tables["categories"]) > 0


@needs_wandb
def test_the_artifact_holds_manifest_and_episodes(offline: Path) -> None:
    folder = write_run(offline / "r", SHAPE)
    track(WandbTracker(), folder)
    (packed,) = [a for a in read_log(folder)["artifacts"] if a.type == "run"]
    sizes = {entry.path: entry.size for entry in packed.manifest.contents}
    assert set(sizes) == {
        "manifest.json", "run.json", "table.csv",
        "episodes/0.jsonl", "outcomes/0.jsonl", "blobs/0.jsonl",
    }  # fmt: skip
    assert all(sizes[name] == (folder / name).stat().st_size for name in sizes)


@needs_wandb
def test_an_unreachable_server_is_one_warning(
    offline: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    folder = write_run(offline / "r", SHAPE)
    kept = {path: path.read_bytes() for path in folder.rglob("*.jsonl")}
    with caplog.at_level(logging.WARNING, "harness"):
        track(WandbTracker(timeout_s=1), folder)
    (warning,) = [r.getMessage() for r in caplog.records if r.name.startswith("harness")]
    assert "cannot start" in warning
    assert "\n" not in warning
    assert all(path.read_bytes() == content for path, content in kept.items())


@needs_wandb
def test_a_damaged_run_is_one_warning(offline: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = write_run(offline / "r", SHAPE)
    (folder / "outcomes" / "0.jsonl").write_text("nonsense\n")
    with caplog.at_level(logging.WARNING, "harness"):
        track(WandbTracker(), folder)
    (warning,) = [r.getMessage() for r in caplog.records if r.name.startswith("harness")]
    assert "cannot log" in warning


@needs_wandb
def test_an_unknown_mode_is_refused_at_once() -> None:
    with pytest.raises(UserMistake, match=r"tracker\.mode=live"):
        WandbTracker(mode="live")  # type: ignore[arg-type]


@needs_wandb
def test_the_leaderboard_is_rebuilt_from_manifests(
    offline: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    low = write_run(offline / "low", replace(SHAPE, model="a", skill=0.1))
    high = write_run(offline / "high", replace(SHAPE, model="b", skill=0.9))
    assert main(["leaderboard", str(low), str(high), "--out", str(offline / "out")]) == 0
    assert "leaderboard of 2 runs, 12 rows" in capsys.readouterr().out
    (lines,) = read_tables(offline / "out").values()
    airline = [line for line in lines if line["board"] == "tau2/airline #1"]
    assert [(line["model"], line["rank"]) for line in airline] == [("b", 1), ("a", 2)]
    stored = {r["domain"]: r["pass^1"] for r in read_manifest(high)["results"]}
    assert airline[0]["pass^1"] == stored["airline"]
    assert airline[0]["commit"] == "1a2b3c4d5e6f"
    stored_log = read_log(offline / "out")
    assert stored_log["run"].job_type == "leaderboard"
    assert stored_log["summary"]["best/pass^1/tau2/airline"] == stored["airline"]


def test_runs_on_other_data_are_not_ranked_together(tmp_path: Path) -> None:
    one = write_run(tmp_path / "a", replace(SHAPE, model="a"))
    other = replace(SHAPE, model="b", domains={"tau2": ("airline", "retail")})
    rows, notes = leaderboard_rows([one, write_run(tmp_path / "b", other)])
    airline = [row for row in rows if row["board"].startswith("tau2/airline")]
    assert [row["rank"] for row in airline] == [1, 1]
    assert any("data_sha256 differs" in note for note in notes)
    rows, notes = leaderboard_rows([one])
    assert notes == []
    assert {row["rank"] for row in rows} == {1}


def test_an_unfinished_run_has_no_place_on_the_board(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "r", replace(SHAPE, finished=False))
    with pytest.raises(UserMistake, match="left out"):
        leaderboard_rows([folder])
    with pytest.raises(UserMistake, match="not a run folder"):
        leaderboard_rows([tmp_path])


@needs_wandb
def test_mistakes_of_the_command_are_one_line(
    offline: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["leaderboard", str(offline / "nowhere"), "--out", str(offline)]) == 2
    said = capsys.readouterr().err
    assert "not a run folder" in said
    assert said.count("\n") == 1
