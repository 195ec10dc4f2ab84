"""The columns of BFCL v4's score tables and what each of them is made of."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

NON_LIVE = (
    "simple_python",
    "simple_java",
    "simple_javascript",
    "multiple",
    "parallel",
    "parallel_multiple",
    "irrelevance",
)
LIVE_AST = ("live_simple", "live_multiple", "live_parallel", "live_parallel_multiple")
LIVE = (*LIVE_AST, "live_irrelevance", "live_relevance")
TURNS = ("base", "miss_func", "miss_param", "long_context")
MULTI_TURN = tuple(f"multi_turn_{name}" for name in TURNS)
WEB_SEARCH = ("web_search_base", "web_search_no_snippet")
MEMORY = ("memory_kv", "memory_vector", "memory_rec_sum")
CATEGORIES = (*NON_LIVE, *LIVE, *MULTI_TURN, *WEB_SEARCH, *MEMORY)
GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"non_live": NON_LIVE, "live": LIVE, "multi_turn": MULTI_TURN, "agentic": WEB_SEARCH + MEMORY}
)
LIVE_SIZES = dict(zip(LIVE_AST, (258, 1053, 16, 24), strict=True))
WEIGHTS = (0.1, 0.1, 0.1, 0.3, 0.4)
NOTHING = "N/A"


def columns(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


def folder_of(category: str) -> str:
    """Return the folder, below a model's, that the results of a category lie in."""
    group = next(name for name, members in GROUPS.items() if category in members)
    if category in MEMORY:
        return f"{group}/memory/{category.removeprefix('memory_')}"
    return group


@dataclass(frozen=True)
class Scores:
    """Accuracy per category that was run, seconds per reply, dollars."""

    accuracy: Mapping[str, float]
    latencies: Sequence[float]
    cost: float | None

    def shown(self, *parts: str | float | None) -> float | None:
        """Unweighted mean of categories (or of means); None where one was not run."""
        values = [self.accuracy.get(p) if isinstance(p, str) else p for p in parts]
        known = [value for value in values if value is not None]
        return math.fsum(known) / len(known) if len(known) == len(values) else None

    def counted(self, *parts: str | float) -> float:
        """The same mean with categories not run counted as 0, the official convention."""
        values = [self.accuracy.get(p, 0.0) if isinstance(p, str) else p for p in parts]
        return math.fsum(values) / len(values)

    def live(self, official: bool) -> float | None:
        """Mean over the entries of the live AST sets; not run: counted as 0 (official), or None."""
        if not official and not set(LIVE_AST) <= self.accuracy.keys():
            return None
        hits = (self.accuracy.get(name, 0.0) * size for name, size in LIVE_SIZES.items())
        return math.fsum(hits) / sum(LIVE_SIZES.values())


def tables_of(scores: Scores) -> dict[Any, str]:
    """Render every column; where tables name different things alike, keyed by (table, column)."""
    simple = scores.shown(*NON_LIVE[:3])
    live = scores.live(official=True)
    figures: dict[Any, float | None] = {
        ("data_non_live.csv", "AST Summary"): scores.shown(simple, *NON_LIVE[3:6]),
        ("data_live.csv", "AST Summary"): scores.live(official=False),
        "Non-Live Overall Acc": non_live(scores),
        "Live Overall Acc": live,
        "Multi Turn Overall Acc": scores.counted(*MULTI_TURN),
        "Agentic Overall Acc": agentic(scores),
        "Overall Acc": overall(scores),
        "Simple AST": simple,
        "Non-Live AST Acc": scores.shown(simple, *NON_LIVE[3:6]),
        "Non-Live Simple AST": simple,
        "Live Acc": live,
        "Multi Turn Acc": scores.counted(*MULTI_TURN),
        "Web Search Summary": scores.shown(*WEB_SEARCH),
        "Web Search Acc": scores.shown(*WEB_SEARCH),
        "Memory Summary": scores.shown(*MEMORY),
        "Memory Acc": scores.shown(*MEMORY),
        "Irrelevance Detection": scores.shown("irrelevance", "live_irrelevance"),
        ("data_non_live.csv", "Python Simple AST"): scores.shown("simple_python"),
        ("data_live.csv", "Python Simple AST"): scores.shown("live_simple"),
        ("data_non_live.csv", "Irrelevance Detection"): scores.shown("irrelevance"),
        ("data_live.csv", "Irrelevance Detection"): scores.shown("live_irrelevance"),
    }
    figures |= {column: scores.shown(category) for column, category in SINGLE.items()}
    return {name: percent(value) for name, value in figures.items()} | spending(scores)


def non_live(scores: Scores) -> float:
    return scores.counted(scores.counted(*NON_LIVE[:3]), *NON_LIVE[3:6])


def agentic(scores: Scores) -> float:
    return scores.counted(scores.counted(*WEB_SEARCH), scores.counted(*MEMORY))


