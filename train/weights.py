"""New weights for the rollout servers after every optimiser step, sent as TRL sends them.

TRL announces the tensors over HTTP and broadcasts them over NCCL, which needs CUDA and vLLM in the
trainer's environment. Nothing is sampled from a server that has not got the current step's weights.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from typing import Any

from harness.faults import UserMistake
from train.grpo_settings import GrpoSettings
from train.server import Place

Connect = Callable[[Any, Place, int, float], Any]


def connect_by_trl(trainer: Any, place: Place, port: int, wait_s: float) -> Any:
    """Open TRL's own connection to a vLLM server. Raises UserMistake where it cannot be had."""
    import torch
    from trl.generation.vllm_generation import VLLMGeneration

    if importlib.util.find_spec("vllm") is None:
        raise UserMistake(
            "rollouts=server sends weights through vLLM's own engine: install vllm (0.22 to 0.31) "
            "beside the trainer too, or take rollouts=local"
        )
    if not torch.cuda.is_available():
        raise UserMistake(
            "rollouts=server sends weights over NCCL, and there is no GPU here: take rollouts=local"
        )
    return VLLMGeneration(
        model=trainer.model,
        accelerator=trainer.accelerator,
        processing_class=trainer.processing_class,
        mode="server",
        server_base_url=place.url,
        server_timeout=wait_s,
        group_port=port,
    )


class Weights:
    """What TRL calls to synchronise weights before rollouts: every server, one after the other."""

    def __init__(
        self, trainer: Any, settings: GrpoSettings, places: Sequence[Place], connect: Connect
    ) -> None:
        self.trainer = trainer
        self.places = list(places)
        self.sent: int | None = None
        self.lines = []
        for number, place in enumerate(places):
            port = settings.group_port + number
            link = self.guarded(
                place, "be reached for weights", connect, trainer, place, port, 60.0
            )
            self.lines.append(link)

    def sync_weights(self) -> None:
        """Send the current weights everywhere. Raises UserMistake in one line."""
        for place, line in zip(self.places, self.lines, strict=True):
            self.guarded(place, "take the weights", line.sync_weights)
        self.sent = int(self.trainer.state.global_step)

    def guarded(self, place: Place, what: str, work: Callable[..., Any], *given: Any) -> Any:
        step = int(self.trainer.state.global_step)
        try:
            return work(*given)
        except UserMistake:
            raise
        except Exception as error:  # TRL and vLLM raise bare exceptions here
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            raise UserMistake(
                f"the rollout server {place.url} could not {what} at step {step}: {reason}. Look "
                "into its log, start it anew and run the same again: it goes on from the last "
                "checkpoint"
            ) from error

    def require_current(self) -> None:
        """Raise UserMistake where the servers have not the weights of the current step."""
        step = int(self.trainer.state.global_step)
        if self.sent != step:
            raise UserMistake(
                f"the rollout servers hold the weights of step {self.sent}, not of step {step}: "
                "nothing is sampled from stale weights"
            )


def serve(trainer: Any, weights: Weights) -> None:
    """Let TRL synchronise `weights` before every rollout and correct for the servers' logprobs.

    The trainer was built to sample by itself: with use_vllm TRL would connect one server alone.
    """
    trainer.vllm_generation = weights
    trainer._last_loaded_step = -1
    trainer.use_vllm = True
