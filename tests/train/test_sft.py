"""Fine-tuning: resumed runs, chosen checkpoints, and one clear line for whatever is wrong."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.faults import UserMistake
from train.sft_settings import SftSettings, trl_config

torch = pytest.importorskip("torch", reason="torch is not installed: pip install .[train]")
pytest.importorskip("trl", reason="trl is not installed: pip install .[train]")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*pin_memory.*:UserWarning"),
]
ENV = {**os.environ, "OMP_NUM_THREADS": "1"}
WORDS = "boat bike room desk plot lamp oven tent".split()


def record(number: int) -> dict[str, Any]:
    word = WORDS[number % len(WORDS)]
    call = {"function": {"name": f"find_{word}", "arguments": json.dumps({"id": number})}}
    return {
        "id": f"r{number}",
        "messages": [
            {"role": "user", "content": f"find {word} {number}"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "", "content": "[]"},
            {"role": "assistant", "content": "Done."},
        ],
        "tools": [{"function": {"name": f"find_{word}", "parameters": {"properties": {"id": {}}}}}],
        "meta": {"env": f"w{number}", "plan_id": f"p{number}"},
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from train.tiny import Shape, save_fresh

    folder = tmp_path_factory.mktemp("sft")
    lines = [json.dumps(record(number)) for number in range(40)]
    (folder / "data.jsonl").write_text("\n".join(lines) + "\n")
    shape = Shape(hidden=32, layers=1, heads=2, kv_heads=1, head_dim=16, positions=512)
    save_fresh(folder / "fresh", lines, shape, warm_steps=0)
    return folder


def settings(place: Path, out: str, **options: Any) -> SftSettings:
    plain: dict[str, Any] = {
        "model": str(place / "fresh"),
        "out": str(place / out),
        "data": [{"path": str(place / "data.jsonl")}],
        "validation": 0.1,
        "steps": 6,
        "batch": 4,
        "save_every": 2,
        "log_every": 1,
        "learning_rate": 3e-3,
        "threads": 1,
    }
    return SftSettings(**(plain | options))


def finetune(given: SftSettings, *rest: Any) -> Path:
    from train.sft import finetune as run

    return run(given, *rest)


def weights(folder: Path) -> dict[str, Any]:
    from transformers import AutoModelForCausalLM

    return dict(AutoModelForCausalLM.from_pretrained(folder).state_dict())


def losses(out: Path) -> list[float]:
    from train.sft_log import read_log

    return [line["loss"] for line in read_log(out) if "loss" in line]


class StopAfter(threading.Event):
    """Says that it is set from the n-th question on: an interruption in the middle of a run."""

    def __init__(self, answers: int) -> None:
        super().__init__()
        self.answers = answers

    def is_set(self) -> bool:
        self.answers -= 1
        return self.answers < 0


def test_rows_in_a_given_order_come_once_so_and_then_shuffled(place: Path) -> None:
    from train.encoding import Encoded
    from train.passes import in_passes

    rows = [Encoded((n,) * (1 + n % 7), (True,), (1,)) for n in range(100)]
    twice = settings(place, "twice", order="given", epochs=1.5, steps=None, batch=2)
    laid = in_passes(rows, twice, random.Random(0))
    assert sorted(row.ids for row in laid[:100]) == sorted(row.ids for row in laid[100:])
    assert {row.ids[0] for row in laid[:32]} == set(range(32))
    assert {row.ids[0] for row in laid[100:132]} != set(range(32))
    assert trl_config(twice, 1, False).num_train_epochs == 0.75
    assert len(in_passes(rows, replace(twice, epochs=1.0), random.Random(0))) == 100
    assert len(in_passes(rows, replace(twice, steps=120), random.Random(0))) == 300
    shuffled = settings(place, "once", order="shuffled", epochs=1.5)
    assert trl_config(shuffled, 1, False).num_train_epochs == 1.5


@pytest.mark.parametrize("order", ["shuffled", "length"])
def test_a_resumed_run_equals_an_uninterrupted_one(place: Path, order: str) -> None:
    whole = finetune(settings(place, f"whole-{order}", order=order, select="last"))
    parts = settings(place, f"parts-{order}", order=order, select="last")
    with pytest.raises(UserMistake, match="stopped: run the same again to go on from"):
        finetune(parts, None, StopAfter(3))
    again = finetune(parts)
    one, other = weights(whole), weights(again)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert losses(Path(parts.out)) == losses(whole.parent)
    assert losses(whole.parent)[-1] < losses(whole.parent)[0]


def test_a_finished_run_is_not_trained_again(place: Path) -> None:
    given = settings(place, "done", select="last")
    final = finetune(given)
    before = (final / "model.safetensors").stat().st_mtime_ns
    assert finetune(given) == final
    assert (final / "model.safetensors").stat().st_mtime_ns == before


def test_another_seed_gives_other_weights(place: Path) -> None:
    one = weights(finetune(settings(place, "seed0", select="last")))
    other = weights(finetune(settings(place, "seed1", select="last", seed=1)))
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_the_best_probe_chooses_the_checkpoint(place: Path) -> None:
    rates = iter([0.2, 0.9, 0.1])
    given = settings(place, "probed", select="pass")
    final = finetune(given, lambda model, tokenizer: next(rates))
    one, best = weights(final), weights(Path(given.out) / "checkpoint-4")
    assert all(torch.equal(one[name], best[name]) for name in best)
    last = weights(Path(given.out) / "checkpoint-6")
    assert not all(torch.equal(one[name], last[name]) for name in last)


def test_a_folder_of_another_training_is_refused(place: Path) -> None:
    finetune(settings(place, "taken", select="last", steps=2))
    with pytest.raises(UserMistake, match=r"differs in learning_rate"):
        finetune(settings(place, "taken", select="last", steps=2, learning_rate=1e-4))


def test_a_foreign_checkpoint_is_refused(place: Path) -> None:
    folder = place / "foreign" / "checkpoint-2"
    folder.mkdir(parents=True)
    (folder / "trainer_state.json").write_text("{}")
    with pytest.raises(UserMistake, match="checkpoints of another training"):
        finetune(settings(place, "foreign"))


def test_a_loss_that_is_no_number_stops_the_run_before_it_is_saved(place: Path) -> None:
    given = settings(place, "nan", select="last", learning_rate=1e30)
    with pytest.raises(UserMistake, match=r"step \d: (loss|grad_norm) is (nan|inf)"):
        finetune(given)
    assert not (Path(given.out) / "final").exists()


def test_rows_that_do_not_fit_are_refused_not_cut(place: Path) -> None:
    with pytest.raises(UserMistake, match="no row fits max_tokens=10"):
        finetune(settings(place, "short", max_tokens=10))


def test_a_model_that_is_not_there_is_named(place: Path) -> None:
    with pytest.raises(UserMistake, match="there is no model at"):
        finetune(settings(place, "absent", model=str(place / "nowhere")))


def test_an_adapter_is_merged_into_what_is_kept(place: Path) -> None:
    lora = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear"}
    final = finetune(settings(place, "lora", select="last", lora=lora))
    fresh, tuned = weights(place / "fresh"), weights(final)
    name = "model.layers.0.mlp.up_proj.weight"
    assert not torch.equal(fresh[name], tuned[name])
    assert torch.equal(fresh["model.embed_tokens.weight"], tuned["model.embed_tokens.weight"])


def test_fewer_processes_than_asked_for_are_refused(place: Path) -> None:
    with pytest.raises(UserMistake, match="1 process run, not devices=2"):
        finetune(settings(place, "lonely", devices=2))


def test_two_processes_train_one_model(place: Path) -> None:
    """Two gloo processes with half of each batch move the weights as one process does."""
    one = weights(finetune(settings(place, "one", select="last", steps=2)))
    out = place / "two"
    options = {"model": place / "fresh", "out": out, "devices": 2, "threads": 1, "batch": 4,
               "steps": 2, "save_every": 2, "log_every": 1, "validation": 0.1, "select": "last",
               "learning_rate": 3e-3, "data": f"[{{path: {place / 'data.jsonl'}}}]"}  # fmt: skip
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2"]
    command += ["--standalone", "-m", "harness", "stages=[sft]", "train=sft"]
    command += [f"train.sft.{name}={value}" for name, value in options.items()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=ENV)
    assert done.returncode == 0, done.stderr[-2000:]
    two = weights(out / "final")
    assert all(torch.allclose(one[name], two[name], atol=1e-4) for name in one)


def test_packed_rows_do_not_see_each_other(place: Path) -> None:
    """One step on packed rows has the loss of one step on the same rows side by side."""
    rows = {"steps": 1, "batch": 36, "select": "last", "validation": 0.1, "save_every": 1}
    apart = finetune(settings(place, "apart", **rows))
    packed = settings(place, "packed", **rows | {"packing": True, "max_tokens": 4096, "batch": 1})
    together = finetune(packed)
    assert losses(together.parent) == pytest.approx(losses(apart.parent), abs=1e-4)
