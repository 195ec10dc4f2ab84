"""Sweeps on a real Slurm cluster (two nodes on this machine)."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.faults import UserMistake
from harness.packs import locate
from harness.store import read_outcomes
from tests.cluster.slurm import cluster, missing

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["benchmark.bfcl.build.categories=[simple_python,irrelevance]", "sample=2", "trials=2"]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    if lacking := missing():
        pytest.skip(f"Slurm is not installed: {', '.join(lacking)}")
    if importlib.util.find_spec("hydra_plugins.hydra_submitit_launcher") is None:
        pytest.skip("the slurm extra is not installed")
    try:
        locate("bfcl")
    except UserMistake as mistake:
        pytest.skip(str(mistake))
    with cluster(tmp_path_factory.mktemp("slurm")) as env:
        yield env


def sweep(env: dict[str, str], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", "-m", "hydra/launcher=slurm"]
    options = ["hydra.launcher.timeout_min=5", "hydra.launcher.cpus_per_task=1", *SMALL]
    return subprocess.run(
        [*command, *options, *arguments],
        cwd=folder,
        env={**env, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def finished(folder: Path) -> list[int]:
    runs = [p for p in (folder / "runs").iterdir() if (p / "run.json").is_file()]
    return [len(read_outcomes(run)) for run in runs]


def test_every_job_of_a_sweep_runs_on_the_cluster_and_resumes(
    slurm: dict[str, str], tmp_path: Path
) -> None:
    done = sweep(slurm, tmp_path, "model.temperature=0,0.7", "seed=0,1")
    assert done.returncode == 0, done.stderr
    assert finished(tmp_path) == [8] * 4
    again = sweep(slurm, tmp_path, "model.temperature=0,0.7", "seed=0,1", "trials=3")
    assert again.returncode == 0, again.stderr
    assert finished(tmp_path) == [12] * 4


def test_a_job_that_fails_does_not_take_the_others_with_it(
    slurm: dict[str, str], tmp_path: Path
) -> None:
    done = sweep(slurm, tmp_path, "model.temperature=0", "sample=1,0")
    assert finished(tmp_path) == [4], done.stderr
