"""Sweeps: Hydra plans the jobs and launches them, here or on a cluster."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from harness.launch import run
from harness.paths import conf_dir


def sweep(arguments: Sequence[str]) -> int:
    """Hand the command line to Hydra. Every job has its own run folder and resumes by itself."""
    sys.argv = [sys.argv[0], *arguments]
    job()
    return 0


@hydra.main(config_path=str(conf_dir()), config_name="config", version_base="1.3")
def job(config: DictConfig) -> int:
    """Run one job of a sweep; a failure is its return value, so that the others go on."""
    about = HydraConfig.get()
    group = Path(about.sweep.dir).name
    return run(config, list(about.overrides.task), about.runtime.choices, group)
