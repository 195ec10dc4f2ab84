"""BM25+ over short texts (Lv and Zhai 2011), with the constants of the official key search."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

K1 = 1.5
B = 0.75
DELTA = 1


def tokens(text: str) -> list[str]:
    """Split a key or query into lower-case words; underscores separate."""
    return text.replace("_", " ").lower().split()


def rank(query: str, corpus: Sequence[str]) -> list[tuple[float, str]]:
    """Return (score, text) of every text, best first, ties in the order of the corpus.

    Raises ZeroDivisionError for an empty corpus, as the official search does.
    """
    documents = [Counter(tokens(text)) for text in corpus]
    lengths = [document.total() for document in documents]
    average = sum(lengths) / len(documents)
    found_in = Counter(word for document in documents for word in document)
    scores = [0.0] * len(documents)
    for word in tokens(query):
        weight = math.log((len(documents) + 1) / found_in[word]) if word in found_in else 0
        for i, document in enumerate(documents):
            count = document[word]
            saturation = K1 * (1 - B + B * lengths[i] / average) + count
            scores[i] += weight * (DELTA + count * (K1 + 1) / saturation)
    pairs = zip(scores, corpus, strict=True)
    return sorted(pairs, key=lambda pair: pair[0], reverse=True)
