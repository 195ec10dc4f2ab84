"""The paper's fourteen environments by rules: complete, consistent, the same every time."""

from __future__ import annotations

import json
import random
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.faults import ToolFault, UserMistake
from synth.drafts import refusal
from synth.packaging import Built, build_package
from synth.paths import find_all
from synth.scene import Act, Scene
from synth.sources import PAPER, domain
from synth.survey import Survey
from synth.verify import is_told
from synth.wording.naming import Voice
from synth.wording.replies import Reporter, words_of
from synth.world import SqlWorld

UNSUPPORTED: dict[str, set[str]] = {}


@cache
def built(env_id: str) -> Built:
    return build_package(domain(env_id))


@pytest.fixture(params=list(PAPER))
def made(request: Any) -> Built:
    try:
        return built(request.param)
    except UserMistake as mistake:
        pytest.skip(str(mistake))


def test_every_tool_is_supported_or_named(made: Built) -> None:
    env_id = made.package.env_id
    assert set(made.refused) == UNSUPPORTED.get(env_id, set())
    tools = {record.spec.name for record in made.package.records} | set(made.refused)
    assert tools == {record.spec.name for record in domain(env_id).intake.records}


def test_annotations_name_columns_that_exist(made: Built) -> None:
    columns = {
        f"{table}.{column}"
        for table, found in made.package.blueprint("s00000").columns.items()
        for column, _ in found
    }
    for record in made.package.records:
        notes = record.annotations
        assert set(notes["params"]) <= set(record.spec.parameters["properties"])
        assert {*notes["params"].values(), *notes["outputs"].values()} <= columns
        assert notes["effect"] in ("read", "write", "compute", "auth")
        assert notes["verb"]


KINDS = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float)}


def test_results_have_the_form_that_is_noted(made: Built) -> None:
    package = made.package
    keys = set(Survey(package).keys)
    seen = 0
    for record in package.records:
        for row in [r for r in package.inputs[record.spec.name] if r["expect"] == "ok"][:3]:
            result = json.loads(
                SqlWorld(package.blueprint("s00000")).run(record.spec.name, row["args"])
            )
            kind = (record.response or {}).get("type")
            assert result is None or isinstance(result, KINDS.get(str(kind), object))
            for path, column in record.annotations["outputs"].items():
                values = [value for _, value in find_all(result, path)]
                assert column not in keys or not any(isinstance(v, (dict, list)) for v in values)
                entered = [place for place, _ in find_all(result, path) if place.endswith("]")]
                assert not entered or path.endswith("[*]") or column not in keys, path
            seen += 1
    assert seen


@pytest.mark.parametrize(
    ("env_id", "tool", "path", "column"),
    [
        ("bfcl_ticket_api", "get_user_tickets", "$[*].id", "ticket.id"),
        ("tau2_retail", "find_user_id_by_email", "$", "user.user_id"),
        ("tau2_retail", "get_user_details", "$.orders[*]", "order.order_id"),
    ],
)
def test_keys_are_noted_where_they_lie(env_id: str, tool: str, path: str, column: str) -> None:
    try:
        package = built(env_id).package
    except UserMistake as mistake:
        pytest.skip(str(mistake))
    record = next(record for record in package.records if record.spec.name == tool)
    assert record.annotations["outputs"][path] == column


def test_checks_are_in_the_manifest(made: Built) -> None:
    checks = made.package.about["checks"]
    assert checks["executions"] >= 30 * len(made.package.records)
    assert (checks["timeouts"], checks["crashes"], checks["determinism_ok"]) == (0, 0, True)


def test_stored_calls_do_what_they_say(made: Built) -> None:
    package = made.package
    for name, rows in package.inputs.items():
        for row in rows[::5]:
            try:
                SqlWorld(package.blueprint("s00000")).run(name, row["args"])
                outcome = "ok"
            except ToolFault as fault:
                outcome = str(fault)
            assert outcome == row["expect"]
            assert (outcome == "ok") <= (row["stratum"] in ("complete", "minimal"))


def test_the_same_bytes_every_time() -> None:
    env_id = "bfcl_travel_booking"
    try:
        first = built(env_id)
    except UserMistake as mistake:
        pytest.skip(str(mistake))
    second = build_package(domain(env_id))
    assert json.dumps(first.package.files) == json.dumps(second.package.files)


def test_every_refusal_of_a_change_is_known_as_one(made: Built) -> None:
    survey = Survey(made.package)
    scene = cast(Scene, SimpleNamespace(survey=survey))
    for view in (view for view in survey.views.values() if not view.reads):
        for subject in (None, (view.entity, 1)):
            act = Act("1", view.name, 0, subject)
            for seed in range(4):
                say = Reporter(scene, Voice(random.Random(seed))).refuse(act, "it is not allowed")
                assert is_told(refusal(*words_of(view)), [say], ()), say
