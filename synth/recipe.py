"""What a run of synthesis makes, and from what: the mirror of `conf/synth/*.yaml`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.faults import UserMistake
from synth.benchmark import world_seeds
from synth.duplicates import Caps
from synth.generate import Wishes
from synth.sources import PAPER, Domain, domain

Settings = Mapping[str, Any]
RANDOM_LICENCE = "Apache-2.0"
SPLIT = "train"
AGENTS = ("oracle", "noisy", "model")


@dataclass(frozen=True)
class Recipe:
    """The settings of every step.

    environments  "paper" (VULCAN's fourteen), or names of them
    worlds        random worlds beside them; `breadth` and `size` are theirs
    states        initial states per environment
    witnesses     edges of each graph that are tried by execution
    tasks         tasks wanted per environment, twins of one plan counted each
    wishes        what they are like: fields of `synth.generate.Wishes`
    caps          how often a shape of plan and a text may occur
    agent         who plays for the rows: oracle (the plan, with no model), noisy (an oracle that
                  slips and recovers), model (the teacher in the agent's seat)
    trials        episodes per task
    workers       processes for the steps that ask no model
    """

    environments: str | Sequence[str] = "paper"
    worlds: int = 0
    breadth: int = 2
    size: int = 1
    states: int = 2
    witnesses: int = 5000
    tasks: int = 120
    wishes: Settings = field(default_factory=dict)
    caps: Caps = field(default_factory=Caps)
    agent: str = "oracle"
    trials: int = 1
    workers: int = 2

    def __post_init__(self) -> None:
        for name in ("worlds", "breadth", "size", "states", "tasks", "trials", "workers"):
            least = 0 if name == "worlds" else 1
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise UserMistake(f"synth.{name}={value} is not a whole number from {least} up")
        if self.agent not in AGENTS:
            raise UserMistake(f"synth.agent={self.agent!r}: choose among {', '.join(AGENTS)}")
        try:
            Wishes(**self.wishes)
        except TypeError as error:
            raise UserMistake(f"synth.wishes: {error}") from None

    @property
    def names(self) -> list[str]:
        """Return the wanted environments of the paper."""
        wanted = list(PAPER) if self.environments == "paper" else self.environments
        if isinstance(wanted, str):
            wanted = [wanted]
        unknown = [name for name in wanted if name not in PAPER]
        if unknown:
            raise UserMistake(f"no environment {unknown[0]!r}: choose from {', '.join(PAPER)}")
        return list(wanted)


@dataclass(frozen=True)
class Cast:
    """The environments of a run: settings of those there are, reasons for those there are not."""

    found: Mapping[str, Settings]
    absent: Mapping[str, str]
    licences: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)


def cast_of(recipe: Recipe, seed: int) -> Cast:
    """Find the environments; one whose pack is not on this machine is absent, with the reason."""
    found: dict[str, Settings] = {}
    absent, licences, origins = {}, {}, {}
    for name in recipe.names:
        try:
            source = domain(name)
        except UserMistake as mistake:
            absent[name] = str(mistake)
            continue
        found[name] = {"source": content_of(source), "states": recipe.states, "seed": seed}
        licences[name] = source.licence
        origins[name] = f"{source.source['dataset']} {source.source['file']}"
    for number in world_seeds(recipe.worlds, SPLIT, seed):
        shape = {"breadth": recipe.breadth, "states": recipe.states, "size": recipe.size}
        world = {"seed": number, **shape}
        name = f"random_{number:08d}"
        found[name] = {"world": world, "seed": seed}
        licences[name], origins[name] = RANDOM_LICENCE, "random worlds"
    if not found:
        reasons = "; ".join(dict.fromkeys(absent.values())) or "synth.worlds is 0"
        raise UserMistake(f"there is no environment to synthesise: {reasons}")
    return Cast(found, absent, licences, origins)


def content_of(source: Domain) -> str:
    """Return a hash over what an environment is made from: specifications and policy."""
    parts = (str(source.source.get("sha256")), source.policy)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
