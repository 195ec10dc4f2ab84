"""Write a report and its rows with commit, date and command."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.results.provenance import harness_facts
from harness.store import write_text


def stamp(command: str) -> str:
    """Return the line that says where figures come from."""
    facts = harness_facts()
    commit = (facts["git_sha"] or f"version {facts['version']}")[:12]
    changed = " (the checkout held uncommitted changes)" if facts["dirty"] else ""
    day = datetime.now(UTC).date().isoformat()
    return f"Commit {commit}{changed}, {day}, `{command}`."


def write_report(
    folder: Path, text: str, rows: Sequence[Mapping[str, Any]], name: str = "fidelity"
) -> None:
    """Write `<name>.md` and `<name>.csv`; `{stamp}` in the text is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    command = f"python -m synth.{name} " + " ".join(sys.argv[1:])
    write_text(folder / f"{name}.md", text.replace("{stamp}", stamp(command.strip())) + "\n")
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / f"{name}.csv", out.getvalue())
