"""Where a number comes from: the code, the machine and the packages that made it."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import harness

SECRET = re.compile(r"(?i)^([^=]*(?:key|token|secret|password)=)(?!\$\{).+")
SECRET_NAME = re.compile(r"(?i)(?:.*[_.])?(?:api_?key|key|token|secret|password)")
ROOT = Path(harness.__file__).resolve().parent.parent


def harness_facts(root: Path = ROOT) -> dict[str, Any]:
    """Name the version of the code: commit, and a hash of what was changed since, if anything.

    Outside of a checkout (an installed wheel) the commit is None.
    """
    facts: dict[str, Any] = {"version": harness.__version__}
    facts |= {"git_sha": None, "dirty": None, "diff_sha": None}
    top = git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top.decode().strip()).resolve() != root.resolve():
        return facts
    commit, status = git(root, "rev-parse", "HEAD"), git(root, "status", "--porcelain")
    diff = git(root, "diff", "HEAD")
    facts["git_sha"] = commit.decode().strip() if commit else None
    facts["dirty"] = bool(status and status.strip())
    facts["diff_sha"] = hashlib.sha256(diff).hexdigest() if diff else None
    return facts


def git(root: Path, *arguments: str) -> bytes | None:
    """Ask git; None where it is absent or refuses."""
    if shutil.which("git") is None:
        return None
    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


def environment_facts() -> dict[str, Any]:
    """Name the interpreter, the machine and every installed package."""
    packages = installed()
    lock = "\n".join(f"{name}=={version}" for name, version in packages.items())
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "gpu": gpus(),
        "packages_sha": hashlib.sha256(lock.encode()).hexdigest(),
        "packages": packages,
        "vllm": packages.get("vllm"),
    }


@functools.cache
def installed() -> dict[str, str]:
    """Map the installed distributions to their versions."""
    found = {d.metadata["Name"]: d.version for d in metadata.distributions() if d.metadata["Name"]}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


@functools.cache
def gpus() -> tuple[str, ...]:
    """List GPU names and driver versions; empty where there is none."""
    if shutil.which("nvidia-smi") is None:
        return ()
    command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return tuple(done.stdout.strip().splitlines()) if done.returncode == 0 else ()


def command_line() -> list[str]:
    """Return the command as it was typed, without the program's folder and without secrets."""
    program = Path(sys.argv[0])
    name = program.parent.name if program.name == "__main__.py" else program.name
    return redact([name, *sys.argv[1:]])


def scrub(value: Any) -> Any:
    """Blank secrets at any depth: values under secret names, and options that carry one."""
    if isinstance(value, Mapping):
        return {
            name: "***" if item and SECRET_NAME.fullmatch(str(name)) else scrub(item)
            for name, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [scrub(item) for item in value]
    return SECRET.sub(r"\1***", value) if isinstance(value, str) else value


def redact(arguments: Iterable[str]) -> list[str]:
    """Blank the values of options that hold keys, tokens, secrets or passwords."""
    return [SECRET.sub(r"\1***", argument) for argument in arguments]
