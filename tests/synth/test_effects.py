"""What classes touch, found by executing them: against what the same programs in SQL touch."""

from __future__ import annotations

from typing import Any

import pytest

from harness.types import ToolSpec
from synth.effects import touches_of
from synth.package import EnvPackage, ToolRecord
from synth.program import parse_program
from synth.python_tools import PythonProgram
from synth.sandbox import Limits, probe
from synth.sandbox.kernel import machine
from synth.survey import Survey
from synth.world import Blueprint, Tool
from tests.synth import desk, library
from tests.synth.test_python_tools import BLUEPRINT

pytestmark = pytest.mark.skipif(
    not machine() or not probe()["seccomp"], reason="this kernel has no seccomp: nothing runs"
)
ID = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
HEAD = "class T:\n    def __init__(self, state):\n        self.t = state['ticket']\n"


def found(body: str, parameters: dict[str, Any] = ID, *calls: dict[str, Any]) -> dict[str, Any]:
    """Return what a tool over the desk's tickets touches."""
    given = ", ".join(parameters["properties"])
    lines = [
        HEAD,
        "    def info(self):\n        return {'name': 'tool'}\n",
        f"    def invoke(self, {given}):\n",
        *(f"        {line}\n" for line in body.strip().splitlines()),
    ]
    record = ToolRecord(ToolSpec("tool", "", parameters))
    program = PythonProgram("".join(lines))
    blueprint = Blueprint(
        BLUEPRINT.image, {"tool": Tool(record.spec, program)}, limits=Limits(seconds=0.3)
    )
    samples = [{"args": args, "stratum": "complete"} for args in calls or ({"id": 1}, {"id": 9})]
    return touches_of(record, program, [blueprint], samples)


ROW = "row = next((r for r in self.t if r['id'] == id), None)\n"
CASES: dict[str, tuple[str, set[str], set[str], set[str]]] = {
    "nothing": ("return id + 1", set(), set(), set()),
    "how many": ("return len(self.t) + 0 * id", {"ticket.*"}, set(), set()),
    "a field": (
        ROW + "return row and row['title']",
        {"ticket.*", "ticket.id", "ticket.title"},
        set(),
        set(),
    ),
    "a guard": (
        ROW + "if row is None or row['status'] != 'Open': raise ToolError('no')\nreturn 1",
        {"ticket.*", "ticket.id", "ticket.status"},
        {"ticket.*", "ticket.id", "ticket.status"},
        set(),
    ),
    "an update that looks at nothing it writes": (
        ROW + "if row is None: raise ToolError('no')\nrow['remark'] = 'seen'\nreturn 1",
        {"ticket.*", "ticket.id"},
        {"ticket.*", "ticket.id"},
        {"ticket.remark"},
    ),
    "a counter": (
        ROW + "if row is None: raise ToolError('no')\nrow['priority'] += 1\nreturn 1",
        {"ticket.*", "ticket.id", "ticket.priority"},
        {"ticket.*", "ticket.id"},
        {"ticket.priority"},
    ),
    "an insert": (
        "n = max((r['id'] for r in self.t), default=0) + 1\n"
        "self.t.append({'id': n, 'title': 'x', 'priority': id})\nreturn 1",
        {"ticket.*", "ticket.id"},
        set(),
        {"ticket.*"},
    ),
    "a deletion": (
        ROW + "if row is None: raise ToolError('no')\nself.t.remove(row)\nreturn 1",
        {"ticket.*", "ticket.id"},
        {"ticket.*", "ticket.id"},
        {"ticket.*"},
    ),
    "a filter that finds nothing at first": (
        "return sum(r['status'] == 'Lost~' for r in self.t) + 0 * id",
        set(),
        set(),
        set(),
    ),
    "a crash where a row is missing": (
        "return {r['id']: r['title'] for r in self.t}[id if id < 5 else 1]",
        {"ticket.*", "ticket.id", "ticket.title"},
        set(),
        set(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_reads_guards_and_writes_are_what_the_code_does(name: str) -> None:
    body, reads, guards, writes = CASES[name]
    seen = found(body)
    assert set(seen["reads"]) == reads
    assert set(seen["guards"]) == guards
    assert set(seen["writes"]) == writes


def test_a_tool_that_hangs_on_other_rows_is_left_in_time() -> None:
    body = "while any(r['status'].endswith('~') for r in self.t): pass\nreturn id"
    assert found(body)["reads"] in (["ticket.status"], [])


@pytest.mark.parametrize("name", desk.PROGRAMS)
def test_classes_touch_what_the_same_tools_in_sql_touch(name: str) -> None:
    """Guards in a class are seen only where a sampled call meets them."""
    (given,) = [e for e in desk.ENTRIES if e["name"] == name]
    spec = ToolSpec(name, "", given["parameters"])
    record = ToolRecord(spec)
    columns = ("id", "title", "status", "priority", "remark")
    state = {"ticket": [[row[column] for column in columns] for row in desk.ROWS]}
    program = parse_program(desk.PROGRAMS[name], given["parameters"]["properties"])
    sql = Survey(EnvPackage("e", (record,), desk.SCHEMA, {name: program}, {"s": state}))
    touched = sql.touches[name]
    source = PythonProgram(desk.CLASSES[name])
    calls = desk.CALLS[name]
    samples = [{"args": args, "stratum": "complete"} for args in calls["calls"]]
    samples += [{**row, "stratum": "adversarial"} for row in calls["adversarial"]]
    blueprint = Blueprint(BLUEPRINT.image, {name: Tool(spec, source)})
    seen = touches_of(record, source, [blueprint], samples)
    assert set(seen["writes"]) == set(touched.writes)
    assert columns_of(seen["guards"]) == columns_of(touched.guards)
    assert columns_of(seen["reads"]) <= columns_of(touched.reads)
    missed = columns_of(touched.reads) - columns_of(seen["reads"])
    assert missed <= {"ticket.remark"}, "SQL names `coalesce(:remark, remark)` a read of remark"


def columns_of(names: Any) -> set[str]:
    return {name for name in names if not name.endswith(".*")}


def test_a_survey_takes_what_a_record_says_and_the_guards_before_a_class() -> None:
    touches = {"guards": ["loan.status"], "reads": ["loan.status"], "writes": ["loan.renewals"]}
    spec = ToolSpec("renew_loan", "", {"type": "object", "properties": {"loan_id": {}}})
    record = ToolRecord(spec, annotations={"touches": touches})
    steps = [
        {"require": "select count(*) > 0 from book", "else": "none"},
        {"return": "select 1"},
    ]
    program = PythonProgram(
        library.CLASSES["renew_loan"], parse_program(steps, ["loan_id"]).requirements
    )
    package = EnvPackage("e", (record,), library.SCHEMA, {"renew_loan": program}, {"s": {}})
    touch = Survey(package).touches["renew_loan"]
    assert touch.guards == {"loan.status", "book.*"}
    assert touch.writes == {"loan.renewals"}
