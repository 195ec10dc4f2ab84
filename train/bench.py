"""Fine-tuning throughput: ours (TRL over encoded rows) against a plain PyTorch loop.

Both see the same batches, models and optimiser settings, one after the other in one process, on
CPU time, so that a busy machine does not decide. The plain loop is what anyone would write:
`model(ids, labels).loss`, backward, clip, AdamW. With `--model` (a tuned tiny model: one that
answers as in training) also what a step of policy optimisation spends outside the model.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import Any

from harness.faults import UserMistake
from harness.models.checkpoints import is_missing
from train.bench_grpo import outside
from train.encoding import Counts, Encoded
from train.sft import Material, make_trainer, training_arguments
from train.sft_settings import SftSettings
from train.tiny import Shape, make_model, make_tokenizer

SHAPES: Mapping[str, Shape] = MappingProxyType(
    {"tiny": Shape(), "5M": Shape(hidden=256, layers=6, heads=8, kv_heads=4)}
)
OPTIONS = {"steps": 20, "batch": 16, "length": 256, "repeats": 3, "threads": 1}
WARM = 3


def run(argv: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield one measurement per size, and one of GRPO with --model.

    Options: --model PATH --steps --batch --length --repeats --threads.
    """
    import torch

    model, options = read_options(argv)
    if model is not None and is_missing(model):
        raise UserMistake(f"there is no model at {model}")
    torch.set_num_threads(options["threads"])
    tokenizer = make_tokenizer(["find the boat of Ada"] * 50)
    rows = make_rows(options, len(tokenizer))
    for name, shape in SHAPES.items():
        speeds: dict[str, list[float]] = {"ours": [], "plain": []}
        for _ in range(options["repeats"]):
            speeds["plain"].append(plain_speed(make_model(tokenizer, shape), rows, options))
            speeds["ours"].append(trl_speed(make_model(tokenizer, shape), tokenizer, rows, options))
        ours, plain = (statistics.median(speeds[side]) for side in ("ours", "plain"))
        parameters = sum(p.numel() for p in make_model(tokenizer, shape).parameters())
        yield {
            "name": f"sft {name}",
            "parameters": parameters,
            "tokens_per_s": round(ours),
            "plain_tokens_per_s": round(plain),
            "ratio": round(ours / plain, 3),
            **options,
        }
    if model is not None:
        yield outside(model, options)


def read_options(argv: Sequence[str]) -> tuple[str | None, dict[str, int]]:
    """Read `--name value` pairs: the model, and the numbers. Raises UserMistake in one line."""
    model, options = None, dict(OPTIONS)
    known = ", ".join(f"--{name}" for name in ("model", *options))
    for option, value in zip_longest(argv[::2], argv[1::2]):
        name = option.removeprefix("--")
        if name not in {"model", *options} or value is None:
            raise UserMistake(f"option {option} is unknown or has no value: use {known}")
        if name == "model":
            model = value
        elif value.isdecimal() and int(value):
            options[name] = int(value)
        else:
            raise UserMistake(f"{option} {value} must be a whole number of at least 1")
    if options["steps"] <= WARM:
        raise UserMistake(f"--steps {options['steps']} must be above {WARM}: those warm up")
    return model, options


def make_rows(options: Mapping[str, int], vocabulary: int) -> list[Encoded]:
    """Draw rows of one length, a quarter of whose ids are learnt."""
    rng = random.Random(0)
    length = options["length"]
    learnt = tuple(i % 4 == 0 for i in range(length))
    return [
        Encoded(tuple(rng.randrange(vocabulary) for _ in range(length)), learnt, (length,))
        for _ in range(options["batch"] * options["steps"])
    ]


def plain_speed(model: Any, rows: Sequence[Encoded], options: Mapping[str, int]) -> float:
    """Return tokens per CPU second of a plain loop."""
    import torch

    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    model.train()
    started = 0.0
    for step in range(options["steps"]):
        if step == WARM:
            started = time.process_time()
        batch = rows[step * options["batch"] : (step + 1) * options["batch"]]
        ids_B_T = torch.tensor([row.ids for row in batch])  # noqa: N806
        labels_B_T = torch.tensor([row.labels for row in batch])  # noqa: N806
        loss = model(input_ids=ids_B_T, labels=labels_B_T, use_cache=False).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    return counted(options) / (time.process_time() - started)


def trl_speed(
    model: Any, tokenizer: Any, rows: Sequence[Encoded], options: Mapping[str, int]
) -> float:
    """Return tokens per CPU second of the trainer that `train.sft` uses."""
    from transformers import TrainerCallback

    marks: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            marks.append(time.process_time())

    with tempfile.TemporaryDirectory() as folder:
        settings = SftSettings(
            model="",
            out=str(Path(folder)),
            batch=options["batch"],
            steps=options["steps"],
            learning_rate=1e-3,
            schedule="constant",
            precision="float32",
            order="given",
            select="last",
            save_every=10_000,
            log_every=10_000,
            extra={"save_strategy": "no"},
        )
        material = Material(list(rows), [], Counts(), Counts())
        arguments = training_arguments(settings, material)
        trainer = make_trainer(settings, model, tokenizer, material, arguments)
        trainer.add_callback(Clock())
        trainer.train()
    return counted(options) / (marks[-1] - marks[WARM - 1])


def counted(options: Mapping[str, int]) -> int:
    """Return how many tokens pass between the end of the warm steps and the end."""
    return (options["steps"] - WARM) * options["batch"] * options["length"]
