"""`python -m train.wait SECONDS URL …`: wait until every server answers, or end with status 1."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from harness.models.process import answers

EVERY_S = 2.0


def wait(seconds: float, urls: Sequence[str]) -> list[str]:
    """Return the servers whose /health did not answer 200 in `seconds`."""
    deadline = time.monotonic() + seconds
    silent = list(urls)
    while silent:
        silent = [url for url in silent if not answers(f"{url}/health")]
        if not silent or time.monotonic() >= deadline:
            break
        time.sleep(min(EVERY_S, max(0.0, deadline - time.monotonic())))
    return silent


def main(arguments: Sequence[str]) -> int:
    seconds, *urls = arguments
    silent = wait(float(seconds), urls)
    for url in silent:
        print(f"{url} did not answer in {seconds} s: its log says why", file=sys.stderr)
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
