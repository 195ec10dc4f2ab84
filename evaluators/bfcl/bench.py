"""Measure BFCL scoring: rows per CPU second, and a stored run of everything from process start."""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from evaluators.bfcl.categories import MULTI_TURN, is_agentic, is_relevance
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.gold import gold_replay
from evaluators.bfcl.gold_calls import multi_turn_calls, single_turn_calls
from evaluators.bfcl.multi_turn import check_row, checker_of
from evaluators.bfcl.single_turn import judge
from evaluators.bfcl.tasks import benchmark
from evaluators.bfcl.verdict import BfclEvaluator
from harness.app import App
from harness.configure import compose
from harness.models.scripted import ScriptedModel
from harness.packs import locate
from harness.runner import Job, Runner
from harness.stages import stored_config
from harness.store import RunStore, write_text

OPTIONS = ["benchmark=bfcl", "model=scripted", "sample=null", "trials=1"]
Case = Callable[[], object]


def run(argv: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield one measurement per kind of row. `--rows FILE…` takes recorded rows instead of gold."""
    parser = argparse.ArgumentParser(prog="python -m harness.bench bfcl")
    parser.add_argument(
        "--rows", nargs="*", type=Path, default=[], help="recorded rows (.jsonl.gz)"
    )
    parser.add_argument("--repeat", type=int, default=3, help="passes over the rows")
    options = parser.parse_args(argv)
    data = BfclData(locate("bfcl", pull=True).root)
    cases = recorded(data, options.rows) if options.rows else gold(data)
    for name, found in cases.items():
        yield measure(name, found, options.repeat)
    yield stored_run()


def recorded(data: BfclData, files: Sequence[Path]) -> dict[str, list[Case]]:
    """Make scoring calls of recorded rows whose calls are decoded already."""
    cases: dict[str, list[Case]] = {"single rows": [], "multi-turn rows": []}
    for path in files:
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for row in map(json.loads, text.splitlines()):
            if row["category"] in MULTI_TURN:
                cases["multi-turn rows"].append(partial(check_row, row, data))
            elif row["kind"] == "decoded":
                cases["single rows"].append(partial(single, data, row))
    return {name: found for name, found in cases.items() if found}


def single(data: BfclData, row: dict[str, Any]) -> object:
    return judge(row["id"], row["prediction"], "decoded", data, row["underscore_to_dot"])


def gold(data: BfclData) -> dict[str, list[Case]]:
    """Make scoring calls of every entry's gold."""
    cases: dict[str, list[Case]] = {"single rows": [], "multi-turn rows": []}
    checker = checker_of(data)
    for task in benchmark(categories="all_scoring").tasks:
        name = task.id
        if task.domain in MULTI_TURN:
            turns = [[turn] for turn in multi_turn_calls(data, checker.classes, name)]
            cases["multi-turn rows"].append(partial(checker.check, name, turns))
        elif not is_agentic(task.domain) and not is_relevance(task.domain):
            calls = [{f: dict(a)} for f, a in single_turn_calls(data, name, as_text=False)]
            cases["single rows"].append(partial(judge, name, calls, "decoded", data))
    return cases


def measure(name: str, cases: Sequence[Case], repeat: int) -> dict[str, Any]:
    """Time `repeat` passes; what is loaded once is loaded in a pass that does not count."""
    for case in cases:
        case()
    started = time.process_time()
    for _ in range(repeat):
        for case in cases:
            case()
    seconds = time.process_time() - started
    rows = repeat * len(cases)
    return {"case": name, "rows": rows, "cpu_s": round(seconds, 3), "per_s": round(rows / seconds)}


def stored_run() -> dict[str, Any]:
    """Store a gold replay of every entry and score it again in a fresh process."""
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp) / "run"
        played = gold_replay(categories="all_scoring")
        app = App(compose([*OPTIONS, f"run={folder}"]), Console(), {})
        store = RunStore(folder, app.identity)
        write_text(folder / "config.yaml", stored_config(app))
        job = Job(played, BfclEvaluator(), ScriptedModel(replies=[]))
        asyncio.run(Runner(job, store, lambda outcome: None).run())
        store.close()
        command = [sys.executable, "-m", "harness", "stages=[score]", f"run={folder}"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=dict(os.environ))
        wall = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    scored = sum(task.scored for task in played.tasks)
    return {
        "case": "score a stored run from process start",
        "rows": scored,
        "cpu_s": round(cpu, 2),
        "wall_s": round(wall, 2),
        "peak_rss_mib": round(after.ru_maxrss / 1024, 1),
    }
