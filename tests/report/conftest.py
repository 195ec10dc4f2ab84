"""One browser and the reports that its tests look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.report import write_report
from tests.fakes.runs import HOSTILE, Shape, write_run
from tests.report.chromium import Chromium, find

SHAPE = Shape(tasks=6, trials=3, skill=0.45)
REASON = "no Chromium: apt-get install chromium (Debian), or set HARNESS_CHROMIUM to one"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    if find() is None:
        pytest.skip(REASON)
    with Chromium() as driven:
        yield driven


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report([write_run(tmp_path_factory.mktemp("one") / "run", SHAPE)])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shape = Shape(tasks=2, trials=2, skill=0.1, hostile=True, model=HOSTILE[1])
    shape = replace(shape, domains={HOSTILE[0]: (HOSTILE[6],), "b": (HOSTILE[4], HOSTILE[3])})
    return write_report([write_run(tmp_path_factory.mktemp("bad") / "run", shape)])


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shape = Shape(tasks=1667, trials=6, domains={"tau2": ("airline",)})
    return write_report([write_run(tmp_path_factory.mktemp("large") / "run", shape)])
