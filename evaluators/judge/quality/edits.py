"""Planted errors, first generator: a finished good run is edited and played again.

Every edit takes (base, script, random) and returns a Planted, or None where the run has no place
for it. The world answers the edited calls, so that consequences are real.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from evaluators.judge.categories import (
    AUTHORIZATION,
    EXECUTION_ERROR,
    INACCURATE,
    INCOMPLETE,
    MISSING_CALL,
    MISSING_OUTPUT,
    MISSING_REQUIRED_CALL,
    MISUSED_RESULT,
    NO_TOOL_CALLS,
    NOT_RECOVERED,
)
from evaluators.judge.quality import edited_calls as calls
from evaluators.judge.quality.bases import Base, Script, Turn, play, script_of
from evaluators.judge.quality.planted import Planted, plant
from evaluators.judge.quality.spots import (
    alter,
    is_write,
    logins,
    remove,
    spots,
    truthful_replies,
)

Edit = Callable[[Base, Script, random.Random], Planted | None]
ERRORS = (
    "Internal server error while handling the request.",
    "Request timed out after 30 s.",
    "The record is locked and cannot be used.",
    "Invalid state for this operation.",
)


def no_calls(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """Nothing is called, everything is claimed."""
    silent = tuple(Turn(t.request, (), "I have taken care of that.") for t in script)
    return plant(base, silent, "no calls", (NO_TOOL_CALLS, MISSING_REQUIRED_CALL))


def undone_turn(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """A whole sub-task is left out; the agent only talks."""
    turns = [n for n, t in enumerate(script) if t.batches and not logins(base, t)]
    if not turns or sum(bool(t.batches) for t in script) < 2:
        return None
    number = rng.choice(turns)
    reply = rng.choice(["Understood, I will look into it.", "Of course. Anything else?", "Noted."])
    edited = [replace(t, batches=(), reply=reply) if n == number else t
              for n, t in enumerate(script)]  # fmt: skip
    return plant(base, tuple(edited), "undone turn", (INCOMPLETE, MISSING_REQUIRED_CALL))


def early_end(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """The conversation ends before the last requests are made."""
    last = max((n for n, t in enumerate(script) if t.batches), default=0)
    kept = [n for n in range(1, last + 1) if any(t.batches for t in script[:n])]
    if not kept:
        return None
    script = script[: rng.choice(kept)]
    return plant(base, script, "early end", (INCOMPLETE, MISSING_REQUIRED_CALL))


def missing_call(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """One call of a sub-task is left out, and the sub-task's other calls are made."""
    usable = [s for s in spots(script) if not base.tools[s.move.name].auth
              and len(script[s.turn].batches) > 1]  # fmt: skip
    if not usable:
        return None
    spot = rng.choice(usable)
    edited = remove(truthful_replies(base, script), spot)
    return plant(base, edited, "missing call", (MISSING_CALL, MISSING_REQUIRED_CALL))


def missing_login(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """The login is left out; the world refuses what needs it."""
    places = [s for s in spots(script) if base.tools[s.move.name].auth]
    if not places:
        return None
    edited = remove(script, rng.choice(places))
    truth = (AUTHORIZATION, MISSING_REQUIRED_CALL)
    return plant(base, edited, "missing login", truth, (NOT_RECOVERED, INCOMPLETE))


def refused(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """A call is refused for want of permission, and the agent goes on as if nothing were."""
    spot = rng.choice(spots(script))
    text = rng.choice(["Access denied: insufficient permissions.", "401 Unauthorized",
                       "Your session has expired, please sign in again."])  # fmt: skip
    move = replace(spot.move, answer=(json.dumps({"error": text}), rng.random() < 0.5))
    edited = alter(truthful_replies(base, script), spot, move)
    return plant(base, edited, "refused", (AUTHORIZATION, NOT_RECOVERED))


def failed(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """A call fails, and the agent claims success."""
    spot = rng.choice(spots(script))
    error = rng.choice(ERRORS)
    shapes = ({"error": error}, {"success": False, "message": error}, {"status": f"error: {error}"})
    answer = (json.dumps(rng.choice(shapes)), rng.random() < 0.5)
    edited = alter(truthful_replies(base, script), spot, replace(spot.move, answer=answer))
    return plant(base, edited, "failed", (EXECUTION_ERROR, NOT_RECOVERED))


def void_answer(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """A read is answered with nothing."""
    reads = [s for s in spots(script) if not is_write(base, s.move)]
    if not reads:
        return None
    spot = rng.choice(reads)
    text = rng.choice(["null", "{}", "", json.dumps({"result": None})])
    edited = alter(truthful_replies(base, script), spot, replace(spot.move, answer=(text, False)))
    return plant(base, edited, "void answer", (MISSING_OUTPUT,))


def wrong_figure(base: Base, script: Script, rng: random.Random) -> Planted | None:
    """The reply gives another number than the tool."""
    good = play(base, script)
    told = truthful_replies(base, script)
    places = [(n, f) for n, t in enumerate(told) for f in figures(t.reply or "")]
    if not places:
        return None
    number, figure = rng.choice(places)
    wrong = f"{float(figure) + rng.randrange(20, 4000) + 0.25:.2f}"
    reply = (told[number].reply or "").replace(figure, wrong)
    edited = tuple(replace(t, reply=reply) if n == number else t for n, t in enumerate(told))
    assert wrong not in "".join(line.text for line in good.log)
    return plant(base, edited, "wrong figure", (INACCURATE, MISUSED_RESULT))


def figures(reply: str) -> list[str]:
    """Find the amounts of a narrated reply."""
    words = [word.strip(",;.") for word in reply.split()]
    return [w for w in words if "." in w and w.replace(".", "").isdigit() and float(w) > 12]


EDITS: Mapping[str, Edit] = {
    edit.__name__: edit
    for edit in (
        no_calls, undone_turn, early_end, missing_call, missing_login, refused, failed,
        void_answer, wrong_figure, calls.visible_value, calls.invented_value,
        calls.absent_parameter, calls.wrong_tool, calls.invented_tool, calls.extra_write,
        calls.forbidden, calls.call_instead_of_text, calls.wrong_order,
    )
}  # fmt: skip


def edited(bases: Sequence[Base], seed: int) -> Iterator[Planted]:
    """Yield every edit of every base that has a place for it."""
    for base in bases:
        script = script_of(base)
        if not spots(script):
            continue
        for name, edit in EDITS.items():
            rng = random.Random(f"{seed}/{base.id}/{name}")
            if made := edit(base, script, rng):
                yield made
