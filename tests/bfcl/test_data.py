from __future__ import annotations

import time
from pathlib import Path

import pytest

from evaluators.bfcl.categories import CATEGORIES, format_configurations
from evaluators.bfcl.data import BfclData
from harness.faults import UserMistake


@pytest.fixture
def data(small_pack: Path) -> BfclData:
    return BfclData(small_pack)


def test_golds_belong_to_prompts_by_order(data: BfclData) -> None:
    assert [row["id"] for row in data.entries("simple_python")] == [
        "simple_python_0",
        "simple_python_1",
    ]
    assert data.answer("simple_python_1") == [{"box.fill": {"count": [3], "sizes": [[1, 2], ""]}}]
    assert data.answer("live_irrelevance_0") is None


def test_ids_that_do_not_exist_are_named(data: BfclData) -> None:
    for ask in (data.prompt, data.answer, data.functions):
        with pytest.raises(UserMistake, match="simple_python_9"):
            ask("simple_python_9")
    with pytest.raises(UserMistake, match="nothing"):
        data.entries("nothing")
    with pytest.raises(UserMistake, match="parallel"):
        data.prompt("parallel_prereq_0")


def test_golds_that_do_not_match_their_prompts_are_refused(
    data: BfclData, small_pack: Path
) -> None:
    path = small_pack / "bfcl_eval/data/possible_answer/BFCL_v4_parallel.json"
    path.write_text(path.read_text().split("\n")[0])
    with pytest.raises(UserMistake, match="2 prompts but 1 golds"):
        data.answer("parallel_0")


def test_hints_are_shown_and_never_scored(data: BfclData) -> None:
    (scored,) = data.functions("simple_java_0")
    (shown,) = data.functions("simple_java_0", shown=True)
    assert scored["description"] == "box.fill."
    assert shown["description"] == "box.fill. (Java)"
    assert scored["parameters"]["properties"]["sizes"]["type"] == "ArrayList"
    assert shown["parameters"]["properties"]["sizes"] == {
        "description": "sizes. Java ArrayList. Elements integer.",
        "type": "string",
    }
    assert shown["parameters"]["properties"]["count"]["description"] == "count. Java integer."


def test_python_docs_keep_their_types(data: BfclData) -> None:
    (shown,) = data.functions("simple_python_0", shown=True)
    assert shown["description"] == "box.fill. (Python)"
    assert shown["parameters"] == data.functions("simple_python_0")[0]["parameters"]


def test_format_sensitivity_has_every_configuration_and_two_hints(data: BfclData) -> None:
    rows = data.entries("format_sensitivity")
    assert len(rows) == len(format_configurations()) == 26
    assert rows[3]["id"].startswith("format_sensitivity_3:ret_fmt=python&tool_call_tag=False&")
    assert rows[3]["id"].endswith(":simple_python_1")
    assert data.answer(rows[3]["id"]) == data.answer("simple_python_1")
    (shown,) = data.functions(rows[3]["id"], shown=True)
    assert shown["description"] == "box.fill. (Python) (Python)"


def test_memory_entries_depend_on_their_scenario(data: BfclData) -> None:
    row = data.prompt("memory_kv_1-customer-0")
    assert row["involved_classes"] == ["MemoryAPI_kv"]
    assert row["depends_on"] == ["memory_kv_prereq_0-customer-0", "memory_kv_prereq_1-customer-1"]
    assert row["question"][0][0] == {"role": "system", "content": "Answer briefly."}
    second = data.prompt("memory_kv_prereq_1-customer-1")
    assert second["depends_on"] == ["memory_kv_prereq_0-customer-0"]
    assert second["question"][0][0]["role"] == "user"
    assert len(data.prerequisites("memory_kv")) == 10
    assert data.answer("memory_kv_1-customer-0") == ["Ann Lee"]


def test_web_search_ids_carry_the_variant(data: BfclData) -> None:
    assert data.entries("web_search_no_snippet")[0]["id"] == "web_search_no_snippet_0"
    assert [doc["name"] for doc in data.functions("web_search_base_0")] == ["look"]


def test_held_out_functions_leave_the_tools(data: BfclData) -> None:
    assert [doc["name"] for doc in data.functions("multi_turn_miss_func_0")] == ["on"]
    held = data.held_out("multi_turn_miss_func_0")
    assert [doc["name"] for doc in held[1]] == ["off"]
    assert [doc["name"] for doc in data.functions("multi_turn_base_0")] == ["on", "off"]
    assert data.held_out("multi_turn_base_0") == {}


def test_a_broken_pack_is_named(data: BfclData, small_pack: Path) -> None:
    (small_pack / "bfcl_eval/utils.py").write_text("def other(): return 1\n")
    with pytest.raises(UserMistake, match=r"utils\.py"):
        data.functions("simple_python_0", shown=True)
    (small_pack / "bfcl_eval/data/BFCL_v4_multiple.json").write_text('{"id": 1}\nnot json\n')
    with pytest.raises(UserMistake, match="BFCL_v4_multiple"):
        data.entries("multiple")
    (small_pack / "bfcl_eval/data/BFCL_v4_parallel.json").unlink()
    with pytest.raises(UserMistake, match="BFCL_v4_parallel"):
        data.entries("parallel")
    with pytest.raises(UserMistake, match="Chair"):
        data.func_doc("Chair")


def test_the_official_files_load_fast_and_whole(bfcl: BfclData) -> None:
    fresh, started = BfclData(bfcl.root), time.process_time()
    ids = [row["id"] for category in CATEGORIES for row in fresh.entries(category)]
    golds = sum(fresh.answer(name) is not None for name in ids)
    spent = time.process_time() - started
    assert len(ids) == 5106 + 5200
    assert golds == 5106 - 240 - 884 - 16 + 5200
    assert spent < 2.0
    assert fresh.functions("simple_java_0", shown=True)[0]["description"].endswith("syntax.")
