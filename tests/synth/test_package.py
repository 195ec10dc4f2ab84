import json
from pathlib import Path

import pytest

from harness.faults import UserMistake
from synth.package import EnvPackage, ToolRecord, load_package, save_package
from synth.world import SqlWorld
from tests.synth.test_world import SCHEMA, TOOLS

STATE = {"ticket": [[1, "Lamp", "Open"], [2, "Chair", "Open"]], "note": [[1, 1, "flickers"]]}


def package(**changes: object) -> EnvPackage:
    fields: dict[str, object] = {
        "env_id": "tickets",
        "records": tuple(
            ToolRecord(tool.spec, {"type": "object"}, "rule") for tool in TOOLS.values()
        ),
        "schema_sql": SCHEMA,
        "programs": {name: tool.program for name, tool in TOOLS.items()},
        "states": {"s0": STATE},
        "inputs": {"get": [{"args": {"id": 1}, "stratum": "complete", "expect": "ok"}]},
        "policy": "Be kind.",
        "about": {"generator": {"name": "hand", "seed": 0}, "licences": ["Apache-2.0"]},
    }
    return EnvPackage(**(fields | changes))  # type: ignore[arg-type]


def test_a_package_survives_the_trip_through_a_folder(tmp_path: Path) -> None:
    folder = save_package(package(), tmp_path)
    back = load_package(folder)
    assert back.files == package().files
    assert back.hash == package().hash == folder.name
    assert json.loads(SqlWorld(back.blueprint("s0")).run("get", {"id": 2}))["title"] == "Chair"


def test_the_hash_follows_the_content_and_nothing_else() -> None:
    assert package().hash == package(about={"generator": "another"}).hash
    assert package().hash != package(policy="Be brief.").hash
    assert package().hash != package(states={"s0": STATE | {"note": []}}).hash


def test_a_changed_file_is_named(tmp_path: Path) -> None:
    folder = save_package(package(), tmp_path)
    (folder / "programs" / "get.yaml").write_text("- return: select 1\n")
    with pytest.raises(UserMistake, match=r"programs/get\.yaml does not have the hash"):
        load_package(folder)


def test_what_is_not_a_package_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="not a readable environment package"):
        load_package(tmp_path)


def test_a_state_that_breaks_a_key_is_refused() -> None:
    broken = package(states={"s0": STATE | {"note": [[7, 1, "no such ticket"]]}})
    with pytest.raises(UserMistake, match="foreign key"):
        broken.blueprint("s0")
    with pytest.raises(UserMistake, match="no state"):
        package().blueprint("s9")
