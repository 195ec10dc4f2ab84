"""The stage `curve`: every checkpoint of a training plays the run's benchmarks, a run for each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from omegaconf import OmegaConf

from harness.app import App
from harness.faults import UserMistake
from harness.results.curve import curve_markdown, read_curves, step_folder
from harness.stages import again
from harness.store import write_text


async def curve(
    app: App, out: str, start: str | None = None, stages: Sequence[str] = ("eval", "report")
) -> None:
    """Evaluate the checkpoints in `out` (and `start`, as step 0) into `<run>/curve/step-N`.

    Steps that were played are not played again. `train.grpo.extra.save_total_limit` and
    `train.sft.keep_checkpoints` say how many checkpoints a training keeps.
    """
    folder = app.folder / "curve"
    for step, checkpoint in checkpoints(Path(out), start):
        changes = {
            "run": str(step_folder(folder, step)),
            "model": {"model": checkpoint},
            "stage": {"report": {"html": False, "beside": []}},
        }
        await again(app, OmegaConf.create(changes), list(stages))
    curves = read_curves([folder])
    write_text(folder / "curve.md", curve_markdown(curves))
    app.console.print(f"learning curve: {folder}/curve.md", highlight=False)


def checkpoints(out: Path, start: str | None) -> list[tuple[int, str]]:
    """List the steps of a training with their checkpoints. Raises UserMistake without any."""
    found = [
        (int(path.name.split("-")[1]), str(path))
        for path in out.glob("checkpoint-*")
        if (path / "trainer_state.json").is_file()
    ]
    if not found:
        raise UserMistake(f"{out} holds no checkpoint: train first, and keep checkpoints")
    return [*([(0, start)] if start is not None else []), *sorted(found)]
