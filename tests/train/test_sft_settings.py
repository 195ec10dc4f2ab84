"""Settings: what cannot work is refused before anything is loaded, and every recipe composes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.configure import build, compose
from harness.faults import UserMistake
from harness.paths import conf_dir
from train.sft_settings import SftSettings

RECIPES = sorted(path.stem for path in (conf_dir() / "train").glob("sft*.yaml"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"select": "luck"}, "select=luck is unknown"),
        ({"order": "odd"}, "order=odd is unknown"),
        ({"precision": "int3"}, "precision=int3 is unknown"),
        ({"seat": "judge"}, "seat=judge is unknown"),
        ({"save_every": 30}, "must be a multiple of log_every=20"),
        ({"validation": 0.0}, "select=loss needs validation rows"),
        ({"validation": 0.0, "select": "pass"}, "select=pass needs validation rows"),
        ({"steps": 0}, "steps=0 must be at least 1"),
        ({"batch": 0}, "batch=0 must be at least 1"),
        ({"log_every": 0}, "log_every=0 must be at least 1"),
        ({"epochs": 0.0}, r"epochs=0\.0 must be above 0"),
        ({"order": "length", "packing": True}, "exclude each other"),
    ],
)
def test_what_cannot_work_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UserMistake, match=said):
        SftSettings(model="m", out="o", **wrong)


def test_plain_settings_are_accepted_and_name_what_determines_the_weights() -> None:
    one = SftSettings(model="m", out="a", threads=1)
    assert one.identity() == SftSettings(model="m", out="b", threads=2).identity()
    assert one.identity() != SftSettings(model="m", out="a", seed=1).identity()


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_composes(name: str) -> None:
    config = compose([f"train={name}", "train.sft.model=m"])
    assert isinstance(build(config.train.sft), SftSettings)


def test_the_recipes_say_what_the_papers_say() -> None:
    stated = {
        "sft_vulcan": (1e-6, 64, 32768),
        "sft_sea_30b": (5e-6, 128, 32768),
        "sft_sea_235b": (1e-5, 128, 32768),
    }
    for name, figures in stated.items():
        node = compose([f"train={name}", "train.sft.model=m"]).train.sft
        assert (node.learning_rate, node.batch, node.max_tokens) == figures
    assert compose(["train=sft_trajectory2task"]).train.sft.epochs == 3
    assert compose(["train=sft_sea_user"]).train.sft.seat == "user"


def test_a_recipe_that_does_not_exist_is_named() -> None:
    with pytest.raises(UserMistake, match="sft_vulkan"):
        compose(["train=sft_vulkan"])


def test_the_loop_composes(tmp_path: Path) -> None:
    config = compose(["+experiment=tiny_loop", f"runs_dir={tmp_path}", "seed=3"])
    given: SftSettings = build(config.train.sft)
    assert given.seed == 3
    assert given.model == f"{tmp_path}/tiny_loop-3/tiny"
    assert given.data[0]["path"] == config.stage.drill.folder
    assert config.model.model == f"{given.out}/final"
