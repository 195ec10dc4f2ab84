"""tau2-bench as a benchmark of the harness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.tau2 import prompts
from evaluators.tau2.cases import UNCHECKED
from evaluators.tau2.history import STOP_TEXTS
from evaluators.tau2.pack import VERSION, fetch, hashes, root
from evaluators.tau2.parties import DONE, Checked, DoneTool, Solo, StopGuard
from evaluators.tau2.rewards import answered_calls, needs_judge, replay
from evaluators.tau2.scripted_user import LABEL, ScriptedUser
from evaluators.tau2.tasks import NAME, is_trainable, load_tasks
from evaluators.tau2.worlds.banking_texts import bank_texts
from evaluators.tau2.worlds.domain import domain_of
from evaluators.tau2.worlds.world import World
from harness.benchmark import Benchmark
from harness.faults import ModelFault, UserMistake
from harness.limits import Limits
from harness.parties import ModelParty, Script
from harness.protocols import Model, Party
from harness.types import Message, Task

KINDS = ("llm", "scripted", "solo")
DOMAINS = ("airline", "retail", "telecom")
TEXTS = 6  # replies in words of an episode, as a plan estimates them


@dataclass(frozen=True)
class Setup:
    """How episodes are played: the kind of user, the limits, the rules of the conversation.

    `guard_stops` is not official. Every setting that is on is named in the benchmark's notes.
    """

    user: str = "llm"
    max_steps: int = 200
    max_errors: int = 10
    enforce_protocol: bool = False
    guard_stops: bool = False

    def limits(self, task: Task) -> Limits:
        """Return the limits; officially a solo agent's first line is not counted as a step."""
        first = int(self.user == "solo" and not task.opening)
        return Limits(steps=self.max_steps + first, errors=self.max_errors)

    def make_agent(self, task: Task, trial: int, model: Model) -> Party:
        """Put a model in the agent's seat, with the official instructions and policy."""
        solo = self.user == "solo"
        policy = domain_of(task).policy(solo)
        if solo:
            system = prompts.solo_system(policy, task.payload.get("ticket"), DONE)
            about = prompts.texts().solo_done
            party: Party = Solo(DoneTool(ModelParty("agent", model, system), about))
        else:
            party = ModelParty("agent", model, prompts.agent_system(policy))
        return Checked(party, "agent", enforce=self.enforce_protocol)

    def make_user(self, task: Task, trial: int, model: Model | None) -> Party:
        """Put the chosen kind of user in its seat; in solo mode nobody ever asks it."""
        if self.user == "solo":
            return Script("user", (), ends="fault")
        party = ScriptedUser(task.payload) if self.user == "scripted" else llm_user(task, model)
        checked = Checked(party, "user", enforce=self.enforce_protocol)
        return StopGuard(checked) if self.guard_stops else checked


def benchmark(
    domains: Sequence[str] = DOMAINS,
    split: str = "base",
    user: str = "llm",
    *,
    retrieval: str = "",
    train_on_test: bool = False,
    **rules: Any,
) -> Benchmark:
    """Build tau2-bench: `split` of each of `domains`, against one kind of user.

    `user`: an LLM with the official guidelines, a rule-based one, or none (solo mode: the agent
    works on the task's ticket; tasks without one are left out). `retrieval` chooses banking's
    variant. `train_on_test` says that training on test tasks is wanted.
    `rules` are the other fields of `Setup`.
    """
    if user not in KINDS:
        raise UserMistake(f"unknown tau2 user {user!r}: choose among {', '.join(KINDS)}")
    fetch()
    setup = Setup(user, **rules)
    solo = user == "solo"
    settings = {**rules, "retrieval": retrieval, "train_on_test": train_on_test}
    return Benchmark(
        name=NAME,
        version=VERSION,
        tasks=[task for name in domains for task in tasks_of(name, split, retrieval, solo=solo)],
        environment=lambda task, past: world_of(task),
        user=setup.make_user,
        agent=setup.make_agent,
        limits=setup.limits,
        data_sha256=hashes(domains),
        replies=replies,
        asks_judge=lambda task: needs_judge(task.payload),
        notes={
            "split": split,
            "trainable": all(is_trainable(name, split) for name in domains),
            "grading": f"tau2 {VERSION}",
            "reward_basis": "of each task",
            **({"user": LABEL} if user == "scripted" else {"mode": user}),
            "prompts": prompts.texts().source,
            **({} if solo else {"user_rules": f"never fire here: {UNCHECKED}"}),
            **text_notes(domains),
            **{name: value for name, value in settings.items() if value},
        },
    )


def replies(task: Task) -> int:
    """Estimate how often the agent is asked: for each gold call a batch, and for what is said."""
    actions = (task.payload.get("evaluation_criteria") or {}).get("actions") or ()
    return TEXTS + sum(1 for action in actions if action.get("requestor") != "user")


def text_notes(domains: Sequence[str]) -> dict[str, str]:
    """Say where what the bank's tools tell of themselves is not the official text."""
    if "banking_knowledge" not in domains:
        return {}
    source = bank_texts(root() / "domains" / "banking_knowledge").source
    return {} if source == "official" else {"tool_texts": source}


def tasks_of(name: str, split: str, retrieval: str, *, solo: bool) -> list[Task]:
    """Load one domain's tasks; in solo mode those that the official solo agent accepts."""
    options = {"retrieval": retrieval} if retrieval and name == "banking_knowledge" else None
    tasks = load_tasks(name, split, solo=solo, options=options)
    return [task for task in tasks if not solo or fits_solo(task)]


def fits_solo(task: Task) -> bool:
    """Say whether the official solo agent takes the task: a silent history, or a ticket."""
    row = task.payload
    if row.get("initial_state") is not None:
        return all(line.author == "tool" or is_agent_call(line) for line in task.opening)
    criteria = row.get("evaluation_criteria") or {}
    return row.get("ticket") is not None and bool(criteria.get("actions"))


def is_agent_call(line: Message) -> bool:
    return line.author == "agent" and bool(line.calls)


def world_of(task: Task) -> World:
    """Build a task's world as it is when the opening has been said."""
    world = domain_of(task).world(task.payload, solo=bool(task.payload.get("solo")))
    check_opening(task.opening)
    replay(world, task.opening)
    return world


def check_opening(opening: Sequence[Message]) -> None:
    """Raise ModelFault on a history that the official orchestrator refuses."""
    for role, call, result in answered_calls(opening):
        if result.owner != role:
            raise ModelFault(
                f"{call.name} of the {role} is answered to another", kind="history", seat="env"
            )
    if any(line.author != "tool" and not (line.calls or line.text.strip()) for line in opening):
        raise ModelFault("an empty message in the history", kind="history", seat="env")


def llm_user(task: Task, model: Model | None) -> Party:
    """Put a model in the user's seat, with the official guidelines and the task's scenario."""
    if model is None:
        raise UserMistake(
            "tau2's user is a model: set model@user_model=…, or benchmark.tau2.build.user=scripted"
        )
    offers = bool(domain_of(task).bare(task.payload, False).tools("user", 1))
    system = prompts.user_system(task.payload, tools=offers)
    return ModelParty("user", model, system, STOP_TEXTS)
