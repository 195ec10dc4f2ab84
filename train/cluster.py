"""The stage `launch`: hand a training over many nodes to Slurm; and what plan=true says of it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

from omegaconf import OmegaConf

from harness.app import App
from harness.configure import build
from harness.faults import UserMistake
from train.launch import Cluster, commands
from train.scripts import write_plan

OWN = ("stages=", "plan=", "train.cluster.", "+train.cluster")


async def launch(app: App) -> None:
    """Write the files of `train.cluster` and submit them. Raises UserMistake in one line."""
    cluster = cluster_of(app)
    *_, script = write_plan(cluster)
    if shutil.which("sbatch") is None:
        raise UserMistake(f"there is no sbatch here. On a login node of Slurm: sbatch {script}")
    done = subprocess.run(["sbatch", "--parsable", str(script)], capture_output=True, text=True)
    if done.returncode:
        raise UserMistake(f"sbatch refused {script}: {' '.join(done.stderr.split())}")
    job = done.stdout.strip().split(";")[0]
    app.console.print(
        f"job {job} on {cluster.nodes} nodes, log {cluster.out}/slurm-{job}.log", highlight=False
    )


def show_plan(app: App) -> None:
    """Print the command of every node."""
    for command in commands(cluster_of(app)):
        places = ", ".join(map(str, command.nodes))
        line = f"{command.role} (node {places}): {command.text()}"
        app.console.print(line, highlight=False, markup=False, soft_wrap=True)


def cluster_of(app: App) -> Cluster:
    """Read `train.cluster`, with the model and folder of what it trains, and how that is started.

    The command of the nodes is this one, with the stage that trains, the number of processes, and
    the servers where there are any. Raises UserMistake in one line.
    """
    node = OmegaConf.select(app.config, "train.cluster")
    if not node:
        raise UserMistake("the stage launch needs nodes: choose train=[…,cluster]")
    trains = str(node.get("trains") or "grpo")
    training = OmegaConf.select(app.config, f"train.{trains}")
    known = {} if training is None else {"train_out": str(training.out)}
    given = node.get("model") or (training and OmegaConf.select(training, "model"))
    if not given:
        raise UserMistake(f"train.cluster.model is not known: choose train=[{trains},cluster]")
    cluster: Cluster = build(node, **known, model=str(given))
    if trains == "sft" and cluster.rollout_nodes:
        cluster = replace(cluster, rollout_nodes=0)
    return replace(cluster, arguments=cluster.arguments or arguments(app, cluster))


def arguments(app: App, cluster: Cluster) -> tuple[str, ...]:
    """Write the overrides that the nodes start with."""
    kept = [text for text in app.overrides if not text.startswith(OWN)]
    own = f"train.{cluster.trains}"
    found = [*kept, f"stages=[{cluster.trains}]", f"{own}.devices={cluster.processes}"]
    if cluster.rollout_nodes:
        found.append(f"{own}.rollouts=server")
    if cluster.user_model is not None:
        found += [
            "model@user_model=openai",
            f"user_model.model={cluster.user_model}",
            "user_model.base_url=${oc.env:USER_URL}/v1",
            "user_model.api_key_env=null",
        ]
    return tuple(found)
