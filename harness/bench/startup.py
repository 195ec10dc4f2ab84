"""What starting costs: CPU seconds of fresh processes that import the harness or print its help."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

CASES: Mapping[str, tuple[tuple[str, ...], float]] = MappingProxyType(
    {
        "import": (("-c", "import harness"), 0.3),
        "help": (("-m", "harness", "--help"), 1.2),
    }
)


def child(arguments: Sequence[str]) -> float:
    """Return the CPU seconds of this Python run with `arguments`, silently.

    Raises CalledProcessError where the command fails.
    """
    silence = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    command = [sys.executable, *arguments]
    pid = os.posix_spawn(sys.executable, command, os.environ, file_actions=silence)
    _, status, used = os.wait4(pid, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise subprocess.CalledProcessError(code, command)
    return used.ru_utime + used.ru_stime


def run(argv: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the median of several starts per case; one start before warms the byte code."""
    parser = argparse.ArgumentParser(prog="python -m harness.bench startup")
    parser.add_argument("--repeats", type=int, default=5, help="measured starts of each case")
    options = parser.parse_args(argv)
    for case, (arguments, limit) in CASES.items():
        child(arguments)
        costs = [child(arguments) for _ in range(options.repeats)]
        yield {
            "case": case,
            "repeats": options.repeats,
            "cpu_s": round(statistics.median(costs), 3),
            "cpu_s_worst": round(max(costs), 3),
            "limit": limit,
        }
