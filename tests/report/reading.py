"""What a page says, read as a reader would."""

from __future__ import annotations

from tests.report.chromium import Chromium


def shown(browser: Chromium) -> int:
    """Return how many trajectories the list says it shows."""
    return int(browser.text(".info").split()[0].replace(",", ""))


def of_status(browser: Chromium, status: str) -> int:
    return int(browser.text(f'.chips [data-status="{status}"]').split()[-1].replace(",", ""))


OPENED = """(() => {
    const open = (hash) => new URLSearchParams((hash || '').split('?')[1]).get('open');
    const shown = open(document.querySelector('.permalink')?.getAttribute('href'));
    return shown && shown === open(location.hash);
})()"""


def opened(browser: Chromium) -> str:
    """Wait until the trajectory of the address is shown and return its title."""
    browser.wait(OPENED)
    return browser.text(".episode h2")
