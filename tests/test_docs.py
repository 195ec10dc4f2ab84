"""What the documentation shows must run as it stands."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import yaml

from harness.conformance import check_environment
from harness.models.lexical import Lexical
from harness.outcomes import Outcome
from harness.runner import Job, Runner
from harness.store import RunStore

ROOT = Path(__file__).resolve().parent.parent


def block(page: str, language: str) -> str:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    (found,) = re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)
    return str(found)


def test_the_example_benchmark_runs_as_printed(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    exec(compile(block("own_benchmark.md", "python"), "own_benchmark.md", "exec"), names)
    asyncio.run(check_environment(names["Shop"]()))
    seen: list[Outcome] = []
    store = RunStore(tmp_path, {})
    job = Job(names["benchmark"](), names["ShopEvaluator"](), Lexical(), trials=2)
    asyncio.run(Runner(job, store, seen.append).run())
    store.close()
    assert [outcome.status for outcome in seen] == ["pass"] * 6


def test_its_configuration_names_what_the_module_defines() -> None:
    config = yaml.safe_load(block("own_benchmark.md", "yaml"))
    module = block("own_benchmark.md", "python")
    for node in config.values():
        assert f" {node['_target_'].rsplit('.', 1)[1]}(" in module or "class " in module


def test_every_command_of_the_readme_names_a_module_that_exists() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in set(re.findall(r"python -m ([a-z_.0-9]+)", text)):
        if name not in ("venv", "pip", "pytest"):
            place = ROOT / name.replace(".", "/")
            assert (place / "__main__.py").is_file() or place.with_suffix(".py").is_file(), name
