"""From YAML to objects: compose, build what `_target_` names, explain mistakes in one line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from harness.explain import explain
from harness.faults import UserMistake
from harness.paths import conf_dir

BUILD_ERRORS = (TypeError, ValueError, ImportError, AttributeError, OSError)
OWN_PACKAGES = ("harness.", "evaluators.", "synth.", "train.")


def compose(overrides: Sequence[str]) -> DictConfig:
    """Compose `conf/config.yaml` with command-line overrides. Raises UserMistake in one line."""
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.errors import HydraException

    try:
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            config = hydra_compose("config", list(overrides), return_hydra_config=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise UserMistake(explain(error, overrides)) from None
    return config


def build(node: Any, **extra: Any) -> Any:
    """Build the object that `node._target_` names. Only our own packages may be named.

    `extra` objects are handed over as they are: Hydra would turn dataclasses into configuration.
    """
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    for target in targets(node):
        if not target.startswith(OWN_PACKAGES):
            raise UserMistake(f"_target_ {target!r} is not one of {', '.join(OWN_PACKAGES)}*")
    try:
        if set(extra) <= {"_partial_"}:
            return instantiate(node, **extra)
        return instantiate(node, _partial_=True)(**extra)
    except OmegaConfBaseException as error:
        raise UserMistake(f"{node.get('_target_')}: {explain(error)}") from None
    except InstantiationException as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        if isinstance(cause, BUILD_ERRORS):
            raise UserMistake(f"{node.get('_target_')} cannot be built: {cause}") from error
        raise cause from error
    except BUILD_ERRORS as error:
        raise UserMistake(f"{node.get('_target_')} cannot be built: {error}") from error


def targets(node: Any) -> Iterator[str]:
    """Yield every `_target_` inside a configuration node."""
    plain = OmegaConf.to_container(node) if OmegaConf.is_config(node) else node
    if isinstance(plain, dict):
        if isinstance(plain.get("_target_"), str):
            yield plain["_target_"]
        plain = list(plain.values())
    if isinstance(plain, list):
        for item in plain:
            yield from targets(item)


def plain(node: Any) -> Any:
    """Resolve a configuration node into plain dicts, lists and scalars."""
    if not OmegaConf.is_config(node):
        return node
    try:
        return OmegaConf.to_container(node, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise UserMistake(explain(error)) from None


def digest(value: Any) -> str:
    """Return 8 hex digits that identify a plain configuration value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]


def load_stored(folder: Path, config: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """Take a run's own configuration, with the top-level keys named on the command line."""
    stored = read_stored(folder)
    for override in overrides:
        key = override.lstrip("+~").split("=", 1)[0].split("@")[-1].split(".")[0]
        if key in config and key != "benchmark":
            OmegaConf.update(stored, key, config[key], force_add=True, merge=False)
        elif key == "benchmark" and "." in override.split("=", 1)[0]:
            path_, value = override.lstrip("+").split("=", 1)
            OmegaConf.update(stored, path_, OmegaConf.create({"v": value}).v, force_add=True)
    return stored


def read_stored(folder: Path) -> DictConfig:
    """Read the configuration that a run stored. Raises UserMistake where there is none."""
    import yaml

    path = folder / "config.yaml"
    if not path.is_file():
        raise UserMistake(f"{folder} holds no config.yaml: it is not the folder of a run")
    try:
        stored = OmegaConf.load(path)
    except (yaml.YAMLError, OSError, ValueError):
        stored = OmegaConf.create([])
    if not isinstance(stored, DictConfig):
        raise UserMistake(f"{path} is damaged: restore it, or run the same command again")
    return stored
