from io import StringIO

from rich.console import Console

from harness.outcomes import Outcome
from harness.progress import Watcher


def watch(*outcomes: Outcome) -> Watcher:
    with Watcher(Console(file=StringIO()), "toy", len(outcomes)) as watcher:
        for outcome in outcomes:
            watcher(outcome)
    return watcher


def faulted(trial: int, text: str) -> Outcome:
    return Outcome("toy", "d", "t", trial, "error", cause="agent", end="fault", fault=text)


def test_the_most_frequent_fault_is_told_with_its_seat() -> None:
    watcher = watch(
        faulted(0, "server_error: answered 500"),
        faulted(1, "auth: answered 401 (check the API key)"),
        faulted(2, "auth: answered 401 (check the API key)"),
        Outcome("toy", "d", "t", 3, "pass", 1.0),
    )
    text = watcher.trouble()
    assert text.startswith("3 trials met a fault")
    assert "2 of 3: agent, auth: answered 401 (check the API key)" in text
    assert watcher.note() == "pass 100.0%  3 errors"


def test_a_run_without_faults_is_no_trouble() -> None:
    assert watch(Outcome("toy", "d", "t", 0, "fail", 0.0)).trouble() == ""
