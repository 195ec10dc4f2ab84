"""Roles as configuration, rules completed by a model, and what it would all cost."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from omegaconf import OmegaConf

from harness.configure import build
from harness.faults import UserMistake
from harness.models.openai import OpenAIModel
from harness.models.scripted import ScriptedModel
from harness.paths import conf_dir
from synth.environments import build_world
from synth.llm.ask import Asker
from synth.llm.estimates import (
    PAPER,
    PAPER_TOOLS,
    PAPER_TOTAL_USD,
    ROLES,
    Workload,
    convergence,
    estimate,
    length,
    paper_total,
)
from synth.llm.mixed import Completion, refine
from synth.llm.programs import MixedImplementation, PythonImplementation, SqlImplementation
from synth.llm.prompts import prompt_hashes
from synth.llm.specs import OutputSchemas, SpecNormalizer
from synth.sandbox import Limits
from synth.sources import Domain
from synth.specs import read_specs
from tests.synth.desk import DOMAIN, RESPONSES, entry, spec_reply

FOLDER = conf_dir() / "synth" / "role"


@pytest.mark.parametrize("role", sorted(path.name for path in FOLDER.iterdir()))
def test_every_role_has_rules_and_a_model_that_builds(role: str) -> None:
    assert OmegaConf.load(FOLDER / role / "rules.yaml") == {}
    asker = Asker(ScriptedModel([]))
    built = build(OmegaConf.load(FOLDER / role / "llm.yaml"), asker=asker)
    assert built.asker is asker
    assert built.rounds >= 2
    assert set(ROLES[role]) <= set(prompt_hashes())


@pytest.mark.parametrize("choice", ["python", "mixed"])
def test_implementations_in_python_build_with_their_limits(choice: str) -> None:
    node = OmegaConf.load(FOLDER / "implementation" / f"{choice}.yaml")
    assert build(node, asker=None).limits == Limits(seconds=2.0, memory_mb=256)


@pytest.mark.parametrize("kind", [PythonImplementation, MixedImplementation])
def test_no_python_is_asked_for_where_it_cannot_run(kind: Any) -> None:
    with pytest.raises(UserMistake, match="this machine lacks seccomp: set it to llm"):
        kind(answers(), limits=Limits(without=("seccomp",)))
    kind(answers(), limits=Limits(without=("seccomp",), allow_weak=True))


def test_the_asker_builds_and_refuses_what_cannot_be() -> None:
    node = OmegaConf.load(conf_dir() / "synth" / "llm" / "default.yaml")
    assert build(node, model=ScriptedModel([])).concurrency == 16
    with pytest.raises(UserMistake, match="no model is chosen"):
        build(node, model=None)
    for key, value in (("structured", "xml"), ("concurrency", 0)):
        with pytest.raises(UserMistake, match=f"{key}={value}"):
            build(node, model=ScriptedModel([]), **{key: value})


def answers(**texts: Any) -> Asker:
    """Answer by a word of the system text."""

    def answer(chat: Any, tools: Any, sampling: Any) -> str:
        (text,) = [text for word, text in texts.items() if word in chat[0]["content"]]
        return text(chat[1]["content"]) if callable(text) else json.dumps(text)

    return Asker(ScriptedModel(answer))


def about(replies: dict[str, Any]) -> Any:
    def answer(user: str) -> str:
        last = user.rsplit('"name": "', 1)[1].split('"')[0]
        return json.dumps(replies[last])

    return answer


def test_a_model_refines_a_domain_before_the_rules() -> None:
    specs = {name: spec_reply(name) for name in RESPONSES}
    specs["count_tickets"] = {**specs["count_tickets"], "name": "tally"}
    found = {name: {"response": schema} for name, schema in RESPONSES.items()}
    asker = answers(edit=about(specs), document=about(found))
    domain = asyncio.run(refine(DOMAIN, SpecNormalizer(asker), OutputSchemas(asker)))
    assert [r.spec.name for r in domain.intake.records] == list(RESPONSES)
    assert "Numbers start at 1." in domain.intake.records[0].spec.description
    assert domain.intake.records[2].spec == DOMAIN.intake.records[2].spec, "the rules' own stays"
    stage = asker.ledger["normalize_spec"]
    assert (stage.rejected, list(stage.by_rules)) == (1, ["count_tickets"])
    assert "became 'tally'" in stage.by_rules["count_tickets"]
    assert domain.intake.records[0].response_origin == "llm"
    assert asyncio.run(refine(DOMAIN, None, None)) == DOMAIN
    assert len(build_world(domain).programs) == 3


def test_a_result_schema_that_is_not_accepted_is_predicted_by_rules() -> None:
    found: dict[str, Any] = {name: {"response": schema} for name, schema in RESPONSES.items()}
    found["count_tickets"] = {"response": {"type": "object"}}
    asker = answers(document=about(found))
    domain = asyncio.run(refine(DOMAIN, None, OutputSchemas(asker)))
    origins = [record.response_origin for record in domain.intake.records]
    assert origins == ["llm", "llm", "rule"]
    assert "without fields" in asker.ledger["response_schema"].by_rules["count_tickets"]


EVALUATE = entry(
    "calculate",
    "Evaluate an expression.",
    ["expression"],
    expression={"type": "string", "description": "such as 1 + 1"},
)
MATH = Domain(
    "sums", read_specs([{**EVALUATE, "response": {"type": "object", "properties": {}}}]), "", ""
)


@pytest.mark.parametrize("good", [True, False])
def test_a_model_completes_what_the_rules_refuse(good: bool) -> None:
    world = build_world(MATH)
    assert [refused.name for refused in world.refused] == ["calculate"]
    sql = "select json_object('length', length(:expression))" if good else "select random()"
    asker = answers(guarded={"steps": [{"return": sql}]})
    made = asyncio.run(Completion(SqlImplementation(asker, rounds=2), asker).complete(world))
    assert list(made.programs) == (["calculate"] if good else [])
    assert ("not accepted" in str(made.refused) or not made.refused) == good
    assert asker.ledger["sql_program"].rounds == ({1: 1} if good else {})


def test_the_papers_table_adds_up() -> None:
    tokens, cost = paper_total(Workload(1, PAPER_TOOLS, 1))
    assert tokens == sum(row.tokens for row in PAPER)
    assert cost == pytest.approx(PAPER_TOTAL_USD, abs=0.02)
    graph = next(row for row in PAPER if row.stage == "dependency graph")
    assert graph.cost_usd / PAPER_TOTAL_USD == pytest.approx(0.48, abs=0.005)
    assert paper_total(Workload(2, 2 * PAPER_TOOLS, 2)) == (2 * tokens, 2 * cost)


def test_estimates_count_only_roles_that_are_set_to_llm() -> None:
    work = Workload(environments=1, tools=27, tasks=10)
    assert estimate(work, {}) == []
    (row,) = estimate(work, {"spec_normalizer": {}}, {"input": 1.0, "output": 2.0})
    assert (row.stage, row.calls) == ("normalize_spec", 27)
    assert row.tokens_in > 27 * length("normalize_spec")
    assert row.cost_usd == pytest.approx((row.tokens_in + 2 * row.tokens_out) / 1e6)
    everything = estimate(work, {key: {} for key in ROLES})
    assert {row.stage for row in everything} <= set(prompt_hashes())
    assert all(row.cost_usd is None and row.calls > 0 for row in everything)
    graph = next(row for row in everything if row.stage == "dependency")
    assert graph.calls < 27 * 26 / 50


@pytest.mark.parametrize(("choice", "stages"), [("llm", 1), ("python", 1), ("mixed", 2)])
def test_an_implementation_costs_what_it_asks_with(choice: str, stages: int) -> None:
    node = OmegaConf.to_container(OmegaConf.load(FOLDER / "implementation" / f"{choice}.yaml"))
    rows = estimate(Workload(1, 27, 10), {"implementation": node})  # type: ignore[dict-item]
    assert len(rows) == stages
    assert ("python_class" in {row.stage for row in rows}) == (choice != "llm")


def test_convergence_counts_the_rejected() -> None:
    assert convergence({1: 2, 3: 1}, 1) == {1: 0.5, 2: 0.5, 3: 0.75}
    assert convergence({}, 3) == {}


def test_objects_reach_what_is_built_as_they_are() -> None:
    """Hydra alone would make configuration of a dataclass such as the OpenAI model."""
    model = OpenAIModel(model="x", base_url="http://127.0.0.1:9/v1", api_key_env=None)
    node = OmegaConf.load(conf_dir() / "synth" / "llm" / "default.yaml")
    assert build(node, model=model).model is model
