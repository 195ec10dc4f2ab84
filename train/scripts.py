"""The files of a training on many nodes: what sbatch takes, and what one attempt does."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from harness.store import write_text
from train.launch import (
    Cluster,
    Command,
    Role,
    accelerate_config,
    commands,
    quote,
    zero_config,
)

# NodeAddr is how Slurm itself reaches a node.
ADDRESS = r"""address() {
  scontrol -o show node "$1" | sed -n 's/.* NodeAddr=\([^ ]*\).*/\1/p'
}"""


def batch_script(cluster: Cluster) -> str:
    """Write what sbatch takes: attempts, one after the other, as long as the training moves on.

    A job whose node fails is queued again and goes on by itself.
    """
    whole = f"--gpus-per-node={cluster.gpus_per_node} --exclusive --mem=0"
    wanted = whole if cluster.resources is None else cluster.resources
    keep = [cluster.python, "-m", "train.restart", "--out", cluster.train_out]
    keep += ["--limit", str(cluster.restarts), "--", "bash", f"{cluster.out}/attempt.sh"]
    lines = [
        "#!/bin/bash",
        f"#SBATCH --nodes={cluster.nodes} {wanted}".rstrip(),
        "#SBATCH --ntasks-per-node=1 --requeue --open-mode=append --signal=B:TERM@300",
        f"#SBATCH --output={cluster.out}/slurm-%j.log",
        *(f"#SBATCH {line}" for line in cluster.sbatch),
        f"exec {shlex.join(keep)}",
    ]
    return "\n".join(lines) + "\n"


def attempt_script(cluster: Cluster, found: Sequence[Command]) -> str:
    """Write one attempt: servers in the background on their nodes, then training.

    Whatever ends the attempt ends its servers.
    """
    lines = [
        "#!/bin/bash",
        "set -euo pipefail",
        'hosts=($(scontrol show hostnames "$SLURM_JOB_NODELIST"))',
        ADDRESS,
        'export TRAIN_HOST=$(address "${hosts[0]}")',
        "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT",
        "trap 'exit 143' TERM",
    ]
    urls: dict[Role, list[str]] = {"rollout": [], "user": []}
    for one in found:
        if one.role != "train":
            node, port = one.nodes[0], cluster.port + (one.role == "user")
            log = f"{cluster.out}/{one.role}-{node}.log"
            lines += [
                f'srun --overlap --nodes=1 --ntasks=1 --nodelist="${{hosts[{node}]}}" bash -c \\',
                f"  {shlex.quote(one.text())} >> {log} 2>&1 &",
            ]
            urls[one.role].append(f'http://$(address "${{hosts[{node}]}}"):{port}')
    for name, found_urls in (("ROLLOUT_URLS", urls["rollout"]), ("USER_URL", urls["user"])):
        if found_urls:
            lines.append(f"export {name}={','.join(found_urls)}")
            wait = f'{shlex.quote(cluster.python)} -m train.wait {cluster.wait_s} "${{each[@]}}"'
            lines.append(f'IFS=, read -ra each <<< "${name}"; {wait}')
    train = next(one for one in found if one.role == "train")
    nodes = ",".join(f"${{hosts[{i}]}}" for i in range(cluster.train_nodes))
    inner = " ".join(quote(part) for part in train.argv[3:])
    step = f'srun --overlap --nodelist="{nodes}" {shlex.join(train.argv[1:3])}'
    lines += [f"{step} bash -c {shlex.quote(inner)} &", "wait $!"]
    return "\n".join(lines) + "\n"


def write_plan(cluster: Cluster) -> list[Path]:
    """Write accelerate.yaml, deepspeed.json, attempt.sh and run.sbatch into `out`."""
    import yaml

    out = Path(cluster.out)
    out.mkdir(parents=True, exist_ok=True)
    texts = {
        "accelerate.yaml": yaml.safe_dump(accelerate_config(cluster), sort_keys=False),
        "deepspeed.json": json.dumps(zero_config(cluster.zero_stage), indent=1) + "\n",
        "attempt.sh": attempt_script(cluster, commands(cluster)),
        "run.sbatch": batch_script(cluster),
    }
    for name, text in texts.items():
        write_text(out / name, text)
    return [out / name for name in texts]
