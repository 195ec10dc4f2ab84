"""Start a training again when it dies, as long as it moves on.

`python -m train.restart --out DIR [--limit 3] [--pause 10] -- COMMAND …` runs COMMAND, which goes
on from DIR's last whole checkpoint. More than `limit` deaths without a new checkpoint end it.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from train.folder import last_checkpoint

ENDED = (0, 2, 130)  # done, the user's mistake, interrupted: nothing that starting again would help


@dataclass
class Supervisor:
    """Runs one command again and again. A SIGTERM or SIGINT is handed on, and then is the end."""

    command: Sequence[str]
    out: Path
    limit: int = 3
    pause_s: float = 10.0
    say: Callable[[str], None] = print
    child: subprocess.Popen[bytes] | None = field(default=None, init=False)
    stopping: bool = field(default=False, init=False)

    def run(self) -> int:
        """Return the last status of the command (as a shell says it, also of a signal)."""
        idle, starts = 0, 0
        while True:
            before = step_of(self.out)
            status = self.once()
            starts += 1
            if status in ENDED or self.stopping:
                return status
            after = step_of(self.out)
            idle = 0 if after > before else idle + 1
            where = f"status {status} after checkpoint {after}"
            if idle > self.limit:
                self.say(
                    f"the training ended with {where}, {idle} times without a new checkpoint: "
                    "given up. Its own last lines say why; the same command goes on from there"
                )
                return status
            self.say(f"the training ended with {where}: start {starts + 1}")
            time.sleep(self.pause_s)

    def once(self) -> int:
        self.child = subprocess.Popen(list(self.command))
        status = self.child.wait()
        return status if status >= 0 else 128 - status

    def stop(self, number: int, frame: Any = None) -> None:
        """Hand a signal on to the command."""
        self.stopping = True
        if self.child is not None and self.child.poll() is None:
            self.child.send_signal(number)


def step_of(out: Path) -> int:
    """Return the step of the last whole checkpoint, 0 where there is none."""
    found = last_checkpoint(out)
    return 0 if found is None else int(found.rsplit("-", 1)[1])


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and supervise."""
    made = argparse.ArgumentParser(prog="python -m train.restart", description=__doc__)
    made.add_argument("--out", type=Path, required=True, help="folder with the checkpoints")
    made.add_argument("--limit", type=int, default=3, help="most deaths without a new checkpoint")
    made.add_argument("--pause", type=float, default=10.0, help="seconds before a new start")
    made.add_argument("command", nargs="+")
    options = made.parse_args(arguments)
    say = partial(print, flush=True)
    keeper = Supervisor(options.command, options.out, options.limit, options.pause, say)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, keeper.stop)
    return keeper.run()


if __name__ == "__main__":
    sys.exit(main())
