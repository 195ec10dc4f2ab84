"""Token rows of episodes: what the policy sampled, spliced between what the world said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.types import Episode, Role


@dataclass(frozen=True)
class TokenRow:
    """One training row. `mask[i]` is 1 where `completion_ids[i]` was sampled by the policy.

    `len(completion_ids) == len(mask) == len(logprobs)`; logprobs are 0.0 where the mask is 0.
    """

    prompt_ids: tuple[int, ...]
    completion_ids: tuple[int, ...] = ()
    mask: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()


@dataclass
class Growing:
    prompt: list[int]
    ids: list[int] = field(default_factory=list)
    mask: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)

    def add(self, ids: Iterable[int], logprobs: Iterable[float] | None) -> None:
        """Append sampled ids with their logprobs, or ids of the world where there are none."""
        ids = list(ids)
        sampled = logprobs is not None
        self.ids += ids
        self.mask += [int(sampled)] * len(ids)
        self.logprobs += [0.0] * len(ids) if logprobs is None else list(logprobs)


def token_row(episode: Episode, role: Role = "agent") -> TokenRow | None:
    """Splice one side's sampled tokens into one row; nothing sampled is tokenised again.

    None where no reply carries tokens, or where a later one carries none: then a prompt did not
    extend its past (the template rewrote history, the tools changed) and the episode is no row.
    """
    said = [line.tokens for line in episode.log if line.author == role]
    sampled = [tokens for tokens in said if tokens is not None]
    if not sampled or len(sampled) < len(said):
        return None
    row = Growing(list(sampled[0].prompt_ids))
    for place, tokens in enumerate(sampled):
        row.add(tokens.prompt_ids if place else (), None)
        row.add(tokens.completion_ids, tokens.logprobs)
    return TokenRow(tuple(row.prompt), tuple(row.ids), tuple(row.mask), tuple(row.logprobs))
