"""The pack is derived from source text alone: schemas as pydantic writes them, prompt texts."""

import ast
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from evaluators.tau2.archive.constants import constants, docstring_of, local_text
from evaluators.tau2.archive.docstrings import parse
from evaluators.tau2.archive.tools import read_toolkits
from evaluators.tau2.archive.unlisted import tool_texts
from harness.faults import UserMistake

TOOLS = '''
from enum import Enum
from typing import *
from pydantic import BaseModel, Field

Colour = Literal["red", "blue"]

class Mode(str, Enum):
    FAST = "fast"
    SLOW = "slow"

class Part(BaseModel):
    """One part."""
    name: str = Field(description="Its name")
    mode: Mode = Field(Mode.FAST, description="How")
    size: Optional[int] = None

class Kit:
    @is_tool(ToolType.WRITE)
    def build_it(self, colour: Colour, parts: List[Part | dict], when: float, note: str = "no"):
        """Build it.
        In one go.

        Args:
            colour: The colour, which
                may be red: or blue.
            parts: The parts.

        Returns:
            str: What was built.
        """

    @is_discoverable_tool(ToolType.READ)
    def hidden(self):
        """Hide."""

    @is_tool(ToolType.GENERIC)
    def bare(self): ...

    def no_tool(self): ...
'''


ARGUMENTS = "S.\n\nArgs:\n    a (int): first\n    b: x: y\n\nRaises:\n    c: no"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tools.py").write_text(TOOLS)
    return tmp_path


def test_schemas_are_what_pydantic_writes(folder: Path) -> None:
    from pydantic import Field, create_model

    space: dict[str, Any] = {"__name__": "kit_of_test"}
    plain = TOOLS.split("class Kit:")[0]
    sys.modules["kit_of_test"] = type(sys)("kit_of_test")
    exec(plain, space)
    part = space["Part"]
    model = create_model(
        "parameters",
        colour=(space["Colour"], Field(description="The colour, which\nmay be red: or blue.")),
        parts=(list[part | dict], Field(description="The parts.")),
        when=(float, ...),
        note=(str, "no"),
    )
    tools = read_toolkits(folder, {"agent": "Kit"})["agent"]
    assert json.dumps(tools[0]["function"]["parameters"]) == json.dumps(model.model_json_schema())


def test_hidden_tools_have_a_type_and_no_schema(folder: Path) -> None:
    found = read_toolkits(folder, {"agent": "Kit"})
    assert [tool["function"]["name"] for tool in found["agent"]] == ["build_it", "bare"]
    assert [tool["function"]["description"] for tool in found["agent"]] == [
        "Build it.\n\nIn one go.",
        "bare",
    ]
    assert found["types"] == {"agent": {"build_it": "write", "hidden": "read", "bare": "generic"}}
    with pytest.raises(UserMistake, match="no class Other"):
        read_toolkits(folder, {"agent": "Other"})


@pytest.mark.parametrize(
    ("text", "description", "params"),
    [
        (None, "", {}),
        ("One line.", "One line.", {}),
        ("Short.\n\nLong\ntext.", "Short.\n\nLong\ntext.", {}),
        (ARGUMENTS, "S.", {"a": "first", "b": "x: y"}),
    ],
)
def test_docstrings(text: str | None, description: str, params: dict[str, str]) -> None:
    found = parse(text)
    assert (found.description, found.params) == (description, params)


def test_texts_are_read_without_running_anything() -> None:
    source = (
        'A = """\n{x} a\n""".strip()\nB = "b"\nC = boom()\n'
        'def f():\n    def g():\n        """Do g."""\n    t = f"q {x} {y}"\n    return t\n'
    )
    tree = ast.parse(source)
    assert constants(tree) == {"A": "{x} a", "B": "b"}
    assert docstring_of(tree, "g") == "Do g."
    assert local_text(tree, "f", "t") == "q {x} {y}"
    with pytest.raises(UserMistake, match="no text u"):
        local_text(tree, "f", "u")
    with pytest.raises(UserMistake, match="no function h"):
        docstring_of(tree, "h")


BANK = '''
class KnowledgeTools:
    @is_discoverable_tool(ToolType.WRITE)
    def hidden_1(self, a, b=None):
        """Hide it.
        Well.

        Args:
            a: Where: here
                and there (never: mind)
            b (array of number, optional): How much

        Returns:
            c: Done.
        """

    @is_discoverable_tool(ToolType.READ)
    def get_atm_deposit_images_8473(self):
        """Look.

        Returns:
            Pictures.
        """
        deposit_image_data = {
            "d1": {
                "atm_id": "ATM", "date": now(), "envelope_contents": "S", "verification_notes": "N"
            },
        }

    @is_tool(ToolType.READ)
    def listed(self):
        """List."""


class KnowledgeUserTools:
    @is_discoverable_tool(ToolType.READ)
    def mine_2(self): ...


class GrepMixin:
    @is_tool(ToolType.READ)
    def grep(self, pattern: str):
        """Search."""
'''


def test_texts_outside_schemas_are_read_from_docstrings_and_constants(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(BANK)
    found = tool_texts(tmp_path)
    assert found["unlisted"] == {
        "hidden_1": {
            "description": "Hide it.\nWell.",
            "parameters": {
                "a": ["string", "required", "Where: here"],
                "b": ["array of number", "optional", "How much"],
            },
        },
        "get_atm_deposit_images_8473": {
            "description": "Look.\n\nReturns:\n    Pictures.",
            "parameters": {},
        },
        "mine_2": {"description": "", "parameters": {}},
    }
    assert found["search"]["function"]["description"] == "Search."
    assert found["deposit_images"] == {"d1": {"atm": "ATM", "scan": "S", "notes": "N"}}


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("deposit_image_data", "sets no deposit_image_data"),
        ("get_atm_deposit_images_8473", "no function get_atm_deposit_images_8473"),
        ("class KnowledgeUserTools", "no class KnowledgeUserTools"),
        ("class GrepMixin", "no class GrepMixin"),
    ],
)
def test_a_source_of_another_form_is_refused(tmp_path: Path, lost: str, said: str) -> None:
    (tmp_path / "tools.py").write_text(BANK.replace(lost, f"{lost}2"))
    with pytest.raises(UserMistake, match=said):
        tool_texts(tmp_path)
