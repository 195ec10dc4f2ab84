"""Supervised fine-tuning: TRL moves the weights, rows come encoded and masked from ours."""

from __future__ import annotations

import json
import logging
import random
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.models.checkpoints import expand, is_missing
from harness.models.templates import install_template
from harness.store import write_text
from train.encoding import Counts, Encoded, Encoder, encode_rows
from train.folder import claimed, last_checkpoint, require_same_model
from train.mixture import mix, read_sources, split
from train.passes import in_passes
from train.preflight import pins, require_positions, require_room, require_versions, sizes
from train.processes import anywhere, rank
from train.rows import Row
from train.sft_log import watcher
from train.sft_settings import SftSettings, trl_config

log = logging.getLogger(__name__)
Probe = Callable[[Any, Any], float]


@dataclass(frozen=True)
class Material:
    """Encoded rows of both sides, with what became of them."""

    training: list[Encoded]
    validation: list[Encoded]
    counts: Counts
    held: Counts


def finetune(
    settings: SftSettings,
    probe: Probe | None = None,
    stop: threading.Event | None = None,
    say: Callable[[Mapping[str, Any]], None] = lambda line: None,
) -> Path:
    """Fine-tune and return the folder of the chosen weights. Goes on from the last checkpoint.

    `probe(model, tokenizer)` returns the pass rate that `select=pass` chooses by. Setting `stop`
    ends the run after a step with a checkpoint; `say` gets every line of measurements. Raises
    UserMistake in one line.
    """
    require_versions(pins())
    with claimed(Path(settings.out), settings.identity(), settings.model):
        return tuned(settings, probe, stop, say)


def tuned(
    settings: SftSettings,
    probe: Probe | None,
    stop: threading.Event | None,
    say: Callable[[Mapping[str, Any]], None],
) -> Path:
    """Fine-tune in the folder that this run holds."""
    out = Path(settings.out)
    final = out / "final"
    if (final / "config.json").is_file():
        return final
    import torch
    from transformers import set_seed

    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    set_seed(settings.seed)
    tokenizer = load_tokenizer(settings)
    material = read_material(settings, tokenizer)
    if rank() == 0:
        counts = {"training": vars(material.counts), "validation": vars(material.held)}
        write_text(out / "rows.json", json.dumps(counts, indent=1))
    arguments = training_arguments(settings, material)  # first: ZeRO-3 shards weights as they load
    model = load(settings, len(tokenizer))
    trainer = make_trainer(settings, model, tokenizer, material, arguments)
    trainer.add_callback(watcher(out, stop, probe, tokenizer, say))
    check(settings, material, trainer.model)
    found = last_checkpoint(out)
    require_same_model(found, trainer.model.config)
    trainer.train(resume_from_checkpoint=found)
    if anywhere(stop is not None and stop.is_set()):
        raise UserMistake(f"stopped: run the same again to go on from {last_checkpoint(out)}")
    save_final(trainer, tokenizer, final)
    return final


def load_tokenizer(settings: SftSettings) -> Any:
    """Load the tokenizer with its chat template. Raises UserMistake in one line."""
    from transformers import AutoTokenizer

    if is_missing(settings.model):
        raise UserMistake(f"there is no model at {settings.model}")
    with said_in_one_line(settings.model):
        tokenizer = AutoTokenizer.from_pretrained(expand(settings.model))
    install_template(tokenizer, settings.chat_template, settings.model)
    return tokenizer


def load(settings: SftSettings, entries: int) -> Any:
    """Load the weights in float32 for a tokenizer of so many entries; raises UserMistake."""
    import torch
    from transformers import AutoModelForCausalLM

    kwargs = {"attn_implementation": settings.attention} if settings.attention else {}
    with said_in_one_line(settings.model):
        model = AutoModelForCausalLM.from_pretrained(
            expand(settings.model), dtype=torch.float32, **kwargs
        )
    if entries > model.get_input_embeddings().num_embeddings:
        raise UserMistake(
            f"{settings.model}: the tokenizer has {entries} entries, the weights "
            f"{model.get_input_embeddings().num_embeddings}: they are of different models"
        )
    return model


