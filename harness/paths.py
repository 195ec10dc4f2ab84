"""Where the configuration lives: in the checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path


def conf_dir() -> Path:
    """Return the absolute path of the configuration folder."""
    package = Path(__file__).resolve().parent
    checkout = package.parent / "conf"
    return checkout if (checkout / "config.yaml").is_file() else package / "conf"
