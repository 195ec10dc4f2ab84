"""The categories of BFCL v4: their names, languages and the id grammar of the official files."""

from __future__ import annotations

from itertools import product
from typing import Literal

Language = Literal["python", "java", "javascript"]

NON_LIVE = (
    "simple_python",
    "simple_java",
    "simple_javascript",
    "multiple",
    "parallel",
    "parallel_multiple",
    "irrelevance",
)
LIVE = (
    "live_simple",
    "live_multiple",
    "live_parallel",
    "live_parallel_multiple",
    "live_irrelevance",
    "live_relevance",
)
MULTI_TURN = (
    "multi_turn_base",
    "multi_turn_miss_func",
    "multi_turn_miss_param",
    "multi_turn_long_context",
)
MEMORY = ("memory_kv", "memory_vector", "memory_rec_sum")
WEB_SEARCH = ("web_search_base", "web_search_no_snippet")
FORMAT_SENSITIVITY = "format_sensitivity"

SCORED = NON_LIVE + LIVE + MULTI_TURN + MEMORY + WEB_SEARCH
CATEGORIES = (*SCORED, FORMAT_SENSITIVITY)
SCENARIOS = ("student", "customer", "finance", "healthcare", "notetaker")


def category_of(task_id: str) -> str:
    """Return the category an official id names; prerequisites of memory end in `_prereq`."""
    return task_id.split(":")[0].rsplit("_", 1)[0]


def language_of(category: str) -> Language:
    if "javascript" in category:
        return "javascript"
    return "java" if "java" in category else "python"


def is_relevance(category: str) -> bool:
    """Say whether only the presence of a call counts (relevance and irrelevance sets)."""
    return category.endswith("relevance")


def is_single_turn(category: str) -> bool:
    return category in NON_LIVE or category in LIVE or category == FORMAT_SENSITIVITY


def is_agentic(category: str) -> bool:
    return category in MEMORY or category in WEB_SEARCH


def format_configurations() -> tuple[str, ...]:
    """Return the 26 prompt configurations of format sensitivity, in the order of their ids."""
    formats = product(
        ("python", "json", "verbose_xml", "concise_xml"),
        (True, False),
        ("python", "xml", "json"),
        ("plaintext",),
        ("classic",),
    )
    extra = (
        ("python", False, "json", "markdown", "classic"),
        ("python", False, "json", "plaintext", "experimental"),
    )
    return tuple(
        f"ret_fmt={returned}&tool_call_tag={tag}&func_doc_fmt={doc}&prompt_fmt={prompt}"
        f"&style={style}"
        for returned, tag, doc, prompt, style in (*formats, *extra)
    )
