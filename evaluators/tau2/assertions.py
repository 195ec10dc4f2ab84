"""Natural-language assertions: what the judge is asked, and a reply that is checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.tau2.prompts import texts
from harness.faults import ModelFault
from harness.protocols import Model
from harness.types import Message

ROLES = {"agent": "assistant", "user": "user", "tool": "tool"}


async def judge_assertions(
    judge: Model, wanted: Sequence[str], log: Sequence[Message], sampling: Mapping[str, Any]
) -> tuple[bool, ...]:
    """Ask the judge once. Raises ModelFault on a reply that does not decide every assertion."""
    chat = [
        {"role": "system", "content": texts().judge_system},
        {"role": "user", "content": question(wanted, log)},
    ]
    reply = await judge.generate(chat, (), **sampling)
    return decisions(reply.text, len(wanted))


def question(wanted: Sequence[str], log: Sequence[Message]) -> str:
    """Write the conversation and the expected outcomes for the judge."""
    lines = (f"{ROLES[line.author]}: {content(line)}" for line in log)
    return texts().judge_question.format(
        trajectory_str="\n".join(lines), nl_assertions=list(wanted)
    )


def content(line: Message) -> str:
    """Return a line's text; a message that only calls tools has None, as in the official text."""
    return "None" if line.calls and not line.text else line.text


def decisions(reply: str, wanted: int) -> tuple[bool, ...]:
    """Read the truths from a judge's reply, exactly one per assertion.

    Raises ModelFault where it is not the asked-for JSON, or leaves an assertion undecided.
    """
    try:
        results = json.loads(unfenced(reply))["results"]
        met = tuple(result["metExpectation"] for result in results)
    except (ValueError, TypeError, LookupError) as error:
        text = f"the judge's reply is not the JSON asked for ({error!r}): {reply[:200]!r}"
        raise ModelFault(text, kind="judge_reply") from error
    if len(met) != wanted or not all(isinstance(truth, bool) for truth in met):
        text = f"the judge decided {met!r} where {wanted} truths were asked for"
        raise ModelFault(text, kind="judge_reply")
    return met


def unfenced(reply: str) -> str:
    """Drop a Markdown code fence around the reply."""
    text = reply.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        return text[text.index("\n") : -3]
    return text
