"""The judge's own quality: planted errors are found, harmless runs are left alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from evaluators.judge.categories import DECIDED_8, DECIDED_9, TABLE_9
from evaluators.judge.printed import read_case
from evaluators.judge.quality.__main__ import main, scored
from evaluators.judge.quality.bases import forgotten, play, script_of, verified
from evaluators.judge.quality.characters import CHARACTERS
from evaluators.judge.quality.controls import HARMLESS, controls
from evaluators.judge.quality.depot import TOOLS, Depot
from evaluators.judge.quality.edits import EDITS, edited
from evaluators.judge.quality.errands import bases
from evaluators.judge.quality.flawed import performed
from evaluators.judge.quality.measure import Scores, agreement, f1, gap, kappa
from evaluators.judge.quality.planted import Planted, as_row
from evaluators.judge.quality.second import second_opinion
from evaluators.judge.rules import judge
from harness.models.scripted import ScriptedModel
from harness.types import ToolSpec
from tests.judge.runs import case, gold, turn
from tests.judge.test_llm import finding, reply

COUNT = 40
KNOWN = list(verified(bases(COUNT)))
BOTH = [*KNOWN[::2], *map(forgotten, KNOWN[1::2])]
EDITED = [*edited(BOTH, 0), *controls(BOTH, 0)]
PERFORMED = list(performed(list(verified(bases(COUNT, 99))), CHARACTERS, 0))
RULED = DECIDED_8 | DECIDED_9


def test_the_depot_keeps_its_rules() -> None:
    depot = Depot(1)
    name = next(iter(depot.members))
    assert depot.respond("list_reservations", {})[1]
    assert depot.respond("sign_in", {"member_name": name, "pin": "0"})[1]
    assert not depot.respond("sign_in", {"member_name": name, "pin": depot.members[name]})[1]
    assert not depot.respond("list_reservations", {})[1]
    assert depot.respond("get_item", {})[1]
    assert depot.respond("get_item", {"item_id": "EQ1", "size": 2})[1]
    assert depot.respond("fly", {})[1]
    assert [name for name, tool in TOOLS.items() if tool.auth] == ["sign_in"]
    assert Depot(1).items == Depot(1).items != Depot(2).items


def test_every_base_is_verified_and_runs_without_category() -> None:
    assert len(KNOWN) == COUNT
    for base in KNOWN:
        assert judge(play(base, script_of(base)), guess=True).findings == ()


@pytest.mark.parametrize("planted", [EDITED, PERFORMED], ids=["edited", "performed"])
def test_planted_errors_are_found(planted: Sequence[Planted]) -> None:
    scores = scored(planted)
    assert scores.alarms.total() == 0
    for category in RULED:
        recall, precision = scores.recall(category), scores.precision(category)
        if recall.of:
            assert recall.hits / recall.of >= 0.95, category
            assert precision.hits / precision.of >= 0.90, category


def test_every_kind_is_planted_and_every_decided_category_but_one() -> None:
    kinds = {p.kind for p in EDITED}
    assert len(kinds) == len(EDITS) + len(HARMLESS)
    assert {p.kind.removeprefix("control: ") for p in PERFORMED} == {c.name for c in CHARACTERS}
    planted = {c for p in EDITED for c in p.truth}
    assert RULED - planted == {"Plan Violation"}  # needs an order not to call: see test_rules


def test_a_judge_that_is_wrong_scores_badly() -> None:
    """The twin: what the figures look like for a judge that always says the same."""
    scores = Scores()
    for planted in EDITED:
        scores.add(planted, ["Incomplete Task"], "Incomplete Task")
    assert scores.recall("Wrong Order").hits == 0
    precision = scores.precision("Incomplete Task")
    assert precision.hits / precision.of < 0.5
    assert scores.as_json()["controls"]["alarms"]["value"] == 1.0
    assert gap(scored(EDITED), scores)["Wrong Order"]["recall"] == 100.0


def test_the_same_seed_gives_the_same_bytes() -> None:
    again = [*edited(BOTH, 0), *controls(BOTH, 0)]
    assert [as_row(p) for p in again] == [as_row(p) for p in EDITED]
    other = list(edited(BOTH, 1))
    assert [as_row(p) for p in other] != [as_row(p) for p in EDITED[: len(other)]]


def test_planted_runs_survive_as_rows() -> None:
    """A saved run is judged as the live one was."""
    for planted in EDITED[::7]:
        row = json.loads(json.dumps(as_row(planted), default=str))
        found = judge(read_case(row, TOOLS))
        assert found.categories(9) == judge(planted.case).categories(9), planted.kind


def test_figures() -> None:
    assert kappa([(1, 1), (0, 0), (1, 0), (0, 1)]) == 0.0
    assert kappa([(1, 1), (0, 0)]) == 1.0
    assert kappa([(1, 1), (1, 1)]) is None
    assert kappa([]) is None
    assert f1([(True, True), (True, False), (False, False)]) == pytest.approx(2 / 3)
    assert f1([(False, False)]) is None
    pairs = [(f"t{n}", n % 2, n % 2 if n < 9 else 1 - n % 2) for n in range(12)]
    found = agreement(pairs, draws=200)
    assert (found["n"], found["tasks"], found["raw"]) == (12, 12, 0.75)
    assert found["kappa_low"] < found["kappa"] < found["kappa_high"]


def test_a_second_opinion() -> None:
    """A model that always blames the first message, once it can quote it, else nobody."""
    run = case(
        [turn("Find a saw.", "It is blue.")], [[gold("find_items", kind="saw")]], passed=False
    )
    good = case([turn("Hi.", "Hello.")], [[]])
    planted = [
        Planted(run, "silent", frozenset({"No Tool Calls", "Missing Required Tool Call"})),
        Planted(good, "control: clean"),
    ]

    def author(
        chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], sampling: Mapping[str, Any]
    ) -> str:
        if "blue" not in str(chat[1]["content"]):
            return json.dumps(reply())
        label = finding("No Tool Calls", "present", message_index=1, quote="It is blue")
        return json.dumps(reply(label))

    from evaluators.judge.llm.asking import Asker

    found = asyncio.run(second_opinion(Asker(ScriptedModel(author)), planted))
    assert found["against_truth"]["categories"]["No Tool Calls"]["recall"]["value"] == 1.0
    assert found["with_rules"]["raw"] == 1.0
    assert found["with_rules"]["n"] == 2 * len(TABLE_9)
    assert (found["test_retest"]["flips"], found["judge_errors"]) == (0, 0)
    broken = asyncio.run(second_opinion(Asker(ScriptedModel(["no", "no"])), planted))
    assert broken["judge_errors"] == 2
    assert broken["with_rules"]["kappa"] is None


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    place = "evaluators.judge.quality.errands:bases"
    saved = tmp_path / "planted.jsonl"
    arguments = ["--count", "6", "--edited_from", place, "--performed_from", place]
    assert main([*arguments, "--save", str(saved)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["cases"]["edited"] + found["cases"]["performed"] == len(
        saved.read_text().splitlines()
    )
    assert found["provenance"]["id"]["value"] < 0.05
    assert set(found["edited"]) == {"categories", "confusion", "controls"}
    assert main(["--edited_from", "nowhere:bases"]) == 2
    assert "nowhere" in capsys.readouterr().err
