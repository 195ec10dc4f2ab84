"""Let a judge model decide what rules left open about a failed run, and check what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evaluators.judge.case import Case
from evaluators.judge.categories import DECIDED_8, DECIDED_9, TABLE_8, TABLE_9
from evaluators.judge.findings import Attribution, Finding, Judgement
from evaluators.judge.llm.asking import OVER_BUDGET, Asker, Question
from evaluators.judge.llm.form import QUOTE_CHARS, REASON_CHARS, problems_of, schema_of
from evaluators.judge.llm.prompt import system_text, user_text
from evaluators.judge.trace import Trace
from evaluators.judge.values import fold
from harness.faults import ModelFault, UserMistake


@dataclass(frozen=True)
class CategoryJudge:
    """Decides open categories with a model, by majority where it is asked more than once.

    `votes` samples each question that often; ties are undetermined.
    """

    asker: Asker
    votes: int = 1

    def __post_init__(self) -> None:
        if self.votes < 1:
            raise UserMistake(f"judge votes={self.votes}: at least one is needed")

    async def decide(self, case: Case, judgement: Judgement) -> Judgement:
        """Return the judgement with what the model found.

        Nothing is asked of a run that passed. Raises ModelFault where the model's replies cannot
        be used; a spent budget leaves the questions undetermined.
        """
        asked = open_questions(case, judgement)
        if not asked:
            return judgement
        try:
            replies = [
                await self.asker.ask(question_about(case, judgement, asked), sample)
                for sample in range(self.votes)
            ]
        except ModelFault as fault:
            if fault.kind != OVER_BUDGET:
                raise
            left = tuple(f"{category}: not asked, {fault}" for category in asked)
            return replace(judgement, undetermined=judgement.undetermined + left)
        return merged(case, judgement, asked, replies)


def question_about(
    case: Case, judgement: Judgement, asked: Sequence[str], draw: int = 0
) -> Question:
    """Word the question whether these categories are present; `draw` orders them."""
    return Question(
        system_text(case),
        user_text(case, judgement, asked, draw),
        schema_of(asked),
        lambda reply: problems_of(reply, asked),
    )


def open_questions(case: Case, judgement: Judgement) -> list[str]:
    """Return the categories to ask about: hinted ones, and all that rules cannot decide; where
    no rule found anything, all of the table that fits."""
    if case.passed is not False or case.fault is not None or not case.log:
        return []
    decided = {f.category for f in judgement.findings if f.decided_by == "rule"}
    table = TABLE_8 if case.single_turn else TABLE_9
    if not decided:
        return list(table)
    hinted = {h.category for h in judgement.hints}
    left_to_judges = set(table) - DECIDED_8 - DECIDED_9
    return [c for c in table if c in (left_to_judges | hinted) - decided]


def merged(
    case: Case, judgement: Judgement, asked: Sequence[str], replies: Sequence[Any]
) -> Judgement:
    """Put the majority's findings beside the rules'. Promoted hints give way to the model."""
    kept = [f for f in judgement.findings if f.decided_by == "rule"]
    doubts = [u for u in judgement.undetermined if not u.startswith("the run failed and no rule")]
    for category in asked:
        items = [checked(item_of(reply, category), case) for reply in replies]
        verdict = majority([item["verdict"] for item in items])
        if verdict == "present":
            kept.append(finding_of(next(i for i in items if i["verdict"] == verdict), case))
        elif verdict == "undetermined":
            reasons = [i["reason"] for i in items if i["verdict"] == "undetermined" and i["reason"]]
            doubts.append(f"{category}: {(reasons or ['the votes are split'])[0][:200]}")
    who, why = judgement.attribution, judgement.blame
    if who == "agent" and not any(f.decided_by == "rule" for f in kept):
        said = majority([reply["attribution"] for reply in replies])
        if said != "undetermined":
            who, why = as_attribution(said), "the judge"
    places = [f.message for f in kept if f.message is not None]
    return replace(
        judgement,
        findings=tuple(kept),
        undetermined=tuple(doubts),
        attribution=who,
        blame=why,
        first_error=min(places, default=judgement.first_error),
    )


def as_attribution(text: str) -> Attribution:
    known: Mapping[str, Attribution] = {
        "task": "task", "user": "user", "agent": "agent", "environment": "environment",
    }  # fmt: skip
    return known[text]


def item_of(reply: Any, category: str) -> dict[str, Any]:
    return next(item for item in reply["findings"] if item["category"] == category)


def checked(item: dict[str, Any], case: Case) -> dict[str, Any]:
    """Return a finding, undetermined where its quotation is not in the message it names."""
    if item["verdict"] != "present":
        return item
    index, quote = item["message_index"], item["quote"]
    if index is None or not 0 <= index < len(case.log):
        return {**item, "verdict": "undetermined", "reason": "no such message is in the run"}
    if not quote or not quoted_in(quote, case, index):
        return {**item, "verdict": "undetermined", "reason": "the quotation is not in the message"}
    return item


def quoted_in(quote: str, case: Case, index: int) -> bool:
    """Say whether a message, its calls included, holds the words; blanks and case aside."""
    line = case.log[index]
    calls = [f"{c.name} {c.raw or dict(c.arguments)}" for c in line.calls]
    words = fold(quote).strip("\"'. …")
    own = fold(" ".join([line.text, *calls])).replace('"', "'")
    return bool(words) and words.replace('"', "'") in own


def majority(votes: Sequence[str]) -> str:
    """Return what more than half say, else undetermined."""
    vote, count = Counter(votes).most_common(1)[0]
    return vote if 2 * count > len(votes) else "undetermined"


def finding_of(item: Mapping[str, Any], case: Case) -> Finding:
    index = int(item["message_index"])
    turn = Trace(case.log).turn_of(index)
    return Finding(
        item["category"],
        item["reason"][:REASON_CHARS],
        turn if turn >= 0 else None,
        index,
        span=item["quote"][:QUOTE_CHARS],
        decided_by="judge",
    )
