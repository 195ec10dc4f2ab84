"""What a data set was made with: settings, model, prompts by hash, what was asked, file hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from synth.crew import Crew
from synth.llm.estimates import prompts_of
from synth.llm.prompts import prompt_hashes
from synth.package import EnvPackage
from synth.python_tools import PythonProgram
from synth.recipe import Recipe
from synth.sandbox import probe
from synth.steps import source_sha

NAME = "manifest.json"


def manifest(
    recipe: Recipe,
    seed: int,
    crew: Crew,
    asked: Mapping[str, Any],
    packages: Sequence[EnvPackage],
) -> dict[str, Any]:
    """Return the manifest but for the files. No clock in it: the same run gives the same text."""
    filled = {name: dict(node) for name, node in crew.roles.items() if node}
    known = prompt_hashes()
    used = [prompt for name in filled for prompt in prompts_of(name, filled[name])]
    in_python = any(
        isinstance(program, PythonProgram) for p in packages for program in p.programs.values()
    )
    return {
        "schema_version": 1,
        "generator": {"name": "synth", "source": source_sha()},
        "seed": seed,
        "recipe": settings_of(recipe),
        "roles": {name: filled.get(name, "rules") for name in crew.roles},
        "model": crew.asker.identity if crew.model is not None else None,
        "sampling": dict(crew.llm.get("sampling") or {}),
        "prompts": {name: known[name] for name in sorted(set(used))},
        "asked": dict(asked),
        "environments": {package.env_id: package.hash for package in packages},
        "sandbox": probe() if in_python else None,
    }


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """Return what of a recipe shows in the data: how many processes made it does not."""
    found = {**asdict(recipe), "own": named(recipe.own or {})}
    del found["workers"]
    return found


def named(own: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return one's own environments with the names of their files, wherever those lie."""
    return {
        name: {key: Path(value).name if key != "licence" else value for key, value in one.items()}
        for name, one in own.items()
    }


def file_hashes(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file of a data set by its relative path, the manifest left out."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / NAME
    }
