import io
import json
import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from rich.console import Console

from harness.faults import UserMistake
from harness.metrics import paired
from harness.results.compare import Comparison, adjust, compare, tie_groups
from harness.results.entries import load_entries
from harness.results.files import csv_text
from harness.results.merge import merge
from harness.results.shown import boards_markdown, show_boards, show_comparisons
from harness.statistics import sign_flip
from tests.fakes.benchmarks import Porter
from tests.fakes.finished import benchmark_of, edit_manifest, play, rehash

NAMES = tuple("abcdefghijkl")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("runs")
    drops = {"good": "b", "close": "bc", "bad": "abcdefghij"}
    return {
        name: play(
            folder / name, Porter(drops=list(dropped)), benchmark=benchmark_of(NAMES), name=name
        )
        for name, dropped in drops.items()
    }


def entries(runs: dict[str, Path], *names: str) -> list:
    return load_entries([runs[name] for name in names])


def printed(show: object, *arguments: object) -> str:
    console = Console(file=io.StringIO(), width=140)
    show(console, *arguments)  # type: ignore[operator]
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_runs_without_any_difference_are_a_tie_on_average_too(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    twin = play(tmp_path / "twin", Porter(drops=["b"]), benchmark=benchmark_of(NAMES), name="twin")
    rows, _ = compare(load_entries([runs["good"], twin]))
    assert [(row.domain, row.diff, row.p) for row in rows] == [
        ("d0", 0.0, 1.0),
        ("d1", 0.0, 1.0),
        ("average", 0.0, 1.0),
    ]
    assert "too few" not in printed(show_comparisons, rows, [])


def test_a_pair_is_compared_on_every_domain_and_their_average(runs: dict[str, Path]) -> None:
    rows, notes = compare(entries(runs, "good", "bad"))
    assert [row.domain for row in rows] == ["d0", "d1", "average"]
    d0, d1, average = rows
    assert (d0.a, d0.b, d0.n_common) == ("good", "bad", 6)
    assert d0.diff == pytest.approx(5 / 6)
    assert d0.wins == ("a", "c", "e", "g", "i")
    assert d0.losses == d1.losses == ()
    assert d0.exact
    assert d0.p == sign_flip([Fraction(1)] * 5) == 2 / 32
    assert average.diff == pytest.approx((d0.diff + d1.diff) / 2)
    assert average.se == pytest.approx(math.hypot(d0.se, d1.se) / 2)
    assert notes == []


def test_the_other_way_round_flips_every_sign(runs: dict[str, Path]) -> None:
    there, _ = compare(entries(runs, "good", "bad"))
    back, _ = compare(entries(runs, "bad", "good"))
    for one, other in zip(there, back, strict=True):
        assert one.diff == -other.diff
        assert one.p == other.p
        assert (one.wins, one.losses) == (other.losses, other.wins)
        assert one.low == pytest.approx(-other.high)


def test_equal_runs_tie(runs: dict[str, Path]) -> None:
    rows, _ = compare(entries(runs, "good", "close"))
    assert all(row.tie for row in rows)
    assert rows[0].domain == "d0"
    same = next(row for row in rows if row.domain == "d1")
    assert (same.diff, same.p) == (0.0, 1.0)


def test_holm_covers_all_comparisons_made_together(runs: dict[str, Path]) -> None:
    rows, _ = compare(entries(runs, "good", "close", "bad"))
    assert len(rows) == 9
    tested = [row for row in rows if row.p is not None]
    assert all(row.p_holm >= row.p for row in tested)
    assert min(row.p_holm for row in tested) == pytest.approx(
        min(1.0, len(tested) * min(row.p for row in tested))
    )


def test_a_comparison_agrees_with_paired(runs: dict[str, Path]) -> None:
    a, b = entries(runs, "good", "bad")
    key = ("shelves", "d0")
    plain = paired(a.cells[key].records, b.cells[key].records, 2)
    rows, _ = compare([a, b], k=2)
    assert (rows[0].diff, rows[0].se) == (plain.diff, plain.se)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data_sha256": {"shelves.json": "0"}}, "data_sha256 differs"),
        ({"grading": "2"}, "grading differs"),
        ({"reward_basis": ["db"]}, "reward_basis differs"),
    ],
)
def test_other_grounds_are_refused(
    runs: dict[str, Path], tmp_path: Path, changes: dict, words: str
) -> None:
    other = altered(runs["bad"], tmp_path / "other", **changes)
    with pytest.raises(UserMistake, match=words):
        compare(load_entries([runs["good"], other]))


def altered(run: Path, to: Path, **changes: object) -> Path:
    """Copy a run with other facts about its benchmark."""
    import shutil

    shutil.copytree(run, to)
    manifest = json.loads((to / "manifest.json").read_text())
    edit_manifest(to, benchmarks=[{**manifest["benchmarks"][0], **changes}])
    return to


def test_another_user_model_is_noted_when_compared(runs: dict[str, Path], tmp_path: Path) -> None:
    other = altered(runs["bad"], tmp_path / "other")
    edit_manifest(other, user={"model": "someone"})
    _, notes = compare(load_entries([runs["good"], other]))
    assert len(notes) == 1
    assert "shelves: user differs" in notes[0]


def test_nothing_in_common_is_one_line(runs: dict[str, Path], tmp_path: Path) -> None:
    other = altered(runs["bad"], tmp_path / "other")
    for journal in ("outcomes", "episodes"):
        (other / journal / "0.jsonl").write_text("")
    edit_manifest(other, benchmarks=[])
    with pytest.raises(UserMistake, match="share no benchmark"):
        compare(load_entries([runs["good"], other]))


