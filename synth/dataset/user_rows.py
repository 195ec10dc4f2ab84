"""The user's side of played scenarios as rows: what a model in the user's seat is tuned on.

Whoever played (rules, or a model under its own protocol), a row shows the brief that a model in
that seat is given, and ends with the text by which such a model hangs up.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.app import App
from harness.benchmark import Benchmark
from harness.faults import UserMistake
from harness.store import read_episodes, read_outcomes
from harness.types import Message
from synth.benchmark import benchmark
from synth.dataset.facts import facts_of
from synth.dataset.files import write_jsonl
from synth.dataset.rows import Row, Talk, chat_of, passed, row_of
from synth.users import STOP_TEXT, brief

FILE = "user.jsonl"


async def collect(app: App, folder: str) -> None:
    """Write `dataset/user.jsonl` of a finished synthesis in `folder`. Raises UserMistake."""
    root = Path(folder)
    runs = [path for path in (root / "episodes", root / "checks" / "oracle") if path.is_dir()]
    if not runs or not (root / "dataset").is_dir():
        raise UserMistake(f"{root} holds no data set: run the stage synth first")
    bench = benchmark(str(root / "dataset"), split="", user="llm")
    count = write_jsonl(root / "dataset" / FILE, user_rows(runs[0], bench, str(runs[0])))
    app.console.print(f"{count:,} rows of the user's seat: {root}/dataset/{FILE}", highlight=False)


def user_rows(folder: Path, bench: Benchmark, source: str) -> Iterator[Row]:
    """Yield a row per passed episode of a scenario that its user ended, in the order of tasks."""
    outcomes = read_outcomes(folder)
    tasks = {task.id: task for task in bench.tasks if not task.payload["queries"]}
    place = {name: number for number, name in enumerate(tasks)}
    found = [
        episode
        for name, episode in read_episodes(folder)
        if name == bench.name
        and episode.task_id in tasks
        and episode.end == "user_stop"
        and passed(outcomes.get((name, episode.task_id, episode.trial)))
    ]
    for episode in sorted(found, key=lambda one: (place[one.task_id], one.trial)):
        task = tasks[episode.task_id]
        talk = talk_of(episode.log, brief(task.payload["scenario"]))
        outcome = outcomes[bench.name, task.id, episode.trial]
        row = row_of(talk, facts_of(bench, task), outcome)
        name = f"{bench.name}/{task.id}#{episode.trial}/user"
        yield {"id": name, **row, "source": source, "seat": "user"}


def talk_of(log: tuple[Message, ...], system: str) -> Talk:
    """Render a log from the user's seat; it hangs up in the words that a model there uses."""
    lines, _ = chat_of((*log[:-1], Message("user", STOP_TEXT)), "user", reasoning=False)
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}, *lines]
    start = next(n for n, line in enumerate(messages) if line["role"] == "assistant")
    return Talk(messages, [], start, [])
