"""Which counts of tasks by successes could have made a printed row of pass^1..n?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

Histogram = tuple[int, ...]
MOST = 10_000


def histograms(
    hats: Sequence[Fraction], tasks: int, half: Fraction, at_n: Fraction | None = None
) -> Iterator[Histogram]:
    """Yield every (h_0, ..., h_n): h_c of `tasks` tasks with c successes in n = len(hats) trials,
    that rounds to the printed pass^1..n (each within `half`) and, where given, pass@n.

    pass^k involves h_k..h_n only, so the counts are fixed from the top.
    """
    n = len(hats)
    share = [
        [Fraction(math.comb(c, k), math.comb(n, k)) for k in range(n + 1)] for c in range(n + 1)
    ]

    def choose(c: int, above: Histogram) -> Iterator[Histogram]:
        if c == 0:
            none = tasks - sum(above)
            if none >= 0 and (at_n is None or abs(1 - Fraction(none, tasks) - at_n) <= half):
                yield (none, *above)
            return
        settled = sum(h * share[c + 1 + i][c] for i, h in enumerate(above))
        low = ((hats[c - 1] - half) * tasks - settled) / share[c][c]
        high = ((hats[c - 1] + half) * tasks - settled) / share[c][c]
        for count in range(max(0, math.ceil(low)), min(tasks, math.floor(high)) + 1):
            yield from choose(c - 1, (count, *above))

    yield from choose(n, ())


def count_histograms(
    hats: Sequence[Fraction], tasks: int, half: Fraction, at_n: Fraction | None = None
) -> tuple[int, Histogram | None]:
    """Count the histograms that fit (up to 10,000) and return the first."""
    first, count = None, 0
    for histogram in histograms(hats, tasks, half, at_n):
        first, count = first or histogram, count + 1
        if count == MOST:
            break
    return count, first


def pass_at_n(hats: Sequence[Fraction]) -> Fraction:
    """pass@n that pass^1..n imply: sum of (-1)^(j+1) C(n,j) pass^j."""
    n = len(hats)
    signed = [hat if j % 2 else -hat for j, hat in enumerate(hats, 1)]
    return sum((math.comb(n, j) * hat for j, hat in enumerate(signed, 1)), Fraction())


def identity_slack(n: int, half: Fraction) -> Fraction:
    """How far rounding alone can move pass@n from what the rounded pass^1..n imply."""
    return half * (1 << n)
