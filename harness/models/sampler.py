"""Sample each row of a batch with its own temperature and random stream, and keep logprobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.faults import UserMistake

KNOWN = ("temperature", "top_p", "top_k", "seed", "max_tokens")


@dataclass(frozen=True)
class Sampling:
    """How one reply is drawn. Temperature 0 takes the likeliest token; top_k 0 means all."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int | None = None
    max_tokens: int = 1024

    @classmethod
    def read(cls, *layers: Mapping[str, Any]) -> Sampling:
        """Merge settings: later layers win, None means the default, unknown ones are refused."""
        merged = {key: value for layer in layers for key, value in layer.items()}
        if unknown := [key for key in merged if key not in KNOWN]:
            raise UserMistake(f"sampling.{unknown[0]} is unknown here: use {', '.join(KNOWN)}")
        given = {key: value for key, value in merged.items() if value is not None}
        return cls(**given)


class RowSampler:
    """A logits processor for greedy `generate`: draws the token itself and leaves only that one.

    scores_B_V are the logits of the next token. `logprobs[b]` are natural-log probabilities of
    row b's tokens under the distribution they were drawn from (temperature, top-k and top-p
    applied; the plain softmax at temperature 0). A row's n-th token takes the n-th number of its
    own stream, whoever else is in the batch.
    """

    def __init__(self, rows: Sequence[Sampling], device: Any) -> None:
        import torch

        self.rows = rows
        self.drawn: list[Any] = []
        self.streams = [torch.Generator() for _ in rows]
        for row, stream in zip(rows, self.streams, strict=True):
            if row.seed is None:
                stream.seed()
            else:
                stream.manual_seed(row.seed)
        length = max((row.max_tokens for row in rows), default=0)
        numbers = [torch.rand(length, generator=s, dtype=torch.float64) for s in self.streams]
        self.uniform_T_B = torch.stack(numbers, 1).to(device)
        self.groups = grouped(rows, device)

    @property
    def logprobs(self) -> list[list[float]]:
        """Return what each row's tokens had as logprobs, row by row."""
        import torch

        if not self.drawn:
            return [[] for _ in self.rows]
        rows: list[list[float]] = torch.stack(self.drawn, 1).tolist()
        return rows

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        import torch

        logprobs_B_V = torch.empty_like(scores, dtype=torch.float32)  # noqa: N806
        chosen_B = torch.empty(len(self.rows), dtype=torch.long, device=scores.device)  # noqa: N806
        uniform_B = self.uniform_T_B[len(self.drawn)]  # noqa: N806
        for row, places in self.groups:
            part = log_probabilities(scores[places].float(), row)
            logprobs_B_V[places] = part
            chosen_B[places] = choose(part, row, uniform_B[places])
        self.drawn.append(logprobs_B_V.gather(1, chosen_B[:, None])[:, 0])
        only_B_V = torch.full_like(scores, float("-inf"))  # noqa: N806
        return only_B_V.scatter_(1, chosen_B[:, None], 0.0)


def grouped(rows: Sequence[Sampling], device: Any) -> list[tuple[Sampling, Any]]:
    """Bring together the places of rows that are drawn from alike shaped distributions."""
    import torch

    places: dict[tuple[float, float, int], list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault((row.temperature, row.top_p, row.top_k), []).append(place)
    return [(rows[some[0]], torch.tensor(some, device=device)) for some in places.values()]


def choose(logprobs_B_V: Any, row: Sampling, uniform_B: Any) -> Any:  # noqa: N803
    """Choose a token per row: the likeliest one at temperature 0, else the one whose stretch of
    the cumulated probability holds the row's number from [0, 1)."""
    if row.temperature <= 0:
        return logprobs_B_V.argmax(-1)
    upto_B_V = logprobs_B_V.double().exp().cumsum(-1)  # noqa: N806
    aim_B_1 = (uniform_B * upto_B_V[:, -1])[:, None]  # noqa: N806
    return (upto_B_V <= aim_B_1).sum(-1)


def log_probabilities(logits_B_V: Any, row: Sampling) -> Any:  # noqa: N803
    """Return the log probabilities of every token under `row`'s settings, B rows at a time."""
    import torch

    if row.temperature <= 0:
        return torch.log_softmax(logits_B_V, -1)
    logits_B_V = logits_B_V / row.temperature  # noqa: N806
    if 0 < row.top_k < logits_B_V.shape[-1]:
        least = torch.topk(logits_B_V, row.top_k).values[:, -1:]
        logits_B_V = logits_B_V.masked_fill(logits_B_V < least, float("-inf"))  # noqa: N806
    if row.top_p < 1.0:
        ordered, order = torch.sort(logits_B_V, descending=True)
        share = torch.softmax(ordered, -1)
        dropped = torch.zeros_like(logits_B_V, dtype=torch.bool)
        dropped.scatter_(1, order, share.cumsum(-1) - share > row.top_p)
        logits_B_V = logits_B_V.masked_fill(dropped, float("-inf"))  # noqa: N806
    return torch.log_softmax(logits_B_V, -1)
