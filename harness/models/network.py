"""Weights in this process: prompts of token ids in, sampled ids with logprobs out."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any, Protocol

from harness.faults import ModelFault, UserMistake
from harness.models.batches import Batcher
from harness.models.checkpoints import expand
from harness.models.sampler import RowSampler, Sampling

Sampled = tuple[tuple[int, ...], tuple[float, ...]]
LOADING = threading.Lock()


@dataclass(frozen=True)
class Request:
    """One row of a batch."""

    prompt: tuple[int, ...]
    sampling: Sampling


class Source(Protocol):
    """Where replies are sampled: weights of this process, or a server that has them.

    `stops` are the ids that end a reply; `busy_s` adds up the seconds spent sampling.
    """

    stops: list[int]
    busy_s: float

    @property
    def longest(self) -> int:
        """Tokens that a prompt and its reply may have."""
        ...

    def defaults(self) -> dict[str, Any]:
        """Return the checkpoint's own generation settings."""
        ...

    async def submit(self, request: Request) -> Sampled:
        """Sample one reply with the logprobs of its tokens. Raises ModelFault or BadReply."""
        ...

    async def aclose(self) -> None: ...


def load(path: str, device: str, dtype: str) -> tuple[Any, Any]:
    """Read (model, tokenizer) from disk or the Hub's cache; raises UserMistake in one line.

    One at a time: while transformers reads one, a second one in another thread gets no weights.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        with LOADING:
            tokenizer = AutoTokenizer.from_pretrained(expand(path))
            model = AutoModelForCausalLM.from_pretrained(expand(path), dtype=dtype)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise UserMistake(f"model {path!r} cannot be loaded: {reason}") from None
    return model.to(device).eval(), tokenizer


class Network:
    """A causal language model that samples what is submitted in batches, see `Batcher`."""

    def __init__(
        self, model: Any, stops: list[int], batch_size: int = 16, batch_wait_s: float = 0.01
    ) -> None:
        self.model = model
        self.stops = stops
        self.busy_s = 0.0
        self.batcher: Batcher[Request, Sampled] = Batcher(self.sample, batch_size, batch_wait_s)

    @property
    def longest(self) -> int:
        """Positions the checkpoint was made for."""
        known = getattr(self.model.config, "max_position_embeddings", None)
        return int(known) if known else 1 << 30

    def defaults(self) -> dict[str, Any]:
        """Return the checkpoint's own generation settings."""
        config = self.model.generation_config
        if not config.do_sample:
            return {}
        given = {"temperature": config.temperature, "top_p": config.top_p, "top_k": config.top_k}
        filled = {"temperature": 1.0, "top_p": 1.0, "top_k": 0}
        return {k: filled[k] if value is None else value for k, value in given.items()}

    async def submit(self, request: Request) -> Sampled:
        """Sample one reply together with others that are asked for now."""
        return await self.batcher.submit(request)

    async def aclose(self) -> None:
        """Stop batching; the weights stay loaded."""
        await self.batcher.aclose()

    def sample(self, batch: list[Request]) -> list[Sampled]:
        """Sample one reply per request. Raises ModelFault where the memory does not suffice."""
        import torch

        started = time.perf_counter()
        sampler = RowSampler([request.sampling for request in batch], self.model.device)
        try:
            with torch.inference_mode():
                rows = self.complete([r.prompt for r in batch], sampler)
        except torch.OutOfMemoryError as error:
            line = f"out of GPU memory with {len(batch)} rows: lower batch_size"
            raise ModelFault(line, "out_of_memory") from error
        finally:
            self.busy_s += time.perf_counter() - started
        return [
            self.cut(row, logprobs, request.sampling.max_tokens)
            for row, logprobs, request in zip(rows, sampler.logprobs, batch, strict=True)
        ]

    def complete(self, prompts: list[tuple[int, ...]], sampler: RowSampler) -> list[list[int]]:
        """Left-pad the prompts, generate, and return what follows each."""
        import torch
        from transformers import GenerationConfig, LogitsProcessorList

        width = max(map(len, prompts))
        pads = [width - len(prompt) for prompt in prompts]
        filler = self.stops[0]
        ids = [[filler] * pad + list(p) for pad, p in zip(pads, prompts, strict=True)]
        mask = [[0] * pad + [1] * (width - pad) for pad in pads]
        config = GenerationConfig(
            do_sample=False,
            max_new_tokens=max(row.max_tokens for row in sampler.rows),
            eos_token_id=self.stops,
            pad_token_id=filler,
        )
        out_B_T = self.model.generate(  # noqa: N806
            torch.tensor(ids, device=self.model.device),
            attention_mask=torch.tensor(mask, device=self.model.device),
            generation_config=config,
            logits_processor=LogitsProcessorList([sampler]),
            synced_gpus=False,  # every process samples its own replies, as many as it needs
        )
        rows: list[list[int]] = out_B_T[:, width:].tolist()
        return rows

    def cut(self, row: list[int], logprobs: list[float], longest: int) -> Sampled:
        """Keep a row up to and with its first stop, or its own limit."""
        end = next((i + 1 for i, token in enumerate(row) if token in self.stops), len(row))
        end = min(end, longest)
        return tuple(row[:end]), tuple(logprobs[:end])
