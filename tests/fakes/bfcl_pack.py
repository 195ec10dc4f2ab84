"""A BFCL pack in miniature: invented entries in the official layout."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluators.bfcl.categories import MULTI_TURN, NON_LIVE, SCENARIOS

_HINTS = """
def _get_language_specific_hint(test_category):
    if is_java(test_category):
        return " (Java)"
    elif is_js(test_category):
        return " (script)"
    else:
        return " (Python)"


def _func_doc_language_specific_pre_processing(function, test_category):
    for item in function:
        item["description"] = item["description"] + _get_language_specific_hint(test_category)
        for value in item["parameters"]["properties"].values():
            if is_java(test_category):
                value["description"] += " Any Java."
                value["description"] += f" Java {value['type']}."
                value["description"] += f" Elements {value['items']['type']}."
            else:
                value["description"] += " Any script."
                value["description"] += f" Script {value['type']}."
                value["description"] += f" Items {value['items']['type']}."
                value["description"] += f" Schema {json.dumps(value['properties'])}"
    return function
"""
_PROMPTS = 'ADDITIONAL_SYSTEM_PROMPT_FOR_AGENTIC_RESPONSE_FORMAT = """Answer briefly."""\n'
_BACKENDS = """MULTI_TURN_FUNC_DOC_FILE_MAPPING = {
    "Lamp": "lamp.json", "MemoryAPI_kv": "memory_kv.json", "WebSearchAPI": "web_search.json"
}
"""


def doc(name: str, required: Sequence[str] = (), **properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a function doc; each property is a schema."""
    described = {key: {"description": f"{key}.", **value} for key, value in properties.items()}
    parameters = {"type": "dict", "properties": described, "required": list(required)}
    return {"name": name, "description": f"{name}.", "parameters": parameters}


def write_pack(root: Path) -> None:
    """Write every file the loader reads; two entries in most categories that have one."""
    base = root / "bfcl_eval"
    _write(base / "utils.py", _HINTS)
    _write(base / "constants" / "default_prompts.py", _PROMPTS)
    _write(base / "constants" / "executable_backend_config.py", _BACKENDS)
    data, golds = base / "data", base / "data" / "possible_answer"
    for category in (*NON_LIVE, *_LIVE):
        _lines(data / f"BFCL_v4_{category}.json", _single_rows(category))
        if not category.endswith("relevance"):
            _lines(golds / f"BFCL_v4_{category}.json", _single_golds(category))
    for category in MULTI_TURN:
        _lines(data / f"BFCL_v4_{category}.json", [_lamp_row(category)])
        _lines(golds / f"BFCL_v4_{category}.json", [_gold(f"{category}_0", [["on()"], []])])
    _write_agentic(data, golds)
    _write(
        data / "BFCL_v4_format_sensitivity.json", json.dumps({"simple_python": ["simple_python_1"]})
    )
    _lines(data / "multi_turn_func_doc" / "lamp.json", [doc("on"), doc("off")])


_LIVE = ("live_simple", "live_multiple", "live_parallel", "live_parallel_multiple",
         "live_irrelevance", "live_relevance")  # fmt: skip

_KINDS = {"simple_java": ("integer", "ArrayList"), "simple_javascript": ("integer", "array")}


def _single_rows(category: str) -> list[dict[str, Any]]:
    number, many = _KINDS.get(category, ("integer", "array"))
    inner = {"type": number}
    function = doc(
        "box.fill", ["count"], count={"type": number}, sizes={"type": many, "items": inner}
    )
    question = [[{"role": "user", "content": "Fill the box."}]]
    return [
        {"id": f"{category}_{i}", "question": question, "function": [function]} for i in range(2)
    ]


def _single_golds(category: str) -> list[dict[str, Any]]:
    accepted = {"count": [3], "sizes": [[1, 2], ""]}
    return [_gold(f"{category}_{i}", [{"box.fill": accepted}]) for i in range(2)]


def _lamp_row(category: str) -> dict[str, Any]:
    question = [[{"role": "user", "content": "Light, please."}], []]
    row = {"id": f"{category}_0", "question": question, "involved_classes": ["Lamp"]}
    return {**row, "missed_function": {"1": ["off"]}} if "miss_func" in category else row


def _write_agentic(data: Path, golds: Path) -> None:
    question = [[{"role": "user", "content": "What is my name?"}]]
    ids = [f"memory_{i}-{scenario}-0" for i, scenario in enumerate(SCENARIOS)]
    rows = [
        {"id": name, "question": question, "scenario": scenario, "involved_classes": ["MemoryAPI"]}
        for name, scenario in zip(ids, SCENARIOS, strict=True)
    ]
    _lines(data / "BFCL_v4_memory.json", rows)
    _lines(golds / "BFCL_v4_memory.json", [_gold(name, ["Ann Lee"]) for name in ids])
    for scenario in SCENARIOS:
        chain = [
            {"id": f"memory_prereq_{i}-{scenario}-{i}", "question": question} for i in range(2)
        ]
        _lines(data / "memory_prereq_conversation" / f"memory_{scenario}.json", chain)
    web = {"id": "web_search_0", "question": question, "involved_classes": ["WebSearchAPI"]}
    _lines(data / "BFCL_v4_web_search.json", [web])
    _lines(golds / "BFCL_v4_web_search.json", [_gold("web_search_0", ["Ann Lee"])])
    for name in ("memory_kv", "web_search"):
        _lines(data / "multi_turn_func_doc" / f"{name}.json", [doc("look")])


def _gold(name: str, truth: Any) -> dict[str, Any]:
    return {"id": name, "ground_truth": truth}


def _lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    _write(path, "".join(json.dumps(row) + "\n" for row in rows))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
