"""The LLM path whole, as one command against a real socket: every role, good replies and bad."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from harness.__main__ import main
from synth.benchmark import benchmark
from synth.dataset.account import add_up
from synth.dataset.files import read_jsonl
from synth.llm.prompts import prompt_hashes
from synth.sandbox import probe
from synth.sandbox.kernel import machine
from tests.fakes.author import Book, Talk, served
from tests.synth import desk, library

pytestmark = pytest.mark.skipif(
    not machine() or not probe()["seccomp"], reason="this kernel has no seccomp: nothing runs"
)
PYTHON = {"list_loans", "return_loan", "renew_loan", "late_fee"}


def arguments(root: Path, base_url: str, *more: str) -> list[str]:
    """Write the specifications of two systems and return the command about them."""
    for name, entries in (("desk", desk.ENTRIES), ("library", library.ENTRIES)):
        (root / f"{name}.json").write_text(json.dumps(entries))
    (root / "library.md").write_text(library.POLICY)
    own = (
        f"{{library: {{specs: {root}/library.json, policy: {root}/library.md, licence: CC0-1.0}}, "
        f"desk: {{specs: {root}/desk.json, licence: CC0-1.0}}}}"
    )
    return [
        "+experiment=vulcan_synth",
        f"model.base_url={base_url}",
        "model.model=recorded",
        "model.api_key_env=null",
        "model.retries=0",
        "synth/role/implementation=mixed",
        "synth.role.implementation.sql_rounds=2",
        "synth.role.implementation.rounds=3",
        "synth.environments=[]",
        f"synth.own={own}",
        "synth.states=2",
        "synth.tasks=24",
        f"synth.llm.cache={root}/cache",
        f"run={root}/run",
        *more,
    ]


class Whole:
    """A run to its end: what the command printed, what the server heard, what lies there."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / "run" / "dataset"
        books: Mapping[str, Book] = {"book": library.book(), "ticket": desk.good_book()}
        self.talk = Talk(books, root / "run" / "kept" / "all" / "tasks.jsonl")
        with served(self.talk) as server:
            self.code = main(arguments(root, server.base_url))
            self.requests = list(server.requests)

    def read(self, *names: str) -> Any:
        return json.loads(self.root.joinpath("run", *names).read_text())

    @property
    def manifest(self) -> Any:
        return json.loads((self.folder / "manifest.json").read_text())

    @property
    def report(self) -> Any:
        return json.loads((self.folder / "report.json").read_text())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return Whole(tmp_path_factory.mktemp("whole"))


def test_the_command_ends_well_and_every_role_was_asked(whole: Whole) -> None:
    assert whole.code == 0
    assert set(whole.talk.asked) == {*prompt_hashes(), "agent"}
    assert {body["model"] for body in whole.requests} == {"recorded"}


def test_worlds_are_in_both_languages_and_what_never_came_right_is_named(whole: Whole) -> None:
    (folder,) = (whole.root / "run" / "packages" / "library" / "package" / "library").iterdir()
    suffixes = {path.stem: path.suffix for path in (folder / "programs").iterdir()}
    assert suffixes == dict.fromkeys(PYTHON, ".py") | dict.fromkeys(library.PROGRAMS, ".yaml")
    entry = whole.report["environments"]["library"]
    assert entry["lacking"] == {"print_poster": "python_class: the reply is no JSON"}
    assert set(entry["by_rules"]) == {
        "late_fee (normalize_spec)",
        "print_poster (response_schema)",
        "return_loan (inputs)",
    }
    assert whole.report["environments"]["desk"]["lacking"] == {}


def test_hostile_replies_were_refused_and_left_no_trace(whole: Whole) -> None:
    said = [body["messages"][-1]["content"] for body in whole.requests]
    repairs = [text for text in said if text.startswith("That reply cannot be used")]
    for reason in (
        "the reply is empty",
        "the reply is no JSON",
        "lacks the field 'steps'",
        "not authorized",
        "is integer in another tool, not string|is string in another tool, not integer",
        "the code tried os.system",
        "the module os is not available",
        "foreign key",
    ):
        assert any(part in text for text in repairs for part in reason.split("|")), reason
    assert not (Path("/tmp") / library.TRACE).exists()


def test_everything_asked_is_accounted_for(whole: Whole) -> None:
    asked = whole.manifest["asked"]
    heard = dict(whole.talk.asked)
    agent = heard.pop("agent")
    assert {name: stage["calls"] for name, stage in asked.items() if stage["calls"]} == heard
    for name, calls in heard.items():
        assert asked[name]["tokens_in"] == 100 * calls
        assert asked[name]["tokens_out"] == 20 * calls
        assert asked[name]["cost_usd"] == pytest.approx(calls * (60 * 2 + 40 * 0.5 + 20 * 8) / 1e6)
    assert asked["episodes"]["tokens_in"] == 100 * agent
    assert asked["python_class"]["failures"]["runtime error"] == 2
    assert asked["python_class"]["rounds"] == {"1": 2, "2": 2}
    assert asked["sql_program"]["rejected"] == 5
    assert asked["normalize_spec"]["by_rules"] == 1
    assert whole.manifest["prompts"] == prompt_hashes()
    assert whole.manifest["model"]["model"] == "recorded"
    assert whole.manifest["sandbox"]["seccomp"] is True
    files = whole.manifest["files"]
    assert {"sft.jsonl", "rl.parquet", "README.md", "tasks.jsonl"} <= set(files)


