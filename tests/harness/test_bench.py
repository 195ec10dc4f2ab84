"""The benchmarks of loop and start-up measure what they say, and notice what goes wrong."""

from __future__ import annotations

import subprocess

import pytest

from harness.bench import loop, startup


def test_loop_yields_short_long_and_memory() -> None:
    figures = {f["case"]: f for f in loop.run(["--episodes", "20", "--long_calls", "9"])}
    assert set(figures) == {"two_calls", "memory", "long"}
    assert figures["two_calls"]["model_calls"] == 40
    assert figures["memory"]["episodes"] == 200
    assert figures["long"]["model_calls"] == 90
    assert all(0 < f["cpu_ms_per_call"] < 50 for f in figures.values())


def test_loop_refuses_figures_of_episodes_that_failed() -> None:
    with pytest.raises(RuntimeError, match="2 of 2 episodes did not pass"):
        loop.play(2, 0)


def test_startup_measures_both_commands() -> None:
    figures = {f["case"]: f for f in startup.run(["--repeats", "1"])}
    assert set(figures) == {"import", "help"}
    assert all(0 < f["cpu_s"] < 60 for f in figures.values())


def test_startup_measures_the_work_of_the_child() -> None:
    idle = startup.child(["-c", "pass"])
    assert startup.child(["-c", "sum(range(10**7))"]) > idle


def test_startup_refuses_a_command_that_fails() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        startup.child(["-c", "raise SystemExit(3)"])
