"""What rules take from descriptions alone, in a domain that no benchmark has: a gym's lockers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.faults import ToolFault
from synth.environments import World, build_world
from synth.guard import build_image
from synth.package import fill
from synth.packaging import build_package
from synth.sources import Domain
from synth.specs import read_specs
from synth.world import Blueprint, SqlWorld, Tool

TEXT = {"type": "string"}
MEMBER = {"type": "string", "description": "ID of the member who owns the locker."}
LOCKER = {"type": "string", "description": "ID of the locker."}
BILLED = {"type": "string", "description": "ID of the member who owns the invoice."}


def tool(name: str, about: str, **params: Any) -> dict[str, Any]:
    required = [name for name, schema in params.items() if "default" not in schema]
    parameters = {"type": "object", "properties": params, "required": required}
    return {"name": name, "description": about, "parameters": parameters}


TOOLS = [
    tool("get_member_by_name", "Searches for members. May return multiple matches.", full=TEXT),
    tool("get_member_by_id", "Retrieves a member by their unique ID.", member_id=TEXT),
    tool(
        "get_anything",
        "Retrieves the details of what an ID names. It must be a valid ID for a Member, Locker,\n"
        "or Towel.",
        id=TEXT,
    ),
    tool(
        "suspend_locker",
        "Suspends a locker. Locker status must be Active.\nSets locker status to Suspended, "
        "records suspension_date.",
        member_id=MEMBER,
        locker_id=LOCKER,
        reason={"type": "string", "description": "Reason for suspension."},
    ),
    tool(
        "resume_locker",
        "Resumes a locker. Locker status must be Suspended or Pending Key.\nSets locker status "
        "to Active, clears suspension_date.",
        member_id=MEMBER,
        locker_id=LOCKER,
    ),
    tool("enable_light", "Enables the light in a locker.", member_id=MEMBER, locker_id=LOCKER),
    tool("disable_light", "Disables the light in a locker.", member_id=MEMBER, locker_id=LOCKER),
    tool(
        "refuel_locker",
        "Fills up the soap of a locker.",
        member_id=MEMBER,
        locker_id=LOCKER,
        soap={"type": "integer", "description": "Bars of soap."},
    ),
    tool(
        "send_invoice_reminder",
        "Reminds a member. Sets invoice status to REMINDED_ONCE and tells the member.",
        member_id=BILLED,
        invoice_id={"type": "string", "description": "ID of the invoice."},
    ),
    tool(
        "get_invoices_for_member",
        "Retrieves a list of the member's invoices, most recent first.",
        member_id={"type": "string", "description": "ID of the member."},
        limit={"type": "integer", "description": "How many at most.", "default": 12},
    ),
]


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(Domain("gym", read_specs(TOOLS, {})))


def opened(world: World, tables: dict[str, list[dict[str, Any]]]) -> SqlWorld:
    """Open a world on records; what has no column is kept beside the columns."""
    rows: dict[str, list[list[Any]]] = {"state": [[1] * len(world.model.state.columns)]}
    for name, records in tables.items():
        columns = world.model.tables[name].columns
        for record in records:
            kept = {k: v for k, v in record.items() if k not in columns or columns[k].hidden}
            row = [*(record.get(column) for column in columns), json.dumps(kept)]
            rows.setdefault(name, []).append(row)
    image = build_image(world.schema_sql, lambda c: fill(c, rows))
    tools = {r.spec.name: Tool(r.spec, world.programs[r.spec.name]) for r in world.records}
    return SqlWorld(Blueprint(image, tools))


def call(world: SqlWorld, name: str, **arguments: Any) -> Any:
    try:
        return json.loads(world.run(name, arguments))
    except ToolFault as fault:
        return json.loads(str(fault))


TABLES: dict[str, list[dict[str, Any]]] = {
    "member": [
        {"member_id": "M1", "full": "Ada", "lockers": ["L1", "L3"]},
        {"member_id": "M2", "full": "Ada"},
    ],
    "locker": [
        {"locker_id": "L1", "status": "Active"},
        {"locker_id": "L2", "status": "Active", "member_id": "M2"},
        {"locker_id": "L3", "status": "Suspended", "suspension_date": "2025-05-05"},
    ],
    "invoice": [{"invoice_id": f"I{n}", "member_id": "M1", "total": n} for n in (1, 2, 3)],
    "towel": [{"towel_id": "T1", "colour": "red"}],
}


@pytest.fixture
def gym(world: World) -> SqlWorld:
    return opened(world, TABLES)


def test_every_tool_has_a_program(world: World) -> None:
    assert world.refused == ()
    assert set(world.model.tables) == {"member", "locker", "invoice", "towel"}


def test_an_owner_is_checked_and_not_set(gym: SqlWorld) -> None:
    mine = {"member_id": "M1", "locker_id": "L1"}
    assert "error" not in call(gym, "enable_light", **mine)
    assert "member_id" not in call(gym, "get_anything", id="L1")
    assert "error" in call(gym, "enable_light", member_id="M2", locker_id="L1")
    assert "error" not in call(gym, "enable_light", member_id="M2", locker_id="L2")
    assert "error" in call(gym, "enable_light", member_id="M1", locker_id="L2")


def test_a_switch_is_a_flag_and_no_status(world: World, gym: SqlWorld) -> None:
    kinds = {r.spec.name: r.annotations["archetype"] for r in world.records}
    assert (kinds["enable_light"], kinds["suspend_locker"]) == ("other", "transition")
    mine = {"member_id": "M1", "locker_id": "L1"}
    assert call(gym, "enable_light", **mine)["light_enabled"] is True
    assert call(gym, "enable_light", **mine)["light_enabled"] is True
    shown = call(gym, "disable_light", **mine)
    assert shown["light_enabled"] is False
    assert shown["status"] == "Active"


def test_a_status_is_what_descriptions_say(world: World, gym: SqlWorld) -> None:
    status = world.model.tables["locker"].find("status")
    assert status is not None
    assert set(status.options) == {"Active", "Suspended", "Pending Key"}
    mine = {"member_id": "M1", "locker_id": "L1"}
    assert call(gym, "refuel_locker", **mine, soap=3)["status"] == "Active"
    assert call(gym, "suspend_locker", **mine, reason="Lost")["status"] == "Suspended"
    assert "error" in call(gym, "suspend_locker", **mine, reason="Lost")
    reminded = {"member_id": "M1", "invoice_id": "I2"}
    call(gym, "send_invoice_reminder", **reminded)
    assert gym.own("select status from invoice") == [(None,), ("REMINDED_ONCE",), (None,)]


def test_dates_are_noted_and_cleared_and_reasons_are_not_kept(gym: SqlWorld) -> None:
    shown = call(gym, "suspend_locker", member_id="M1", locker_id="L1", reason="Lost")
    assert len(shown["suspension_date"]) == len("2026-01-01")
    assert "reason" not in shown
    assert "error" in call(gym, "suspend_locker", member_id="M1", locker_id="L1", reason=" ")
    assert "suspension_date" not in call(gym, "resume_locker", member_id="M1", locker_id="L3")


def test_lists_are_of_whom_they_are_for_newest_first(gym: SqlWorld) -> None:
    listed = call(gym, "get_invoices_for_member", member_id="M1")
    assert [row["invoice_id"] for row in listed] == ["I3", "I2", "I1"]
    assert [row["total"] for row in listed] == [3, 2, 1]
    short = call(gym, "get_invoices_for_member", member_id="M1", limit=1)
    assert [row["invoice_id"] for row in short] == ["I3"]
    assert call(gym, "get_invoices_for_member", member_id="M2") == []
    assert "error" in call(gym, "get_invoices_for_member", member_id="M9")


def test_several_matches_are_a_list(gym: SqlWorld) -> None:
    assert [m["member_id"] for m in call(gym, "get_member_by_name", full="Ada")] == ["M1", "M2"]
    assert call(gym, "get_member_by_id", member_id="M1")["full"] == "Ada"


def test_one_key_may_be_of_several_tables(gym: SqlWorld) -> None:
    assert call(gym, "get_anything", id="M2") == {"member_id": "M2", "full": "Ada"}
    assert call(gym, "get_anything", id="T1") == {"towel_id": "T1", "colour": "red"}
    assert "error" in call(gym, "get_anything", id="I1")


def test_packages_are_valid_as_first_written() -> None:
    """Sampled calls meet rows: a key of several tables is sampled from the first."""
    made = build_package(Domain("gym", read_specs(TOOLS, {})))
    assert made.history == ((len(TOOLS), len(TOOLS)),)
    assert not made.refused
    sampled = [
        row["args"]["id"] for row in made.package.inputs["get_anything"] if row["expect"] == "ok"
    ]
    known = {row[0] for row in made.package.states["s00000"]["member"]}
    assert sampled
    assert set(sampled) <= known


def verifier(about: str) -> World:
    fields = {
        "verified": {"type": "boolean", "description": "True if it is right, False if failed."},
        "detail": {"type": "string", "description": about},
    }
    made = tool("verify_badge", "Verify the badge of a visitor.", badge=TEXT)
    response = {"type": "object", "properties": fields}
    return build_world(Domain("door", read_specs([{**made, "response": response}], {})))


@pytest.mark.parametrize(
    ("about", "shown"),
    [
        ("The reason for the verification failure", False),
        ("Error message if the check failed", False),
        ("The reason for the visit", True),
        ("What the badge says, also if the check failed", True),
    ],
)
def test_only_a_failure_has_a_reason_for_it(about: str, shown: bool) -> None:
    found = call(opened(verifier(about), {}), "verify_badge", badge="B7")
    assert found["verified"] is True
    assert ("detail" in found) is shown