def test_a_run_given_twice_is_refused(runs: dict[str, Path]) -> None:
    with pytest.raises(UserMistake, match="given twice"):
        load_entries([runs["good"], runs["good"].parent / "." / "good"])


def test_runs_of_one_model_are_told_apart(runs: dict[str, Path], tmp_path: Path) -> None:
    other = altered(runs["good"], tmp_path / "seed1")
    names = [entry.name for entry in load_entries([runs["good"], other])]
    assert names == ["good (good)", "good (seed1)"]


def test_the_printed_comparison_names_the_flipped_tasks(runs: dict[str, Path]) -> None:
    rows, notes = compare(entries(runs, "good", "bad"))
    text = printed(show_comparisons, rows, notes)
    assert "good - bad" in text
    assert "+83.3" in text
    assert "0.0625 exact" in text
    assert "shelves/d0 flipped: good better on 5 tasks: a, c, e, g, i" in text


def comparison(a: str, b: str, p: float | None) -> Comparison:
    return Comparison("x", "y", 1, a, b, 0.1, 0.1, None, None, p, False, 5, 0, 0)


def test_rows_without_a_p_keep_their_place_under_holm() -> None:
    rows = adjust(
        [comparison("a", "b", 0.01), comparison("a", "c", None), comparison("b", "c", 0.5)]
    )
    assert [row.p_holm for row in rows] == [0.02, None, 0.5]


@pytest.mark.parametrize(
    ("tied", "groups"),
    [([], [1, 2, 3]), (["ab"], [1, 1, 2]), (["bc"], [1, 2, 2]), (["ab", "bc"], [1, 1, 2])],
)
def test_tie_groups_start_anew_at_the_first_row_that_is_shown_worse(
    tied: Sequence[str], groups: list[int]
) -> None:
    pairs = {frozenset(pair): False for pair in ("ab", "ac", "bc")}
    pairs |= {frozenset(pair): True for pair in tied}
    assert tie_groups(["a", "b", "c"], pairs) == groups


def test_a_leaderboard_ranks_and_groups(runs: dict[str, Path]) -> None:
    boards, notes = merge(list(runs.values()))
    assert notes == []
    assert [(board.domain, len(board.rows)) for board in boards] == [("d0", 3), ("d1", 3)]
    d0 = [(row["rank"], row["model"], row["tie_group"]) for row in boards[0].rows]
    assert d0 == [(1, "good", 1), (2, "close", 1), (3, "bad", 2)]
    d1 = [(row["rank"], row["model"]) for row in boards[1].rows]
    assert d1 == [(1, "close"), (1, "good"), (3, "bad")]
    text = printed(show_boards, boards, notes, 3)
    assert "good †" in text
    assert "pass^3" in text
    assert "| 1 | good † | 1 |" in boards_markdown(boards, notes, 3)
    assert csv_text([row for board in boards for row in board.rows]).startswith("board,rank,")


def test_other_grounds_get_a_board_of_their_own(runs: dict[str, Path], tmp_path: Path) -> None:
    other = altered(runs["bad"], tmp_path / "other", grading="2")
    boards, notes = merge([runs["good"], runs["close"], other])
    assert [board.name for board in boards] == [
        "shelves/d0",
        "shelves/d0 #2",
        "shelves/d1",
        "shelves/d1 #2",
    ]
    assert [row["model"] for row in boards[1].rows] == ["bad"]
    assert any("ranked apart: shelves: grading differs" in note for note in notes)


def test_an_unsound_run_is_left_out_and_named(runs: dict[str, Path], tmp_path: Path) -> None:
    torn = altered(runs["bad"], tmp_path / "torn")
    (torn / "table.csv").write_text((torn / "table.csv").read_text().replace("0.", "1."))
    half = altered(runs["bad"], tmp_path / "half")
    edit_manifest(half, ended=None)
    boards, notes = merge([runs["good"], torn, half])
    assert [row["model"] for row in boards[0].rows] == ["good"]
    assert "table.csv is not the table of the manifest" in notes[0]
    assert "never completed" in notes[1]
    with pytest.raises(UserMistake, match="never completed"):
        merge([half])


def test_an_unfinished_run_stands_unranked(runs: dict[str, Path], tmp_path: Path) -> None:
    other = altered(runs["good"], tmp_path / "other")
    from harness.results.about import info_of
    from harness.results.manifest import read_manifest
    from tests.fakes.finished import finish

    path = other / "outcomes" / "0.jsonl"
    lines = [line for line in path.read_text().splitlines() if '"task_id":"a"' not in line]
    path.write_text("\n".join(lines) + "\n")
    finish(other, info_of(read_manifest(other)))
    boards, _ = merge([runs["bad"], other])
    assert [(row["rank"], row["model"]) for row in boards[0].rows] == [(1, "bad"), (None, "good")]
    assert "unranked" in printed(show_boards, boards, [], 3)


def test_rehash_is_only_for_tests_of_tampering(runs: dict[str, Path], tmp_path: Path) -> None:
    """A table that was edited and hashed again is caught by `verify`, not by `merge`."""
    other = altered(runs["good"], tmp_path / "other")
    rehash(other)
    boards, notes = merge([other])
    assert notes == []
    assert len(boards) == 2
