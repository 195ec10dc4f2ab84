"""Show how a run goes: a bar with pass rate, tokens and cost, or plain lines without a terminal."""

from __future__ import annotations

import time
from collections import Counter
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from harness.outcomes import Outcome

PLAIN_SECONDS = 10.0


class Watcher:
    """Counts outcomes as they arrive. Use as a context manager; call it with each outcome."""

    def __init__(self, console: Console, title: str, total: int, done: int = 0) -> None:
        self.console = console
        self.title = title
        self.total = total
        self.done = done
        self.counts = {"pass": 0, "fail": 0, "error": 0, "missing": 0}
        self.faults: Counter[str] = Counter()
        self.tokens = 0
        self.cost: float | None = None
        self.printed = time.monotonic()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        self.bar = Progress(*columns, console=console, transient=True)
        self.row = self.bar.add_task(title, total=total, completed=done, note="")

    def __enter__(self) -> Watcher:
        if self.console.is_terminal:
            self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.console.is_terminal:
            self.bar.stop()

    def __call__(self, outcome: Outcome) -> None:
        self.counts[outcome.status] += 1
        self.done += 1
        if outcome.fault:
            self.faults[f"{outcome.cause}, {outcome.fault}"] += 1
        self.tokens += outcome.tokens_in + outcome.tokens_out
        if outcome.cost_usd is not None:
            self.cost = (self.cost or 0.0) + outcome.cost_usd
        if self.console.is_terminal:
            self.bar.update(self.row, completed=self.done, note=self.note())
        elif time.monotonic() - self.printed > PLAIN_SECONDS:
            self.printed = time.monotonic()
            self.console.print(f"{self.title} {self.done}/{self.total} {self.note()}")

    def note(self) -> str:
        """Sum up in a few words: pass rate, errors, tokens, cost."""
        scored = self.counts["pass"] + self.counts["fail"]
        parts = [f"pass {self.counts['pass'] / scored:.1%}" if scored else "pass -"]
        if self.counts["error"]:
            parts.append(f"{self.counts['error']} errors")
        if self.tokens:
            parts.append(f"{self.tokens / 1000:,.0f}k tokens")
        if self.cost is not None:
            parts.append(f"${self.cost:,.2f}")
        return "  ".join(parts)

    def trouble(self) -> str:
        """Say what failed most often, for whoever must mend it; empty where nothing did."""
        if not self.faults:
            return ""
        (text, count), total = self.faults.most_common(1)[0], self.faults.total()
        return (
            f"{total} trials met a fault and have no verdict: the same command plays them again. "
            f"Most frequent, {count} of {total}: {text}"
        )
