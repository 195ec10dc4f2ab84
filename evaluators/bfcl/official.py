"""Functions of the official package that write prompts, taken from its source one by one.

The texts that models are shown must be the official ones to the byte, and must not be copied
into this repository. So the few functions that compose them run from the (hash-checked) pack,
without importing the package they stand in.
"""

from __future__ import annotations
import __future__

import ast
import copy
import functools
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from evaluators.bfcl.data import BfclData
from harness.faults import UserMistake
from harness.types import ToolSpec

Doc = dict[str, Any]

_PROMPT_WRITERS = (
    "formulate_system_prompt",
    "format_function_doc",
    "_generate_function_doc_xml",
    "_generate_function_doc_python",
    "parse_prompt_variation_params",
)
_TOOL_WRITERS = ("convert_to_tool", "_cast_to_openai_type")
_CONSTANTS = (
    "OUTPUT_FORMAT_MAPPING",
    "PARAM_TYPE_MAPPING",
    "PROMPT_STYLE_TEMPLATES",
)
# The branches of `convert_to_tool` compare a style with these names; we ask for one of them.
_STYLES = (
    "GORILLA OPENAI_COMPLETIONS OPENAI_RESPONSES ANTHROPIC MISTRAL GOOGLE AMAZON FIREWORK_AI "
    "NEXUS OSSMODEL COHERE WRITER NOVITA_AI"
)


class PromptWriter:
    """The official system prompts and tool lists."""

    def __init__(self, data: BfclData) -> None:
        self.data = data
        self.path = data.root / "bfcl_eval" / "model_handler" / "utils.py"

    def system_prompt(self, functions: Sequence[Doc], configuration: str = "") -> str:
        """Return the system text that describes `functions` to a prompting model.

        `configuration` is one of `categories.format_configurations()`; empty = the default one.
        """
        default = self.data.constant("default_prompts", "DEFAULT_SYSTEM_PROMPT_FORMAT")
        text: str = self._functions["formulate_system_prompt"](
            format_sensitivity_config=configuration or default, functions=list(functions)
        )
        return text

    def tool_specs(self, functions: Sequence[Doc]) -> tuple[ToolSpec, ...]:
        """Return the tools of function-calling mode: dots in names become underscores."""
        convert = self._functions["convert_to_tool"]
        tools = convert(list(functions), self._types, _style("OPENAI_COMPLETIONS"))
        return tuple(
            ToolSpec(tool["name"], tool["description"], tool["parameters"])
            for tool in (wrapped["function"] for wrapped in tools)
        )

    @functools.cached_property
    def _types(self) -> dict[str, str]:
        mapping: dict[str, str] = self.data.constant("type_mappings", "GORILLA_TO_OPENAPI")
        return mapping

    @functools.cached_property
    def _functions(self) -> dict[str, Callable[..., Any]]:
        scope: dict[str, Any] = {
            "copy": copy,
            "json": json,
            "re": re,
            "ModelStyle": SimpleNamespace(**{name: name for name in _STYLES.split()}),
            "GORILLA_TO_OPENAPI": self._types,
            "PROMPT_TEMPLATE_MAPPING": self._templates(),
        }
        for name in _CONSTANTS:
            scope[name] = self.data.constant("default_prompts", name)
        return define(self.path, (*_PROMPT_WRITERS, *_TOOL_WRITERS), scope)

    def _templates(self) -> dict[str, str]:
        return {
            "plaintext": self.data.constant("default_prompts", "_PLAINTEXT_SYSTEM_PROMPT_TEMPLATE"),
            "markdown": self.data.constant("default_prompts", "_MARKDOWN_SYSTEM_PROMPT_TEMPLATE"),
        }


def _style(name: str) -> str:
    return name


def define(
    path: Path, names: Sequence[str], scope: dict[str, Any]
) -> dict[str, Callable[..., Any]]:
    """Execute the named functions of a source file, and nothing else of it, in `scope`."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError) as error:
        raise UserMistake(f"cannot read {path} of the BFCL pack: {error}") from error
    tree.body = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name in names]
    flags = __future__.annotations.compiler_flag
    exec(compile(tree, str(path), "exec", flags=flags, dont_inherit=True), scope)
    if missing := [name for name in names if name not in scope]:
        raise UserMistake(f"{path} of the BFCL pack has no {missing[0]}: another version?")
    return {name: scope[name] for name in names}


@functools.lru_cache(maxsize=4)
def writer_of(data: BfclData) -> PromptWriter:
    """Return the one prompt writer of a data set."""
    return PromptWriter(data)
