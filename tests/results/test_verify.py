import asyncio
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.codec import from_json
from harness.faults import UserMistake
from harness.outcomes import Outcome
from harness.results.about import info_of
from harness.results.findings import Findings
from harness.results.manifest import read_manifest
from harness.results.table import read_table, write_table
from harness.results.verify import verify
from tests.fakes.benchmarks import Porter
from tests.fakes.finished import Grader, benchmark_of, edit_manifest, finish, play, rehash, totals

BENCHMARK = benchmark_of()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    return play(folder, Porter(drops=["b", "e"], faults=["c"]))


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "run"))


def check(folder: Path, regrade: bool = True, pinned: bool = True) -> Findings:
    grader = Grader(BENCHMARK) if regrade else None
    benchmarks = {BENCHMARK.name: BENCHMARK} if pinned else None
    return asyncio.run(verify(folder, grader, benchmarks))


def test_an_honest_run_has_no_difference(run: Path) -> None:
    found = check(run)
    assert found.items == []
    assert found.checked["episodes"] == found.checked["outcomes"] == 18
    assert found.checked["verdicts"] == 17
    assert found.checked["rows"] == 3 * 4
    assert found.lines()[-1].endswith("no difference")


def test_what_could_not_be_checked_is_said(run: Path) -> None:
    found = check(run, regrade=False, pinned=False)
    assert found.grave == []
    assert {item.check for item in found.items} == {"not checked"}
    assert "totals need their benchmark's formula" in "\n".join(found.lines())


def test_a_resumed_run_that_plays_a_fault_again_is_fine(original: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(original, tmp_path / "run"))
    play(run)
    found = check(run)
    assert found.items == []
    assert found.checked["episodes"] == 18
    assert len((run / "episodes" / "0.jsonl").read_text().splitlines()) == 19


def edit_lines(path: Path, change: Callable[[list[dict]], list[dict]]) -> None:
    records = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(r, separators=(",", ":")) + "\n" for r in change(records)))


def outcome_edit(task: str, trial: int = 0, **changes: Any) -> Callable[[Path], None]:
    def tamper(run: Path) -> None:
        def change(records: list[dict]) -> list[dict]:
            hit = [r for r in records if r["task_id"] == task and r.get("trial", 0) == trial]
            assert hit
            hit[-1].update(changes)
            return records

        edit_lines(run / "outcomes" / "0.jsonl", change)

    return tamper


def episode_edit(task: str, change: Callable[[dict], None]) -> Callable[[Path], None]:
    def tamper(run: Path) -> None:
        def edit(records: list[dict]) -> list[dict]:
            record = next(r for r in records if r["key"][1:] == [task, 0])
            change(record)
            return records

        edit_lines(run / "episodes" / "0.jsonl", edit)

    return tamper


def without(journal: str, task: str) -> Callable[[Path], None]:
    def tamper(run: Path) -> None:
        def change(records: list[dict]) -> list[dict]:
            name = (lambda r: r["key"][1]) if journal == "episodes" else (lambda r: r["task_id"])
            trial = (
                (lambda r: r["key"][2]) if journal == "episodes" else (lambda r: r.get("trial", 0))
            )
            return [r for r in records if (name(r), trial(r)) != (task, 1)]

        edit_lines(run / journal / "0.jsonl", change)

    return tamper


def twice(journal: str) -> Callable[[Path], None]:
    return lambda run: edit_lines(run / journal / "0.jsonl", lambda rs: [*rs, rs[0]])


def table_edit(run: Path) -> None:
    rows = read_table(run / "table.csv")
    rows[0]["pass^1"] = 0.99
    parquet = (run / "table.parquet").read_bytes()
    write_table(run, rows)
    (run / "table.parquet").write_bytes(parquet)


def parquet_edit(run: Path) -> None:
    text = (run / "table.csv").read_text()
    rows = read_table(run / "table.csv")
    rows[1]["ci_lo_1"] = 0.5
    write_table(run, rows)
    (run / "table.csv").write_text(text)


def manifest_edit(change: Callable[[dict], None]) -> Callable[[Path], None]:
    def tamper(run: Path) -> None:
        manifest = json.loads((run / "manifest.json").read_text())
        change(manifest)
        (run / "manifest.json").write_text(json.dumps(manifest))

    return tamper


def forge(*edits: Callable[[Path], None]) -> Callable[[Path], None]:
    """Edit, then compute tables and manifest anew, as a careful forger would."""

    def tamper(run: Path) -> None:
        for edit in edits:
            edit(run)
        info = info_of(read_manifest(run), {"shelves": totals})
        finish(run, info)

    return tamper


def drop_task(manifest: dict, honest_hash: bool) -> None:
    entry = manifest["benchmarks"][0]
    entry["tasks"].pop("b")
    entry["n_tasks"] -= 1
    if honest_hash:
        from harness.results.about import names_hash

        entry["task_ids_sha"] = names_hash(entry["tasks"])


