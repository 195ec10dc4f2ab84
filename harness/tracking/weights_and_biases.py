"""Weights & Biases: one run per model and suite, offline where there is no key."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import netrc
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from harness.faults import UserMistake
from harness.store import read_outcomes
from harness.tracking.figures import (
    blame_lines,
    category_lines,
    grid,
    labels,
    scalars,
    scores_of,
    settings_of,
)

log = logging.getLogger(__name__)
Mode = Literal["online", "offline"]
JOURNALS = ("episodes", "outcomes", "blobs")
FILES = ("manifest.json", "run.json", "config.yaml", "table.csv")
PROJECT = "agent-harness"


@dataclass(slots=True)
class WandbTracker:
    """Tracks a run in Weights & Biases. What goes wrong there is one warning, never a lost result.

    `mode` None means online where a key is known, else offline; `group` defaults to the sweep;
    a server that does not answer within `timeout_s` leaves the run untracked.
    Raises UserMistake at once where wandb is not installed, before anything is played.
    """

    project: str = PROJECT
    entity: str | None = None
    group: str | None = None
    mode: Mode | None = None
    tags: Sequence[str] = ()
    timeout_s: float = 30
    run: Any = field(default=None, init=False)

    def __post_init__(self) -> None:
        check_installed()
        if self.mode not in (None, "online", "offline"):
            raise UserMistake(f"tracker.mode={self.mode} is neither online nor offline: choose one")

    def start(self, info: Mapping[str, Any]) -> None:
        """Open the run. `info["folder"]` is where offline files go; `info["sweep"]` the group."""
        with one_warning("cannot start", info.get("folder")):
            suite = "+".join(info.get("benchmarks") or ())
            model = str(info.get("model") or info.get("run_id"))
            rule_based = ["rule-based"] if any(labels(info)) else []
            job = str(info.get("job") or "eval")
            self.run = open_run(
                self.mode,
                self.timeout_s,
                project=self.project,
                entity=self.entity,
                group=self.group or info.get("sweep"),
                name=f"{model} × {suite}" if suite else model,
                job_type=job,
                tags=[*self.tags, *rule_based],
                run_id=info.get("run_id"),
                dir=str(info.get("folder") or "."),
                config=settings_of(info),
            )
            if job != "eval":
                self.run.define_metric("step")
                self.run.define_metric("*", step_metric="step")

    def measure(self, figures: Mapping[str, float], step: int) -> None:
        """Log a training's step (a resumed one may repeat steps), until that fails once."""
        if self.run is None:
            return
        run, self.run = self.run, None
        with one_warning("cannot log", f"step {step}"):
            run.log({"step": step, **figures})
            self.run = run

    def close(self) -> None:
        """End a training."""
        if self.run is None:
            return
        run, self.run = self.run, None
        with one_warning("cannot end", "the training"):
            run.finish()
            log.info("W&B run %s: %s", run.name, place_of(run))

    def finish(self, folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
        """Log scalars, tables and the artifact, and close the run."""
        if self.run is None:
            return
        run, self.run = self.run, None
        with one_warning("cannot log", folder):
            try:
                log_results(run, folder, rows)
            finally:
                run.finish()
            log.info("W&B run %s: %s", run.name, place_of(run))


def check_installed() -> None:
    """Raise UserMistake where wandb cannot be imported."""
    if importlib.util.find_spec("wandb") is None:
        raise UserMistake(
            "tracker=wandb needs the wandb package: pip install 'agent-harness[wandb]'"
        )


@contextmanager
def one_warning(what: str, folder: Any) -> Iterator[None]:
    """Turn any failure of the foreign library into one line."""
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        kind = type(error).__name__
        log.warning(
            "W&B %s (%s: %s); the results of %s are whole", what, kind, reason, folder or "the run"
        )


def open_run(mode: Mode | None, timeout_s: float, **options: Any) -> Any:
    """Open a W&B run without touching the terminal, the code or the git state."""
    import wandb

    mode = mode or ("online" if has_key() else "offline")
    run_id = options.pop("run_id", None)
    if mode == "online" and run_id:
        options |= {"id": identity(run_id), "resume": "allow"}
    settings = wandb.Settings(
        console="off",
        silent=True,
        save_code=False,
        disable_git=True,
        disable_job_creation=True,
        init_timeout=timeout_s,
    )
    given = {name: value for name, value in options.items() if value is not None}
    return wandb.init(mode=mode, settings=settings, **given)


def place_of(run: Any) -> str:
    """Say where a run can be seen: its page, or its folder when it is offline."""
    return str(run.dir if run.offline else run.url)


def has_key() -> bool:
    """Say whether a key is known: in WANDB_API_KEY or in the netrc file."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlsplit(os.environ.get("WANDB_BASE_URL") or "https://api.wandb.ai").hostname
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host or "") is not None
    except (OSError, netrc.NetrcParseError):
        return False


def identity(run_id: Any) -> str:
    """Derive the W&B id, so that a resumed run goes on in the same place."""
    return hashlib.sha256(str(run_id).encode()).hexdigest()[:12]


def log_results(run: Any, folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Log what a run folder and its table say."""
    import wandb

    outcomes = read_outcomes(folder).values()
    lines = category_lines(outcomes)
    shares = {f"category/{bench}/{name}": count / of for bench, name, count, of in lines}
    blamed = blame_lines(outcomes)
    shares |= {f"blame/{bench}/{who}": count / of for bench, who, count, of in blamed}
    run.summary.update({**scalars(rows), **shares})
    columns, data = grid(rows)
    tables = {"results": wandb.Table(columns=columns, data=data)}
    if lines:
        heads: list[Any] = ["benchmark", "category", "trials", "failed_trials"]
        tables["categories"] = wandb.Table(columns=heads, data=[list(line) for line in lines])
    if scores := scores_of(outcomes):
        tables["judgement_scores"] = wandb.Table(
            columns=["benchmark", "score"], data=[list(line) for line in scores]
        )
    run.log(tables)
    run.log_artifact(artifact(folder))


def artifact(folder: Path) -> Any:
    """Pack manifest, table and episodes, by reference (the files are not copied)."""
    import wandb

    name = re.sub(r"[^A-Za-z0-9_.-]", "-", folder.resolve().name)[:100]
    packed = wandb.Artifact(f"run-{name}", type="run")
    for file in FILES:
        if (folder / file).is_file():
            packed.add_file(str(folder / file), name=file, policy="immutable")
    for journal in JOURNALS:
        for path in sorted((folder / journal).glob("*.jsonl")):
            packed.add_file(str(path), name=f"{journal}/{path.name}", policy="immutable")
    return packed
