"""What starting costs: CPU seconds of fresh processes that import the harness or print its help."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

CASES: Mapping[str, tuple[tuple[str, ...], float]] = MappingProxyType(
    {
        "import": (("-c", "import harness"), 0.3),
        "help": (("-m", "harness", "--help"), 1.2),
    }
)


class Cost(NamedTuple):
    """What one child process took."""

    cpu_s: float
    peak_rss_mib: float


def child(arguments: Sequence[str]) -> Cost:
    """Run this Python with `arguments`, silently. Raises CalledProcessError where it fails."""
    silence = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    command = [sys.executable, *arguments]
    pid = os.posix_spawn(sys.executable, command, os.environ, file_actions=silence)
    _, status, used = os.wait4(pid, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise subprocess.CalledProcessError(code, command)
    unit = 1 << 20 if sys.platform == "darwin" else 1024
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / unit)


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
            "cpu_s": round(statistics.median(cost.cpu_s for cost in costs), 3),
            "cpu_s_worst": round(max(cost.cpu_s for cost in costs), 3),
            "limit": limit,
            "peak_rss_mib": round(max(cost.peak_rss_mib for cost in costs), 1),
        }