def unlink(name: str) -> Callable[[Path], None]:
    return lambda run: (run / name).unlink()


def cut(name: str) -> Callable[[Path], None]:
    return lambda run: (run / name).write_bytes((run / name).read_bytes()[:-9])


def append(name: str, text: str) -> Callable[[Path], None]:
    def tamper(run: Path) -> None:
        with (run / name).open("a") as file:
            file.write(text)

    return tamper


def blob_edit(run: Path) -> None:
    def change(records: list[dict]) -> list[dict]:
        records[0]["text"] += " Be lenient."
        return records

    edit_lines(run / "blobs" / "0.jsonl", change)


def first_tool(record: Mapping) -> dict:
    return next(m for m in record["episode"]["log"] if m["author"] == "tool")


def swap_trials(run: Path) -> None:
    def change(records: list[dict]) -> list[dict]:
        a, b = (next(r for r in records if r["key"][1:] == ["a", t]) for t in (0, 1))
        a["key"], b["key"] = b["key"], a["key"]
        return records

    edit_lines(run / "episodes" / "0.jsonl", change)


HASHED = [
    ("an edited verdict", outcome_edit("b", status="pass", reward=1.0), "changed file"),
    ("a byte more", append("config.yaml", "#"), "changed file"),
    ("a file removed", unlink("table.parquet"), "missing file"),
    ("outcomes removed", unlink("outcomes/0.jsonl"), "missing file"),
    ("a shard added", lambda r: (r / "outcomes/1.jsonl").write_text("{}\n"), "unlisted file"),
    ("the manifest removed", unlink("manifest.json"), "no manifest"),
    ("the manifest cut", cut("manifest.json"), "no manifest"),
    ("another version", manifest_edit(lambda m: m.update(schema_version=99)), "no manifest"),
]
COVERED = [
    ("a table figure", table_edit, "wrong figure"),
    ("a Parquet figure", parquet_edit, "wrong figure"),
    ("a table cut", cut("table.csv"), "damaged table"),
    ("Parquet cut", cut("table.parquet"), "damaged table"),
    (
        "a manifest result",
        manifest_edit(lambda m: m["results"][0].update({"pass^1": 1.0})),
        "wrong figure",
    ),
    ("a row removed", manifest_edit(lambda m: m["results"].pop(0)), "wrong rows"),
    ("counts", manifest_edit(lambda m: m["counts"].update({"pass": 18})), "wrong total"),
    ("usage", manifest_edit(lambda m: m["usage"].update({"tokens_out": 1})), "wrong total"),
    ("never completed", manifest_edit(lambda m: m.update(ended=None)), "unfinished"),
    (
        "prompts",
        manifest_edit(lambda m: m.update(prompts={"agent": {"0" * 16: 3}})),
        "wrong prompts",
    ),
    ("a task left out", manifest_edit(lambda m: drop_task(m, False)), "wrong tasks"),
    ("fewer trials", manifest_edit(lambda m: m.update(trials=2)), "wrong figure"),
    ("an outcome removed", without("outcomes", "b"), "missing trial"),
    ("an episode removed", without("episodes", "b"), "no episode"),
    ("an outcome repeated", twice("outcomes"), "repeated outcome"),
    ("an episode repeated", twice("episodes"), "repeated episode"),
    ("a torn file", cut("episodes/0.jsonl"), "torn file"),
    ("a damaged line", append("outcomes/0.jsonl", "{oops\n"), "damaged line"),
    ("another version's field", outcome_edit("a", elo=3), "damaged line"),
    ("half an edit", outcome_edit("b", status="error"), "edited verdict"),
    ("a made-up status", outcome_edit("b", status="almost"), "edited verdict"),
    ("a reward that is no number", outcome_edit("a", reward=float("nan")), "edited verdict"),
    ("a domain", outcome_edit("b", domain="d0"), "wrong count"),
    ("a system text", blob_edit, "edited text"),
    ("a text removed", lambda r: (r / "blobs/0.jsonl").write_text(""), "missing text"),
]
FORGED = [
    ("a verdict", outcome_edit("b", status="pass", reward=1.0), "wrong verdict"),
    ("a reward", outcome_edit("b", reward=0.5), "wrong verdict"),
    (
        "a failure hidden as a judge's fault",
        outcome_edit("b", status="error", reward=None, cause="judge", fault="x: y", parts={}),
        "wrong verdict",
    ),
    ("a fault hidden", outcome_edit("c", status="pass", reward=1.0, fault=""), "wrong count"),
    ("tokens", outcome_edit("a", tokens_in=7), "wrong count"),
    ("seconds", outcome_edit("a", seconds=0.25), "wrong count"),
    ("a seed", episode_edit("a", lambda r: r["episode"].update(seed=5)), "wrong seed"),
    ("an end", episode_edit("a", lambda r: r["episode"].update(end="won")), "wrong end"),
    ("a tool error", episode_edit("a", lambda r: first_tool(r).update(error=True)), "wrong count"),
    ("a final state", episode_edit("a", lambda r: r["episode"].pop("state")), "wrong verdict"),
    ("swapped trials", swap_trials, "wrong key"),
    ("a task left out", manifest_edit(lambda m: drop_task(m, True)), "other data"),
    (
        "other data",
        manifest_edit(lambda m: m["benchmarks"][0].update(data_sha256={"shelves.json": "0"})),
        "other data",
    ),
    (
        "another grading version",
        manifest_edit(lambda m: m["benchmarks"][0].update(grading="0")),
        "other data",
    ),
]


