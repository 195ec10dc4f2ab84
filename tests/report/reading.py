"""What a page says, read as a reader would."""

from __future__ import annotations

from tests.report.chromium import Chromium


def shown(browser: Chromium) -> int:
    """Return how many trajectories the list says it shows."""
    return int(browser.text(".info").split()[0].replace(",", ""))


def of_status(browser: Chromium, status: str) -> int:
    return int(browser.text(f'.chips [data-status="{status}"]').split()[-1].replace(",", ""))


def opened(browser: Chromium) -> str:
    """Wait for a trajectory and return its title."""
    browser.wait("document.querySelector('.episode h2')")
    return browser.text(".episode h2")
