"""What a run of synthesis makes, and from what: the mirror of `conf/synth/*.yaml`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from synth.benchmark import world_seeds
from synth.duplicates import Caps
from synth.generate import Wishes
from synth.sources import PAPER, Domain, domain
from synth.specs import read_json_lines

Settings = Mapping[str, Any]
RANDOM_LICENCE = "Apache-2.0"
SPLIT = "train"
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
AGENTS = ("oracle", "noisy", "model")


@dataclass(frozen=True)
class Recipe:
    """The settings of every step.

    environments  "paper" (VULCAN's fourteen), or names of them
    own           environments of one's own by name: {specs: file of tools (JSON array or lines),
                  policy: text file, licence: its name}
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
    own: Mapping[str, Settings] | None = None
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

        for name in self.own or ():
            if not NAME.fullmatch(name) or name in PAPER:
                raise UserMistake(f"synth.own.{name}: use another name of letters, digits, _ and -")

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
    own_ones = recipe.own or {}
    for name in [*recipe.names, *own_ones]:
        own = {"own": dict(own_ones[name])} if name in own_ones else {}
        try:
            source = domain_of(name, own)
        except UserMistake as mistake:
            absent[name] = str(mistake)
            continue
        found[name] = {
            "source": content_of(source),
            "states": recipe.states,
            "seed": seed,
            **own,
        }
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


def domain_of(name: str, settings: Settings) -> Domain:
    """Return an environment's specifications: one's own files', or those of the paper's."""
    if "own" not in settings:
        return domain(name)
    entry = settings["own"]
    unknown = set(entry) - {"specs", "policy", "licence"}
    if unknown or "specs" not in entry:
        wrong = f"{min(unknown)!r} is unknown" if unknown else "specs is missing"
        raise UserMistake(f"synth.own.{name}: {wrong}: give specs, and policy and licence if any")
    texts = {}
    for kind in ("specs", "policy"):
        try:
            texts[kind] = Path(entry[kind]).read_text("utf-8") if entry.get(kind) else ""
        except (OSError, UnicodeDecodeError) as error:
            raise UserMistake(f"synth.own.{name}: cannot read {entry[kind]}: {error}") from None
    sha = hashlib.sha256(texts["specs"].encode()).hexdigest()
    licence = str(entry.get("licence") or "unknown")
    file = Path(entry["specs"]).name
    source = {"dataset": "own", "file": file, "licence": licence, "sha256": sha}
    try:
        intake = read_json_lines(texts["specs"], source)
    except ValueError as error:
        raise UserMistake(f"synth.own.{name}: {entry['specs']} is not JSON: {error}") from None
    return Domain(name, intake, texts["policy"], licence, source)


def content_of(source: Domain) -> str:
    """Return a hash over what an environment is made from: specifications and policy."""
    parts = (str(source.source.get("sha256")), source.policy)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
