"""The stage `drill` of the tiny loop: play the oracle through the one loop and keep what passed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.app import App
from harness.configure import plain
from harness.models.scripted import ScriptedModel
from harness.progress import Watcher
from harness.runner import Job, Runner
from harness.store import RunStore


async def play(app: App, benchmark: Any, evaluator: Any, folder: str) -> None:
    """Play every open drill of `benchmark` with its oracle into the run folder `folder`."""
    node = plain(app.config.stage.drill.benchmark)
    job = Job(benchmark, evaluator, ScriptedModel(["Done."]), trials=1, seed=app.config.seed)
    store = RunStore(Path(folder), {"benchmark": {benchmark.name: node}, "model": "oracle"})
    try:
        with Watcher(app.console, f"{benchmark.name}: oracle", len(benchmark.tasks), 0) as watch:
            await Runner(job, store, watch, concurrency=8).run()
    finally:
        store.close()
    app.console.print(f"training episodes: {folder}", highlight=False)
