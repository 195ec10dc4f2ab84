"""Masks, proven token by token, and the tiny tokenizer with its template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.faults import UserMistake
from harness.models.formats import decode_hermes
from harness.types import ToolCall, ToolSpec
from train.rows import Row

pytest.importorskip("transformers", reason="transformers is not installed: pip install .[train]")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

TOOL = ToolSpec("find_boat", "Find", {"type": "object", "properties": {"name": {}, "colour": {}}})
CALL = ToolCall("c", "find_boat", {"name": "Ada's </x> naïve 漢", "colour": None})
CHAT: tuple[dict[str, Any], ...] = (
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "find the boat of Ada 42"},
    {"role": "assistant", "content": "", "calls": (CALL,), "reasoning": "look it up"},
    {"role": "tool", "tool_call_id": "c", "content": '[{"id": 7}]'},
    {"role": "assistant", "content": "Done."},
    {"role": "user", "content": "thanks"},
    {"role": "assistant", "content": "Welcome."},
)
ROW = Row("r", "agent", CHAT, (TOOL,), (2, 4, 6))


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from train.tiny import make_tokenizer

    return make_tokenizer(["find the boat of Ada", "find_boat(name, colour)"] * 20, 320)


def encoder(tokenizer: Any) -> Any:
    from train.encoding import Encoder

    return Encoder(tokenizer, "tiny")


def test_the_mask_covers_the_replies_and_their_ends_and_nothing_else(tokenizer: Any) -> None:
    made = encoder(tokenizer)
    encoded = made.encode(ROW)
    replies = made.decode(encoded)
    assert replies[1:] == ["Done.<|im_end|>", "Welcome.<|im_end|>"]
    assert replies[0].startswith("<think>\nlook it up\n</think>\n<tool_call>\n")
    said = replies[0].partition("</think>\n")[2].removesuffix("<|im_end|>")
    _, calls = decode_hermes(said, [TOOL])
    assert [(call.name, call.arguments) for call in calls] == [(CALL.name, CALL.arguments)]
    hidden = [t for t, on in zip(encoded.ids, encoded.learnt, strict=True) if not on]
    outside = made.template.decode(hidden)
    assert "Done" not in outside
    assert "find the boat of Ada 42" in outside
    assert encoded.labels.count(-100) == len(hidden)


def test_all_ids_together_are_the_rendered_chat(tokenizer: Any) -> None:
    made = encoder(tokenizer)
    whole = made.template.render(ROW.chat, ROW.tools, False)
    assert made.template.decode(made.encode(ROW).ids) == whole.removesuffix("\n")
    assert "find_boat(name, colour)" in whole


def test_only_the_lines_to_be_learnt_are_masked_in(tokenizer: Any) -> None:
    made = encoder(tokenizer)
    later = made.encode(Row("r", "agent", CHAT, (TOOL,), (6,)))
    assert made.decode(later) == ["Welcome.<|im_end|>"]
    assert later.ids == made.encode(ROW).ids


def test_a_long_row_is_cut_after_a_whole_reply_and_counted(tokenizer: Any) -> None:
    from train.encoding import encode_rows

    made = encoder(tokenizer)
    whole = made.encode(ROW)
    [kept], counts = encode_rows([ROW], made, whole.ends[1] + 3)
    assert len(kept.ids) == whole.ends[1]
    assert kept.learnt[-1]
    assert made.decode(kept)[-1] == "Done.<|im_end|>"
    assert (counts.cut, counts.rows, counts.dropped) == (1, 1, [])
    assert "1 cut after a whole reply" in counts.text()
    none, counts = encode_rows([ROW], made, whole.ends[0] - 1)
    assert (none, counts.dropped) == ([], ["r"])


def test_a_template_that_rewrites_history_is_refused(tokenizer: Any) -> None:
    import copy

    forgetful = copy.deepcopy(tokenizer)
    forgetful.chat_template = tokenizer.chat_template.replace(
        "{{- open + 'assistant\\n' -}}\n{%- if message",
        "{{- open + 'assistant\\n' + ('!' if loop.last else '') -}}\n{%- if message",
    )
    assert forgetful.chat_template != tokenizer.chat_template
    with pytest.raises(UserMistake, match="rewrites line"):
        encoder(forgetful)


def test_a_template_that_never_stops_is_refused(tokenizer: Any) -> None:
    import copy

    endless = copy.deepcopy(tokenizer)
    endless.eos_token = "<|endoftext|>"
    with pytest.raises(UserMistake, match="never learn to stop"):
        encoder(endless)


def test_any_text_survives_the_tokenizer(tokenizer: Any) -> None:
    for text in ("naïve 漢字 \x00\t{}", "<tool_call>\nx</tool_call>", "BookBoat_12 ", "user\n"):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.decode(ids, skip_special_tokens=True) == text


def test_a_word_is_the_same_tokens_with_a_capital_and_in_the_plural(tokenizer: Any) -> None:
    boat, capital, plural = (tokenizer.tokenize(text) for text in ("boat", "Boat", "boats"))
    assert capital[1:] == boat
    assert plural == [*boat, "s"]
    assert tokenizer.tokenize("findBoat")[-len(boat) :] == boat
    assert tokenizer.tokenize("boast") != plural


def test_a_fresh_model_is_saved_and_read_again(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install .[train]")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from train.tiny import Shape, make_model, make_tokenizer, save_fresh

    save_fresh(tmp_path, ["a boat"], Shape(hidden=32, layers=1, head_dim=8), warm_steps=0)
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer.decode(tokenizer("a boat <think>")["input_ids"]) == "a boat <think>"
    again = make_model(make_tokenizer(["a boat"]), Shape(hidden=32, layers=1, head_dim=8), 0)
    other = make_model(make_tokenizer(["a boat"]), Shape(hidden=32, layers=1, head_dim=8), 1)
    name = "model.layers.0.mlp.up_proj.weight"
    assert torch.equal(model.state_dict()[name], again.state_dict()[name])
    assert not torch.equal(model.state_dict()[name], other.state_dict()[name])


@pytest.mark.slow
def test_the_first_heads_look_back_from_the_start() -> None:
    """Random ids that repeat are copied after 150 steps of warm-up (learnt between 80 and 110)."""
    pytest.importorskip("torch", reason="torch is not installed: pip install .[train]")
    from train.tiny import Shape, make_model, make_tokenizer, warm_up

    tokenizer = make_tokenizer(["a boat"], 320)
    started = warm_up(make_model(tokenizer, Shape(layers=2)), 150)
    assert started > 0.9
