"""A small domain of our own, as the tests of synthesis by rules use it."""

from __future__ import annotations

from typing import Any

from synth.sources import Domain
from synth.specs import read_specs

ABOUT = "This tool is part of the library desk, where members borrow books. Tool: "
ORDER = {
    "type": "object",
    "properties": {
        "id": {"type": "integer", "description": "Number of the loan"},
        "book": {"type": "string", "description": "Title of the book"},
        "status": {"type": "string", "enum": ["Open", "Returned", "Cancelled"]},
        "fee": {"type": "number", "description": "Fee of the loan"},
    },
}
STATUS = {"type": "object", "properties": {"status": {"type": "string"}}}
LOAN_ID = {"type": "integer", "description": "ID of the loan"}


def spec(
    name: str, about: str, response: Any, required: tuple[str, ...] = (), **params: Any
) -> Any:
    return {
        "name": name,
        "description": ABOUT + about,
        "parameters": {"type": "object", "properties": params, "required": list(required)},
        "response": response,
    }


TEXT = {"type": "string"}
NUMBER = {"type": "number"}
SPECS = [
    spec("create_loan", "Create a loan.", ORDER, ("book",), book=TEXT, fee=NUMBER),
    spec("get_loan", "Get a loan.", ORDER, ("loan_id",), loan_id=LOAN_ID),
    spec("cancel_loan", "Cancel a loan.", STATUS, ("loan_id",), loan_id=LOAN_ID),
    spec(
        "search_loans",
        "Search loans by a keyword.",
        {"type": "object", "properties": {"loans": {"type": "array", "items": ORDER}}},
        ("keyword",),
        keyword=TEXT,
    ),
    spec(
        "set_lamp",
        "Set the lamp.",
        {"type": "object", "properties": {"lampStatus": {"type": "string", "enum": ["on", "off"]}}},
        ("mode",),
        mode={"type": "string", "enum": ["on", "off"]},
    ),
    spec(
        "fill_kettle",
        "Fills the kettle. It can hold up to 99 liters.",
        {"type": "object", "properties": {"waterLevel": NUMBER}},
        ("amount",),
        amount={"type": "number", "description": "Liters to add"},
    ),
    spec(
        "mean",
        "Calculate the mean of a list of numbers.",
        {"type": "object", "properties": {"result": NUMBER}},
        ("numbers",),
        numbers={"type": "array", "items": NUMBER},
    ),
    spec(
        "get_postcode",
        "Get the postcode of a town.",
        {"type": "object", "properties": {"postcode": TEXT}},
        ("town",),
        town=TEXT,
    ),
]
POLICY = "A loan can only be cancelled if its status is 'Open', and never twice.\n"


def desk_domain(policy: str = "") -> Domain:
    """Return the library desk."""
    return Domain("desk", read_specs(SPECS), policy, "CC0-1.0", {"dataset": "tests"})
