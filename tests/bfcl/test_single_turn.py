from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evaluators.bfcl.data import BfclData
from evaluators.bfcl.single_turn import judge, judge_relevance
from harness.faults import UserMistake

CALL = [{"box.fill": {"count": 3}}]


@pytest.fixture
def data(small_pack: Path) -> BfclData:
    return BfclData(small_pack)


@pytest.mark.parametrize(
    ("task_id", "kind", "prediction", "error"),
    [
        ("simple_python_0", "decoded", CALL, None),
        ("simple_python_0", "decoded", [{"box.fill": {"count": 4}}], "value_error:others"),
        ("simple_python_0", "decoded", "box", "ast_decoder:decoder_wrong_output_format"),
        ("simple_python_0", "fc", [{"box.fill": '{"count": 3}'}], None),
        ("simple_python_0", "fc", "Done.", "ast_decoder:decoder_failed"),
        ("simple_python_0", "fc", [{"box.fill": "[3]"}], "ast_decoder:decoder_wrong_output_format"),
        ("simple_python_0", "text", "[box.fill(count=3, sizes=[1, 2])]", None),
        ("simple_python_0", "text", "box.fill 3", "ast_decoder:decoder_failed"),
        ("simple_java_0", "text", "[box.fill(count=3)]", None),
        ("simple_java_0", "text", "[]", "ast_decoder:decoder_wrong_output_format"),
        ("simple_javascript_0", "text", "[box.fill(count=3, sizes=[1, 2])]", None),
        ("simple_javascript_0", "text", "[box.fill(count=3.0)]", "type_error:simple"),
        ("irrelevance_0", "fc", "No function fits.", None),
        ("live_irrelevance_0", "decoded", CALL, "irrelevance_error:decoder_success"),
        ("live_relevance_0", "fc", "No function fits.", "relevance_error:decoder_failed"),
        ("memory_kv_0-student-0", "fc", [["Ann Lee"]], None),
        ("web_search_base_0", "fc", [["Nobody"]], "agentic:answer_not_found"),
    ],
)
def test_every_kind_of_answer(
    data: BfclData, task_id: str, kind: Any, prediction: Any, error: str | None
) -> None:
    assert judge(task_id, prediction, kind, data) == (error is None, error)


def test_a_variant_is_read_in_its_own_format(data: BfclData) -> None:
    for row in data.entries("format_sensitivity"):
        right = "ret_fmt=json" in row["id"] and "tool_call_tag=False" in row["id"]
        text = '[{"function": "box.fill", "parameters": {"count": 3}}]'
        assert judge(row["id"], text, "text", data)[0] is right


@pytest.mark.parametrize(
    ("kind", "prediction", "made"),
    [
        ("text", "[f(a=1)]", True),
        ("text", "[]", False),
        ("text", "No function fits.", False),
        ("fc", [{"f": "{}"}], True),
        ("fc", [{"f": "{"}], False),
        ("fc", "", False),
        ("decoded", [{"f": {}}], True),
        ("decoded", [{}], False),
        ("decoded", [{"f": {}}, 1], False),
    ],
)
def test_relevance_asks_only_whether_a_call_was_made(
    kind: Any, prediction: Any, made: bool
) -> None:
    wanted = judge_relevance(prediction, kind, wanted=True)
    unwanted = judge_relevance(prediction, kind, wanted=False)
    assert wanted == ((True, None) if made else (False, "relevance_error:decoder_failed"))
    assert unwanted == ((False, "irrelevance_error:decoder_success") if made else (True, None))


def test_unknown_entries_are_named(data: BfclData) -> None:
    with pytest.raises(UserMistake, match="multiple_77"):
        judge("multiple_77", CALL, "decoded", data)
