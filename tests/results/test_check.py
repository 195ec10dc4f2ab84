import itertools
import json
import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.faults import UserMistake
from harness.metrics import pass_at, pass_hat
from harness.results.across import check_averages, check_copies, check_totals, infer_sizes
from harness.results.check import check_lines, examine
from harness.results.findings import Findings
from harness.results.lattice import count_histograms, histograms, pass_at_n
from harness.results.lines import Line, read_known, read_lines
from harness.results.table import build_table, write_table
from tests.results.test_table import AIRLINE, outcomes

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
TABLE = REFERENCE / "reference_results.csv"
KNOWN = read_known(TABLE)


@pytest.fixture(scope="module")
def published() -> list[Line]:
    return read_lines(TABLE, KNOWN["sizes"])


def close(found: object, wanted: object) -> bool:
    if isinstance(wanted, float):
        return isinstance(found, (int, float)) and math.isclose(found, wanted, abs_tol=1e-9)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(found) == len(wanted) and all(map(close, found, wanted))
    return found == wanted


def test_every_published_row_gets_its_known_verdict(published: list[Line]) -> None:
    """All 104 rows, all fields, down to the number of histograms that fit."""
    records = {}
    for line in published:
        if line.domain != "average":
            record = examine(line).record()
            records[tuple(record[n] for n in ("table", "model", "training", "domain"))] = record
    wanted = json.loads((REFERENCE / "row_consistency.json").read_text())
    assert len(wanted) == len(records) == 104
    for row in wanted:
        found = records[row["table"], row["model"], row["training"], row["domain"]]
        wrong = [name for name in row if not close(found[name], row[name])]
        assert wrong == [], (row, found)


def test_the_findings_on_the_published_rows(published: list[Line]) -> None:
    results = [examine(line) for line in published]
    sea = [r for r in results if r.line.table.startswith("AReaL") and r.line.domain != "average"]
    own = [r for r in sea if r.identity is not None]
    assert (len(own), sum(r.identity is True for r in own)) == (48, 13)
    per_table = {
        n: [r.identity for r in own if r.line.table == f"AReaL-SEA Table {n}"] for n in (1, 2, 3, 4)
    }
    fits = {n: (sum(map(bool, v)), len(v)) for n, v in per_table.items()}
    assert fits == {1: (7, 27), 2: (0, 9), 3: (2, 6), 4: (4, 6)}
    never = [r for r in sea if r.feasible_without_at is False]
    assert len(never) == 17
    assert sum(r.line.table == "AReaL-SEA Table 1" for r in never) == 13
    rising = [r.line for r in results if not r.monotone]
    assert [(x.model, x.domain) for x in rising] == [("Qwen3-235B-A22B-2507", "airline")]
    assert [float(h) for h in rising[0].hats] == [0.64, 0.563, 0.58, 0.52]


def test_the_published_averages_copies_totals_and_sizes(published: list[Line]) -> None:
    found = Findings()
    check_averages(published, found)
    check_copies(published, found)
    infer_sizes(published, found)
    check_totals(TABLE, KNOWN["formulas"], found)
    texts = [str(item) for item in found.items]
    assert found.checked["totals"] == 28
    assert [t.check for t in found.grave] == ["average"]
    assert "81.3 is not 81.0, the mean of airline, retail, telecom" in texts[0]
    assert "GPT-5 / none / telecom: every figure equals the row of Qwen3-Max-Thinking" in texts[1]
    assert "7 of 9 rows fit no 347 tasks; all of them fit 315 alone of the numbers" in texts[-1]


def test_the_formula_as_printed_in_the_paper_fails() -> None:
    """The failing twin: without the division by three no total fits."""
    printed = dict.fromkeys(KNOWN["formulas"]["BFCL-v4 (no agentic)/overall"], "1/2")
    found = Findings()
    check_totals(TABLE, {"BFCL-v4 (no agentic)/overall": printed}, found)
    assert len(found.grave) == 28
    assert any("137.5" in str(item) for item in found.grave)


def line(hats: str, at_n: str | None = None, tasks: int = 50, trials: int = 4) -> Line:
    shares = tuple(Fraction(h) / 100 for h in hats.split())
    whole = None if at_n is None else Fraction(at_n) / 100
    half = Fraction(505, 1_000_000)
    return Line("t", "b", "m", "", "d", shares, whole, half, (tasks,), trials)


