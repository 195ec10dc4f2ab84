"""The pack is derived from source text alone, in both languages, and pulled from an archive."""

import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluators.vita.archive import normalise
from harness.faults import UserMistake
from harness.packs import git_id, pack_spec, tree_hash, tree_of
from harness.packs.pull import pull_pack

BASE = """
TOOLKIT_TOOL_DESCRIPTIONS_ZH = {"all": {"description": "都", "preconditions": "p",
    "postconditions": "q", "args": {}, "returns": "r"}}
TOOLKIT_TOOL_DESCRIPTIONS_EN = {"all": {"description": "All.", "preconditions": "p",
    "postconditions": "q", "args": {}, "returns": "r"}}

class ToolKitBase:
    @is_tool(ToolType.GENERIC)
    def all(self) -> str:
        raise RuntimeError("never run")
"""
MODEL = 'OrderStatus = Literal["paid", "unpaid"]\n'
TOOLS = """
class {kit}(ToolKitBase):
    @is_tool(tool_type=ToolType.WRITE)
    def order_{name}(self, shop_id: str, ids: List[str], notes: Optional[List[str]] = None,
                     status: Optional[OrderStatus] = "unpaid", far: float = 1.5) -> str:
        raise RuntimeError("never run")

    def no_tool(self): ...
"""
TEXT = {
    "description": "Order.",
    "preconditions": "open",
    "postconditions": "ordered",
    "args": {"shop_id": "Shop id", "notes": "Notes: free", "gone": "unused"},
    "returns": "text",
}
SAID = "Order.\n\nPreconditions:\n    - open\nPostconditions:\n    - ordered"
KITS = {"delivery": "DeliveryTools", "instore": "InStoreTools", "ota": "OTATools"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Lay out a source folder as the archive has it."""
    root = tmp_path / "vitabench-96f3b85"
    code = root / "src" / "vita"
    texts = {"environment/toolkit.py": BASE, "data_model/tasks.py": MODEL}
    for name, kit in KITS.items():
        table = {f"order_{name}": TEXT}
        texts[f"domains/{name}/tools.py"] = TOOLS.format(kit=kit, name=name)
        texts[f"domains/{name}/tools_schema.py"] = (
            f"TOOL_DESCRIPTIONS_ZH = {table!r}\nTOOL_DESCRIPTIONS_EN = {table!r}\nboom()\n"
        )
    for path, text in texts.items():
        (code / path).parent.mkdir(parents=True, exist_ok=True)
        (code / path).write_text(text)
    for name in (*KITS, "cross_domain"):
        folder = root / "data" / "vita" / "domains" / name
        folder.mkdir(parents=True)
        (folder / "tasks_en.json").write_text("[]")
        (folder / "notes.txt").write_text("no part of it")
    return root


def shaped(source: Path) -> tuple[Path, dict[str, Any]]:
    folder = source.parent / "shaped"
    normalise(source, folder)
    return folder, json.loads((folder / "tool_schemas.json").read_text())["domains"]


def test_a_tool_is_written_as_models_are_shown_it(source: Path) -> None:
    _, domains = shaped(source)
    tool = domains["delivery"]["english"]["tools"][0]
    assert (tool["name"], tool["tool_type"]) == ("order_delivery", "write")
    assert tool["schema"]["function"]["description"] == SAID
    assert json.dumps(tool["schema"]["function"]["parameters"]) == json.dumps({
        "properties": {
            "shop_id": {"description": "Shop id", "title": "Shop Id", "type": "string"},
            "ids": {"items": {"type": "string"}, "title": "Ids", "type": "array"},
            "notes": {"default": None, "description": "Notes: free", "title": "Notes",
                      "type": "array", "items": {"type": "string"}},
            "status": {"default": "unpaid", "title": "Status", "type": "string"},
            "far": {"default": 1.5, "title": "Far", "type": "number"},
        },
        "required": ["shop_id", "ids"],
        "title": "parameters",
        "type": "object",
    })  # fmt: skip


def test_shared_tools_stand_in_every_domain_and_once_in_cross(source: Path) -> None:
    _, domains = shaped(source)
    names = {name: [t["name"] for t in domains[name]["chinese"]["tools"]] for name in domains}
    assert names["ota"] == ["order_ota", "all"]
    assert names["cross"] == ["all", "order_delivery", "order_instore", "order_ota"]
    counts = domains["cross"]["english"]["statistics"]
    assert (counts["num_tools"], counts["num_write_tools"], counts["num_generic_tools"]) == (
        4,
        3,
        1,
    )


def test_without_arguments_the_whole_document_is_the_description(source: Path) -> None:
    _, domains = shaped(source)
    tool = domains["ota"]["english"]["tools"][1]["schema"]["function"]
    assert tool["description"].endswith("Postconditions:\n    - q\n\nArgs:\n\nReturns:\n    r")
    assert domains["ota"]["chinese"]["tools"][1]["schema"]["function"]["description"][0] == "都"


@pytest.mark.parametrize(
    ("lost", "said"),
    [("class OTATools", "no class OTATools"), ("TOOL_DESCRIPTIONS_EN", "no TOOL_DESCRIPTIONS_EN")],
)
def test_a_source_of_another_form_is_refused(source: Path, lost: str, said: str) -> None:
    for path in (source / "src").rglob("*.py"):
        path.write_text(path.read_text().replace(lost, f"{lost}2"))
    with pytest.raises(UserMistake, match=said):
        shaped(source)


def test_an_archive_is_pulled_and_checked_by_gits_ids(source: Path, tmp_path: Path) -> None:
    archive = tmp_path / "vita.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(source, source.name)
    listed = pack_spec("vita")
    with pytest.raises(UserMistake, match="are not version 96f3b85"):
        pull_pack(listed, archive, tmp_path / "to")
    folder, _ = shaped(source)
    files = [path for path in folder.rglob("*") if path.is_file()]
    ids = {path.relative_to(folder).as_posix(): git_id(path) for path in files}
    assert len(ids) == 5
    spec = replace(listed, tree_sha256=tree_hash(ids))
    pulled = pull_pack(spec, archive, tmp_path / "to")
    assert tree_of(spec, pulled) == spec.tree_sha256
    (pulled / "domains" / "ota" / "tasks_en.json").write_text("[ ]")
    assert tree_of(spec, pulled) != spec.tree_sha256


def test_ids_are_those_of_git(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hello\n")
    assert git_id(tmp_path / "a") == "ce013625030ba8dba906f756967f9e9ca394464a"
