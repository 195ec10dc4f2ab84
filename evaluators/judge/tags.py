"""Two habits that look like planning failures: announcing without acting, asking nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluators.judge.align import Alignment
from evaluators.judge.case import Case
from evaluators.judge.categories import ANNOUNCED, ASKED
from evaluators.judge.findings import Finding
from evaluators.judge.trace import Trace, admits_failure

_WILL = re.compile(
    r"\b(?:i(?:['’]ll| will| am going to|['’]m going to| shall)|let me)"
    r"(?: now| then| next| also| just| proceed(?: now)? (?:to|with))*\s+"
    r"(?!be (?:happy|glad|able)|know|need|wait|assist|help|let you know)"
    r"\w+[^.!?\n]*",
    re.I,
)
_CONDITION = re.compile(
    r"\b(?:once|if|after|when|as soon as|unless|before|until) (?:you|i|we|that|this|the)\b", re.I
)
_QUESTION = re.compile(
    r"\?|\bplease (?:provide|specify|confirm|tell|share|give|clarify|choose|select|enter|reply)\b",
    re.I,
)
_POLITE = re.compile(
    r"\b(?:how (?:can|may|else)|what else|(?:is there|do you need|would you like|can i help with) "
    r"(?:me to do )?(?:anything|something))\b[^.!?]*\?",
    re.I,
)
_TAIL = 300


def look(case: Case, trace: Trace, alignment: Alignment) -> Iterator[Finding]:
    """Yield tags for turns that leave something of the plan undone (any turn without a plan)."""
    holes = {p.turn for p in alignment.holes}
    for turn in range(trace.turns):
        said = trace.said(turn)
        if not said or (case.gold is not None and not case.flat and turn not in holes):
            continue
        message, text = said[-1]
        if any(act.turn == turn and act.message > message for act in trace.acts):
            continue
        yield from announced(turn, message, text)
        if case.user_mode == "fixed_queries" and (found := _QUESTION.search(text[-_TAIL:])):
            reason = "nobody answers questions of a fixed-query run"
            yield Finding(ASKED, reason, turn, message, span=around(text, found[0]))


def is_pending(text: str) -> bool:
    """Say whether a reply leaves something open: it announces, asks, or admits a failure."""
    promised = any(True for _ in announced(0, 0, text))
    asked = _QUESTION.search(_POLITE.sub("", text[-_TAIL:]))
    return promised or asked is not None or admits_failure(text)


def announced(turn: int, message: int, text: str) -> Iterator[Finding]:
    """Yield a promise to act that closes a turn. Promises under a condition are none."""
    for found in _WILL.finditer(text):
        start = max(text.rfind(mark, 0, found.start()) for mark in ".!?\n") + 1
        sentence = text[start : found.end()]
        if not _CONDITION.search(sentence):
            yield Finding(ANNOUNCED, "no call followed", turn, message, span=sentence.strip()[:200])
            return


def around(text: str, mark: str) -> str:
    """Return the sentence in which a question mark or a request stands last."""
    place = text.rfind(mark)
    start = max(text.rfind(end, 0, place) for end in ".!\n") + 1
    end = min((e for e in (text.find(m, place) for m in ".!?\n") if e >= 0), default=len(text))
    return text[start : end + 1].strip()[:200]
