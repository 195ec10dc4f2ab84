"""Where configuration and reference tables live: in the checkout, or inside the package."""

from __future__ import annotations

from pathlib import Path


def conf_dir() -> Path:
    """Return the absolute path of the configuration folder."""
    package = Path(__file__).resolve().parent
    checkout = package.parent / "conf"
    return checkout if (checkout / "config.yaml").is_file() else package / "conf"


def reference_dir() -> Path:
    """Return the absolute path of the papers' published figures."""
    package = Path(__file__).resolve().parent
    checkout = package.parent / "results" / "reference"
    return checkout if checkout.is_dir() else package / "reference"
