"""The composition root: a configuration becomes models, jobs and a run folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from harness.benchmark import Benchmark
from harness.configure import build, digest, plain
from harness.faults import UserMistake
from harness.protocols import Evaluator, Model
from harness.results.table import describe
from harness.runner import Job
from harness.sample import stratified
from harness.tracking import NoTracker, Tracker

PLUMBING = frozenset(
    """api_key_env connections data_parallel env executable gpu_memory gpus headers log_dir
        needs_gpu port price retries retry_first_s retry_longest_s start_timeout_s tensor_parallel
        timeout_s""".split()
)
SEATS = ("model", "user_model", "judge_model")


@dataclass
class App:
    """One configured run. Models are built and checked before any benchmark is loaded, so that a
    missing key or GPU is said before anything is downloaded."""

    config: DictConfig
    console: Console
    choices: Mapping[str, Any]
    overrides: Sequence[str] = ()
    sweep: str | None = None
    begun: bool = False
    behalf: str = ""  # the stage that runs others with some keys changed: this app is theirs

    @cached_property
    def tracker(self) -> Tracker:
        node = self.config.get("tracker")
        tracker: Tracker = build(node) if node else NoTracker()
        return tracker

    @cached_property
    def models(self) -> dict[str, Model]:
        """The models by seat; seats that the configuration leaves empty are absent."""
        seats = {seat: self.config.get(seat) for seat in SEATS}
        return {seat: build(node) for seat, node in seats.items() if node and "_target_" in node}

    def check_models(self) -> None:
        """Raise UserMistake, naming the seat, where a model lacks a key, a GPU or an endpoint."""
        if "model" not in self.models:
            raise UserMistake("no model sits in the agent's seat: choose model=…")
        for seat, model in self.models.items():
            try:
                getattr(model, "check", lambda: None)()
            except UserMistake as mistake:
                raise UserMistake(f"{seat}={self.choice(seat)}: {mistake}") from None

    @cached_property
    def jobs(self) -> list[Job]:
        """One job per benchmark of the suite."""
        nodes = self.config.get("benchmark") or {}
        if not nodes:
            raise UserMistake("no benchmark is chosen: give benchmark=… or suite=[…]")
        return [self.job(str(name), node) for name, node in nodes.items()]

    def job(self, name: str, node: DictConfig) -> Job:
        benchmark: Benchmark = build(node.build)
        if self.config.sample is not None:
            benchmark = stratified(benchmark, self.config.sample, self.config.sample_seed)
        if not benchmark.tasks:
            raise UserMistake(f"benchmark {name} has no task left: loosen its filters")
        return Job(
            benchmark=benchmark,
            evaluator=self.evaluator(node.evaluator),
            model=self.models["model"],
            user_model=self.models.get("user_model"),
            trials=self.config.trials,
            seed=self.config.seed,
        )

    def evaluator(self, node: DictConfig) -> Evaluator:
        """Build a benchmark's evaluator around the judge's seat."""
        model = self.models.get("judge_model")
        if OmegaConf.select(self.config, "judge.ask") and model is None and "judging" in node:
            raise UserMistake(
                "judge=model asks a model, and none sits in the judge's seat: choose "
                "model@judge_model=…, or judge=rules"
            )
        return cast(Evaluator, build(node, judge=model))

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What determines a trial: everything else may change between a run and its resume."""
        played = plain(self.config.get("benchmark") or {})
        return {
            "benchmark": {name: node["build"] for name, node in played.items()},
            "model": sampled_by(self.config.get("model")),
            "user_model": sampled_by(self.config.get("user_model")),
            "seed": self.config.seed,
        }

    @cached_property
    def folder(self) -> Path:
        """The run folder: `run=` or a name made of benchmark, model and configuration."""
        if self.config.run is not None:
            return Path(self.config.run)
        benchmarks = "+".join(self.identity["benchmark"]) or "none"
        name = f"{benchmarks}-{self.choice('model')}-{digest(self.identity)}"
        return Path(self.config.runs_dir) / name

    def choice(self, seat: str) -> str:
        """Name the option that a seat's group was set to, such as `lexical`."""
        key = "model" if seat == "model" else f"model@{seat}"
        return str(self.choices.get(key) or "none").replace("/", "-")

    def stages(self) -> Iterator[DictConfig]:
        """Yield the configuration nodes of the chosen stages, in order."""
        known = self.config.stage
        wanted: Sequence[str] = plain(self.config.stages)
        if isinstance(wanted, str):
            wanted = [wanted]
        for name in wanted:
            if name not in known:
                raise UserMistake(f"unknown stage {name!r}: stages are {', '.join(known)}")
            yield known[name]

    def parties(self) -> dict[str, Any]:
        """Say who sits where: names by seat, what each model says of itself, what is rule-based."""
        about: dict[str, dict[str, Any]] = {
            seat: getattr(model, "describe", dict)() for seat, model in self.models.items()
        }
        labels = [f"{seat} {d['label']}" for seat, d in about.items() if d.get("label")]
        names = {seat: d.get("model") or self.choice(seat) for seat, d in about.items()}
        return {**names, "scripted": labels, "seats": about}

    def info(self) -> dict[str, Any]:
        """Say what the trials are of, for tables and manifests."""
        return {
            "run_id": self.folder.name,
            **self.parties(),
            "training": self.config.get("training"),
            "trials": self.config.trials,
            "benchmarks": {job.benchmark.name: describe(job.benchmark) for job in self.jobs},
        }


def sampled_by(node: DictConfig | None) -> Any:
    """Keep of a model's configuration what can change a reply, not how it is reached or run."""
    settings = plain(node)
    return settings and {key: value for key, value in settings.items() if key not in PLUMBING}


def check_counts(config: DictConfig) -> None:
    """Refuse counts that are not whole numbers in range, naming the key."""
    bounds = {"trials": 1, "concurrency": 1, "seed": 0, "sample_seed": 0, "sample": 1}
    for key, least in bounds.items():
        value = config.get(key)
        if key == "sample" and value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise UserMistake(f"{key}={value} is not a whole number from {least} up")
