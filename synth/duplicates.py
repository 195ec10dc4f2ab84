"""Caps on samples that say nothing new: near-duplicate texts, and one shape of plan too often.

Texts are compared with their values masked, as sets of 5-grams: MinHash finds candidates, the
true Jaccard index decides. The first samples of a group are kept, so order matters and is the
caller's: same samples in the same order, same result.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

SHINGLE = 5
HASHES, BANDS = 64, 16
WORD = re.compile(r"[^\W_]+|_+")
MASK = "_"


@dataclass(frozen=True)
class Item:
    """A sample: its text with the values to mask, and its shape (env, chain, argument names)."""

    id: str
    text: str
    values: Sequence[Any] = ()
    shape: Hashable = ()


@dataclass(frozen=True)
class Caps:
    """How often a shape, and a text up to its values, may occur. None: as often as it does."""

    shape: int | None = 8
    near: int | None = 4
    similar: float = 0.8


def cap_duplicates(items: Iterable[Item], caps: Caps = Caps()) -> dict[str, str]:
    """Return the ids of the samples to drop, each with "shape" or "near"."""
    dropped: dict[str, str] = {}
    shapes: Counter[Hashable] = Counter()
    seen = Neighbours(caps)
    for item in items:
        if caps.shape is not None and shapes[item.shape] >= caps.shape:
            dropped[item.id] = "shape"
        elif caps.near is not None and not seen.admit(mask(item.text, item.values)):
            dropped[item.id] = "near"
        else:
            shapes[item.shape] += 1
    return dropped


class Neighbours:
    """Texts kept so far, found again by MinHash bands."""

    def __init__(self, caps: Caps) -> None:
        import numpy as np

        rng = np.random.default_rng(0)
        self.caps = caps
        self.factors = rng.integers(1, 2**64, HASHES, dtype=np.uint64) | np.uint64(1)
        self.offsets = rng.integers(0, 2**64, HASHES, dtype=np.uint64)
        self.exact: Counter[str] = Counter()
        self.kept: list[frozenset[int]] = []
        self.buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)

    def admit(self, masked: str) -> bool:
        """Keep a text and return True, unless enough kept ones are like it."""
        assert self.caps.near is not None
        if self.exact[masked] >= self.caps.near:
            return False
        shingles = shingles_of(masked)
        keys = self.bands(shingles)
        likely = {number for key in keys for number in self.buckets.get(key, ())}
        like = sum(jaccard(shingles, self.kept[n]) >= self.caps.similar for n in likely)
        if like >= self.caps.near:
            return False
        self.exact[masked] += 1
        for key in keys:
            self.buckets[key].append(len(self.kept))
        self.kept.append(shingles)
        return True

    def bands(self, shingles: frozenset[int]) -> list[tuple[int, bytes]]:
        """Return the 16 band keys of a set: sets with a Jaccard index of .8 share one with
        probability 1 - (1 - .8⁴)¹⁶ > .999."""
        import numpy as np

        values = np.fromiter(shingles, dtype=np.uint64, count=len(shingles))
        hashed: np.ndarray[Any, Any] = values[:, None] * self.factors + self.offsets
        lowest = (hashed >> np.uint64(32)).min(axis=0).astype(np.uint32).reshape(BANDS, -1)
        return [(number, band.tobytes()) for number, band in enumerate(lowest)]


def mask(text: str, values: Iterable[Any] = ()) -> str:
    """Lower a text and put a mask for every given value and every word with a digit."""
    words = sorted({str(v).strip().lower() for v in values} - {""}, key=lambda v: (-len(v), v))
    lowered = text.lower()
    if words:
        pattern = "|".join(re.escape(word) for word in words)
        lowered = re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", MASK, lowered)
    found = WORD.findall(lowered)
    return " ".join(MASK if any(c.isdigit() for c in word) else word for word in found)


def shingles_of(masked: str) -> frozenset[int]:
    """Return the hashed 5-grams of a masked text; a shorter text is one gram."""
    words = masked.split()
    last = max(1, len(words) - SHINGLE + 1)
    return frozenset(
        zlib.crc32(" ".join(words[start : start + SHINGLE]).encode()) for start in range(last)
    )


def jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common)
