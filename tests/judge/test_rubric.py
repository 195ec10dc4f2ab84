"""Rubrics: only critical bullets decide, every bullet is answered, ties are undetermined."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from evaluators.judge.llm.asking import Asker
from evaluators.judge.llm.rubric import Bullet, RubricJudge, RubricVerdict, decide
from harness.faults import ModelFault, UserMistake
from harness.models.scripted import ScriptedModel
from harness.types import ToolSpec
from tests.judge.runs import case, gold, turn

RUBRIC = {"price": "It tells the price.", "order": "It looks first.", "style": "It uses a table."}
RUN = case(
    [turn("What is EQ77?", [("get_item", {"item_id": "EQ77"}, {"price": 12.5})], "It is 12.50.")],
    [[gold("get_item", item_id="EQ77")]],
)


def bullet(key: str, kind: str, met: str, quote: str | None = None) -> dict[str, Any]:
    index = None if quote is None else 3
    return {"id": key, "kind": kind, "met": met, "message_index": index, "quote": quote,
            "reason": "because"}  # fmt: skip


def reply(price: str = "met", quote: str | None = "It is 12.50") -> str:
    bullets = [
        bullet("price", "critical", price, quote),
        bullet("order", "structural", "unmet"),
        bullet("style", "noncritical", "unmet"),
    ]
    return json.dumps({"bullets": bullets})


def judged(*said: str, votes: int = 1, rubric: Mapping[str, str] = RUBRIC) -> RubricVerdict:
    queue = list(said)

    def author(
        chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], sampling: Mapping[str, Any]
    ) -> str:
        return queue.pop(0)

    judge = RubricJudge(Asker(ScriptedModel(author)), votes)
    return asyncio.run(judge.judge(RUN, rubric))


def test_only_critical_bullets_decide() -> None:
    found = judged(reply())
    assert found.passed is True
    assert [(b.kind, b.met) for b in found.bullets] == [
        ("critical", "met"), ("structural", "unmet"), ("noncritical", "unmet"),
    ]  # fmt: skip
    assert judged(reply("unmet")).passed is False


def test_nothing_critical_is_no_pass() -> None:
    assert decide([Bullet("a", "structural", "met")]) is None
    assert decide([Bullet("a", "critical", "met"), Bullet("b", "invalid", "unmet")]) is True
    assert (
        decide([Bullet("a", "critical", "undetermined"), Bullet("b", "critical", "unmet")]) is False
    )
    assert judged(rubric={}).passed is None


def test_quotations_of_critical_bullets_are_checked() -> None:
    found = judged(reply(quote="It is 99"))
    assert (found.bullets[0].met, found.passed) == ("undetermined", None)


def test_votes_and_their_disagreement() -> None:
    found = judged(reply(), reply("unmet"), reply(), votes=3)
    assert (found.passed, found.disagreement) == (True, 1 / 3)
    tied = judged(reply(), reply("unmet"), votes=2)
    assert (tied.bullets[0].met, tied.passed) == ("undetermined", None)
    with pytest.raises(UserMistake):
        judged(votes=0)


@pytest.mark.parametrize(
    "bad",
    [
        '{"bullets": []}',
        json.dumps({"bullets": json.loads(reply())["bullets"] * 2}),
        reply().replace('"critical"', '"important"'),
        reply().replace('"met": "met"', '"met": true'),
        reply().replace('"price"', '"prize"'),
        "all met",
    ],
)
def test_one_repair_and_then_a_fault(bad: str) -> None:
    assert judged(bad, reply()).passed is True
    with pytest.raises(ModelFault) as fault:
        judged(bad, bad)
    assert fault.value.kind == "judge_error"
