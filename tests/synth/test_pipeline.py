"""The whole way from specifications to a data set, in small."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from harness.faults import UserMistake
from harness.models.scripted import ScriptedModel
from synth.benchmark import benchmark
from synth.crew import NOBODY, Crew
from synth.dataset.files import read_jsonl
from synth.export import export, show
from synth.llm.prompts import PLACE, load_prompt, prompt_hashes
from synth.pipeline import Checked, Material, Pipeline
from synth.playing import Played
from synth.recipe import Recipe, cast_of
from synth.tasks import load_tasks
from tests.synth.desk import ENTRIES, good_book

SMALL = Recipe(environments=(), worlds=2, tasks=12, witnesses=40, workers=1)


class Run:
    """A pipeline run to its end in a folder, and what it printed."""

    def __init__(self, root: Path, recipe: Recipe = SMALL, crew: Crew = NOBODY) -> None:
        self.out = io.StringIO()
        self.folder = root / "dataset"
        self.pipeline = Pipeline(recipe, root, Console(file=self.out, width=200), crew=crew)
        self.material: Material
        self.checked: Checked
        self.played: Played
        asyncio.run(self.go())
        self.report = export(self.pipeline, self.material, self.checked, self.played, self.folder)
        show(self.pipeline.console, self.report, self.folder)

    async def go(self) -> None:
        self.material = await self.pipeline.make()
        self.checked = await self.pipeline.check(self.material)
        self.played = await self.pipeline.teach(self.material, self.checked)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return list(read_jsonl(self.folder / "sft.jsonl"))

    def files(self) -> dict[str, bytes]:
        paths = sorted(p for p in self.folder.rglob("*") if p.is_file())
        return {str(p.relative_to(self.folder)): p.read_bytes() for p in paths}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(tmp_path_factory.mktemp("run"))


def test_every_kept_task_is_solved_and_none_is_passed_without_acting(run: Run) -> None:
    checks = run.report["checks"]
    assert checks["the oracle, all kept tasks"] == {"played": 24, "passed": 24, "wanted": 24}
    kept = load_tasks(run.material.kept.folder / "tasks.jsonl")
    assert {task.payload["decontam"]["max_ngram_hit"] for task in kept} <= set(range(8))
    for name in ("does nothing", "refuses everything"):
        check = checks[f"{name}, tasks that need action"]
        assert check["played"] > 15
        assert check["passed"] == check["wanted"] == 0


def test_rows_hold_what_a_model_is_told_and_says(run: Run) -> None:
    assert 18 <= len(run.rows) < 24, "some twins have the same conversation"
    row = run.rows[0]
    chat = json.loads(row["messages"])
    assert chat[0]["role"] == "system"
    assert "Follow this policy" in chat[0]["content"]
    assert chat[-1]["role"] == "assistant"
    assert json.loads(row["tools"])
    assert row["licence"] == "Apache-2.0"
    assert row["source"] == "oracle agent, rule-based"
    assert len({row["hash"] for row in run.rows}) == len(run.rows)


def test_records_for_rollouts_begin_as_the_rows_do(run: Run) -> None:
    rows = {row["task_id"]: row for row in run.rows}
    records = list(read_jsonl(run.folder / "rl.jsonl"))
    assert len(records) == 24
    for record in records:
        chat = json.loads(record["messages"])
        if record["id"] in rows:
            assert chat == json.loads(rows[record["id"]]["messages"])[: len(chat)]
        assert json.loads(record["checker"])["reward_basis"] == json.loads(record["reward_basis"])
        assert record["max_steps"] > 0


def test_the_data_set_is_a_benchmark(run: Run) -> None:
    found = benchmark(str(run.folder), split="", agent="oracle")
    assert len(found.tasks) == 24
    assert {row["task_id"] for row in run.rows} <= {task.id for task in found.tasks}
    world = found.environment(found.tasks[0], {})
    assert world.tools("agent", 1)


def test_the_funnel_and_the_card_say_how_many(run: Run) -> None:
    steps = {step["step"]: step["kept"] for step in run.report["funnel"]}
    assert steps["tasks written"] == steps["tasks shipped"] == steps["episodes passed"] == 24
    assert steps["rows"] == len(run.rows)
    text = (run.folder / "README.md").read_text()
    assert f"| rows | {len(run.rows)} | {24 - len(run.rows)} the same conversation |" in text
    assert "config_name: sft" in text
    said = run.out.getvalue()
    assert "data set:" in said
    assert "tasks: " in said


def test_a_rerun_makes_nothing_and_another_folder_the_same_bytes(run: Run, tmp_path: Path) -> None:
    before = run.files()
    again = Run(run.folder.parent)
    assert "2 of 2 stored" in again.out.getvalue()
    assert "oracle: 0 episodes" in again.out.getvalue()
    assert again.files() == before
    assert Run(tmp_path, replace(SMALL, workers=2)).files() == before


def test_what_was_half_done_is_finished_to_the_same_bytes(run: Run, tmp_path: Path) -> None:
    """A run stopped anywhere leaves whole units, a journal with a torn line, or nothing."""
    first = Run(tmp_path)
    before = first.files()
    (tmp_path / "tasks" / "random_00000001" / "tasks.jsonl").write_text("{")
    (tmp_path / "graph" / ".x.part").mkdir()
    journal = tmp_path / "checks" / "oracle" / "episodes" / "0.jsonl"
    journal.write_bytes(journal.read_bytes()[:-500])
    (tmp_path / "dataset" / "sft.jsonl").unlink()
    assert Run(tmp_path).files() == before == run.files()


def test_other_settings_make_other_tasks(run: Run, tmp_path: Path) -> None:
    wishes = {"kinds": ["general"], "modes": ["fixed"]}
    other = Run(tmp_path, replace(SMALL, worlds=1, wishes=wishes, tasks=5))
    tasks = load_tasks(other.folder / "tasks.jsonl")
    assert {(t.payload["kind"], t.payload["mode"]) for t in tasks} == {("general", "fixed_queries")}
    assert len(tasks) == 5


def test_a_noisy_oracle_teaches_recovery_not_slips(tmp_path: Path) -> None:
    noisy = Run(tmp_path, replace(SMALL, worlds=1, agent="noisy", trials=2))
    assert len(noisy.rows) > 12
    skipped = [row for row in noisy.rows if json.loads(row["loss"])["skip"]]
    assert skipped
    assert {row["trial"] for row in noisy.rows} == {0, 1}


@pytest.fixture
def desk(tmp_path: Path) -> Recipe:
    (tmp_path / "tools.json").write_text(json.dumps(ENTRIES))
    (tmp_path / "policy.md").write_text("Closed tickets stay closed.")
    files = {"specs": str(tmp_path / "tools.json"), "policy": str(tmp_path / "policy.md")}
    own = {"desk": {**files, "licence": "CC0-1.0"}}
    return Recipe(environments=(), own=own, tasks=6, witnesses=20, workers=1, states=2)


def test_own_specifications_become_an_environment(desk: Recipe, tmp_path: Path) -> None:
    cast = cast_of(desk, 0)
    assert cast.licences == {"desk": "CC0-1.0"}
    assert cast.origins == {"desk": "own tools.json"}
    found = Run(tmp_path / "run", desk)
    assert found.report["environments"]["desk"]["tools"] > 0


def test_an_environment_that_cannot_be_had_is_absent_with_the_reason(desk: Recipe) -> None:
    own = {**(desk.own or {}), "gone": {"specs": "/nowhere.json"}, "odd": {"spec": "x"}}
    cast = cast_of(replace(desk, own=own), 0)
    assert list(cast.found) == ["desk"]
    assert "cannot read /nowhere.json" in cast.absent["gone"]
    assert "'spec' is unknown" in cast.absent["odd"]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"worlds": -1}, "synth.worlds=-1"),
        ({"tasks": 0}, "synth.tasks=0"),
        ({"agent": "nobody"}, "synth.agent"),
        ({"wishes": {"kind": 1}}, "synth.wishes"),
        ({"own": {"a/b": {}}}, "synth.own.a/b"),
    ],
)
def test_wrong_settings_are_said_in_one_line(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(UserMistake, match=text):
        Recipe(**wrong)
    with pytest.raises(UserMistake, match="no environment 'mars'"):
        cast_of(Recipe(environments=["mars"]), 0)
    with pytest.raises(UserMistake, match=r"synth\.worlds is 0"):
        cast_of(Recipe(environments=()), 0)


LLM = {"_target_": "synth.llm.seat.open_asker", "cache": None}
ROLES = {
    "spec_normalizer": {"_target_": "synth.llm.specs.SpecNormalizer"},
    "output_schema": {"_target_": "synth.llm.specs.OutputSchemas"},
    "implementation": {"_target_": "synth.llm.programs.SqlImplementation"},
    "state_sampler": {"_target_": "synth.llm.samples.StateSampler"},
    "input_sampler": {"_target_": "synth.llm.samples.InputSampler"},
    "graph": {"_target_": "synth.llm.edges.DependencyJudge"},
    "task_writer": {"_target_": "synth.llm.wording.TaskWriter"},
}


def author(chat: Any, tools: Any, sampling: Any) -> str:
    """Answer every prompt: worlds from recorded replies, edges all hold, texts with a greeting."""
    system, user = chat[0]["content"], chat[1]["content"]
    starts = {name: PLACE.split(load_prompt(name).system)[0][:120] for name in prompt_hashes()}
    name = next(name for name, start in starts.items() if system.startswith(start))
    if name == "dependency":
        lines = [line for line in user.splitlines() if line.split(".")[0].isdigit()]
        return json.dumps(
            {"edges": [{"number": int(x.split(".")[0]), "holds": True} for x in lines]}
        )
    if name == "wording":
        turns = json.loads(user[user.index("[\n") : user.index("\n]") + 2])
        return json.dumps({"texts": [f"Dear team. {turn['wish']}" for turn in turns]})
    items = [word.split('"')[0] for word in user.split('\n "name": "')[1:]]
    book = good_book()
    return (book.get((name, items[-1] if items else "")) or book[name, ""])[0]


def test_a_model_writes_worlds_edges_and_texts(desk: Recipe, tmp_path: Path) -> None:
    crew = Crew(ROLES, LLM, ScriptedModel(author))
    recipe = replace(desk, worlds=1, states=1)
    found = Run(tmp_path / "run", recipe, crew)
    made = found.material.packages["desk"].counts
    assert made["tools"] == 3
    assert made["llm"]["sql_program"]["accepted"] == 3
    assert found.material.graph["random_00000000"].counts["llm"]["dependency"]["calls"] > 0
    tasks = load_tasks(found.folder / "tasks.jsonl")
    texts = [(t.payload["queries"] or [t.payload["scenario"]["reason_for_call"]])[0] for t in tasks]
    assert sum(text.startswith("Dear team.") for text in texts) > 0
    twins = {task.payload["twin_task_id"] for task in tasks} - {None}
    assert twins <= {task.id for task in load_tasks(found.material.kept.folder / "tasks.jsonl")}
    assert found.checked.checks["oracle"].count("fail") == 0


def test_a_world_that_no_reply_gives_is_made_by_rules_and_says_so(
    desk: Recipe, tmp_path: Path
) -> None:
    def silent(chat: Any, tools: Any, sampling: Any) -> str:
        return "No."

    roles = {name: node for name, node in ROLES.items() if name not in ("graph", "task_writer")}
    crew = Crew(roles, LLM, ScriptedModel(silent))
    found = Run(tmp_path / "run", replace(desk, worlds=1), crew)
    made = found.material.packages["desk"].counts
    assert made["tools"] == 3
    ledger = made["llm"]
    assert set(ledger["normalize_spec"]["by_rules"]) == {e["name"] for e in ENTRIES}
    assert ledger["tables"]["by_rules"] == {"*": "the reply is no JSON"}
    assert "sql_program" not in ledger, "nothing is asked over tables that there are not"


def test_roles_that_cannot_work_together_are_refused() -> None:
    with pytest.raises(UserMistake, match="writes the whole world"):
        Crew({"state_sampler": ROLES["state_sampler"]}, LLM)
    with pytest.raises(UserMistake, match="no model is chosen"):
        Crew(ROLES, LLM).settings("graph")
