"""conf/model: every file composes in every seat and names every constructor argument."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import get_class, instantiate
from omegaconf import OmegaConf

CONF = Path(__file__).parent.parent.parent / "conf"
FILES = sorted(CONF.glob("model/*.yaml"))
TARGETS = [path for path in FILES if "_target_:" in path.read_text()]
ONLY_PYTHON = {"rng", "stopped"}


def compose_seats(name: str, *overrides: str) -> dict[str, Any]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        seats = [f"model={name}", f"model@user_model={name}", f"model@judge_model={name}"]
        config = compose("config", [*seats, *overrides])
    return {seat: config.get(seat) for seat in ("model", "user_model", "judge_model")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_sits_in_every_seat(path: Path) -> None:
    seats = compose_seats(path.stem)
    assert seats["model"] == seats["user_model"] == seats["judge_model"]


@pytest.mark.parametrize("path", TARGETS, ids=lambda path: path.stem)
def test_every_constructor_argument_is_listed(path: Path) -> None:
    given = OmegaConf.load(path)
    assert OmegaConf.is_dict(given)
    listed = {str(key) for key in given if not str(key).startswith("_")}
    arguments = set(inspect.signature(get_class(given["_target_"])).parameters)
    assert listed == arguments - ONLY_PYTHON


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_model_can_be_built_and_described(path: Path) -> None:
    given = compose_seats(path.stem)["user_model"]
    if not given:
        assert path.stem == "none"
        return
    if OmegaConf.is_missing(given, "model"):
        given["model"] = "m"
    model = instantiate(given)
    assert {"kind", "label"} <= set(model.describe())
    assert model.plan()


@pytest.mark.parametrize("path", TARGETS, ids=lambda path: path.stem)
def test_defaults_agree_with_the_constructor(path: Path) -> None:
    given = OmegaConf.to_container(OmegaConf.load(path))
    assert isinstance(given, dict)
    if given["_target_"].endswith(("Lexical", "ScriptedModel")):
        pytest.skip("a file that chooses its own defaults")
    model = instantiate({**given, "model": "m"})
    bare = get_class(given["_target_"])(model="m")
    for key, value in given.items():
        if not key.startswith("_") and key != "model":
            default = getattr(bare, key)
            default = list(default) if isinstance(default, tuple) else default
            assert (value, getattr(model, key)) == (default, value), key


def test_a_seat_is_changed_from_the_command_line() -> None:
    seats = compose_seats("qwen3_8b", "model.gpus=[0,1]", "user_model.gpus=[2]")
    agent, user = (instantiate(seats[seat]) for seat in ("model", "user_model"))
    assert agent.environment() == {"CUDA_VISIBLE_DEVICES": "0,1"}
    assert user.environment() == {"CUDA_VISIBLE_DEVICES": "2"}
    assert re.search(r"serve Qwen/Qwen3-8B .*--max-model-len 32768", agent.plan()["command"])
