"""Benchmark data without vendoring: named, versioned, hash-checked folders of official files.

A pack is described by `conf/pack/<name>.yaml`. It is looked up in this order: a folder given by
the caller, `$HARNESS_PACKS/<name>`, the cache (`$HARNESS_CACHE`, else `~/.cache/agent-harness`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.paths import conf_dir


@dataclass(frozen=True)
class PackSpec:
    """What a pack must be. `tree_sha256` covers the files below `content` (see `tree_hash`).

    `source` names where it comes from: `{wheel: "name==version", sha256}` or `{archive: url}`.
    `normalise` is the dotted name of a function (raw folder, target folder) -> None; `texts` the
    module of what its users say and its gold calls, where that is not evaluators.<name>.texts.
    A pack with `runs_code` is used only when its hash is the one in our own list. `ids: git` lists
    the tree by git's ids of its files, as a publisher's commit does.
    """

    name: str
    version: str
    licence: str
    source: Mapping[str, str]
    content: str
    tree_sha256: str
    runs_code: bool = False
    normalise: str = ""
    texts: str = ""
    ids: str = "sha256"


@dataclass(frozen=True)
class Pack:
    """A pack found on this machine. `verified` says whether its hash is the listed one."""

    spec: PackSpec
    root: Path
    origin: str
    hashes: dict[str, str] = field(repr=False)

    @cached_property
    def tree_sha256(self) -> str:
        return tree_of(self.spec, self.root, self.hashes)

    @property
    def verified(self) -> bool:
        return self.tree_sha256 == self.spec.tree_sha256

    @property
    def sha256(self) -> dict[str, str]:
        """Return the sha256 of every file, by path relative to `root`."""
        return self.hashes


def pack_spec(name: str) -> PackSpec:
    """Read `conf/pack/<name>.yaml`."""
    import yaml

    path = conf_dir() / "pack" / f"{name}.yaml"
    if not path.is_file():
        raise UserMistake(f"unknown pack {name!r}: choose from {', '.join(pack_names())}")
    fields: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return PackSpec(**fields)


def pack_names() -> list[str]:
    return sorted(path.stem for path in (conf_dir() / "pack").glob("*.yaml"))


def cache_dir() -> Path:
    root = os.environ.get("HARNESS_CACHE") or Path.home() / ".cache" / "agent-harness"
    return Path(root).expanduser() / "packs"


def cached_at(spec: PackSpec) -> Path:
    return cache_dir() / f"{spec.name}-{spec.version}"


def locate(name: str, path: str | Path | None = None, *, pull: bool = False) -> Pack:
    """Find a pack, fetching it into the cache if `pull`; check it and hash its files.

    Raises UserMistake where it is missing, damaged, or not the listed one although it runs code.
    """
    spec = pack_spec(name)
    local = Path(path) if path else _from_environment(name)
    if local is not None:
        if not (local / spec.content).exists():
            raise UserMistake(f"pack {name}: {local} holds no {spec.content}: wrong folder?")
        return _checked(Pack(spec, local, "folder", file_hashes(local, spec.content)), local)
    cached = cached_at(spec)
    if not cached.exists():
        if not pull:
            raise UserMistake(
                f"pack {name} is not on this machine: run python -m harness.packs pull {name}, "
                "or set HARNESS_PACKS to a folder that holds it"
            )
        from harness.packs.pull import pull_pack

        pull_pack(spec)
    return _checked(Pack(spec, cached, "cache", file_hashes(cached, spec.content)), cached)


def _from_environment(name: str) -> Path | None:
    folder = os.environ.get("HARNESS_PACKS")
    local = Path(folder).expanduser() / name if folder else None
    return local if local is not None and local.exists() else None


def _checked(pack: Pack, where: Path) -> Pack:
    must_match = pack.spec.runs_code or pack.origin == "cache"
    if must_match and not pack.verified:
        raise UserMistake(
            f"pack {pack.spec.name} in {where} is damaged or another version (sha256 "
            f"{pack.tree_sha256[:12]}, expected {pack.spec.tree_sha256[:12]}): "
            + (
                f"python -m harness.packs pull {pack.spec.name} fetches it anew"
                if pack.origin == "cache"
                else "correct or remove that folder"
            )
        )
    return pack


def tree_of(spec: PackSpec, root: Path, hashes: Mapping[str, str] | None = None) -> str:
    """Return the hash of a folder's files; empty where it holds none of the pack's.

    `hashes` are the files' sha256 where they are known already.
    """
    if not (root / spec.content).exists():
        return ""
    if spec.ids == "git":
        return tree_hash({path: git_id(root / path) for path in file_names(root, spec.content)})
    return tree_hash(file_hashes(root, spec.content) if hashes is None else hashes)


def file_names(root: Path, content: str) -> list[str]:
    """Return the relative paths of the files below `root/content`, byte code left out."""
    start = root / content
    found = sorted(start.rglob("*")) if start.is_dir() else [start]
    kept = (path for path in found if path.is_file() and "__pycache__" not in path.parts)
    return [path.relative_to(root).as_posix() for path in kept]


def file_hashes(root: Path, content: str) -> dict[str, str]:
    """Return {relative path: sha256} of the files below `root/content`, byte code left out."""
    return {
        name: hashlib.sha256((root / name).read_bytes()).hexdigest()
        for name in file_names(root, content)
    }


def git_id(path: Path) -> str:
    """Return what git calls a file's content."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def tree_hash(hashes: Mapping[str, str]) -> str:
    """Return one sha256 over sorted `path NUL hash newline` lines."""
    lines = "".join(f"{path}\0{sha}\n" for path, sha in sorted(hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
