"""A tokenizer with its chat template: chats to text, text to ids and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from harness.models.checkpoints import expand
from harness.models.formats import Format, function_of, to_text_chat
from harness.types import ToolSpec

PROBE = ToolSpec("probe_tool_name")


class ChatTemplate:
    """Writes chats as a checkpoint was trained to read them.

    Tools are written by the template where it knows them, else by `form` into the system text.
    """

    def __init__(self, tokenizer: Any, form: Format, options: Mapping[str, Any]) -> None:
        self.tokenizer = tokenizer
        self.form = form
        self.options = dict(options)
        self.knows_tools = PROBE.name in self.apply(
            [{"role": "user", "content": "a"}], [PROBE], True
        )

    def apply(self, lines: Sequence[Any], tools: Sequence[ToolSpec], open_reply: bool) -> str:
        functions = [{"type": "function", "function": function_of(tool)} for tool in tools]
        text: str = self.tokenizer.apply_chat_template(
            list(lines),
            tools=functions or None,
            tokenize=False,
            add_generation_prompt=open_reply,
            **self.options,
        )
        return text

    def render(
        self, chat: Sequence[Mapping[str, Any]], tools: Sequence[ToolSpec], open_reply: bool
    ) -> str:
        """Write `chat`; `open_reply` adds what precedes a reply."""
        if self.knows_tools:
            return self.apply([template_line(line) for line in chat], tools, open_reply)
        offer = self.form.describe(tools) if tools else ""
        return self.apply(to_text_chat(chat, self.form, offer), (), open_reply)

    def tokenize(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=False)
        return text

    def text_of(self, token: int) -> str:
        return str(self.tokenizer.convert_ids_to_tokens(token))


def install_template(tokenizer: Any, given: str | None, name: str) -> None:
    """Set the template from a file, a text, or `trl:NAME`, one of those that TRL brings along.

    Raises UserMistake where there is none at all.
    """
    if given is not None:
        path = trl_template(given[4:]) if given.startswith("trl:") else Path(expand(given))
        if "{" in given:
            tokenizer.chat_template = given
        elif path.is_file():
            tokenizer.chat_template = path.read_text()
        else:
            raise UserMistake(f"chat_template {given!r} is neither a file nor a template")
    if not tokenizer.chat_template:
        raise UserMistake(f"{name} has no chat template: give chat_template=FILE")


def trl_template(name: str) -> Path:
    """Locate a template inside TRL without importing it, such as `qwen3_training`."""
    found = find_spec("trl")
    if found is None or not found.submodule_search_locations:
        raise UserMistake("chat_template=trl:… needs trl: pip install 'agent-harness[train]'")
    return Path(found.submodule_search_locations[0]) / "chat_templates" / f"{name}.jinja"


def template_line(line: Mapping[str, Any]) -> dict[str, Any]:
    """Write one line of a chat as the templates of transformers read it."""
    out: dict[str, Any] = {"role": line["role"], "content": line["content"]}
    if line["role"] == "tool":
        out["tool_call_id"] = line["tool_call_id"]
    if calls := line.get("calls"):
        functions = [{"name": call.name, "arguments": dict(call.arguments)} for call in calls]
        out["tool_calls"] = [{"type": "function", "function": f} for f in functions]
    if thought := line.get("reasoning"):
        out["reasoning_content"] = thought
    return out