def test_tools_of_both_languages_stand_in_chains_that_the_oracle_solves(whole: Whole) -> None:
    checks = whole.report["checks"]
    kept = checks["the oracle, all kept tasks"]
    assert kept["passed"] == kept["played"] == 48
    found = benchmark(str(whole.folder), split="", agent="oracle")
    chains = [
        [step["tool"] for step in task.payload["plan"]["steps"]]
        for task in found.tasks
        if task.payload["env"]["env_id"] == "library"
    ]
    assert any(PYTHON & set(chain) and set(chain) - PYTHON for chain in chains)
    assert {tool for chain in chains for tool in chain} & {"renew_loan", "return_loan"}
    edges = whole.read("graph", "library", "graph.json")["edges"]
    ways = {(e["src"], e["dst"], e["kind"]): e["via"] for e in edges}
    assert ways["list_loans", "renew_loan", "explicit"]["in_param"] == "loan_id"
    returned = {"table": "book", "field": "copies"}
    assert ways["return_loan", "borrow_book", "implicit"] == returned


def test_only_verified_episodes_become_rows(whole: Whole) -> None:
    rows = list(read_jsonl(whole.folder / "sft.jsonl"))
    steps = {step["step"]: step for step in whole.report["funnel"]}
    passed = steps["episodes passed"]
    assert 30 <= passed["kept"] < 48
    assert sum(passed["dropped"].values()) + passed["kept"] == 48
    assert 20 < len(rows) <= passed["kept"]
    assert {row["source"] for row in rows} == {"recorded"}
    assert {row["env"] for row in rows} == {"library", "desk"}
    text = json.dumps(rows)
    assert "Hello there." in text
    assert "no_such_tool" not in text


def test_validation_comes_out_per_tool_and_for_all_together(whole: Whole) -> None:
    tools = whole.read("packages", "library", "validity.json")["tools"]
    assert {name: tool["passed"] for name, tool in tools.items()} == {
        "find_books": 1,
        "get_book": 2,
        "find_members": 1,
        "list_loans": 4,
        "borrow_book": 2,
        "return_loan": 3,
        "renew_loan": 4,
        "late_fee": 3,
        "print_poster": 0,
    }
    assert tools["renew_loan"]["failures"] == {"runtime error": 1, "refused before it ran": 2}
    assert all(tool["pairs"] >= 8 for tool in tools.values() if tool["passed"])
    seen = whole.report["environments"]["library"]["validity"]
    assert [seen["valid_within"][str(n)] for n in (1, 2, 3, 4)] == [2, 4, 6, 8]
    assert seen["composed"] == {"calls": 64, "failures": 0}
    assert seen["pairs"]["total"] == sum(tool["pairs"] for tool in tools.values())
    card = (whole.folder / "README.md").read_text()
    assert "## Validation of tools" in card
    assert "## Left to rules" in card
    assert "2 runtime error" in card


def test_a_plan_foresees_the_calls(whole: Whole, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(whole.root, "http://127.0.0.1:9/v1", "plan=true")) == 0
    rows = [line.split("│") for line in capsys.readouterr().out.splitlines() if "│" in line]
    planned = {row[1].strip(): int(row[2].replace(",", "")) for row in rows}
    heard = Counter(whole.talk.asked)
    worlds = [name for name in heard if name not in ("agent", "user", "judge", "wording")]
    for names in (worlds, ["wording"], ["user"], ["judge"], ["agent"]):
        real, foreseen = (sum(found[name] for name in names) for found in (heard, planned))
        assert 0.5 < foreseen / real < 2, (names, foreseen, real)
    assert planned["all"] == sum(planned.values()) - planned["all"]
    assert any("$" in row[5] for row in rows)


def test_a_rerun_asks_nothing(whole: Whole) -> None:
    before = (whole.folder / "manifest.json").read_bytes()
    again = Whole(whole.root)
    assert (again.code, again.requests) == (0, [])
    assert (whole.folder / "manifest.json").read_bytes() == before


def test_ledgers_add_up_with_costs_unknown_as_unknown() -> None:
    one = add_up([{"a": {**stage(2), "rounds": {1: 2}}}, {"a": {**stage(1), "rounds": {"1": 1}}}])
    assert one["a"]["calls"] == 3
    assert one["a"]["rounds"] == {"1": 3}
    assert add_up([one, one])["a"]["calls"] == 6
    assert add_up([{"a": stage(1)}, {"a": {**stage(1), "cost_usd": None}}])["a"]["cost_usd"] is None


def stage(calls: int) -> dict[str, Any]:
    counts = dict.fromkeys(("cached", "repairs", "accepted", "rejected"), 0)
    return {"calls": calls, **counts, "tokens_in": 0, "tokens_out": 0, "cost_usd": 0.0}


def test_texts_of_strangers_are_printed_as_they_stand() -> None:
    """A refusal that looks like markup must not end the command that reports it."""
    from synth.export import show

    entry = {"tools": 0, "note": "[/bold] no", "lacking": {"x": "[red]said the tool[/blue]"}}
    clean: dict[str, Any] = {"unchecked": {}, "partial": {}}
    report = {"environments": {"e": entry}, "checks": {}, "decontamination": clean}
    out = io.StringIO()
    show(Console(file=out, width=200), report, Path("[/]"))
    assert "[red]said the tool[/blue]" in out.getvalue()
