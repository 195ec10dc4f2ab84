"""The folder of a training: what it holds, and where it goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.store import write_text


def claim(out: Path, identity: Mapping[str, Any]) -> None:
    """Note what is trained here, or refuse a folder that holds another training."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / "settings.json"
    wanted = json.loads(json.dumps(identity))
    if path.is_file():
        stored = json.loads(path.read_text(encoding="utf-8"))
        names = [n for n in sorted({*stored, *wanted}) if stored.get(n) != wanted.get(n)]
        if names:
            raise UserMistake(
                f"{out} holds a training with other settings (differs in {', '.join(names)}): "
                "give them again, or choose another out="
            )
        return
    if last_checkpoint(out) is not None:
        raise UserMistake(f"{out} holds checkpoints of another training: choose another out=")
    write_text(path, json.dumps(wanted, indent=1) + "\n")


def last_checkpoint(out: Path) -> str | None:
    """Name the newest checkpoint that was written to its end, or None."""
    found = [path for path in out.glob("checkpoint-*") if (path / "trainer_state.json").is_file()]
    return str(max(found, key=lambda path: int(path.name.split("-")[1]))) if found else None
