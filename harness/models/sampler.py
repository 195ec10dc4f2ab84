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
    applied; the plain softmax at temperature 0).
    """

    def __init__(self, rows: Sequence[Sampling], device: Any) -> None:
        import torch

        self.rows = rows
        self.logprobs: list[list[float]] = [[] for _ in rows]
        self.streams = [torch.Generator(device=device) for _ in rows]
        for row, stream in zip(rows, self.streams, strict=True):
            if row.seed is None:
                stream.seed()
            else:
                stream.manual_seed(row.seed)

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        import torch

        only_B_V = torch.full_like(scores, float("-inf"))  # noqa: N806
        for number, row in enumerate(self.rows):
            logprobs_V = log_probabilities(scores[number].float(), row)  # noqa: N806
            if row.temperature <= 0:
                chosen = int(logprobs_V.argmax())
            else:
                drawn = torch.multinomial(logprobs_V.exp(), 1, generator=self.streams[number])
                chosen = int(drawn)
            self.logprobs[number].append(float(logprobs_V[chosen]))
            only_B_V[number, chosen] = 0.0
        return only_B_V


def log_probabilities(logits_V: Any, row: Sampling) -> Any:  # noqa: N803
    """Return the log probabilities of every token under `row`'s settings."""
    import torch

    if row.temperature <= 0:
        return torch.log_softmax(logits_V, -1)
    logits_V = logits_V / row.temperature  # noqa: N806
    if 0 < row.top_k < logits_V.numel():
        least = torch.topk(logits_V, row.top_k).values[-1]
        logits_V = logits_V.masked_fill(logits_V < least, float("-inf"))  # noqa: N806
    if row.top_p < 1.0:
        ordered, order = torch.sort(logits_V, descending=True)
        before = torch.softmax(ordered, -1).cumsum(-1) - torch.softmax(ordered, -1)
        logits_V = logits_V.index_fill(0, order[before > row.top_p], float("-inf"))  # noqa: N806
    return torch.log_softmax(logits_V, -1)
