"""Fetch packs: wheels through the user's own package client, source archives over HTTP."""

from __future__ import annotations

import fcntl
import importlib.metadata
import importlib.util
import logging
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.faults import UserMistake
from harness.packs import PackSpec, cached_at, tree_of

log = logging.getLogger(__name__)
CHUNK = 1 << 20


def pull_pack(spec: PackSpec, source: Path | None = None, to: Path | None = None) -> Path:
    """Bring a pack into the cache (or `to`) and return its folder. Atomic; safe to repeat.

    A damaged folder in the cache is replaced once the new one is whole; elsewhere it is somebody's.
    `source` is a local wheel, archive or unpacked folder to take instead of the network.
    """
    target = to / spec.name if to else cached_at(spec)
    with locked(target):
        if not is_listed(spec, target):
            if to and target.exists():
                raise UserMistake(f"{target} holds other files: remove it, or choose another --to")
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{spec.name}-") as temp:
                raw = Path(temp) / "raw"
                obtain(spec, source, raw, target.parent)
                shaped = normalise(spec, raw, Path(temp) / "pack")
                check_tree(spec, shaped)
                if target.exists():
                    target.rename(Path(temp) / "damaged")
                shaped.rename(target)
    return target


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold the lock of one pack, so that parallel jobs fetch it once."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        file = (target.parent / f".{target.name}.lock").open("w")
    except OSError as error:
        raise UserMistake(
            f"cannot write {target.parent}: {error.strerror}; set HARNESS_CACHE"
        ) from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def obtain(spec: PackSpec, source: Path | None, raw: Path, downloads: Path) -> None:
    """Put the unpacked files of a pack into `raw`."""
    if source is not None:
        if not source.exists():
            raise UserMistake(f"{source} does not exist: give a wheel, an archive or a folder")
        unpack(source, raw)
    elif "wheel" in spec.source:
        if not copy_installed(spec, raw):
            download_wheel(spec, raw)
    else:
        archive = downloads / f"{spec.name}-{spec.version}.tar.gz.part"
        download(spec.source["archive"], archive)
        unpack(archive, raw)
        archive.unlink()


def unpack(source: Path, raw: Path) -> None:
    """Unpack a wheel or tar archive, or copy a folder. Archives lose their single top folder."""
    try:
        if source.is_dir():
            shutil.copytree(source, raw)
        elif zipfile.is_zipfile(source):
            with zipfile.ZipFile(source) as wheel:
                wheel.extractall(raw)
        else:
            with tarfile.open(source) as archive:
                archive.extractall(raw, filter="data")
            tops = list(raw.iterdir())
            if len(tops) == 1 and tops[0].is_dir():
                tops[0].rename(raw.with_name("top"))
                raw.rmdir()
                raw.with_name("top").rename(raw)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise UserMistake(f"{source} cannot be unpacked ({error}): fetch it again") from None


def copy_installed(spec: PackSpec, raw: Path) -> bool:
    """Copy the files of an installed distribution, found without importing it."""
    name, version = spec.source["wheel"].split("==")
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    if found.version != version:
        return False
    for file in found.files or []:
        if file.as_posix().startswith(spec.content) and "__pycache__" not in file.parts:
            goal = raw / file.as_posix()
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(found.locate_file(file)), goal)
    return True


def download_wheel(spec: PackSpec, raw: Path) -> None:
    """Let pip or uv fetch the wheel, with the user's own index settings; never install it."""
    raw.mkdir(parents=True)
    wish = raw.parent / "requirement.txt"
    wish.write_text(f"{spec.source['wheel']} --hash=sha256:{spec.source['sha256']}\n")
    common = ["--no-deps", "--require-hashes", "-r", str(wish)]
    if importlib.util.find_spec("pip"):
        wheels = raw.parent / "wheels"
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
        run_client([*pip, "download", "--quiet", "--dest", str(wheels), *common], spec)
        unpack(next(wheels.glob("*.whl")), raw)
    elif uv := shutil.which("uv"):
        python = ["--python", sys.executable]
        run_client([uv, "pip", "install", "--quiet", *python, "--target", str(raw), *common], spec)
    else:
        raise UserMistake(
            f"pack {spec.name} needs pip or uv to fetch {spec.source['wheel']}: install one, or "
            f"give the wheel with python -m harness.packs pull {spec.name} --from FILE"
        )


def run_client(command: list[str], spec: PackSpec) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if "ERROR" in line] or lines or ["no message"]
        raise UserMistake(
            f"pack {spec.name}: fetching {spec.source['wheel']} failed: {errors[0].strip()[:200]}; "
            f"offline? python -m harness.packs pull {spec.name} --from WHEEL"
        )


def download(url: str, part: Path) -> None:
    """Fetch `url` into `part`, going on where an earlier try stopped."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            resumed = reply.status == 206
            with part.open("ab" if resumed else "wb") as file:
                while chunk := reply.read(CHUNK):
                    file.write(chunk)
            expected = reply.headers.get("Content-Length")
            got = part.stat().st_size - (have if resumed else 0)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:
            return
        raise UserMistake(f"{url} answered {error.code}: {error.reason}") from None
    except OSError as error:
        raise UserMistake(
            f"{url} cannot be fetched ({error}); run it again to go on where it stopped"
        ) from None
    if expected is not None and got < int(expected):
        raise UserMistake(f"{url} broke off after {got} bytes; run it again to go on")


def normalise(spec: PackSpec, raw: Path, shaped: Path) -> Path:
    """Bring raw files into the pack's shape with the function that its description names."""
    if not spec.normalise:
        return raw
    module, name = spec.normalise.rsplit(".", 1)
    shape: Callable[[Path, Path], None] = getattr(importlib.import_module(module), name)
    shape(raw, shaped)
    return shaped


def is_listed(spec: PackSpec, folder: Path) -> bool:
    return tree_of(spec, folder) == spec.tree_sha256


def check_tree(spec: PackSpec, folder: Path) -> None:
    """Refuse files that are not the listed ones."""
    found = tree_of(spec, folder)
    if found != spec.tree_sha256:
        raise UserMistake(
            f"pack {spec.name}: the fetched files are not version {spec.version} (sha256 "
            f"{found[:12] or 'of nothing'}, expected {spec.tree_sha256[:12]}); nothing was kept"
        )
