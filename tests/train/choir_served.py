"""Train the choir on a rollout server: choir_served.py CHECKPOINT OUT STEPS URL GROUP_PORT.

`tests/fakes/vllm_package` must be on PYTHONPATH. Everything but the transport is TRL's own client.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from trl.generation.vllm_client import VLLMClient, get_ip, open_trainer_endpoint
from trl.generation.vllm_generation import VLLMGeneration

from harness.faults import UserMistake
from tests.train.choir import Sings, choir, settings
from train.server import Place


class CpuClient(VLLMClient):  # type: ignore[misc]
    """TRL's client; only its refusal of every device but CUDA is left out."""

    def init_communicator(self, device: Any = 0) -> None:
        info = {
            "master_address": get_ip(),
            "master_port": self.group_port,
            "rank_offset": 1,
            "world_size": self.get_world_size() + 1,
            "packed": True,
        }
        url = f"{self.base_url}/init_weight_transfer_engine"
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(self._post, url, json={"init_info": info})
            self.communicator = open_trainer_endpoint(info)
            asked.result()


class CpuGeneration(VLLMGeneration):  # type: ignore[misc]
    """TRL's synchronisation of weights, through that client."""

    def _init_vllm(self) -> None:
        if self.accelerator.is_main_process:
            self.vllm_client = CpuClient(base_url=self.server_base_url, group_port=self.group_port)
            self.vllm_client.init_communicator()
        self.accelerator.wait_for_everyone()


def connect(trainer: Any, place: Place, port: int, wait_s: float) -> Any:
    return CpuGeneration(
        model=trainer.model,
        accelerator=trainer.accelerator,
        processing_class=trainer.processing_class,
        mode="server",
        server_base_url=place.url,
        group_port=port,
    )


def main(checkpoint: str, out: str, steps: str, urls: str, port: str) -> None:
    from train.grpo import Hooks, optimise
    from train.rollouts import Rollouts

    chosen = settings(
        Path(checkpoint),
        Path(out),
        steps=int(steps),
        rollouts="server",
        servers=urls.split(","),
        group_port=int(port),
        temperature=0.8,
    )
    rank = int(os.environ.get("RANK", "0"))
    rollouts = Rollouts(choir(), Sings(), chosen.group_size, seed=rank, redraws=1)
    try:
        optimise(chosen, rollouts, None, Hooks(connect=connect))
    except UserMistake as mistake:
        raise SystemExit(f"mistake: {mistake}") from None


if __name__ == "__main__":
    main(*sys.argv[1:])
