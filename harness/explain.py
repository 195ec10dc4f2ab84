"""Turn an error of the configuration library into one line that names what would be right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from omegaconf import DictConfig, OmegaConf

from harness.paths import conf_dir

WRONG = re.compile(r"Could not (?:override|find|load|append).*?'([^']+)'")
NOISE = ("Set the env", "full_key", "See https", "object_type")


def explain(error: BaseException, overrides: Sequence[str] = ()) -> str:
    """Fold a configuration error into one line, with the nearest names that exist.

    `overrides` are those of the command line: without the wrong one, the rest tells the keys.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    wrong = WRONG.search(str(error))
    if wrong is None:
        if str(error).startswith("LexerNoViableAlt"):
            return (
                f"cannot read {lines[0].partition(':')[2].strip()!r}: write KEY=VALUE (see --help)"
            )
        return " ".join(line for line in lines if not line.startswith(NOISE))
    place, what = wrong.group(1), lines[0].partition(" No match")[0].rstrip(".")
    if place in appended_groups():
        return f"{what}: it is added with a plus sign, +{place}=NAME; {options(place)}"
    if "." in place:
        return f"{what}: {nested(place, overrides)}"
    group, _, name = place.rpartition("/")
    if name.startswith("submitit_"):
        return "the Slurm launcher needs submitit: pip install 'agent-harness[slurm]'"
    return f"{what}{near(name, known_names(group))}: {options(group)}"


def near(name: str, names: Sequence[str]) -> str:
    found = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f" (did you mean {' or '.join(found)}?)" if found else ""


def options(group: str) -> str:
    names = known_names(group)
    what = f"{group} is one of" if group else "top-level keys and groups are"
    return f"{what} {', '.join(names)}" if names else f"there is no group {group!r}"


def nested(place: str, overrides: Sequence[str]) -> str:
    """Name the keys that stand beside a key that does not exist."""
    parent, _, name = place.rpartition(".")
    node = OmegaConf.select(composed_without(place, overrides), parent)
    if not isinstance(node, DictConfig):
        return f"{parent} has no keys" if node is not None else f"there is no {parent}"
    keys = [str(key) for key in node if not str(key).startswith("_")]
    return f"{parent} has no key {name}{near(name, keys)}; it has {', '.join(keys)}"


def composed_without(place: str, overrides: Sequence[str]) -> DictConfig:
    """Compose the command line's configuration without the overrides of one key."""
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException

    rest = [o for o in overrides if not o.lstrip("+~").startswith(place)]
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        try:
            return compose("config", rest)
        except HydraException:  # another of them is wrong as well
            return compose("config")


def appended_groups() -> set[str]:
    """Return the groups that the defaults list leaves out on purpose."""
    folder = conf_dir()
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    groups = {path.name for path in folder.iterdir() if path.is_dir()}
    return {name for name in groups if not re.search(rf"^ *- (?:override )?/?{name}\b", text, re.M)}


def known_names(group: str) -> list[str]:
    """List the options of a configuration group, or the groups and keys of the top level."""
    folder = conf_dir() / group
    names = {path.stem for path in folder.glob("*.yaml")} if group else set()
    if not group:
        names = {path.name for path in folder.iterdir() if path.is_dir()}
        top = OmegaConf.load(folder / "config.yaml")
        names |= {str(key) for key in top if key != "defaults"} | {"suite"}
    return sorted(names)
