"""The training stages that `stages=[…]` runs: a fresh tiny model, and fine-tuning."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from harness.app import App
from harness.configure import build
from harness.faults import UserMistake
from train.mixture import read_rows
from train.probe import pass_rate_of
from train.processes import rank
from train.rows import Row
from train.sft_settings import SftSettings
from train.tracked import tracked

VOCABULARY_ROWS = 4000
SHOWN_EVERY = 5


async def tiny(app: App, run: str, folder: str, warm_steps: int = 150, **shape: Any) -> None:
    """Make a fresh tiny model in `folder`; its tokenizer is trained on rows of `run`, a run folder
    or a data set (.jsonl)."""
    from train.tiny import Shape, save_fresh

    if (Path(folder) / "config.json").is_file():
        return
    rows = list(islice(read_rows({"path": run}), VOCABULARY_ROWS))
    if not rows:
        raise UserMistake(f"{run} holds no row to make a vocabulary from")
    made = Shape(**shape)
    seed = app.config.seed
    await asyncio.to_thread(save_fresh, Path(folder), texts_of(rows), made, seed, warm_steps)
    app.console.print(f"fresh model: {folder}", highlight=False)


def texts_of(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the texts of rows as the tiny model's template writes them."""
    from harness.models.formats import FORMATS
    from harness.models.templates import ChatTemplate
    from train.tiny import make_tokenizer

    template = ChatTemplate(make_tokenizer([]), FORMATS["hermes"], {})
    for row in rows:
        yield template.render(row.chat, row.tools, False)


async def sft(app: App, probe: Mapping[str, Any] | None = None) -> None:
    """Fine-tune as `train.sft` says. The weights chosen are in `<out>/final`.

    `probe` = {build, evaluator} is a benchmark whose pass rate `select=pass` chooses by.
    """
    node = (app.config.get("train") or {}).get("sft")
    if not node:
        raise UserMistake("the stage sft needs settings: choose train=sft or one of its recipes")
    settings: SftSettings = build(node)
    if (settings.select == "pass") != (probe is not None):
        raise UserMistake(
            "select=pass and a probe go together: give +stage.sft.probe.build._target_=… and "
            "+stage.sft.probe.evaluator._target_=…, or another select="
        )
    from train.sft import finetune
    from train.sft_log import read_log

    stop = threading.Event()
    judge = None if probe is None else pass_rate_of(probe["build"], probe["evaluator"])
    with tracked(app, "sft", settings.model, settings.out) as track:

        def say(line: Mapping[str, Any]) -> None:
            if "loss" in line and line["step"] % (SHOWN_EVERY * settings.log_every) == 0:
                text = f"sft: step {line['step']}  loss {line['loss']:.4f}  {line['seconds']:.0f} s"
                app.console.print(text, highlight=False)
            track(line)

        work = asyncio.create_task(asyncio.to_thread(finetune, settings, judge, stop, say))
        try:
            final = await asyncio.shield(work)
        except asyncio.CancelledError:
            stop.set()
            await asyncio.wait([work])
            work.exception()
            raise
    if rank():
        return
    last = read_log(Path(settings.out))[-1]
    said = f"fine-tuned in {last['seconds']:.0f} s, {last['step']} steps: {final}"
    app.console.print(said, highlight=False)