def overall(scores: Scores) -> float:
    """Non-live, live, irrelevance, multi-turn and agentic at 10, 10, 10, 30, 40 percent."""
    parts = (
        non_live(scores),
        scores.live(official=True) or 0.0,
        scores.counted("irrelevance", "live_irrelevance"),
        scores.counted(*MULTI_TURN),
        agentic(scores),
    )
    return math.fsum(weight * part for weight, part in zip(WEIGHTS, parts, strict=True))


def percent(value: float | None) -> str:
    return NOTHING if value is None else f"{100 * value:.2f}%"


def spending(scores: Scores) -> dict[Any, str]:
    """Total cost and the seconds a reply took."""
    seconds = sorted(scores.latencies)
    spread = statistics.stdev(seconds) if len(seconds) > 1 else None
    found: dict[Any, float | None] = {
        "Total Cost ($)": scores.cost,
        "Latency Mean (s)": statistics.mean(seconds) if seconds else None,
        "Latency Standard Deviation (s)": spread,
        "Latency 95th Percentile (s)": percentile(seconds, 0.95),
        "Format Sensitivity Max Delta": None,
        "Format Sensitivity Standard Deviation": None,
    }
    return {name: NOTHING if v is None else str(round(v, 2)) for name, v in found.items()}


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Interpolate a percentile linearly."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


SINGLE: Mapping[str, str] = MappingProxyType(
    {
        "Java Simple AST": "simple_java",
        "JavaScript Simple AST": "simple_javascript",
        "Multiple AST": "multiple",
        "Parallel AST": "parallel",
        "Parallel Multiple AST": "parallel_multiple",
        "Python Multiple AST": "live_multiple",
        "Python Parallel AST": "live_parallel",
        "Python Parallel Multiple AST": "live_parallel_multiple",
        "Relevance Detection": "live_relevance",
        "Non-Live Multiple AST": "multiple",
        "Non-Live Parallel AST": "parallel",
        "Non-Live Parallel Multiple AST": "parallel_multiple",
        "Live Simple AST": "live_simple",
        "Live Multiple AST": "live_multiple",
        "Live Parallel AST": "live_parallel",
        "Live Parallel Multiple AST": "live_parallel_multiple",
        "Base": "multi_turn_base",
        "Miss Func": "multi_turn_miss_func",
        "Miss Param": "multi_turn_miss_param",
        "Long Context": "multi_turn_long_context",
        "Multi Turn Base": "multi_turn_base",
        "Multi Turn Miss Func": "multi_turn_miss_func",
        "Multi Turn Miss Param": "multi_turn_miss_param",
        "Multi Turn Long Context": "multi_turn_long_context",
        "Web Search Base": "web_search_base",
        "Web Search No Snippet": "web_search_no_snippet",
        "Memory KV": "memory_kv",
        "Memory Vector": "memory_vector",
        "Memory Recursive Summarization": "memory_rec_sum",
    }
)
TABLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "data_overall.csv": columns(
            "Rank, Overall Acc, Model, Model Link, Total Cost ($), Latency Mean (s), "
            "Latency Standard Deviation (s), Latency 95th Percentile (s), Non-Live AST Acc, "
            "Non-Live Simple AST, Non-Live Multiple AST, Non-Live Parallel AST, "
            "Non-Live Parallel Multiple AST, Live Acc, Live Simple AST, Live Multiple AST, "
            "Live Parallel AST, Live Parallel Multiple AST, Multi Turn Acc, Multi Turn Base, "
            "Multi Turn Miss Func, Multi Turn Miss Param, Multi Turn Long Context, "
            "Web Search Acc, Web Search Base, Web Search No Snippet, Memory Acc, Memory KV, "
            "Memory Vector, Memory Recursive Summarization, Relevance Detection, "
            "Irrelevance Detection, Format Sensitivity Max Delta, "
            "Format Sensitivity Standard Deviation, Organization, License"
        ),
        "data_non_live.csv": columns(
            "Rank, Model, Non-Live Overall Acc, AST Summary, Simple AST, Python Simple AST, "
            "Java Simple AST, JavaScript Simple AST, Multiple AST, Parallel AST, "
            "Parallel Multiple AST, Irrelevance Detection"
        ),
        "data_live.csv": columns(
            "Rank, Model, Live Overall Acc, AST Summary, Python Simple AST, Python Multiple AST, "
            "Python Parallel AST, Python Parallel Multiple AST, Irrelevance Detection, "
            "Relevance Detection"
        ),
        "data_multi_turn.csv": columns(
            "Rank, Model, Multi Turn Overall Acc, Base, Miss Func, Miss Param, Long Context"
        ),
        "data_agentic.csv": columns(
            "Rank, Model, Agentic Overall Acc, Web Search Summary, Web Search Base, "
            "Web Search No Snippet, Memory Summary, Memory KV, Memory Vector, "
            "Memory Recursive Summarization"
        ),
    }
)
