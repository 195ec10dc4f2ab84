"""A paper from beginning to end: what its plan says, and all of it with a tiny model."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.configure import build, compose
from harness.hours import sampling_hours, training_hours
from train.sft_plan import amount_of, tokens_of
from train.sft_settings import SftSettings

MODELS = ("qwen8b", "qwen25_3b", "qwen25_7b", "qwen25_14b", "phi4")
DRILLS = ["benchmark=[drills]", "benchmark.drills.build.count=2"]
needs_training = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("torch", "trl")),
    reason="the train extra is not installed",
)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_trained_as_the_paper_says(name: str) -> None:
    config = compose([f"+experiment=vulcan_{name}"])
    assert list(config.stages) == ["synth", "base", "sft", "eval", "report"]
    sft: SftSettings = build(config.train.sft)
    assert (sft.learning_rate, sft.steps, sft.batch, sft.schedule) == (1e-6, 2000, 64, "cosine")
    assert sft.max_tokens == (16384 if name == "phi4" else 32768)
    assert sft.model == config.start
    assert config.model.model == f"{sft.out}/final"
    assert config.stage.base.changes.model.model == config.start
    assert sft.tool_format == ("python_list" if name == "phi4" else "hermes")
    assert config.synth.tasks == 7430
    assert compose([f"+experiment=vulcan_{name}", "synth=keyless"]).synth.agent == "oracle"


def test_the_plan_says_what_every_stage_takes_and_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    small = [*DRILLS, "synth.environments=[]", "synth.worlds=2", f"runs_dir={tmp_path}"]
    assert main(["+experiment=vulcan_qwen8b", *small, "plan=true"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    for text in (
        "2 environments",
        "teacher: kind=openai model=gpt-4.1",
        "missing: no API key",
        "base: stages: eval, report",
        "vllm serve Qwen/Qwen3-8B",
        "2,000 steps of 64 packed sequences of at most 32,768 tokens",
        "about 193 GPU hours (8.2 billion parameters",
        "sft.jsonl: missing: not made yet",
        "node 0, 1 of 8 GPUs each: srun --nodes=2",
        "'stages=[sft]' train.sft.devices=16",
        f"vllm serve {tmp_path}/vulcan_qwen8b/sft/final",
    ):
        assert text in out
    assert not list(tmp_path.iterdir())
    keyless = ["synth=keyless", "stages=[synth]", *small, "plan=true"]
    assert main(["+experiment=vulcan_qwen8b", *keyless]) == 0
    assert "no role is filled by a model: no calls, no cost" in capsys.readouterr().out


def test_without_a_key_the_teacher_is_missed_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert main(["+experiment=vulcan_qwen8b", f"runs_dir={tmp_path}"]) == 2
    assert "the teacher: no API key" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_report_beside_a_run_that_was_not_played_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = [*DRILLS, f"run={tmp_path / 'run'}", "reference=X"]
    beside = f"stage.report.beside=[{tmp_path / 'other'}]"
    assert main([*run, "trials=1", beside, "stage.report.html=false"]) == 2
    assert "other" in capsys.readouterr().err


def test_tokens_are_known_where_rows_are_or_sequences_are_packed(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    assert amount_of({"path": str(path)}) is None
    rows = [{"messages": "x" * 380, "tools": "y" * 20}] * 4
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    amount = amount_of({"path": str(path)})
    assert amount is not None
    assert (amount.rows, amount.tokens) == (4, 400)
    data = [{"path": str(path), "weight": 2.0}]
    settings = {"model": "m", "out": "o", "data": data}
    assert tokens_of(SftSettings(**settings, epochs=3), [amount]) == 2400
    assert tokens_of(SftSettings(**settings, steps=5, batch=2), [amount]) == 1000
    packed = SftSettings(**settings, steps=5, batch=2, max_tokens=64, packing=True)
    assert tokens_of(packed, [None]) == 640
    assert tokens_of(SftSettings(**settings), [None]) is None


def test_gpu_hours_follow_from_operations() -> None:
    assert training_hours(1e9, 1e9) == pytest.approx(6e18 / (989e12 * 0.4) / 3600)
    assert training_hours(1e9, 1e9, recomputed=True) == pytest.approx(
        training_hours(1e9, 1e9) * 8 / 6
    )
    assert sampling_hours(1e9, 10, 1) == pytest.approx(sampling_hours(1e9, 0, 2))


@needs_training
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*pin_memory.*:UserWarning")
def test_all_of_it_runs_with_a_tiny_model_and_resumes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = [
        *("benchmark=[drills]", "~benchmark.bfcl", "benchmark.drills.build.count=2"),
        *("synth.environments=[]", "synth.worlds=2", "synth.tasks=8", "synth.workers=1"),
        *("+stage.tiny.hidden=32", "+stage.tiny.layers=1", "+stage.tiny.warm_steps=2"),
        *("train.sft.steps=2", "train.sft.save_every=1", "train.sft.log_every=1"),
        *("model.sampling.max_tokens=8", f"runs_dir={tmp_path}"),
    ]
    assert main(["+experiment=vulcan_tiny", *small]) == 0
    run = tmp_path / "vulcan_tiny"
    assert (run / "sft" / "final" / "config.json").is_file()
    assert (run / "base" / "table.csv").is_file()
    page = (run / "report.html").read_text()
    assert "2 runs: " in page
    table = (run / "table.csv").read_text()
    assert ",VULCAN," in table
    assert ",none," in (run / "base" / "table.csv").read_text()
    capsys.readouterr()
    assert main(["+experiment=vulcan_tiny", *small]) == 0
    assert "stored)" in capsys.readouterr().out
    assert (run / "table.csv").read_text() == table


def test_a_plan_goes_on_where_an_earlier_stage_has_not_made_its_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = [f"runs_dir={tmp_path}", *DRILLS, "synth.environments=[]"]
    own += ["synth.worlds=1", "plan=true"]
    assert main(["+experiment=sea", *own]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "grpo: missing:" in out
    assert "tasks.jsonl cannot be read" in out
    assert f"model={tmp_path}/sea/user/final" in out
    assert "'stages=[user]' train.sft.devices=32" in out
    assert "user_model: openai kind=openai model=gpt-4.1" in out
    assert main(["+experiment=sea", *own, "simulator_weights=untuned", "stages=[optimise]"]) == 0
    out = capsys.readouterr().out
    assert "sea/user/final" not in out
    assert out.count("vllm serve Qwen/Qwen3-30B-A3B-Instruct-2507") == 1


def test_the_papers_ablations_differ_in_their_data_alone() -> None:
    for name, arms in (
        ("vulcan_queries", ("sequence", "whole")),
        ("vulcan_state", ("stateful", "stateless", "stateless_x4")),
    ):
        found = [compose([f"+experiment={name}", f"arm={arm}"]) for arm in arms]
        data = [config.train.sft.data[0] for config in found]
        assert len({json.dumps(build(config.train.sft).data[0]) for config in found}) == len(arms)
        assert len({entry.path for entry in data}) == 1
        assert len({config.run for config in found}) == len(arms)
        assert found[0].hydra.sweeper.params.arm == ",".join(arms)