@contextmanager
def said_in_one_line(model: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise UserMistake(f"model {model!r} cannot be loaded: {reason}") from None


def read_material(settings: SftSettings, tokenizer: Any) -> Material:
    """Read, split, mix and encode the rows."""
    seat: Any = settings.seat
    options = {"reasoning": settings.reasoning, "train_on_test": settings.train_on_test}
    parts = read_sources(settings.data, seat, **options)
    rng = random.Random(settings.seed)
    training, held = split(parts, settings.validation, settings.split_by, rng)
    encoder = Encoder(tokenizer, settings.model, settings.tool_format)
    rows: list[Row] = mix(training, rng, shuffled=settings.order != "given")
    encoded, counts = encode_rows(rows, encoder, settings.max_tokens)
    validation, held_counts = encode_rows(held, encoder, settings.max_tokens)
    if not encoded:
        raise UserMistake(
            f"no row fits max_tokens={settings.max_tokens}: all {len(rows)} were left out"
        )
    if held and not validation and settings.select == "loss":
        raise UserMistake(
            f"no validation row fits max_tokens={settings.max_tokens}, so select=loss has nothing "
            "to choose by: raise it, or set select=last"
        )
    log.info("training: %s", counts.text())
    if settings.order != "shuffled":
        encoded = in_passes(encoded, settings, rng)
    return Material(encoded, validation, counts, held_counts)


def check(settings: SftSettings, material: Material, model: Any) -> None:
    """Raise UserMistake where the run cannot succeed on this model or disk."""
    longest = max(len(row.ids) for row in (*material.training, *material.validation))
    what = f"a row of {longest} tokens (max_tokens={settings.max_tokens})"
    require_positions(longest, what, model.config, settings.model)
    if rank() == 0:
        require_room(Path(settings.out), *sizes(model), kept=settings.keep_checkpoints)


def training_arguments(settings: SftSettings, material: Material) -> Any:
    """Translate the settings for as many processes as run. Raises UserMistake where others do."""
    import torch
    from accelerate import PartialState

    devices = PartialState(cpu=not torch.cuda.is_available()).num_processes
    if settings.devices not in (None, devices):
        raise UserMistake(
            f"{devices} process{'es' * (devices > 1)} run, not devices={settings.devices}: start "
            f"with torchrun --nproc_per_node {settings.devices} -m harness …"
        )
    return trl_config(settings, devices, bool(material.validation))


def make_trainer(
    settings: SftSettings, model: Any, tokenizer: Any, material: Material, arguments: Any
) -> Any:
    """Build TRL's trainer."""
    from transformers.trainer_callback import PrinterCallback
    from trl import SFTTrainer

    peft = None
    if settings.lora is not None:
        from peft import LoraConfig

        peft = LoraConfig(task_type="CAUSAL_LM", **settings.lora)
    trainer = SFTTrainer(
        model=model,
        args=arguments,
        train_dataset=dataset(material.training),
        eval_dataset=dataset(material.validation) if material.validation else None,
        processing_class=tokenizer,
        peft_config=peft,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def dataset(rows: Sequence[Encoded]) -> Any:
    from datasets import Dataset

    return Dataset.from_dict(
        {"input_ids": [list(row.ids) for row in rows], "labels": [row.labels for row in rows]}
    )


def save_final(trainer: Any, tokenizer: Any, final: Path) -> None:
    """Write the chosen weights whole or not at all; adapters are merged into them.

    Every process must call it: sharded weights are gathered from all.
    """
    main, everyone = trainer.accelerator.is_main_process, trainer.accelerator.wait_for_everyone
    model = trainer.accelerator.unwrap_model(trainer.model)
    partial = final.with_name(".final")
    if main:
        shutil.rmtree(partial, ignore_errors=True)
    everyone()
    if not hasattr(model, "merge_and_unload"):
        trainer.save_model(str(partial))
    elif main:
        model.merge_and_unload().save_pretrained(partial)
    if main:
        tokenizer.save_pretrained(partial)
        partial.rename(final)
    everyone()
