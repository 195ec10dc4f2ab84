from __future__ import annotations

from evaluators.bfcl.cases import single_turn_gold, written
from evaluators.bfcl.categories import LIVE, NON_LIVE, is_relevance
from evaluators.bfcl.data import BfclData
from evaluators.judge.case import OneOf


def test_every_single_turn_gold_can_be_written(bfcl: BfclData) -> None:
    ids = [
        row["id"]
        for category in (*NON_LIVE, *LIVE)
        if not is_relevance(category)
        for row in bfcl.entries(category)
    ]
    golds = {task: single_turn_gold(bfcl, task, True) for task in ids}
    assert len(golds) == 2501
    assert all(golds.values())


def test_python_keeps_every_accepted_value_and_source_text_holds_one() -> None:
    value = {"a": ["x", "y"], "b": [1, ""]}
    assert written(value, {}, "python") == {"a": OneOf(("x", "y")), "b": OneOf((1, ""))}
    java = written(value, {"type": "HashMap"}, "java")
    assert java == 'new HashMap<String, Object>() {{ put("a", "x"); }}'
    assert written("", {}, "java") == ""
