"""The bench of synthesis measures everything it names, on a small scale."""

import pytest

from synth.bench import run
from synth.sandbox import probe
from synth.sandbox.kernel import machine

SMALL = ["--worlds", "3", "--tools", "40", "--mutated", "5", "--sandboxed", "3"]


def test_every_row_has_its_figure() -> None:
    rows = {row["case"]: row for row in run(SMALL)}
    assert {"open_world", "calls", "graph", "witnesses", "tasks", "mutants"} <= rows.keys()
    assert rows["calls"]["per_s"] > 0
    assert rows["tasks"]["distinct"] == rows["tasks"]["tasks"] == 60


@pytest.mark.skipif(not machine() or not probe()["seccomp"], reason="this kernel has no seccomp")
def test_sandboxed_worlds_are_measured() -> None:
    rows = {row["case"]: row for row in run(SMALL)}
    assert 0 < rows["sandbox_start"]["median_ms"] <= rows["sandbox_start"]["worst_ms"]
    assert rows["sandbox_calls"]["per_s"] > 0
