"""The folder of a training: what it holds, and where it goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.models.checkpoints import expand
from harness.store import exclusive, write_text
from train.processes import rank

SHAPE = ("model_type", "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads")
EDGE = 1 << 20
START = "start_sha256"


@contextmanager
def claimed(out: Path, identity: Mapping[str, Any], model: str) -> Iterator[None]:
    """Hold the folder of a training for this run alone and `claim` it, in the first process."""
    if rank():
        yield
        return
    with exclusive(out, "out"):
        claim(out, identity, model)
        yield


def claim(out: Path, identity: Mapping[str, Any], model: str | None = None) -> None:
    """Note what is trained here, or refuse a folder that holds another training.

    `model` is the checkpoint it starts from: another one at the same place is refused too.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / "settings.json"
    digest = None if model is None else digest_of(Path(expand(model)))
    plain = json.loads(json.dumps(identity))
    if path.is_file():
        stored = json.loads(path.read_text(encoding="utf-8"))
        begun = last_checkpoint(out) is not None or (out / "final").exists()
        if begun and stored.get(START, digest) != digest:
            raise UserMistake(
                f"the weights at {model} are others than those that the training in {out} began "
                "with: choose another out="
            )
        stored.pop(START, None)
        names = [n for n in sorted({*stored, *identity}) if stored.get(n) != plain.get(n)]
        if names:
            raise UserMistake(
                f"{out} holds a training with other settings (differs in {', '.join(names)}): "
                "give them again, or choose another out="
            )
        if begun:
            return
    elif last_checkpoint(out) is not None:
        raise UserMistake(f"{out} holds checkpoints of another training: choose another out=")
    start = {START: digest} if digest else {}
    write_text(path, json.dumps(plain | start, indent=1) + "\n")


def digest_of(folder: Path) -> str | None:
    """Hash a local checkpoint: the size, the first and the last MiB of every file of weights."""
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    found = hashlib.sha256()
    for path in files:
        size = path.stat().st_size
        with path.open("rb") as file:
            found.update(f"{path.name} {size} ".encode() + file.read(EDGE))
            file.seek(max(0, size - EDGE))
            found.update(file.read())
    return found.hexdigest() if files else None


def require_same_model(checkpoint: str | None, config: Any) -> None:
    """Raise UserMistake where a checkpoint is of a model of another shape than `config` says."""
    path = Path(checkpoint or "") / "config.json"
    if checkpoint is None or not path.is_file():
        return
    stored = json.loads(path.read_text(encoding="utf-8"))
    for name in SHAPE:
        ours = getattr(config, name, None)
        if name in stored and ours is not None and stored[name] != ours:
            raise UserMistake(
                f"{checkpoint} is a checkpoint of another model ({name} {stored[name]}, not "
                f"{ours}): choose another out="
            )


def last_checkpoint(out: Path) -> str | None:
    """Name the newest checkpoint that was written to its end, or None."""
    found = [path for path in out.glob("checkpoint-*") if (path / "trainer_state.json").is_file()]
    return str(max(found, key=lambda path: int(path.name.split("-")[1]))) if found else None
