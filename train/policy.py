"""The weights under training as a model of the harness, sampled at the training temperature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from harness.models.transformers import TransformersModel
from train.grpo_settings import GrpoSettings
from train.server import Place, ServerSource
from train.weights import Weights

REPLY_S = 1800.0


class Policy(Protocol):
    """Where a step's replies come from."""

    def at(self, trainer: Any) -> Any:
        """Return a context in which the trainer's current weights are a harness model."""
        ...


@dataclass(frozen=True)
class LocalPolicy:
    """The trainer's own process samples. A template that rewrites history is refused."""

    settings: GrpoSettings
    tokenizer: Any

    @contextmanager
    def at(self, trainer: Any) -> Iterator[TransformersModel]:
        """Gather the weights where they are sharded, and sample without dropout."""
        from trl.models import unwrap_model_for_generation

        with unwrap_model_for_generation(trainer.model_wrapped, trainer.accelerator) as network:
            training = network.training
            network.eval()
            try:
                yield self.model(network)
            finally:
                network.train(training)

    def model(self, network: Any) -> TransformersModel:
        policy = blank(self.settings)
        policy.use(network, self.tokenizer)
        return policy


@dataclass(frozen=True)
class ServedPolicy:
    """Rollout servers sample, once they have the weights of the step."""

    settings: GrpoSettings
    tokenizer: Any
    places: Sequence[Place]
    stops: list[int]
    weights: Weights

    @contextmanager
    def at(self, trainer: Any) -> Iterator[TransformersModel]:
        """Wait until the first process has sent the weights, in all processes."""
        trainer.accelerator.wait_for_everyone()
        self.weights.require_current()
        yield self.model()

    def model(self) -> TransformersModel:
        policy = blank(self.settings)
        longest = self.settings.context_tokens
        source = ServerSource(self.places, self.stops, longest, REPLY_S)
        policy.sample_from(source, self.tokenizer)
        return policy


def blank(settings: GrpoSettings) -> TransformersModel:
    """Build the model without its weights: the whole distribution, whatever the checkpoint says."""
    return TransformersModel(
        model=settings.model,
        sampling={
            "temperature": settings.temperature,
            "top_p": 1.0,
            "top_k": 0,
            "max_tokens": settings.reply_tokens,
        },
        max_model_len=settings.context_tokens,
        batch_size=settings.prompts * settings.group_size,
        batch_wait_s=0.002,
    )
