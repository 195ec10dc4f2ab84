import json

import pytest

from synth.guard import inspect
from synth.package import EnvPackage
from synth.program import names_in
from synth.random import random_world
from synth.world import SqlWorld

SEEDS = range(40)


@pytest.fixture(scope="module")
def worlds() -> list[EnvPackage]:
    return [random_world(seed) for seed in SEEDS]


def test_a_seed_makes_the_same_bytes_and_another_seed_another_world(
    worlds: list[EnvPackage],
) -> None:
    assert [random_world(seed).files for seed in SEEDS] == [w.files for w in worlds]
    assert len({w.hash for w in worlds}) == len(worlds)


def test_every_statement_passes_the_guard(worlds: list[EnvPackage]) -> None:
    for world in worlds:
        image = world.blueprint("s00000").image
        for program in world.programs.values():
            inspect(image, [(step.sql, names_in(step.sql)) for step in program.steps])


def test_tool_names_are_distinct_and_annotations_name_real_columns(
    worlds: list[EnvPackage],
) -> None:
    for world in worlds:
        names = [record.spec.name for record in world.records]
        assert len(set(names)) == len(names)
        columns = {
            f"{table}.{column}"
            for table, parts in world.blueprint("s00000").columns.items()
            for column, _ in parts
        }
        for record in world.records:
            meant = {
                *record.annotations["params"].values(),
                *record.annotations["outputs"].values(),
            }
            assert meant <= columns
            assert set(record.annotations["params"]) == set(record.spec.parameters["properties"])


def test_finders_return_rows_whose_keys_the_getters_take(worlds: list[EnvPackage]) -> None:
    for world in worlds:
        sql = SqlWorld(world.blueprint("s00001"))
        finders = {r.annotations["entity"]: r for r in world.records if kind(r) == "find"}
        for record in (r for r in world.records if kind(r) == "get"):
            finder = finders[record.annotations["entity"]]
            rows = json.loads(sql.run(finder.spec.name, {}))
            (key,) = record.spec.parameters["required"]
            for row in rows:
                assert row.items() <= json.loads(sql.run(record.spec.name, {key: row[key]})).items()
        assert sql.state() == {}


def kind(record: object) -> str:
    return str(record.annotations["archetype"])  # type: ignore[attr-defined]
