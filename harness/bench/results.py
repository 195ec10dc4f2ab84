"""Speed of results: read, summarise, bound and tabulate the outcomes of a large stored run."""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.bench.meter import Meter, peak_rss_mib
from harness.journal import Journal
from harness.metrics import summarise
from harness.outcomes import Outcome
from harness.results.files import write_table
from harness.results.table import build_table
from harness.store import read_outcomes, write_text

DOMAINS = 12
LIMIT_S, LIMIT_MIB = 10.0, 500.0


def run(argv: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield one dict per step, then the whole: CPU seconds, memory and the limits on them."""
    parser = argparse.ArgumentParser(prog="python -m harness.bench results")
    parser.add_argument("--episodes", type=int, default=100_000, help="outcomes of the run")
    parser.add_argument("--trials", type=int, default=4, help="trials per task")
    options = parser.parse_args(argv)
    about = {"episodes": options.episodes, "trials": options.trials}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_outcomes(folder, options.episodes, options.trials)
        before = peak_rss_mib()
        whole = Meter()
        meter = Meter()
        outcomes = list(read_outcomes(folder).values())
        yield {"case": "read", **about, **meter.read()}
        meter = Meter()
        records = [(o.task_id, o.trial, o.status) for o in outcomes]
        summarise(records, range(1, options.trials + 1))
        yield {"case": "summarise", **about, **meter.read()}
        del records
        meter = Meter()
        rows = build_table(outcomes, ks=range(1, options.trials + 1))
        yield {"case": "table", "rows": len(rows), **about, **meter.read()}
        meter = Meter()
        write_table(folder, rows)
        yield {"case": "write", **about, **meter.read()}
        spent = whole.read()
        yield {
            "case": "all",
            **about,
            **spent,
            "peak_before_mib": round(before, 1),
            "limit_s": LIMIT_S,
            "limit_mib": LIMIT_MIB,
            "met": spent["cpu_s"] <= LIMIT_S and spent["peak_rss_mib"] <= LIMIT_MIB,
        }


def write_outcomes(folder: Path, episodes: int, trials: int) -> None:
    """Write a run folder that holds outcomes only, of tasks of mixed difficulty."""
    from harness.codec import to_json

    write_text(folder / "run.json", "{}\n")
    journal = Journal(folder / "outcomes" / "0.jsonl")
    rng = random.Random(0)
    for number in range(episodes // trials):
        rate = rng.betavariate(0.6, 0.8)
        for trial in range(trials):
            journal.add(to_json(outcome(rng, number, trial, rate)))
    journal.close()


def outcome(rng: random.Random, number: int, trial: int, rate: float) -> Outcome:
    passed = rng.random() < rate
    return Outcome(
        benchmark="bench",
        domain=f"domain_{number % DOMAINS}",
        task_id=f"task_{number}",
        trial=trial,
        status="pass" if passed else "fail",
        reward=float(passed),
        cluster=f"base_{number // 3}",
        end="user_stop",
        parts={"db": float(passed), "communicate": 1.0},
        turns=rng.randrange(2, 9),
        steps=rng.randrange(4, 40),
        calls=rng.randrange(1, 20),
        tool_errors=rng.randrange(3),
        tokens_in=rng.randrange(1000, 90_000),
        tokens_out=rng.randrange(100, 4000),
        cost_usd=rng.random() / 10,
        seconds=rng.uniform(1, 90),
    )
