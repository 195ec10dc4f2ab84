"""Run one benchmark of the harness and print its measurements as JSON lines."""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from harness.faults import UserMistake

BENCHES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "loop": ("harness.bench.loop", "the episode loop and the store with an in-process model"),
        "client": ("harness.bench.client", "the model client against a loopback server"),
        "startup": ("harness.bench.startup", "imports and --help"),
        "results": ("harness.bench.results", "tables and intervals of many episodes"),
        "bfcl": ("evaluators.bfcl.bench", "scoring of BFCL rows and of a stored run"),
        "tau2": ("evaluators.tau2.bench", "tau2 worlds and scored gold episodes"),
        "synth": ("synth.bench", "synthesised worlds, graphs, verified tasks, mutants"),
        "judge": ("evaluators.judge.bench", "error categories by rule"),
        "train": ("train.bench", "fine-tuning throughput against a plain PyTorch loop"),
    }
)


def main(argv: Sequence[str]) -> int:
    """Dispatch to the bench's module, whose `run(argv)` yields one dict per measurement."""
    if not argv or argv[0] not in BENCHES:
        known = "\n".join(f"  {name:8} {text}" for name, (_, text) in BENCHES.items())
        print(f"usage: python -m harness.bench NAME [--key value …]\n{known}", file=sys.stderr)
        return 0 if argv[:1] in (["-h"], ["--help"]) else 2
    module = importlib.import_module(BENCHES[argv[0]][0])
    about = provenance()
    try:
        for measurement in module.run(argv[1:]):
            print(json.dumps({"bench": argv[0], **measurement, **about}), flush=True)
    except UserMistake as mistake:
        print(f"harness.bench: {mistake}", file=sys.stderr)
        return 2
    return 0


def provenance() -> dict[str, Any]:
    """Say where and when: commit, date (UTC), Python, machine."""
    return {
        "commit": commit(),
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "machine": machine(),
    }


def commit() -> str:
    """Return the commit of this checkout, "+" where it was edited, "" where there is none."""
    here = Path(__file__).parent
    try:
        result = subprocess.run(
            ["git", "describe", "--always", "--dirty=+"], cwd=here, capture_output=True, text=True
        )
    except OSError:
        return ""
    return result.stdout.strip()


def machine() -> str:
    """Name the processor and the number of cores."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return f"{model} x{os.cpu_count()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
