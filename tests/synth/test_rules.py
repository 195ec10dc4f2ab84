"""From specifications to a world by rules: tables, programs, states, calls, validation, policy."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from harness.faults import ToolFault
from synth.environments import World, build_world
from synth.guard import build_image
from synth.package import fill, load_package, save_package
from synth.packaging import build_package
from synth.policy import apply_policy, own_rules, read_policy
from synth.program import parse_program
from synth.roles.implementation import accept, image_of
from synth.roles.input_sampler import check_strata, sample_inputs
from synth.roles.output_schema import conflicts
from synth.roles.spec_normalizer import check_record
from synth.roles.state_sampler import check_state, sample_state, sparse_state
from synth.templates.file_system import COMMANDS
from synth.validation import (
    ILLOGICAL,
    MALFORMED,
    RUNTIME,
    Check,
    check_sparse,
    check_tool,
    misfit,
)
from synth.world import Blueprint, SqlWorld, Tool
from tests.synth.shop import POLICY, desk_domain


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(desk_domain())


def opened(world: World, loans: list[list[Any]]) -> SqlWorld:
    """Open a world with the given loans (id, book, status, fee)."""
    state = [None] * len(world.model.state.columns)
    columns = list(world.model.state.columns)
    known = {"id": 1, "loan_counter": len(loans) + 1, "lampStatus": "off", "waterLevel": 0.5}
    state = [known.get(name) for name in columns]
    rows = {"state": [state], "loan": [[*loan, "{}"] for loan in loans]}
    image = build_image(world.schema_sql, lambda c: fill(c, rows))
    tools = {r.spec.name: Tool(r.spec, world.programs[r.spec.name]) for r in world.records}
    return SqlWorld(Blueprint(image, tools))


LOANS = [[1, "Dune", "Open", 2.0], [2, "Emma", "Cancelled", 1.0]]


def call(world: SqlWorld, name: str, **arguments: Any) -> Any:
    try:
        return json.loads(world.run(name, arguments))
    except ToolFault as fault:
        return json.loads(str(fault))


def test_every_tool_gets_a_program(world: World) -> None:
    assert world.refused == ()
    assert list(world.model.tables) == ["loan"]
    assert world.model.tables["loan"].key == "id"
    assert {"lampStatus", "waterLevel", "loan_counter"} <= set(world.model.state.columns)


def test_records_are_created_shown_and_searched(world: World) -> None:
    desk = opened(world, LOANS)
    made = call(desk, "create_loan", book="Walden", fee=3.5)
    assert made == {"id": 3, "book": "Walden", "status": "Open", "fee": 3.5}
    assert call(desk, "get_loan", loan_id=3) == made
    assert call(desk, "search_loans", keyword="WALD") == {"loans": [made]}
    assert call(desk, "create_loan", book="Ivanhoe")["id"] == 4
    assert "error" in call(desk, "get_loan", loan_id=99)


def test_a_verb_moves_the_status_once(world: World) -> None:
    desk = opened(world, LOANS)
    assert call(desk, "cancel_loan", loan_id=1) == {"status": "Cancelled"}
    assert call(desk, "get_loan", loan_id=1)["status"] == "Cancelled"
    assert "error" in call(desk, "cancel_loan", loan_id=1)


def test_switches_and_amounts_of_the_one_row(world: World) -> None:
    desk = opened(world, LOANS)
    assert call(desk, "set_lamp", mode="on") == {"lampStatus": "on"}
    assert "error" in call(desk, "set_lamp", mode="dim")
    assert call(desk, "fill_kettle", amount=1.0) == {"waterLevel": 1.5}
    assert "error" in call(desk, "fill_kettle", amount=99.0)
    assert "error" in call(desk, "fill_kettle", amount=-1.0)


def test_formulas_and_lookups_are_functions_of_the_call(world: World) -> None:
    desk = opened(world, LOANS)
    assert call(desk, "mean", numbers=[3, 16, 60]) == {"result": pytest.approx(79 / 3)}
    assert "error" in call(desk, "mean", numbers=[])
    first = call(desk, "get_postcode", town="Oslo")
    assert first == call(desk, "get_postcode", town="Oslo")
    assert first != call(desk, "get_postcode", town="Lyon")


def test_annotations_name_columns(world: World) -> None:
    notes = {r.spec.name: r.annotations for r in world.records}
    assert notes["get_loan"]["params"] == {"loan_id": "loan.id"}
    assert notes["get_loan"]["outputs"]["$.id"] == "loan.id"
    assert notes["search_loans"]["outputs"]["$.loans[*].book"] == "loan.book"
    assert notes["create_loan"]["archetype"] == "create"
    assert [notes[n]["effect"] for n in ("get_loan", "cancel_loan", "mean")] == [
        "read",
        "write",
        "compute",
    ]


def test_policy_rules_become_guards() -> None:
    rules = read_policy(POLICY)
    assert [(r.noun, r.verb, r.status) for r in rules] == [("loan", "cancelled", "Open")]
    assert read_policy("Be kind. Loans are long.") == []
    guarded = apply_policy(build_world(desk_domain(POLICY)))
    returned = [[1, "Dune", "Returned", 2.0]]
    assert "error" in call(opened(guarded, returned), "cancel_loan", loan_id=1)
    plain = build_world(desk_domain())
    assert call(opened(plain, returned), "cancel_loan", loan_id=1) == {"status": "Cancelled"}


def test_a_description_may_say_what_must_hold() -> None:
    reading = next(r for r in build_world(desk_domain()).readings if r.name == "cancel_loan")
    reading.about = "Cancels a loan. Checks: Loan status must be Open or Returned."
    assert [(r.noun, r.statuses) for r in own_rules(reading)] == [("loan", ["Open", "Returned"])]
    reading.about = "Cancels a loan, whatever its status."
    assert own_rules(reading) == []


def test_an_empty_world_refuses_and_does_not_break(world: World) -> None:
    state = sparse_state(world.model)
    assert check_state(world.model, state) == []
    image = build_image(world.schema_sql, lambda c: fill(c, state))
    record = next(r for r in world.records if r.spec.name == "get_loan")
    rows = [{"args": {"loan_id": 1}, "stratum": "complete"}]

    def failures(steps: list[dict[str, str]]) -> set[str]:
        program = parse_program(steps, record.spec.parameters["properties"])
        check = Check("get_loan")
        blueprint = Blueprint(image, {"get_loan": Tool(record.spec, program)})
        check_sparse(check, record, blueprint, rows)
        return set(check.failures)

    found = "select json_object('id', id) from loan where id = :loan_id"
    assert failures([{"require": found, "else": "no loan"}, {"return": found}]) == set()
    assert failures(
        [{"return": "select json('' || coalesce(max(id), '{')) from loan where id = :loan_id"}]
    ) == {RUNTIME}


def test_records_are_checked_by_the_role() -> None:
    record = desk_domain().intake.records[0]
    assert check_record(record) == []
    spec = replace(record.spec, name="a b", parameters={"type": "string", "required": ["x"]})
    assert check_record(replace(record, spec=spec, response={"type": "float"})) == [
        "the name 'a b' cannot be carried",
        "its parameters are not an object",
        "it requires 'x' undescribed",
        "$ has the type 'float'",
    ]


def test_states_are_valid_and_repeat(world: World) -> None:
    state = sample_state(world.model, random.Random(1))
    assert check_state(world.model, state) == []
    assert state == sample_state(world.model, random.Random(1))
    assert state != sample_state(world.model, random.Random(2))
    state["loan"].append(state["loan"][0])
    assert check_state(world.model, state) == ["loan: a key is used twice"]


def test_strata_are_exact(world: World) -> None:
    state = sample_state(world.model, random.Random(1))
    for record in world.records:
        rows = sample_inputs(record, world.model, state, random.Random(1))
        required = bool(record.spec.parameters["required"])
        assert check_strata(rows, required) == []
        assert rows == sample_inputs(record, world.model, state, random.Random(1))
        assert check_strata(rows[3:], required) != []
        assert any(row["stratum"] == "adversarial" for row in rows)


BROKEN: list[tuple[str, list[dict[str, str]], str]] = [
    ("runs into an error", [{"return": "select json('{')"}], RUNTIME),
    ("answers no JSON", [{"return": "select 'plain text'"}], ILLOGICAL),
    ("answers another form", [{"return": "select json_object('id', 'one')"}], ILLOGICAL),
    (
        "changes what it reads",
        [{"run": "delete from loan"}, {"return": "select json_object('id', 1)"}],
        ILLOGICAL,
    ),
    (
        "never works",
        [{"require": "select 0", "else": "no"}, {"return": "select json_object('id', 1)"}],
        ILLOGICAL,
    ),
]


@pytest.mark.parametrize(("what", "steps", "mode"), BROKEN, ids=[b[0] for b in BROKEN])
def test_validation_meets_the_failure_modes(
    what: str, steps: list[dict[str, str]], mode: str, world: World
) -> None:
    assert failures_of(world, steps) == {mode}


def test_validation_passes_a_good_program(world: World) -> None:
    steps = [
        {"require": "select 1 from loan where id = :loan_id", "else": "no loan {loan_id}"},
        {"return": "select json_object('id', :loan_id)"},
    ]
    assert failures_of(world, steps) == set()


def failures_of(world: World, steps: list[dict[str, str]]) -> set[str]:
    """Validate `get_loan` with another program."""
    record = next(r for r in world.records if r.spec.name == "get_loan")
    state = sample_state(world.model, random.Random(1))
    rows = sample_inputs(record, world.model, state, random.Random(1))
    image = build_image(world.schema_sql, lambda c: fill(c, state))
    program = parse_program(steps, record.spec.parameters["properties"])
    blueprint = Blueprint(image, {"get_loan": Tool(record.spec, program)})
    return set(check_tool(record, [blueprint], [rows]).failures)


def test_a_schema_that_takes_less_is_malformed_input(world: World) -> None:
    """A missing-argument call that is accepted shows a specification without its requirement."""
    record = next(r for r in world.records if r.spec.name == "get_loan")
    loose = replace(record.spec, parameters={**record.spec.parameters, "required": []})
    state = sample_state(world.model, random.Random(1))
    rows = [{"args": {}, "stratum": "missing"}]
    image = build_image(world.schema_sql, lambda c: fill(c, state))
    program = parse_program([{"return": "select '{}'"}], record.spec.parameters["properties"])
    blueprint = Blueprint(image, {"get_loan": Tool(loose, program)})
    assert set(check_tool(record, [blueprint], [rows]).failures) == {MALFORMED}


def test_acceptance_names_what_is_wrong(world: World) -> None:
    record = next(r for r in world.records if r.spec.name == "get_loan")
    image = image_of(world.model)

    def verdict(*steps: dict[str, str]) -> str:
        program = parse_program(list(steps), record.spec.parameters["properties"])
        return accept("get_loan", program, record.spec.parameters, image)

    assert verdict({"return": "select json_object('id', :loan_id)"}) == ""
    assert "never uses" in verdict({"return": "select '{}'"})
    assert "no such table" in verdict({"return": "select :loan_id from nowhere"})
    assert "not authorized" in verdict({"return": "select :loan_id || random()"})


def test_one_field_has_one_type(world: World) -> None:
    readings = list(world.readings)
    assert conflicts(readings, world.model) == []
    index = next(i for i, r in enumerate(readings) if r.name == "get_loan")
    other = {"type": "object", "properties": {"id": {"type": "string"}}}
    readings[index] = replace(
        readings[index], record=replace(readings[index].record, response=other)
    )
    assert conflicts(readings, world.model) == ["loan.id: integer, string"]


def test_misfit_says_where() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}}
    assert misfit({"a": ["x"]}, schema) == ""
    assert misfit({"a": ["x", 1]}, schema) == "$.a[*] is int, not string"
    assert misfit({"a": None}, schema) == ""


def test_packages_are_the_same_bytes_every_time(tmp_path: Any) -> None:
    first, second = build_package(desk_domain()), build_package(desk_domain())
    assert first.package.hash == second.package.hash
    assert first.refused == {}
    assert first.history == ((8, 8),)
    assert load_package(save_package(first.package, tmp_path)).hash == first.package.hash
    assert build_package(desk_domain(), seed=1).package.hash != first.package.hash


def test_file_commands_are_told_by_name() -> None:
    assert COMMANDS["ls"] == COMMANDS["listdirectory"] == "list"
    assert "borrow" not in COMMANDS
