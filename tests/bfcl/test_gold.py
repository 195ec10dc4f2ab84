"""The gold through the loop: every playable entry passes but those that cannot."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from evaluators.bfcl.data import BfclData
from evaluators.bfcl.decode import Format, decode_text
from evaluators.bfcl.gold import LABEL, gold_replay
from evaluators.bfcl.gold_calls import named_call
from evaluators.bfcl.gold_text import write_calls
from evaluators.bfcl.verdict import BfclEvaluator
from harness.models.scripted import ScriptedModel
from harness.runner import Job, Runner
from harness.store import RunStore, read_outcomes

IMPOSSIBLE = {
    "simple_java_36",
    "simple_java_64",
    "simple_java_65",
    "live_simple_106-63-0",
    "live_simple_112-68-0",
    "live_multiple_862-181-3",
    "live_multiple_964-207-0",
}


def failures(folder: Path, bfcl: BfclData, **options: Any) -> tuple[set[str], int]:
    """Play everything once with the gold, through the runner and the store; return what failed."""
    bench = gold_replay(pack=str(bfcl.root), **options)
    assert bench.notes["scripted"] == LABEL
    store = RunStore(folder, {"gold": True})
    job = Job(bench, BfclEvaluator(), ScriptedModel(replies=[]))
    asyncio.run(Runner(job, store, lambda outcome: None).run())
    store.close()
    outcomes = read_outcomes(folder).values()
    assert {outcome.status for outcome in outcomes} <= {"pass", "fail"}
    return {o.task_id for o in outcomes if o.status == "fail"}, len(outcomes)


def test_the_gold_passes_every_entry_but_seven(tmp_path: Path, bfcl: BfclData) -> None:
    failed, scored = failures(tmp_path, bfcl)
    assert failed == IMPOSSIBLE
    assert scored == 4751


def test_the_gold_passes_as_text(tmp_path: Path, bfcl: BfclData) -> None:
    names = ["multi_turn", "parallel_multiple", "simple_python", "memory_rec_sum", "live_relevance"]
    assert failures(tmp_path, bfcl, categories=names, mode="prompt")[0] == set()


def test_the_gold_passes_in_every_format_but_one_entry_in_json(
    tmp_path: Path, bfcl: BfclData
) -> None:
    """The official JSON reader stops at the first `}]`, inside an argument of simple_python_96."""
    failed, scored = failures(tmp_path, bfcl, categories="format_sensitivity", mode="prompt")
    assert scored == 5200
    assert {task.split(":")[-1] for task in failed} == {"simple_python_96"}
    assert all("ret_fmt=json" in task for task in failed)


@pytest.mark.parametrize("name", ["python", "json", "verbose_xml", "concise_xml"])
@pytest.mark.parametrize("tagged", [True, False])
def test_written_calls_are_read_back(name: str, tagged: bool) -> None:
    calls = [("f", {"a": 1, "b": 2.5, "c": "x < 'y'", "d": True, "e": [1, "z"]}), ("g", {})]
    text = write_calls(calls, Format(name, tagged))
    assert text.startswith("<TOOLCALL>") is tagged
    assert decode_text(text, Format(name, tagged)) == [{name: given} for name, given in calls]


def test_positional_arguments_get_names() -> None:
    call = named_call("cd('a', quiet=True)", {"cd": ["folder", "quiet"]})
    assert call == ("cd", {"folder": "a", "quiet": True})
    with pytest.raises(ValueError, match="not a call"):
        named_call("'text'", {})
