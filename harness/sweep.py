"""Sweeps: Hydra plans the jobs and launches them, here or on a cluster."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError, OmegaConfBaseException

from harness.configure import compose
from harness.explain import explain
from harness.faults import UserMistake
from harness.launch import INTERRUPTED, complain, run
from harness.paths import conf_dir

MULTIRUN = ("-m", "--multirun")
ENDED: list[int] = []  # exit statuses of the jobs that ran in this process


def sweep(arguments: Sequence[str]) -> int:
    """Hand the command line to Hydra. Every job has its own run folder and resumes by itself.

    Returns the worst exit status of the jobs of this process; a cluster's jobs report their own.
    Every value of a sweep, of the command line or the experiment's own (`hydra.sweeper.params`),
    is composed once before, so that a mistake in one is said in one line and nothing is launched.
    """
    if not set(MULTIRUN).isdisjoint(arguments):
        try:
            given = [a for a in arguments if not a.startswith("-")]
            for overrides in each_value([*given, *own_values(given)]):
                check_references(compose(overrides))
        except UserMistake as mistake:
            return complain(mistake)
    sys.argv = [sys.argv[0], *arguments]
    ENDED.clear()
    with contextlib.suppress(Stopped):
        job()
    return max(ENDED, default=0)


class Stopped(BaseException):
    """Ends a sweep whose job was interrupted: whoever stops one job stops all that follow."""


def check_references(config: DictConfig) -> None:
    """Raise UserMistake where a key refers to one that does not exist, such as an unknown arm."""
    own = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    try:
        OmegaConf.to_container(own, resolve=True)
    except InterpolationKeyError as error:
        raise UserMistake(explain(error)) from None
    except OmegaConfBaseException:  # a value that only some stages need
        return


def own_values(overrides: Sequence[str]) -> list[str]:
    """Return the sweep that a composed configuration brings along, less what is overridden."""
    config = compose(next(each_value(overrides)))
    own: Mapping[str, str] = config.hydra.sweeper.get("params") or {}
    keys = {override.lstrip("+").partition("=")[0] for override in overrides}
    return [f"{key}={values}" for key, values in own.items() if key not in keys]


def each_value(overrides: Sequence[str]) -> Iterator[list[str]]:
    """Yield override lists in which every value of every sweep occurs, beside first values."""
    choices = [spread(override) for override in overrides]
    first = [values[0] for values in choices]
    yield first
    for place, values in enumerate(choices):
        for value in values[1:]:
            yield [*first[:place], value, *first[place + 1 :]]


def spread(override: str) -> list[str]:
    """Return an override once for every value of its sweep. Raises UserMistake."""
    try:
        one = OverridesParser.create().parse_override(override)
    except HydraException as error:
        raise UserMistake(f"cannot read {override!r}: {explain(error)}") from None
    if not one.is_sweep_override():
        return [override]
    return [f"{one.get_key_element()}={value}" for value in one.sweep_string_iterator()]


@hydra.main(config_path=str(conf_dir()), config_name="config", version_base="1.3")
def job(config: DictConfig) -> int:
    """Run one job of a sweep; a failure is its return value, so that the others go on.

    A job that is interrupted ends the sweep, but not a job on a cluster, which is alone."""
    about = HydraConfig.get()
    group = Path(about.sweep.dir).name
    ENDED.append(run(config, list(about.overrides.task), about.runtime.choices, group))
    if ENDED[-1] == INTERRUPTED and about.runtime.choices["hydra/launcher"] == "basic":
        raise Stopped
    return ENDED[-1]
