"""A small help desk, as a model would write it: specifications and recorded good replies."""

from __future__ import annotations

import json
from typing import Any

from synth.sources import Domain
from synth.specs import read_specs

ID = {"type": "integer", "description": "The ticket's number"}


def entry(name: str, description: str, required: list[str], /, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required}
    return {"name": name, "description": description, "parameters": schema}


ENTRIES = [
    entry("get_ticket", "Look up a ticket.", ["id"], id=ID),
    entry(
        "close_ticket",
        "Close an open ticket. A remark can be left.",
        ["id"],
        id=ID,
        remark={"type": "string", "description": "What was done"},
    ),
    entry(
        "count_tickets",
        "Count the tickets of a priority.",
        ["priority"],
        priority={"type": "integer", "description": "From 1 to 3"},
    ),
]
DOMAIN = Domain("desk", read_specs(ENTRIES), "Closed tickets stay closed.", "CC0-1.0")

SCHEMA = """create table ticket (
 id integer primary key, title text not null, status text not null default 'Open',
 priority integer not null, remark text
) strict;"""
ROWS = [
    {"id": n, "title": title, "status": status, "priority": n % 3 + 1, "remark": None}
    for n, (title, status) in enumerate(
        [
            ("Printer jams", "Open"),
            ("Cannot log in", "Open"),
            ("Door will not lock", "Closed"),
            ("Slow network", "Open"),
        ],
        1,
    )
]
FIELDS = {"id": {"type": "integer"}, "title": {"type": "string"}, "status": {"type": "string"}}
RESPONSES = {
    "get_ticket": {"type": "object", "properties": FIELDS, "required": list(FIELDS)},
    "close_ticket": {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "status": {"type": "string"}},
        "required": ["id", "status"],
    },
    "count_tickets": {
        "type": "object",
        "properties": {"count": {"type": "integer"}},
        "required": ["count"],
    },
}
EFFECTS = {"get_ticket": "read", "close_ticket": "write", "count_tickets": "read"}
FOUND = {"require": "select 1 from ticket where id = :id", "else": "no ticket {id}"}
PROGRAMS = {
    "get_ticket": [
        FOUND,
        {
            "return": "select json_object('id', id, 'title', title, 'status', status) "
            "from ticket where id = :id"
        },
    ],
    "close_ticket": [
        FOUND,
        {
            "require": "select status = 'Open' from ticket where id = :id",
            "else": "ticket {id} is closed already",
        },
        {
            "run": "update ticket set status = 'Closed', remark = coalesce(:remark, remark) "
            "where id = :id"
        },
        {"return": "select json_object('id', id, 'status', status) from ticket where id = :id"},
    ],
    "count_tickets": [
        {"require": "select :priority between 1 and 3", "else": "no priority {priority}"},
        {"return": "select json_object('count', count(*)) from ticket where priority = :priority"},
    ],
}
CLASSES = {
    "get_ticket": """
class GetTicket:
    def __init__(self, state):
        self.tickets = {row["id"]: row for row in state["ticket"]}

    def info(self):
        return {"name": "get_ticket", "parameters": {}}

    def invoke(self, id):
        ticket = self.tickets.get(id)
        if ticket is None:
            raise ToolError(f"no ticket {id}")
        return {key: ticket[key] for key in ("id", "title", "status")}
""",
    "close_ticket": """
class CloseTicket:
    def __init__(self, state):
        self.tickets = {row["id"]: row for row in state["ticket"]}

    def info(self):
        return {"name": "close_ticket", "parameters": {}}

    def invoke(self, id, remark=None):
        ticket = self.tickets.get(id)
        if ticket is None:
            raise ToolError(f"no ticket {id}")
        if ticket["status"] != "Open":
            raise ToolError(f"ticket {id} is closed already")
        ticket["status"] = "Closed"
        if remark is not None:
            ticket["remark"] = remark
        return {"id": id, "status": "Closed"}
""",
    "count_tickets": """
class CountTickets:
    def __init__(self, state):
        self.state = state

    def info(self):
        return {"name": "count_tickets", "parameters": {}}

    def invoke(self, priority):
        if priority not in (1, 2, 3):
            raise ToolError(f"no priority {priority}")
        return {"count": sum(row["priority"] == priority for row in self.state["ticket"])}
""",
}
CALLS = {
    "get_ticket": {
        "calls": [{"id": n} for n in (1, 2, 3, 4)],
        "adversarial": [{"args": {"id": 9}}],
    },
    "close_ticket": {
        "calls": [{"id": n, "remark": "New roller fitted"} for n in (1, 2, 4)],
        "adversarial": [{"args": {"id": 3, "remark": "Again"}, "why": "it is closed"}],
    },
    "count_tickets": {
        "calls": [{"priority": n} for n in (1, 2, 3)],
        "adversarial": [{"args": {"priority": 7}}],
    },
}


def spec_reply(name: str) -> dict[str, Any]:
    (found,) = [e for e in ENTRIES if e["name"] == name]
    said = {"effect": EFFECTS[name], "entity": "ticket", "verb": name.split("_")[0]}
    return {**found, "description": found["description"] + " Numbers start at 1.", **said}


def good_book() -> dict[tuple[str, str], list[str]]:
    """Return good replies to every prompt that an environment needs."""
    book: dict[tuple[str, str], list[str]] = {
        ("tables", ""): [json.dumps({"schema_sql": SCHEMA})],
        ("initial_state", ""): [json.dumps({"tables": {"ticket": ROWS}})],
    }
    for name in PROGRAMS:
        book["normalize_spec", name] = [json.dumps(spec_reply(name))]
        book["response_schema", name] = [json.dumps({"response": RESPONSES[name]})]
        book["inputs", name] = [json.dumps(CALLS[name])]
        book["sql_program", name] = [json.dumps({"steps": PROGRAMS[name]})]
        book["python_class", name] = [json.dumps({"source": CLASSES[name]})]
    return book
