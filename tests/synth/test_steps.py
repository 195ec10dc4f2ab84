import asyncio
import io
from pathlib import Path

import pytest
from rich.console import Console

from harness.faults import UserMistake
from synth.steps import Counts, Done, Line, Unit


def double(unit: Unit) -> Counts:
    """Write the unit's number twice; a unit called "bad" breaks."""
    if unit.settings.get("bad"):
        raise UserMistake("no number")
    number = unit.settings.get("number", 0)
    for source in unit.sources.values():
        number += int((source / "number").read_text())
    (unit.folder / "number").write_text(f"{2 * number}")
    return {"numbers": 1, "sum": 2 * number}


async def gently(unit: Unit) -> Counts:
    await asyncio.sleep(0)
    return double(unit)


class Bench:
    """A line in a folder, with what it prints."""

    def __init__(self, root: Path, workers: int = 1) -> None:
        self.out = io.StringIO()
        self.line = Line(root, Console(file=self.out, soft_wrap=True), workers)

    def run(self, units: list[Unit], work: object = double, step: str = "one") -> dict[str, Done]:
        with self.line.processes():
            return asyncio.run(self.line.run(step, work, units))  # type: ignore[arg-type]


def unit(name: str, number: int = 1, **sources: Path) -> Unit:
    return Unit(name, sources, {"number": number})


def test_a_step_counts_and_says_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    done = bench.run([unit("a", 3), unit("b", 4)])
    assert [d.counts["sum"] for d in done.values()] == [6, 8]
    assert "one: 2 numbers, 14 sum" in bench.out.getvalue()
    assert (tmp_path / "one" / "b" / "number").read_text() == "8"


def test_what_is_done_is_not_made_again(tmp_path: Path) -> None:
    first = Bench(tmp_path).run([unit("a", 3), unit("b", 4)])
    bench = Bench(tmp_path)
    again = bench.run([unit("a", 3), unit("b", 4)])
    assert [d.fresh for d in again.values()] == [False, False]
    assert {n: d.outputs for n, d in again.items()} == {n: d.outputs for n, d in first.items()}
    assert "2 of 2 stored" in bench.out.getvalue()


def test_changed_settings_and_changed_sources_are_made_anew(tmp_path: Path) -> None:
    source = Bench(tmp_path).run([unit("a", 3)])["a"].folder
    Bench(tmp_path).run([unit("z", 1, a=source)], step="two")
    same = Bench(tmp_path).run([unit("z", 1, a=source)], step="two")
    other = Bench(tmp_path).run([unit("z", 2, a=source)], step="two")
    (source / "number").write_text("100")
    moved = Bench(tmp_path).run([unit("z", 2, a=source)], step="two")
    assert [r["z"].fresh for r in (same, other, moved)] == [False, True, True]
    assert moved["z"].counts["sum"] == 204


def test_a_damaged_unit_is_made_again(tmp_path: Path) -> None:
    folder = Bench(tmp_path).run([unit("a", 3)])["a"].folder
    (folder / "number").write_text("7")
    assert Bench(tmp_path).run([unit("a", 3)])["a"].fresh
    assert (folder / "number").read_text() == "6"


def test_half_made_and_unwanted_units_disappear(tmp_path: Path) -> None:
    Bench(tmp_path).run([unit("a"), unit("b")])
    half = tmp_path / "one" / ".c.part"
    half.mkdir()
    Bench(tmp_path).run([unit("a"), unit("c")])
    assert sorted(p.name for p in (tmp_path / "one").iterdir()) == ["a", "c"]


def test_a_failure_keeps_what_was_finished(tmp_path: Path) -> None:
    bad = Unit("bad", {}, {"bad": True})
    with pytest.raises(UserMistake, match="no number"):
        Bench(tmp_path).run([unit("a"), bad])
    assert not Bench(tmp_path).run([unit("a")])["a"].fresh
    assert not (tmp_path / "one" / "bad").exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_and_coroutines_write_the_same_bytes(tmp_path: Path, workers: int) -> None:
    units = [unit(name, number) for number, name in enumerate("abcdef")]
    plain = Bench(tmp_path / "plain").run(units)
    gentle = Bench(tmp_path / "gentle").run(units, gently)
    spread = Bench(tmp_path / "spread", workers).run(units)
    hashes = [[d.outputs for d in result.values()] for result in (plain, gentle, spread)]
    assert hashes[0] == hashes[1] == hashes[2]


def test_a_place_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserMistake, match="choose run="):
        Bench(tmp_path / "file").run([unit("a")])