def names(cases: list) -> list[str]:
    return [case[0] for case in cases]


@pytest.mark.parametrize(("_", "tamper", "wanted"), HASHED, ids=names(HASHED))
def test_files_are_hashed(_: str, tamper: Callable, wanted: str, run: Path) -> None:
    tamper(run)
    assert wanted in {item.check for item in check(run).grave}


@pytest.mark.parametrize(("_", "tamper", "wanted"), COVERED, ids=names(COVERED))
def test_new_hashes_do_not_help(_: str, tamper: Callable, wanted: str, run: Path) -> None:
    tamper(run)
    rehash(run)
    checks = {item.check for item in check(run).grave}
    assert wanted in checks
    assert "changed file" not in checks


@pytest.mark.parametrize(("_", "tamper", "wanted"), FORGED, ids=names(FORGED))
def test_new_tables_do_not_help_either(_: str, tamper: Callable, wanted: str, run: Path) -> None:
    forge(tamper)(run)
    checks = {item.check for item in check(run).grave}
    assert wanted in checks
    assert not checks & {"changed file", "wrong figure", "wrong total"}


def test_a_forgery_without_any_edit_is_the_honest_run(run: Path) -> None:
    """The passing twin of every forged case."""
    forge()(run)
    assert check(run).items == []


def test_a_rescored_trial_is_noted_and_the_last_line_counts(run: Path) -> None:
    """Scoring again after a change of rules appends; the manifest is completed anew."""

    def again(records: list[dict]) -> list[dict]:
        wrong = next(r for r in records if r["task_id"] == "a")
        return [{**wrong, "status": "fail", "reward": 0.0}, *records]

    edit_lines(run / "outcomes" / "0.jsonl", again)
    forge()(run)
    found = check(run)
    assert found.grave == []
    assert [item.check for item in found.items] == ["scored again"]


def test_trials_of_a_larger_selection_are_noted(run: Path) -> None:
    manifest = read_manifest(run)
    edit_manifest(run, trials=2)
    finish(run, {**info_of(manifest, {"shelves": totals}), "trials": 2})
    found = check(run)
    assert found.grave == []
    assert {item.check for item in found.items} == {"outside"}


def test_trials_of_tasks_that_the_run_no_longer_holds_are_noted(run: Path) -> None:
    fewer = benchmark_of(("a", "b", "c"))
    play(run, benchmark=fewer)
    found = asyncio.run(verify(run, Grader(fewer), {fewer.name: fewer}))
    assert found.grave == []
    assert {item.check for item in found.items} == {"outside"}
    assert found.checked["verdicts"] == 9
    assert found.checked["verdicts left to a judge"] == 0


def test_a_verdict_that_needs_a_judge_is_counted_not_failed(run: Path) -> None:
    async def nobody(benchmark: str, episode: Any) -> Outcome | None:
        return None

    found = asyncio.run(verify(run, nobody, {"shelves": BENCHMARK}))
    assert found.grave == []
    assert found.checked["verdicts left to a judge"] == 17


def test_parts_of_a_verdict_are_compared(run: Path) -> None:
    class Stricter(Grader):
        async def __call__(self, benchmark: str, episode: Any) -> Outcome | None:
            outcome = await super().__call__(benchmark, episode)
            assert outcome is not None
            return replace(outcome, parts={**outcome.parts, "style": 0.0})

    found = asyncio.run(verify(run, Stricter(BENCHMARK), {"shelves": BENCHMARK}))
    assert {item.check for item in found.grave} == {"wrong verdict"}


def test_a_folder_that_is_no_run_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="not a run folder"):
        asyncio.run(verify(tmp_path))


def test_many_findings_are_folded(run: Path) -> None:
    edit_lines(
        run / "outcomes" / "0.jsonl",
        lambda rs: [{**r, "tokens_in": r.get("tokens_in", 0) + 1} for r in rs] * 2,
    )
    lines = check(run).lines()
    assert any("repeated outcome" in line or "more" in line for line in lines)
    assert len(lines) < 120


def test_the_stored_outcomes_read_back(run: Path) -> None:
    line = (run / "outcomes" / "0.jsonl").read_text().splitlines()[0]
    assert from_json(Outcome, json.loads(line)).benchmark == "shelves"
