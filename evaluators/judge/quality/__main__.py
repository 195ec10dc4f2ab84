"""Measure the judge: `python -m evaluators.judge.quality`.

Plants errors into verified runs with two generators, of which the second was never used to tune a
rule, judges them, and prints one JSON object: precision and recall with intervals per category,
confusion, false alarms on harmless runs, and how much the second generator's figures are worse.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evaluators.judge.case import GoldCall
from evaluators.judge.llm.asking import Asker
from evaluators.judge.provenance import Sources
from evaluators.judge.quality.bases import Base, forgotten, verified
from evaluators.judge.quality.characters import CHARACTERS
from evaluators.judge.quality.controls import controls
from evaluators.judge.quality.edits import edited
from evaluators.judge.quality.flawed import performed
from evaluators.judge.quality.measure import Rate, Scores, gap
from evaluators.judge.quality.planted import Planted, as_row
from evaluators.judge.quality.second import second_opinion
from evaluators.judge.rules import judge
from harness.configure import build, compose
from harness.faults import UserMistake
from harness.store import write_text

Maker = Callable[[int, int], Iterable[Base]]
EDITED_FROM = ("evaluators.judge.quality.errands:bases", "evaluators.tau2.planted:bases")
PERFORMED_FROM = ("evaluators.bfcl.planted:bases", "evaluators.tau2.planted:airline")
UNSEEN = 7_000


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print. Exit status 2 where a world, a model or a folder is missing."""
    options = arguments().parse_args(argv)
    try:
        found = measure(options)
    except UserMistake as mistake:
        print(f"judge: {mistake}", file=sys.stderr)
        return 2
    print(json.dumps(found, indent=1))
    return 0


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evaluators.judge.quality", description=__doc__)
    place, setting = "MODULE:FUNCTION", "judge_model.KEY=VALUE"
    add = parser.add_argument
    add("--count", type=int, default=60, help="verified runs per world")
    add("--seed", type=int, default=0)
    add("--edited_from", nargs="+", default=EDITED_FROM, metavar=place, help="first generator's")
    add("--performed_from", nargs="+", default=PERFORMED_FROM, metavar=place, help="second's")
    add("--save", type=Path, help="write the planted runs here, as JSON lines")
    add("--judge", metavar="OPTION", help="also ask a model: an option of the model group")
    add("--set", nargs="*", default=[], metavar=setting, help="the model's settings")
    add("--asked", type=int, default=100, help="runs that the model is asked about, twice")
    add("--cache", type=Path, help="folder of the model's stored answers")
    return parser


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Plant, judge, count."""
    first = list(plant_edited(options.edited_from, options.count, options.seed))
    second = list(plant_performed(options.performed_from, options.count, options.seed))
    if options.save:
        rows = [{"generator": g, **as_row(p)} for g, ps in ((1, first), (2, second)) for p in ps]
        write_text(options.save, "".join(json.dumps(row, default=str) + "\n" for row in rows))
    one, two = scored(first), scored(second)
    found = {
        "cases": {"edited": len(first), "performed": len(second)},
        "edited": one.as_json(),
        "performed": two.as_json(),
        "points_worse": gap(one, two),
        "provenance": false_clears(options.seed),
    }
    if options.judge:
        every = random.Random(options.seed).sample([*first, *second], len(first) + len(second))
        found["second_opinion"] = asyncio.run(ask_model(options, every[: options.asked]))
    return found


async def ask_model(options: argparse.Namespace, planted: Sequence[Planted]) -> dict[str, Any]:
    """Build the judge model as the harness does and take its opinion."""
    config = compose([f"model@judge_model={options.judge}", *options.set])
    model: Any = build(config.judge_model)
    getattr(model, "check", lambda: None)()
    try:
        return await second_opinion(Asker(model, cache=options.cache), planted)
    finally:
        if hasattr(model, "aclose"):
            await model.aclose()


def plant_edited(places: Sequence[str], count: int, seed: int) -> Iterator[Planted]:
    """Edit good runs, half of them with the answers of the plan's replay, half without."""
    for base_list in both_ways(places, count, seed):
        yield from edited(base_list, seed)
        yield from controls(base_list, seed)


def plant_performed(places: Sequence[str], count: int, seed: int) -> Iterator[Planted]:
    """Let flawed agents perform plans that the first generator does not use."""
    for place in places:
        bases = list(verified(maker(place)(count, seed + UNSEEN)))
        planted = performed(bases, CHARACTERS, seed)
        for number, case in enumerate(planted):
            yield case if number % 2 else without_answers(case)


def without_answers(planted: Planted) -> Planted:
    """Forget what the plan's replay answered, as printed plans do."""
    gold = tuple(
        tuple(GoldCall(c.name, c.arguments, c.role) for c in calls)
        for calls in planted.case.gold or ()
    )
    return replace(planted, case=replace(planted.case, gold=gold))


def both_ways(places: Sequence[str], count: int, seed: int) -> Iterator[list[Base]]:
    for place in places:
        bases = list(verified(maker(place)(count, seed)))
        yield bases[::2]
        yield [forgotten(base) for base in bases[1::2]]


def maker(place: str) -> Maker:
    """Import `module:function`, a function of (count, seed) that yields bases."""
    module, _, name = place.partition(":")
    try:
        found: Maker = getattr(importlib.import_module(module), name or "bases")
    except (ImportError, AttributeError) as error:
        raise UserMistake(f"{place} names no maker of verified runs: {error}") from None
    return found


def scored(planted: Iterable[Planted]) -> Scores:
    """Judge every case by rule. Cases with a planted error are known to have failed."""
    scores = Scores()
    for case in planted:
        found = judge(case.case)
        scores.add(case, [f.category for f in found.findings], found.primary)
    return scores


def false_clears(seed: int, trials: int = 2000) -> dict[str, Any]:
    """Return how often provenance calls a value grounded that was drawn at random.

    The text holds fifty figures and twenty ids, as a long answer does.
    """
    rng = random.Random(seed)
    text = " ".join(
        [f"{rng.uniform(5, 900):.2f}" for _ in range(50)]
        + [f"ID{rng.randrange(10_000, 99_999)}" for _ in range(20)]
    )
    sources = Sources([text], [text])
    draws: dict[str, Callable[[], Any]] = {
        "id": lambda: f"ID{rng.randrange(10_000, 99_999)}",
        "count": lambda: rng.randrange(1, 1000),
        "amount": lambda: round(rng.uniform(5, 900), 2),
        "date": lambda: f"2027-{rng.randrange(1, 13):02}-{rng.randrange(1, 28):02}",
    }
    return {
        name: Rate(sum(sources.holds(draw()) for _ in range(trials)), trials).as_json()
        for name, draw in draws.items()
    }


if __name__ == "__main__":
    sys.exit(main())
