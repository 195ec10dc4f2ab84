import errno
import os
import resource
import signal
from pathlib import Path

import pytest

from harness.faults import UserMistake
from harness.journal import Journal, read_records
from harness.store import RunStore, load_blobs, read_episodes, read_outcomes, write_text
from harness.types import Episode, Message


def test_records_come_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "x" / "0.jsonl")
    for number in range(200):
        journal.add({"n": number})
    journal.close()
    assert [r["n"] for r in read_records(tmp_path / "x")] == list(range(200))


@pytest.mark.parametrize("tail", [b'{"n": 1', b"\xff\xfe half", b"x" * 200_000])
def test_a_torn_tail_is_cut_and_the_rest_kept(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "0.jsonl"
    path.write_bytes(b'{"n":0}\n' + tail)
    journal = Journal(path)
    journal.add({"n": 2})
    journal.close()
    assert [r["n"] for r in read_records(tmp_path)] == [0, 2]


def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path) -> None:
    (tmp_path / "0.jsonl").write_text('{"n":0}\n{"n"\n{"n":2}\n')
    with pytest.raises(UserMistake, match=r"0\.jsonl:2 is not JSON"):
        list(read_records(tmp_path))


DAMAGE = [b"garbage", b"", b'{"a": 1}', b"[1]", b"\xff\xfe", b'{"key":["b","t",0],"episode":{"a']


@pytest.mark.parametrize("line", DAMAGE)
@pytest.mark.parametrize("journal", ["episodes", "outcomes", "blobs"])
def test_damage_inside_a_run_is_one_line(tmp_path: Path, journal: str, line: bytes) -> None:
    RunStore(tmp_path, {}).close()
    (tmp_path / journal / "0.jsonl").write_bytes(line + b"\n")
    read = {
        "episodes": lambda: list(read_episodes(tmp_path)),
        "outcomes": lambda: read_outcomes(tmp_path),
        "blobs": lambda: RunStore(tmp_path, {}),
    }[journal]
    with pytest.raises(UserMistake, match=rf"{journal}/0\.jsonl:1 is not JSON of this version"):
        read()


def test_a_full_disk_keeps_what_was_written_and_says_so(tmp_path: Path) -> None:
    """A file-size limit stands in for the full disk: the kernel refuses the write all the same."""
    journal = Journal(tmp_path / "0.jsonl")
    journal.add({"n": 0})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
        with pytest.raises(UserMistake, match=os.strerror(errno.EFBIG)):
            journal.add({"n": "x" * 100})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    journal.add({"n": 1})
    journal.close()
    assert [r["n"] for r in read_records(tmp_path)] == [0, 1]


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserMistake, match="choose"):
        RunStore(tmp_path / "file" / "run", {})
    with pytest.raises(UserMistake, match="cannot write"):
        write_text(tmp_path / "file" / "x", "")


def test_not_a_run_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="not a run folder"):
        read_outcomes(tmp_path)


def test_blobs_are_written_once_and_survive_a_resume(tmp_path: Path) -> None:
    for _ in range(2):
        store = RunStore(tmp_path, {})
        store.blobs["ab"] = "text"
        store.close()
    assert load_blobs(tmp_path) == {"ab": "text"}
    assert len((tmp_path / "blobs" / "0.jsonl").read_text().splitlines()) == 1


def test_the_last_record_of_a_trial_counts(tmp_path: Path) -> None:
    store = RunStore(tmp_path, {})
    for text in ("first", "second"):
        store.add_episode("b", Episode("t", (Message("user", text),), "user_stop"))
    store.close()
    assert [e.log[0].text for _, e in read_episodes(tmp_path)] == ["second"]
