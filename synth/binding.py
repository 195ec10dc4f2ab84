"""From a chain to a plan: find arguments for every call by trying them in a scratch world.

A depth-first search over which rows are found and which values are given. Whatever it does to its
world is rolled back, so one binder serves many chains.
"""

from __future__ import annotations

import json
import random
from collections.abc import Generator, Iterable
from contextlib import closing
from typing import Any

from synth.bound import Args, Bound, act_of, step_of
from synth.chains import Chain, Node
from synth.drawing import Drawing
from synth.files import files_of
from synth.finding import Finder
from synth.paths import find_all
from synth.plans import Rejected, verify
from synth.program import error_text, refusal
from synth.python_tools import PythonProgram
from synth.scene import Act, How, Mention, RowId, Scene
from synth.scratch import OutOfCalls, Scratch
from synth.survey import Survey
from synth.values import Values
from synth.views import View

CALLS = 60
DRAWS = 3
HEART = 8


class Binder:
    """Binds chains in one initial state."""

    def __init__(self, survey: Survey, state_id: str, rng: random.Random) -> None:
        self.survey = survey
        self.state_id = state_id
        self.rng = rng
        self.values = Values(survey, state_id)
        self.scratch = Scratch(survey, state_id)
        self.files = files_of(survey)
        self.finder = Finder(self)
        self.drawing = Drawing(self)
        self.chain = Chain((), ())
        self.bound: dict[int, Bound] = {}
        self.mentions: dict[RowId, Mention] = {}
        self.refused = 0

    def bind(self, chain: Chain, *, refused: bool = False) -> Scene:
        """Return a verified plan with its mentions and acts. Raises Rejected with the reason.

        With `refused`, a guard refuses the chain's last call: the plan is all that comes before.
        """
        self.chain, self.bound, self.mentions = chain, {}, {}
        self.scratch.left = CALLS
        self.refused = len(chain.nodes) if refused else 0
        try:
            if not self.solve(0):
                raise Rejected("no arguments make every call succeed")
        except OutOfCalls:
            raise Rejected("no arguments found in time") from None
        steps = [step_of(b, self.is_hidden(b), chain) for b in self.bound.values()]
        last = steps.pop() if refused else None
        implied = {(str(s), str(d)) for s, d, edge in chain.links if edge.kind == "implicit"}
        if last is not None:
            implied = {pair for pair in implied if last.id not in pair}
        plan = verify(self.survey, self.state_id, steps, last, implied)
        acts = tuple(act_of(b) for b in self.bound.values() if not self.is_hidden(b))
        reason = self.bound[self.refused].reason if refused else ""
        return Scene(self.survey, plan, self.spoken_of(acts), acts, chain, last, reason)

    def spoken_of(self, acts: Iterable[Act]) -> dict[RowId, Mention]:
        """Return the rows that acts are about, and those by which they are told, in order."""
        wanted = [row for act in acts for row in (*act.about, act.subject) if row is not None]
        for row in wanted:
            mention = self.mentions[row]
            wanted += [other for other in (*mention.owners, mention.child) if other is not None]
        return {row: mention for row, mention in self.mentions.items() if row in wanted}

    def solve(self, index: int) -> bool:
        """Bind the calls from `index` on; on success `bound` and `mentions` are complete."""
        if index == len(self.chain.nodes):
            return True
        node = self.chain.nodes[index]
        known = dict(self.mentions)
        with closing(self.attempts(node)) as attempts:
            for bound in attempts:
                before = dict(self.mentions)
                self.bound[node.id] = bound
                if bound.mention is not None:
                    self.mentions.setdefault(bound.mention.id, bound.mention)
                if self.solve(index + 1):
                    return True
                del self.bound[node.id]
                self.mentions = before
        self.mentions = known
        return False

    def attempts(self, node: Node) -> Generator[Bound, None, None]:
        """Yield the ways to make one call, each already made in the world."""
        view = self.survey.views[node.tool]
        given = self.given(node)
        if given is None:
            return
        args, about = given
        if view.finds:
            yield from self.finder.attempts(node, view, args, about)
            return
        if self.repeats(view, args):
            return
        hearts = [p for p in view.needs if p.name not in args]
        for _ in range(HEART if hearts else DRAWS):
            bound = self.drawing.draw(node, view, dict(args), list(about))
            if bound is None:
                continue
            self.scratch.mark(node.id)
            try:
                result = self.scratch.run(view.name, bound.args)
                if node.id == self.refused:
                    if result is None and self.guarded(bound):
                        yield bound
                elif self.scratch.ran(view, result) and self.complete(bound, result):
                    yield bound
            finally:
                self.scratch.undo(node.id)

    def given(self, node: Node) -> tuple[Args, list[RowId]] | None:
        """Return the arguments that links supply and the rows they name; None where one fails."""
        args: Args = {}
        about: list[RowId] = []
        for link in self.chain.parents(node.id):
            if link.edge.kind != "explicit":
                continue
            path, param = link.edge.via
            place = self.place(self.bound[link.src], path)
            if place is None:
                return None
            args[param] = {"ref": f"${link.src}{place[0][1:]}", "value": place[1]}
            if self.survey.table_of(link.edge.column):
                about.append(self.mention_of(link.edge.column, place[1], self.bound[link.src]))
        return args, about

    def place(self, bound: Bound, path: str) -> tuple[str, Any] | None:
        """Return where in a result a path leads, within the chosen row; the same every time."""
        if path not in bound.places:
            found = [
                (place, value)
                for place, value in find_all(bound.result, path)
                if place.startswith(bound.pick) and isinstance(value, (str, int))
            ]
            if not found:
                return None
            bound.places[path] = self.rng.choice(found)
        return bound.places[path]

    def mention_of(self, column: str, key: Any, source: Bound) -> RowId:
        """Name the row that a key stands for; a new one is known as the parent of another."""
        table = self.survey.table_of(column)
        row = (table, key)
        if row not in self.mentions:
            told = source.mention is not None and self.is_alone(column, source)
            child = source.mention.id if told and source.mention is not None else None
            how: How = "parent" if told else "given"
            step, turn = str(source.node.id), source.node.turn
            self.mentions[row] = Mention(table, key, how, step, turn, child=child)
        return row

    def is_alone(self, column: str, source: Bound) -> bool:
        """Say whether a result names one row of a kind beside its own, so that "its …" is clear."""
        return all(
            sum(place.startswith(source.pick) for place, _ in find_all(source.result, path)) == 1
            for path in source.view.paths(column)
        )

    def repeats(self, view: View, args: Args) -> bool:
        """Say whether a read is about a row that was already found by other means."""
        if not view.reads or view.key is None or view.key.name not in args:
            return False
        row = (view.entity, args[view.key.name]["value"])
        mention = self.mentions.get(row)
        source = args[view.key.name]["ref"][1:].split("[")[0].split(".")[0]
        return mention is not None and mention.how == "found" and mention.step != source

    def complete(self, bound: Bound, result: Any) -> bool:
        """Note the row that a call is about, and what a read that ends its turn is to tell."""
        bound.result = result
        view, node = bound.view, bound.node
        bound.mention = self.own(bound)
        if bound.mention is None and (key := self.made(view, result)) is not None:
            bound.mention = Mention(view.entity, key, "made", str(node.id), node.turn)
        if view.reads and self.is_terminal(node):
            return self.finder.asker.ask_fields(bound)
        return True

    def guarded(self, bound: Bound) -> bool:
        """Note which guard refused a call; False where it was refused for another reason."""
        view, node = bound.view, bound.node
        bound.reason = self.reason(bound)
        if not bound.reason:
            return False
        bound.mention = self.own(bound)
        if view.archetype == "create":
            bound.mention = Mention(view.entity, None, "made", str(node.id), node.turn)
        return True

    def reason(self, bound: Bound) -> str:
        """Return the text of the guard that refused a call; a class refuses in its own words."""
        program = self.survey.package.programs[bound.view.name]
        values = {name: arg["value"] for name, arg in bound.args.items()}
        for guard in program.requirements:
            if error_text(refusal(guard, values)) == self.scratch.fault:
                return guard.otherwise
        told = str(json.loads(self.scratch.fault or "{}").get("error", ""))
        own = isinstance(program, PythonProgram) and not told.startswith(f"{bound.view.name}: ")
        return told if own else ""

    def own(self, bound: Bound) -> Mention | None:
        """Return the row that a call is about, where a parameter names it."""
        key = bound.args.get(bound.view.key.name) if bound.view.key is not None else None
        return self.mentions.get((bound.view.entity, key["value"])) if key is not None else None

    def made(self, view: View, result: Any) -> Any:
        """Return the key of the row that a create returned."""
        if view.archetype != "create":
            return None
        keys = [v for path in view.paths(view.key_column) for _, v in find_all(result, path)]
        return keys[0] if keys else None

    def is_terminal(self, node: Node) -> bool:
        return not any(
            self.chain.nodes[link.dst - 1].turn == node.turn
            for link in self.chain.consumers.get(node.id, ())
        )

    def is_hidden(self, bound: Bound) -> bool:
        return bound.view.effect == "read" and not self.is_terminal(bound.node)
