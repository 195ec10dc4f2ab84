"""Choose the exporter."""

from __future__ import annotations

from pathlib import Path

from harness.results.export.request import Request


def export_run(name: str, request: Request) -> list[Path]:
    """Export a run in the format `name` (tau2 or bfcl) and return the files written."""
    if name == "tau2":
        from harness.results.export.tau2 import export_tau2

        return export_tau2(request)
    from harness.results.export.bfcl import export_bfcl

    return export_bfcl(request)
