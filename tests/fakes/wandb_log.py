"""Read what an offline W&B run wrote: LevelDB log blocks of protobuf records, and table files."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BLOCK = 32768
FILE_HEADER, HEADER = 7, 7
FULL, LAST = 1, 4


def payloads(data: bytes) -> Iterator[bytes]:
    """Yield whole records; one that spans blocks comes in first, middle and last pieces."""
    position, pieces = FILE_HEADER, b""
    while position + HEADER <= len(data):
        if BLOCK - position % BLOCK < HEADER:
            position += BLOCK - position % BLOCK
            continue
        _, length, kind = struct.unpack("<IHB", data[position : position + HEADER])
        pieces += data[position + HEADER : position + HEADER + length]
        position += HEADER + length
        if kind in (FULL, LAST):
            yield pieces
            pieces = b""


def read_log(folder: Path) -> dict[str, Any]:
    """Return run, config, summary and artifacts of the only offline run in `folder`/wandb."""
    import wandb
    from wandb.proto.wandb_internal_pb2 import Record

    wandb.teardown()  # a finished run may still be on its way to the disk
    (path,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    found: dict[str, Any] = {"summary": {}, "config": {}, "artifacts": [], "files": path.parent}
    for payload in payloads(path.read_bytes()):
        record = Record()
        record.ParseFromString(payload)
        if record.HasField("run"):
            found["run"] = record.run
            for item in record.run.config.update:
                found["config"][item.key or "/".join(item.nested_key)] = json.loads(item.value_json)
        for part in (record.summary, record.history):
            for item in getattr(part, "update", getattr(part, "item", ())):
                key = item.key or "/".join(item.nested_key)
                found["summary"][key] = json.loads(item.value_json)
        if record.HasField("request") and record.request.HasField("log_artifact"):
            found["artifacts"].append(record.request.log_artifact.artifact)
        if record.HasField("artifact"):
            found["artifacts"].append(record.artifact)
    return found


def read_tables(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the logged tables of an offline run by name."""
    tables = {}
    for path in folder.glob("wandb/offline-run-*/files/media/table/*.table.json"):
        table = json.loads(path.read_text())
        lines = [dict(zip(table["columns"], line, strict=True)) for line in table["data"]]
        tables[path.name.split("_")[0]] = lines
    return tables
