"""A run says who took part, and which of them are programs, in every shape it is stored in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.faults import UserMistake
from harness.report.identity import read_identity


def folder(path: Path, run: object, manifest: object = None) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "run.json").write_text(json.dumps(run))
    if manifest is not None:
        (path / "manifest.json").write_text(json.dumps(manifest))
    return path


FULL = {
    "harness": {"git_sha": "0123456789abcdef", "dirty": True},
    "agent": {"model": "acme/a", "revision": "r1"},
    "user": {"model": "acme/u"},
    "benchmarks": [
        {"name": "tau2", "version": "1", "data_sha256": {"f": "aa"}, "scripted": "user: rules"},
        {"name": "bfcl", "version": "2", "data_sha256": {"g": "bb"}, "split": "test"},
    ],
    "seeds": {"run": 7},
    "trials": 4,
    "started": "2026-11-20T09:00:59+00:00",
    "ended": None,
}


def test_everything_a_manifest_says(tmp_path: Path) -> None:
    identity = read_identity(folder(tmp_path / "r", {}, FULL))
    assert identity.model == "acme/a"
    assert dict(identity.facts) == {
        "model": "acme/a",
        "revision": "r1",
        "user": "acme/u",
        "benchmarks": "tau2 1, bfcl 2",
        "split": "test",
        "seed": "7",
        "trials": "4",
        "commit": "0123456789 + uncommitted changes",
        "started": "2026-11-20 09:00 UTC",
    }
    assert identity.hashes == {"tau2": (("f", "aa"),), "bfcl": (("g", "bb"),)}
    assert identity.bench_labels == {"tau2": "user: rules"}
    assert identity.labels == ()


def test_a_run_without_manifest_is_named_by_its_configuration(tmp_path: Path) -> None:
    run = {
        "benchmark": {"bfcl": {"_target_": "x"}},
        "model": {"_target_": "harness.models.lexical.Lexical"},
        "seed": 3,
    }
    identity = read_identity(folder(tmp_path / "r", run))
    assert identity.model == "lexical"
    assert identity.labels == ("agent: rule-based (lexical)",)
    assert dict(identity.facts)["benchmarks"] == "bfcl"
    assert dict(identity.facts)["seed"] == "3"


@pytest.mark.parametrize(
    ("manifest", "labels"),
    [
        ({"agent": {"model": "x", "label": "rule-based"}}, ("agent: rule-based",)),
        ({"user": {"kind": "scripted"}}, ("user: rule-based (scripted)",)),
        ({"judge": "oracle"}, ("judge: rule-based (oracle)",)),
        ({"labels": {"user": "fixed queries"}}, ("user: fixed queries",)),
        ({"scripted": ["model rule-based"]}, ("model rule-based",)),
        ({"scripted": "all of it"}, ("all of it",)),
        ({"agent": {"model": "acme/lexical-like-8b"}}, ()),
        ({"agent": {"model": "acme/a"}, "user": {"model": "acme/u"}}, ()),
    ],
)
def test_labels(tmp_path: Path, manifest: object, labels: tuple[str, ...]) -> None:
    assert read_identity(folder(tmp_path / "r", {}, manifest)).labels == labels


@pytest.mark.parametrize(
    ("stored", "names"),
    [
        ({"benchmark": {"name": "a", "version": "1"}}, "a 1"),
        ({"benchmarks": {"a": {"version": "1"}, "b": {"version": "2"}}}, "a 1, b 2"),
        ({"benchmarks": []}, None),
    ],
)
def test_shapes_of_benchmarks(tmp_path: Path, stored: object, names: str | None) -> None:
    facts = dict(read_identity(folder(tmp_path / "r", {}, stored)).facts)
    assert facts.get("benchmarks") == names


def test_damage_is_one_clear_line(tmp_path: Path) -> None:
    path = folder(tmp_path / "r", {})
    (path / "manifest.json").write_text("[1]")
    with pytest.raises(UserMistake, match=r"manifest\.json is damaged"):
        read_identity(path)
    with pytest.raises(UserMistake, match="not a run folder"):
        read_identity(tmp_path)
