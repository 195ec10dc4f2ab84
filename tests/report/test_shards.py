"""Chunks: safe to embed, small, complete, and never mixed up with another report's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.faults import UserMistake
from harness.report.shards import (
    CHUNK_BYTES,
    CHUNK_EPISODES,
    Shards,
    Texts,
    encode,
    is_large,
    sweep,
    write_chunk,
)
from tests.fakes.runs import HOSTILE


def texts(folder: Path, *lines: str) -> Texts:
    (folder / "blobs").mkdir(exist_ok=True)
    (folder / "blobs" / "0.jsonl").write_text("".join(line + "\n" for line in lines))
    return Texts(folder)


def view(text: str = "", sha: str = "") -> dict[str, object]:
    return {"log": [text], "prompts": {"agent": sha} if sha else {}, "tools": []}


def filled(folder: Path, *views: dict[str, object], blobs: tuple[str, ...] = ()) -> list[str]:
    bodies: list[str] = []
    shards = Shards(lambda number, body: bodies.append(body))
    known = texts(folder, *blobs)
    for one in views:
        shards.add(one, known)
    shards.flush()
    return bodies


@pytest.mark.parametrize("text", HOSTILE)
def test_encoded_text_cannot_leave_its_element(text: str) -> None:
    encoded = encode({"x": text})
    assert encoded.isascii()
    assert not set("<>") & set(encoded)
    assert json.loads(encoded) == {"x": text}


def test_nan_is_refused_because_a_page_cannot_read_it() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        encode({"x": float("nan")})


def test_chunks_are_closed_by_number_and_by_size(tmp_path: Path) -> None:
    assert len(filled(tmp_path, *[view()] * CHUNK_EPISODES)) == 1
    assert len(filled(tmp_path, *[view()] * (CHUNK_EPISODES + 1))) == 2
    assert len(filled(tmp_path, *[view("x" * (CHUNK_BYTES // 2))] * 4)) == 4
    assert len(filled(tmp_path, *[view("x" * (CHUNK_BYTES // 3))] * 4)) == 2


def test_places_point_at_the_episode(tmp_path: Path) -> None:
    bodies: list[str] = []
    shards = Shards(lambda number, body: bodies.append(body))
    known = texts(tmp_path)
    places = [shards.add(view(str(n)), known) for n in range(CHUNK_EPISODES + 3)]
    shards.flush()
    for n, (chunk, place) in enumerate(places):
        assert json.loads(bodies[chunk])["episodes"][place]["log"] == [str(n)]


def test_a_chunk_carries_the_texts_its_episodes_refer_to(tmp_path: Path) -> None:
    blobs = ('{"sha":"a","text":"policy"}', '{"sha":"b","text":"other"}')
    (body,) = filled(tmp_path, view(sha="a"), view(sha="a"), view(sha="zz"), blobs=blobs)
    assert json.loads(body)["texts"] == {"a": "policy"}


def test_damaged_texts_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match=r"0\.jsonl is damaged"):
        texts(tmp_path, '{"sha": "a"')


def test_a_torn_last_text_is_ignored(tmp_path: Path) -> None:
    texts(tmp_path, '{"sha":"a","text":"x"}')
    with (tmp_path / "blobs" / "0.jsonl").open("a") as file:
        file.write('{"sha":"b"')
    assert list(Texts(tmp_path).places) == ["a"]


def test_a_chunk_file_is_one_call_with_one_string(tmp_path: Path) -> None:
    body = encode({"episodes": [HOSTILE]})
    write_chunk(tmp_path, "b1", 7, body)
    line = (tmp_path / "007.js").read_text()
    assert line.startswith('harnessChunk("b1",7,"')
    assert json.loads(line[len('harnessChunk("b1",7,') : -3]) == body


def test_old_chunks_are_swept_and_nothing_else(tmp_path: Path) -> None:
    for name in ("000.js", "001.js", "002.js", "notes.js", "1x.js"):
        (tmp_path / name).touch()
    sweep(tmp_path, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000.js", "1x.js", "notes.js"]


def test_size_is_judged_by_episodes_and_by_bytes(tmp_path: Path) -> None:
    (tmp_path / "episodes").mkdir()
    (tmp_path / "episodes" / "0.jsonl").write_text("{}\n" * 10)
    assert not is_large([tmp_path], 10, 1000)
    assert is_large([tmp_path], 9, 1000)
    assert is_large([tmp_path], 10, 29)
    assert is_large([tmp_path, tmp_path], 19, 1000)
