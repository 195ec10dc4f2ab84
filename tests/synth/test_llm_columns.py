"""Rules over tables that a model designed: columns of values, kinds of change, rows."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from synth.acceptance.programs import check_state
from synth.llm.columns import annotate, model_of, sample_rows
from synth.roles.input_sampler import check_strata, sample_inputs
from synth.specs import read_specs
from tests.synth import desk, library

MODEL = model_of(library.SCHEMA)
RECORDS = {
    record.spec.name: record
    for record in annotate(
        read_specs(
            [{**e, "response": library.RESPONSES[e["name"]]} for e in library.ENTRIES]
        ).records,
        MODEL,
    )
}


def test_tables_are_read_with_keys_types_and_references() -> None:
    assert list(MODEL.tables) == ["book", "member", "loan"]
    loan = MODEL.tables["loan"]
    assert (loan.key, loan.key_type) == ("loan_id", "integer")
    assert {c.name: c.refers for c in loan.columns.values() if c.refers} == {
        "book_id": "book",
        "member_id": "member",
    }
    assert loan.columns["renewals"].type == "integer"


def test_a_key_of_two_columns_is_no_key() -> None:
    model = model_of("create table t (a text, b integer, primary key (a, b)) strict;")
    assert model.tables["t"].key == ""


def test_values_are_of_columns_and_references_of_the_keys_they_name() -> None:
    loans = RECORDS["list_loans"].annotations
    assert loans["params"] == {"member_id": "member.member_id"}
    assert loans["outputs"]["$[*].book_id"] == "book.book_id"
    assert loans["outputs"]["$[*].renewals"] == "loan.renewals"
    assert RECORDS["late_fee"].annotations["params"] == {}


@pytest.mark.parametrize(
    ("tool", "archetype", "entity", "effect"),
    [
        ("find_books", "find", "book", "read"),
        ("get_book", "get", "book", "read"),
        ("list_loans", "list", "loan", "read"),
        ("renew_loan", "transition", "loan", "write"),
        ("late_fee", "compute", "state", "compute"),
    ],
)
def test_tools_have_a_kind_and_a_table(tool: str, archetype: str, entity: str, effect: str) -> None:
    note = RECORDS[tool].annotations
    assert (note["archetype"], note["entity"], note["effect"]) == (archetype, entity, effect)


def test_what_a_model_said_of_a_tool_stays() -> None:
    (record,) = annotate(read_specs([desk.ENTRIES[0]]).records, model_of(desk.SCHEMA))
    assert record.annotations["effect"] == "read"
    said = {"effect": "write", "entity": "tickets", "verb": "peek"}
    (given,) = read_specs([desk.ENTRIES[0]]).records
    (record,) = annotate([replace(given, annotations=said)], model_of(desk.SCHEMA))
    note = record.annotations
    assert (note["effect"], note["verb"], note["entity"]) == ("write", "peek", "ticket")
    assert note["params"] == {"id": "ticket.id"}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("schema", [desk.SCHEMA, library.SCHEMA])
def test_rows_and_calls_by_rule_fit_the_tables(schema: str, seed: int) -> None:
    model = model_of(schema)
    state = sample_rows(model, random.Random(seed))
    assert check_state(schema, state) is None
    assert state == sample_rows(model, random.Random(seed))
    if schema == library.SCHEMA:
        record = RECORDS["borrow_book"]
        rows = sample_inputs(record, model, state, random.Random(seed))
        assert check_strata(rows, True) == []
        books = {row[0] for row in state["book"]}
        complete = [row for row in rows if row["stratum"] == "complete"]
        assert all(row["args"]["book_id"] in books for row in complete)
