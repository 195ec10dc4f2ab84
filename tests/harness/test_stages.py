import io
from dataclasses import replace

from omegaconf import OmegaConf
from rich.console import Console

from harness.app import App
from harness.benchmark import Benchmark
from harness.runner import Job
from harness.stages import warn_of_judge
from tests.fakes.benchmarks import Porter, Shelved, shelves


def warning(benchmark: Benchmark, judge: str | None = None) -> str:
    """Return what is printed before a run of `benchmark`, on one line."""
    out = io.StringIO()
    config = {"judge_model": {"_target_": judge}} if judge else {}
    app = App(OmegaConf.create(config), Console(file=out, width=400), {})
    warn_of_judge(app, Job(benchmark, Shelved(), Porter()))
    return out.getvalue()


def test_tasks_that_need_a_judge_are_counted_before_a_run_without_one() -> None:
    asking = replace(shelves(), asks_judge=lambda task: task.id != "b")
    assert "shelves: 2 of 3 tasks need a judge model: set model@judge_model=" in warning(asking)
    unscored = replace(shelves(scored=False), asks_judge=lambda task: True)
    assert "1 of 1 tasks" in warning(unscored)


def test_nothing_is_said_where_a_judge_sits_or_none_is_needed() -> None:
    asking = replace(shelves(), asks_judge=lambda task: True)
    assert warning(asking, "harness.models.lexical.Lexical") == ""
    assert warning(shelves()) == ""