def test_explanations_name_the_figures() -> None:
    found = Findings()
    check_lines([line("56.0 42.0 40.0 38.0", "66.0"), line("64.0 56.3 58.0 52.0")], found)
    texts = "\n".join(found.lines())
    assert "56.0 / 42.0 / 40.0 / 38.0 force pass@4 = 94.0, printed is 66.0" in texts
    assert "rises from k=2 to 3, which is impossible" in texts
    assert "no counts of 50 tasks x 4 trials round to 64.0 / 56.3 / 58.0 / 52.0" in texts


def test_a_true_row_passes_every_test() -> None:
    found = Findings()
    (result,) = check_lines([line("42.0 27.3 22.0 20.0", "72.0")], found)
    assert found.items == []
    assert result.sizes[50][1] == (14, 12, 10, 4, 10)


def test_without_the_number_of_tasks_histograms_are_not_tested() -> None:
    result = examine(line("42.0 27.3 22.0 20.0", tasks=50, trials=8))
    assert result.feasible is None
    assert result.sizes == {}


@given(st.lists(st.integers(0, 3), min_size=1, max_size=9))
def test_a_row_from_real_trials_always_fits(successes: list[int]) -> None:
    """Round real figures to one decimal of a percent: the true histogram is among the fits."""
    n, tasks = 3, len(successes)
    truth = tuple(successes.count(c) for c in range(n + 1))

    def mean(per_task: object, k: int) -> Fraction:
        values = [per_task(n, c, k) for c in successes]  # type: ignore[operator]
        return Fraction(round(1000 * sum(values, Fraction()) / tasks), 1000)

    hats = [mean(pass_hat, k) for k in (1, 2, 3)]
    half = Fraction(505, 1_000_000)
    assert truth in set(histograms(hats, tasks, half, mean(pass_at, 3)))
    assert all(a >= b for a, b in itertools.pairwise(hats))


def test_histograms_against_enumeration() -> None:
    hats, tasks, half = [Fraction(1, 2), Fraction(1, 3)], 6, Fraction(1, 20)
    wanted = set()
    for counts in itertools.product(range(tasks + 1), repeat=3):
        if sum(counts) == tasks:
            one = Fraction(counts[1] + 2 * counts[2], 2 * tasks)
            two = Fraction(counts[2], tasks)
            if abs(one - hats[0]) <= half and abs(two - hats[1]) <= half:
                wanted.add(counts)
    assert set(histograms(hats, tasks, half)) == wanted
    assert count_histograms(hats, tasks, half)[0] == len(wanted)


def test_the_identity_by_hand() -> None:
    assert pass_at_n([Fraction(1, 2), Fraction(7, 18), Fraction(1, 3), Fraction(1, 3)]) == Fraction(
        2, 3
    )


def test_our_own_table_is_checked_against_its_histogram(tmp_path: Path) -> None:
    rows = build_table(outcomes(AIRLINE) + outcomes([4, 1], "retail"), ks=(1, 2, 3, 4))
    write_table(tmp_path, rows)
    found = Findings()
    check_lines(read_lines(tmp_path / "table.csv"), found)
    assert found.items == []
    assert found.checked["rows"] == 3
    rows[0]["pass^2"] = 0.28
    write_table(tmp_path, rows)
    check_lines(read_lines(tmp_path / "table.csv"), found)
    assert {item.check for item in found.grave} >= {"histogram", "identity", "no histogram"}


def test_an_unfinished_table_of_ours_is_checked_too(tmp_path: Path) -> None:
    rows = build_table(outcomes(AIRLINE)[:-1], ks=(1, 2, 3, 4))
    write_table(tmp_path, rows)
    found = Findings()
    check_lines(read_lines(tmp_path / "table.csv"), found)
    assert found.items == []


def test_a_hand_made_table_in_percent(tmp_path: Path) -> None:
    path = tmp_path / "paper.csv"
    path.write_text(
        "model,domain,pass^1,pass^2,n_tasks,n_trials\nx,a,50.0,33.3,3,2\ny,a,50.0,60,3,2\n"
    )
    found = Findings()
    check_lines(read_lines(path), found)
    assert {item.check for item in found.grave} == {"not monotone", "no histogram"}
    assert all("y / a" in item.where for item in found.grave)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "no pass\\^k figures"),
        ("pass^1,pass^2\nhigh,low\n", "'high' is not a number"),
    ],
)
def test_a_table_that_cannot_be_read_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(UserMistake, match=words):
        read_lines(path)
    with pytest.raises(UserMistake, match="cannot read"):
        read_lines(tmp_path / "absent.csv")
