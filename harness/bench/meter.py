"""A stopwatch for benchmarks: CPU seconds, wall seconds and peak memory of this process."""

from __future__ import annotations

import resource
import sys
import time
from typing import Any


class Meter:
    """Measure from its construction on; `read` may be called several times."""

    def __init__(self) -> None:
        self.cpu = time.process_time()
        self.wall = time.perf_counter()

    def read(self) -> dict[str, Any]:
        """Return cpu_s and wall_s since the start, and the process's peak memory in MiB."""
        return {
            "cpu_s": round(time.process_time() - self.cpu, 4),
            "wall_s": round(time.perf_counter() - self.wall, 4),
            "peak_rss_mib": round(peak_rss_mib(), 1),
        }


def peak_rss_mib() -> float:
    """Return the largest resident memory so far (kilobytes on Linux, bytes on macOS)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024
