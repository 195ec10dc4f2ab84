"""What plan=true says of the stage `sft`: rows, tokens, GPU hours, commands, what is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.app import App
from harness.configure import build
from harness.faults import UserMistake
from harness.hours import ASSUMED, training_hours
from harness.journal import read_records
from harness.models.checkpoints import is_missing
from train.launch import Cluster, commands
from train.sft_settings import SftSettings

CHARACTERS_PER_TOKEN = 4
LEFT_OUT = ("plan=", "stages=", "train.sft.devices=")


@dataclass(frozen=True)
class Amount:
    """How much a source holds: rows, and tokens at four characters each."""

    rows: int
    tokens: float


def show_plan(app: App) -> None:
    """Print what fine-tuning would take and how it is started; start nothing."""
    node = (app.config.get("train") or {}).get("sft")
    if not node:
        raise UserMistake("the stage sft needs settings: choose train=sft or one of its recipes")
    settings: SftSettings = build(node)

    def say(text: str) -> None:
        app.console.print(f"sft: {text}", highlight=False, markup=False)

    say(f"{settings.model} -> {settings.out}/final")
    if is_missing(settings.model):
        say(f"missing: there is no model at {settings.model} yet")
    found = [amount_of(source) for source in settings.data]
    for source, amount in zip(settings.data, found, strict=True):
        known = "missing: not made yet" if amount is None else said(amount)
        say(f"data {source['path']}: {known}")
    tokens = tokens_of(settings, found)
    say(length_of(settings, tokens))
    if tokens is not None:
        say(hours_of(app.config.get("parameters"), settings, tokens))
    for line in start_of(app, settings):
        say(line)


def amount_of(source: Mapping[str, Any]) -> Amount | None:
    """Measure one source; None where there is nothing yet."""
    path = Path(source["path"])
    if path.suffix == ".jsonl" and path.is_file():
        texts = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        sizes = [len(str(row["messages"])) + len(str(row.get("tools", ""))) for row in texts]
    elif (path / "episodes").is_dir():
        sizes = [len(json.dumps(r["episode"])) for r in read_records(path / "episodes")]
    else:
        return None
    return Amount(len(sizes), sum(sizes) / CHARACTERS_PER_TOKEN)


def said(amount: Amount) -> str:
    return f"{amount.rows:,} rows, about {amount.tokens:,.0f} tokens"


def tokens_of(settings: SftSettings, found: list[Amount | None]) -> float | None:
    """Estimate the tokens that training sees; None where that depends on rows not made yet."""
    if settings.steps is not None and settings.packing:
        return float(settings.steps * settings.batch * settings.max_tokens)
    amounts = [amount for amount in found if amount is not None]
    if len(amounts) < len(found) or not amounts:
        return None
    weights = [float(source.get("weight", 1.0)) for source in settings.data]
    rows = sum(w * a.rows for w, a in zip(weights, amounts, strict=True))
    whole = sum(w * a.tokens for w, a in zip(weights, amounts, strict=True))
    if settings.steps is None:
        return settings.epochs * whole
    return settings.steps * settings.batch * whole / max(1.0, rows)


def length_of(settings: SftSettings, tokens: float | None) -> str:
    kind = "packed sequences" if settings.packing else "rows"
    what = f"{settings.batch} {kind} of at most {settings.max_tokens:,} tokens"
    long = f"{settings.epochs:g} epochs" if settings.steps is None else f"{settings.steps:,} steps"
    total = "" if tokens is None else f", at most {tokens:,.0f} tokens in all"
    rate = f"learning rate {settings.learning_rate:g}, {settings.schedule}"
    return f"{long} of {what}{total}; {rate}"


def hours_of(parameters: float | None, settings: SftSettings, tokens: float) -> str:
    """Say how many GPU hours that is, and on what assumptions."""
    if parameters is None:
        return "GPU hours unknown: give parameters=8.2e9, the size of the model"
    hours = training_hours(parameters, tokens, recomputed=settings.checkpointing)
    return f"about {hours:,.0f} GPU hours ({parameters / 1e9:g} billion parameters, {ASSUMED})"


def start_of(app: App, settings: SftSettings) -> list[str]:
    """Name the command of every node that `train.cluster` describes, else nothing."""
    node = (app.config.get("train") or {}).get("cluster")
    if not node:
        return []
    cluster: Cluster = build(node)
    if not cluster.arguments:
        own = [given for given in app.overrides if not given.startswith(LEFT_OUT)]
        devices = f"train.sft.devices={cluster.processes}"
        stage = f"stages=[{app.behalf or 'sft'}]"
        cluster = replace(cluster, arguments=(*own, stage, devices))
    if settings.batch % cluster.processes:
        mistake = f"batch={settings.batch} cannot be dealt out to {cluster.processes} GPUs"
        return [f"missing: {mistake}"]
    lines = []
    for command in commands(cluster):
        if command.role == "train":
            places = ", ".join(map(str, command.nodes))
            lines.append(f"node {places} of {cluster.gpus_per_node} GPUs each: {command.text()}")
    return lines
