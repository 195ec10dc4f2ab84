"""The roles that a model fills, as configured; what a role leaves open is filled by rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from harness.benchmark import Benchmark
from harness.configure import build
from harness.faults import UserMistake
from harness.protocols import Model, Party
from harness.types import Episode, Task, Verdict
from synth.llm.ask import Asker
from synth.llm.judging import ProseJudge
from synth.llm.ledger import Ledger
from synth.llm.persona import Fact, Persona, PersonaUsers
from synth.llm.prompts import prompt_hashes
from synth.verify import SynthesizedEvaluator

BEFORE = ("spec_normalizer", "output_schema", "implementation")
SAMPLERS = ("state_sampler", "input_sampler")
WORLD_ROLES = (*BEFORE, *SAMPLERS)


@dataclass(frozen=True)
class Crew:
    """Roles by name as configuration nodes (empty = rules), and how the model is asked."""

    roles: Mapping[str, Mapping[str, Any]]
    llm: Mapping[str, Any]
    model: Model | None = None

    def __post_init__(self) -> None:
        open_roles = [name for name in WORLD_ROLES if not self.fills(name)]
        if self.fills(*SAMPLERS) and open_roles:
            raise UserMistake(
                f"a model that samples states writes the whole world: set role {open_roles[0]} "
                f"to llm too, or {' and '.join(SAMPLERS)} to rules"
            )

    def fills(self, *names: str) -> bool:
        """Say whether a model fills one of these roles."""
        return any(self.roles.get(name) for name in names)

    @cached_property
    def asker(self) -> Asker:
        """The model with its cache. Raises UserMistake where no seat holds a model."""
        found: Asker = build(dict(self.llm), model=self.model)
        return found

    def fresh(self) -> Asker:
        """Return the asker with a ledger of its own, for one unit of work."""
        return replace(self.asker, ledger=Ledger())

    def role(self, name: str, asker: Asker) -> Any:
        """Build a role on an asker; None where rules fill it."""
        node = self.roles.get(name)
        return build(dict(node), asker=asker) if node else None

    def ready(self) -> None:
        """Build every role once, before anything is asked. Raises UserMistake where one cannot be:
        a wrong key, no model, no sandbox for Python."""
        for name in self.roles:
            if self.fills(name):
                self.role(name, self.asker)

    def settings(self, *names: str) -> dict[str, Any]:
        """Return what of the crew can change a unit that these roles work on."""
        filled = {name: dict(self.roles[name]) for name in names if self.fills(name)}
        if not filled:
            return {}
        how = {key: self.llm.get(key) for key in ("sampling", "structured")}
        return {
            "roles": filled,
            "llm": how,
            "model": self.asker.identity,
            "prompts": prompt_hashes(),
        }


NOBODY = Crew({}, {})


def with_personas(benchmark: Benchmark, users: PersonaUsers) -> Benchmark:
    """Seat a model as user of the scenarios; a change of mind needs the scripted user's timing."""

    def user(task: Task, trial: int, model: Model | None) -> Party:
        scenario = task.payload["scenario"]
        if not scenario or scenario["drift"]:
            return benchmark.user(task, trial, model)
        return users.user(persona_of(scenario), trial)

    return replace(benchmark, user=user)


def persona_of(scenario: Mapping[str, Any]) -> Persona:
    """Return a scenario as a persona: its messages are goals, its slots are facts."""
    slots = [slot for subtask in scenario["subtasks"] for slot in subtask["slots"]]
    facts = [
        Fact(slot_name(slot["id"]), slot["answer"], bool(slot["withheld"]), tuple(slot["cues"]))
        for slot in slots
        if not slot["unknown"]
    ]
    goals = tuple(subtask["text"] for subtask in scenario["subtasks"])
    return Persona(scenario["persona"], goals, tuple(facts))


def slot_name(slot_id: str) -> str:
    """Name a slot: `row:order:1` is the order, `value:2:due_date` the due date."""
    kind, first, last = [*slot_id.split(":", 2), "", ""][:3]
    return (first if kind == "row" else last or first).replace("_", " ")


@dataclass(frozen=True)
class JudgedEvaluator:
    """The rules' verdict; a pass must also meet the task's statements about prose."""

    judge: ProseJudge

    async def __call__(self, task: Task, episode: Episode) -> Verdict:
        """Raises ModelFault where the judge cannot be reached or read."""
        verdict = await SynthesizedEvaluator()(task, episode)
        if not verdict.passed or not task.payload["nl_assertions"]:
            return verdict
        found = await self.judge.judge(task.payload["nl_assertions"], episode.log)
        unmet = [finding.statement for finding in found if not finding.met]
        parts = {**verdict.parts, "nl": not unmet, "nl_unmet": unmet}
        return Verdict(float(not unmet), not unmet, parts, verdict.categories)
