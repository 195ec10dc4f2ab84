"""An evaluator around an evaluator: it says why an episode failed, and whose fault it was."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from evaluators.judge.case import Case
from evaluators.judge.findings import Judgement
from evaluators.judge.intents import judge_intent
from evaluators.judge.llm.asking import Asker
from evaluators.judge.llm.deciding import CategoryJudge, open_questions
from evaluators.judge.rules import judge as judge_by_rule
from harness.faults import ModelFault, UserMistake
from harness.protocols import Evaluator, Model
from harness.types import Category, Episode, Task, Verdict


class CaseOf(Protocol):
    def __call__(self, task: Task, episode: Episode, verdict: Verdict | None) -> Case: ...


class Labelled:
    """Scores with `evaluator`, then labels failed episodes by rule and asks a judge about the rest.

    `evaluator` is built with `judge=` the judge model. `case_of` names, as module:function, what
    turns an episode into a case. `judging` is a node of the judge group: `ask` (ask the model at
    all), `votes`, and the settings of `Asker`. `agent_model` is the agent's own model: a judge of
    the same name is flagged. `intents=false` says that no task carries an intent: then passed
    episodes are not looked at again. Reward and parts stay what the evaluator says; `categories`
    are the labels, the primary one first, and `parts["judge"]` holds the rest.
    """

    def __init__(
        self,
        evaluator: Callable[..., Evaluator],
        case_of: str,
        judge: Model | None = None,
        judging: Mapping[str, Any] | None = None,
        agent_model: str | None = None,
        intents: bool = True,
    ) -> None:
        settings = {"ask": False, "votes": 1, **(judging or {})}
        self.evaluator = evaluator(judge=judge)
        self.case_of = named(case_of)
        self.agent_model = agent_model
        self.intents = intents
        self.asks = bool(settings.pop("ask"))
        votes = settings.pop("votes")
        if settings.get("cache"):
            settings["cache"] = Path(settings["cache"])
        self.model: CategoryJudge | None = None
        if judge is not None and self.asks:
            self.model = CategoryJudge(Asker(judge, **settings), votes)

    async def __call__(self, task: Task, episode: Episode) -> Verdict:
        """Return the evaluator's verdict with labels.

        Raises ModelFault where the judge model is absent, cannot be reached or cannot be read:
        the episode is then an error, to be judged again, and never one without categories.
        """
        verdict = await self.evaluator(task, episode)
        if verdict.passed and not self.intents:
            return replace(verdict, categories=())
        case = self.case_of(task, episode, verdict)
        intent = judge_intent(case)
        about = {"intent": intent.as_json()} if intent else {}
        if verdict.passed:
            return replace(verdict, parts={**verdict.parts, **about}, categories=())
        found = judge_by_rule(case, guess=self.asks)
        if self.model is not None:
            found = await self.model.decide(case, found)
        elif self.asks and open_questions(case, found):
            raise ModelFault("questions are open and no judge model is set", "no_judge")
        parts = {**verdict.parts, **about, "judge": self.summary(found)}
        return replace(verdict, parts=parts, categories=labels(found))

    def summary(self, found: Judgement) -> dict[str, Any]:
        """Return what the labels alone do not say."""
        asked: dict[str, Any] = {}
        if self.model is not None:
            name = self.model.asker.name
            asked = {"model": name, "same_model_as_agent": name == self.agent_model}
        return {
            "primary": found.primary,
            "attribution": found.attribution,
            "blame": found.blame,
            "first_error": found.first_error,
            "score": None if found.score is None else round(found.score, 4),
            "tags": [tag.evidence() for tag in found.tags],
            "undetermined": list(found.undetermined),
            "other_table": found.categories(9 if found.single_turn else 8),
            **asked,
        }


def labels(found: Judgement) -> tuple[Category, ...]:
    """Return the categories of the fitting table (else of the other), each with all its evidence.

    Table 8 is for single-turn tasks, Table 9 for conversations.
    """
    table = 8 if found.single_turn else 9
    names = found.categories(table) or found.categories(17 - table)
    return tuple(
        Category(
            name,
            {
                "primary": name == found.primary,
                "table": table if name in found.categories(table) else 17 - table,
                "found": [
                    {k: v for k, v in f.evidence().items() if k != "category"}
                    for f in found.findings
                    if f.category == name
                ],
            },
        )
        for name in names
    )


def named(place: str) -> CaseOf:
    """Import `module:function`."""
    module, _, name = place.partition(":")
    try:
        found: CaseOf = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserMistake(f"case_of={place!r} is no module:function: {error}") from None
    return found
