"""The official verdict on one answer to a BFCL entry that needs no world to be replayed."""

from __future__ import annotations

from typing import Any, Literal

from evaluators.bfcl.agentic import agentic_verdict
from evaluators.bfcl.ast_match import match
from evaluators.bfcl.categories import category_of, is_agentic, is_relevance, language_of
from evaluators.bfcl.data import BfclData
from evaluators.bfcl.decode import (
    Format,
    Undecodable,
    decode_fc,
    decode_text,
    format_of,
    is_call_list,
)

Kind = Literal["decoded", "fc", "text"]


def judge(
    task_id: str, prediction: Any, kind: Kind, data: BfclData, underscore_to_dot: bool = False
) -> tuple[bool, str | None]:
    """Return (valid, official error type) of what a model answered to a task.

    `kind` says what `prediction` is: calls already `decoded`, `fc` calls with JSON arguments, or
    raw `text`. Raises UserMistake for an unknown id.
    """
    category = category_of(task_id)
    if is_agentic(category):
        return agentic_verdict(prediction, data.answer(task_id))
    if is_relevance(category):
        return judge_relevance(prediction, kind, wanted="irrelevance" not in category)
    row = data.prompt(task_id)
    try:
        calls = decoded(prediction, kind, format_of(task_id))
    except Undecodable:
        return False, "ast_decoder:decoder_failed"
    if not is_call_list(calls):
        return False, "ast_decoder:decoder_wrong_output_format"
    original = task_id.split(":")[-1]
    language = language_of(category)
    golds = data.answer(task_id)
    return match(calls, row["function"], golds, original, language, underscore_to_dot)


def judge_relevance(prediction: Any, kind: Kind, *, wanted: bool) -> tuple[bool, str | None]:
    """Return whether a call was made exactly where one was `wanted`."""
    try:
        calls = decoded(prediction, kind, Format("python"))
        made = is_call_list(calls) and len(calls) > 0
    except Undecodable:
        made = False
    if made == wanted:
        return True, None
    fault = "relevance_error:decoder_failed" if wanted else "irrelevance_error:decoder_success"
    return False, fault


def decoded(prediction: Any, kind: Kind, form: Format) -> Any:
    """Return the calls of a prediction; raises Undecodable."""
    if kind == "decoded":
        return prediction
    return decode_fc(prediction) if kind == "fc" else decode_text(prediction, form)
