from __future__ import annotations

import random
from typing import Any

import pytest

from evaluators.bfcl.categories import SCORED
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.scores import LIVE_COUNTS, OFFICIAL, OFFICIAL_BOUND, VULCAN, groups, totals


def named(accuracy: dict[str, float]) -> dict[str, dict[str, Any]]:
    return {total["name"]: total for total in totals(accuracy)}


def leaderboard(a: dict[str, float]) -> tuple[float, float]:
    """The two formulas written out once more, term by term."""
    simple = (a["simple_python"] + a["simple_java"] + a["simple_javascript"]) / 3
    non_live = (simple + a["multiple"] + a["parallel"] + a["parallel_multiple"]) / 4
    live = a["live_simple"] * 258 + a["live_multiple"] * 1053
    live = (live + a["live_parallel"] * 16 + a["live_parallel_multiple"] * 24) / 1351
    refusals = (a["irrelevance"] + a["live_irrelevance"]) / 2
    turns = sum(value for name, value in a.items() if name.startswith("multi_turn")) / 4
    web = (a["web_search_base"] + a["web_search_no_snippet"]) / 2
    memory = (a["memory_kv"] + a["memory_vector"] + a["memory_rec_sum"]) / 3
    official = (10 * (non_live + live + refusals) + 30 * turns + 20 * (web + memory)) / 100
    return official, turns / 2 + (non_live + live + refusals) / 6


def test_totals_are_the_published_formulas() -> None:
    rng = random.Random(7)
    for _ in range(200):
        accuracy = {name: rng.random() for name in SCORED}
        found = named(accuracy)
        official, vulcan = leaderboard(accuracy)
        assert found[OFFICIAL]["value"] == pytest.approx(official, abs=1e-12)
        assert found[VULCAN]["value"] == pytest.approx(vulcan, abs=1e-12)
        assert OFFICIAL_BOUND not in found


def test_relevance_and_format_sensitivity_count_nowhere() -> None:
    accuracy = dict.fromkeys(SCORED, 0.5)
    changed = {**accuracy, "live_relevance": 1.0, "format_sensitivity": 0.0}
    assert totals(changed) == totals(accuracy)
    assert totals({**accuracy, "irrelevance": 1.0}) != totals(accuracy)


# VULCAN Table 1: overall, NonLive, Live, MultiTurn, Irrelevance in percent
@pytest.mark.parametrize(
    ("model", "row"),
    [
        ("GPT-5.2", (52.67, 81.85, 70.39, 28.12, 79.42)),
        ("GPT-4.1", (59.32, 82.79, 69.95, 38.88, 86.52)),
        ("Gemini-2.5-Flash", (60.29, 84.96, 74.39, 36.25, 93.67)),
    ],
)
def test_published_rows(model: str, row: tuple[float, ...]) -> None:
    overall, non_live, live, turns, refusals = (value / 100 for value in row)
    accuracy = dict.fromkeys(SCORED, non_live)
    for name in SCORED:
        if name.startswith("multi_turn"):
            accuracy[name] = turns
        elif name in LIVE_COUNTS:
            accuracy[name] = live
        elif "irrelevance" in name:
            accuracy[name] = refusals
    assert named(accuracy)[VULCAN]["value"] == pytest.approx(overall, abs=8e-5), model


def test_a_category_that_was_not_run_is_never_a_silent_zero() -> None:
    accuracy = {name: 1.0 for name in SCORED if "web" not in name and "memory" not in name}
    found = named(accuracy)
    parts = ["NonLive", "Live", "Irrelevance", "MultiTurn"]
    assert list(found) == [OFFICIAL, OFFICIAL_BOUND, VULCAN, *parts]
    assert all(found[name]["value"] == pytest.approx(1.0) for name in parts)
    assert found[OFFICIAL]["value"] is None
    assert set(found[OFFICIAL]["missing"]) == set(SCORED) - set(accuracy)
    assert found[OFFICIAL_BOUND]["value"] == pytest.approx(0.6)
    assert found[OFFICIAL_BOUND]["missing"] == found[OFFICIAL]["missing"]
    assert found[VULCAN]["value"] == pytest.approx(1.0)
    assert found[VULCAN]["missing"] == []
    del accuracy["simple_java"]
    assert named(accuracy)[VULCAN]["value"] is None
    assert named(accuracy)[VULCAN]["missing"] == ["simple_java"]
    assert "NonLive" not in named(accuracy)


def test_nothing_run_has_no_bound() -> None:
    found = named({})
    assert found.keys() == {OFFICIAL, VULCAN}
    assert found[OFFICIAL]["value"] is None


def test_groups() -> None:
    accuracy = dict.fromkeys(SCORED, 0.25)
    assert set(groups(accuracy).values()) == {0.25}
    del accuracy["live_irrelevance"]
    found = groups(accuracy)
    assert found["Irrelevance"] is None
    assert found["Live"] == 0.25


@pytest.mark.parametrize(
    "accuracy", [{"simple": 0.5}, {"multiple": 50.0}, {"multiple": float("nan")}]
)
def test_wrong_accuracies_are_refused(accuracy: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"simple|multiple"):
        totals(accuracy)


def test_the_weights_of_live_are_the_numbers_of_entries(bfcl: BfclData) -> None:
    assert {name: len(bfcl.entries(name)) for name in LIVE_COUNTS} == LIVE_COUNTS
