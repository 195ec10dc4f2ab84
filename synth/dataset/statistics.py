"""What a data set is like: sizes as the user-oriented paper defines them (004 App. B), diversity.

Turns: all messages of a session, of the user, the assistant and the tools. Steps: batches of calls
made for one user request. Tasks: high-level goals of one session.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from synth.runs import tokenize

Chat = Sequence[Mapping[str, Any]]
BLEU_SAMPLE = 500
BLEU_ORDER = 4


def describe_rows(
    rows: Iterable[Mapping[str, Any]], objectives: Mapping[str, int | None]
) -> dict[str, Any]:
    """Describe supervised rows; `objectives` are the goals per task id."""
    turns, steps, goals = [], [], []
    texts: list[str] = []
    sequences: dict[str, list[list[str]]] = defaultdict(list)
    kinds: Counter[str] = Counter()
    for row in rows:
        chat = json.loads(row["messages"])
        turns.append(sum(line["role"] != "system" for line in chat))
        steps += steps_of(chat)
        goal = objectives.get(row["task_id"])
        goals += [goal] if goal else []
        texts.append(" ".join(line["content"] for line in chat if line["role"] == "user"))
        sequences[row["env"]].append(called(chat))
        kinds[row["kind"] or "unsaid"] += 1
    tools = {(env, name) for env, chains in sequences.items() for chain in chains for name in chain}
    return {
        "rows": len(turns),
        "envs": len(sequences),
        "tools": len(tools),
        "turns": spread(turns),
        "steps": spread(steps),
        "tasks": spread(goals),
        "kinds": dict(sorted(kinds.items())),
        "chain_entropy_bits": {str(n): chain_entropy(sequences, n) for n in (1, 2, 3)},
        "distinct_n": {str(n): distinct(texts, n) for n in (1, 2, 3)},
        "self_bleu_4": self_bleu(texts),
    }


def steps_of(chat: Chat) -> list[int]:
    """Return the batches of calls after each user text."""
    counts: list[int] = []
    for line in chat:
        if line["role"] == "user":
            counts.append(0)
        elif line.get("tool_calls") and counts:
            counts[-1] += 1
    return counts


def called(chat: Chat) -> list[str]:
    return [c["function"]["name"] for line in chat for c in line.get("tool_calls") or ()]


def spread(values: Sequence[int]) -> dict[str, float]:
    """Return mean and largest value, as Table 1 of the user-oriented paper prints them."""
    if not values:
        return {"mean": 0.0, "max": 0}
    return {"mean": round(sum(values) / len(values), 3), "max": max(values)}


def chain_entropy(sequences: Mapping[str, Iterable[Sequence[str]]], n: int) -> float:
    """Return the Shannon entropy (bits) of runs of n tools, tools named with their env."""
    grams: Counter[tuple[str, ...]] = Counter()
    for env, chains in sequences.items():
        for chain in chains:
            grams.update((env, *chain[i : i + n]) for i in range(len(chain) - n + 1))
    total = sum(grams.values())
    bits = sum(c / total * math.log2(total / c) for c in grams.values())
    return round(bits, 3)


def distinct(texts: Iterable[str], n: int) -> float:
    """Return the share of word n-grams that are distinct (distinct-n)."""
    grams: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        grams.update(ngrams(tokenize(text), n))
    total = sum(grams.values())
    return round(len(grams) / total, 4) if total else 0.0


def ngrams(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def self_bleu(texts: Sequence[str], seed: int = 0) -> float:
    """Return the mean BLEU-4 of texts, each against all others, on a seeded sample of 500.

    No brevity penalty (references of every length are there); an order without a match counts
    one half of a match.
    """
    sample = sorted(texts)
    if len(sample) > BLEU_SAMPLE:
        sample = random.Random(seed).sample(sample, BLEU_SAMPLE)
    counts = [[Counter(ngrams(tokenize(t), n + 1)) for n in range(BLEU_ORDER)] for t in sample]
    if len(counts) < 2:
        return 0.0
    best = [two_best(counts, n) for n in range(BLEU_ORDER)]
    return round(sum(bleu(own, best) for own in counts) / len(counts), 4)


Best = dict[tuple[str, ...], tuple[int, int]]


def two_best(counts: Sequence[Sequence[Counter[tuple[str, ...]]]], n: int) -> Best:
    """Return per gram the largest and second largest count that a text has of it."""
    best: Best = {}
    for per_order in counts:
        for gram, count in per_order[n].items():
            first, second = best.get(gram, (0, 0))
            best[gram] = (count, first) if count >= first else (first, max(second, count))
    return best


def bleu(own: Sequence[Counter[tuple[str, ...]]], best: Sequence[Best]) -> float:
    """Return the BLEU of one text against all others, given their largest counts."""
    logs = []
    for grams, largest in zip(own, best, strict=True):
        total = sum(grams.values())
        if not total:
            break
        hits = sum(min(count, others(largest[gram], count)) for gram, count in grams.items())
        logs.append(math.log(max(hits, 0.5) / total))
    return math.exp(sum(logs) / len(logs)) if logs else 0.0


def others(largest: tuple[int, int], own: int) -> int:
    first, second = largest
    return second if own == first else first
