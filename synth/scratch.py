"""A world to try calls in: everything can be taken back, and the calls are counted."""

from __future__ import annotations

import json
from typing import Any

from harness.faults import ToolFault
from synth.bound import Args
from synth.rows import quote
from synth.survey import Survey
from synth.views import View
from synth.world import SqlWorld


class OutOfCalls(Exception):
    """The search has used up its calls."""


class Scratch:
    """One initial state. `fault` is what the latest refused call was told."""

    def __init__(self, survey: Survey, state_id: str) -> None:
        self.survey = survey
        self.world = SqlWorld(survey.blueprint(state_id))
        self.left = 0
        self.fault = ""

    def run(self, tool: str, args: Args) -> Any:
        """Make a call; None where it is refused or finds nothing. Raises OutOfCalls."""
        self.left -= 1
        if self.left < 0:
            raise OutOfCalls
        self.fault = ""
        try:
            text = self.world.run(tool, {name: arg["value"] for name, arg in args.items()})
        except ToolFault as fault:
            self.fault = str(fault)
            return None
        return json.loads(text) or None

    def ran(self, view: View, result: Any) -> bool:
        """Say whether the latest call was carried out, and found something if it was a read."""
        return result is not None or (not view.reads and not self.fault)

    def mark(self, number: int) -> None:
        """Remember the state under a number."""
        self.world.own(f"savepoint n{number}")

    def undo(self, number: int) -> None:
        """Go back to the state under a number and forget it."""
        self.world.own(f"rollback to n{number}")
        self.world.own(f"release n{number}")

    def row(self, table: str, key: Any) -> dict[str, Any]:
        """Read a row as it is now, by its key; empty where there is none."""
        column = self.survey.key_of.get(table)
        if column is None:
            return {}
        sql = f"select * from {quote(table)} where {quote(column)} is ?"
        found = self.world.own(sql, (key,))
        return dict(zip(self.survey.tables[table], found[0], strict=True)) if found else {}
