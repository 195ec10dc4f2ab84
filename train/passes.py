"""In which order rows are trained on, pass by pass."""

from __future__ import annotations

import random
from collections.abc import Sequence

from train.encoding import Encoded
from train.sft_settings import SftSettings

WINDOW = 16


def in_passes(rows: Sequence[Encoded], settings: SftSettings, rng: random.Random) -> list[Encoded]:
    """Order the rows of every pass: the first as asked, later ones shuffled anew."""
    out = by_length(rows, settings.batch, rng)
    for _ in range(1, settings.passes(len(rows))):
        out += by_length(rng.sample(list(rows), len(rows)), settings.batch, rng)
    return out


def by_length(rows: Sequence[Encoded], batch: int, rng: random.Random) -> list[Encoded]:
    """Order rows so that those of one batch are about as long: less padding, batches shuffled.

    Rows move within windows of `WINDOW` batches only.
    """
    out: list[Encoded] = []
    for start in range(0, len(rows), batch * WINDOW):
        window = sorted(rows[start : start + batch * WINDOW], key=lambda row: len(row.ids))
        batches = [window[i : i + batch] for i in range(0, len(window), batch)]
        ragged = [batches.pop()] if len(batches[-1]) < batch else []
        rng.shuffle(batches)
        out += [row for group in (*batches, *ragged) for row in group]
    return out
