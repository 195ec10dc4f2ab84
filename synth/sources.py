"""The paper's fourteen environments as tool specifications, read from the benchmark packs."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from evaluators.bfcl.classes import FILES as BFCL_DOCS
from harness.faults import UserMistake
from harness.packs import locate
from synth.specs import Intake, read_specs

log = logging.getLogger(__name__)
TAU2_DOMAINS: Mapping[str, tuple[str, str]] = {
    "airline": ("airline", "agent"),
    "retail": ("retail", "agent"),
    "telecom": ("telecom", "agent"),
    "mock": ("mock", "agent"),
}
VITA_DOMAINS = ("delivery", "instore", "ota")
LICENCES = {"bfcl": "Apache-2.0", "tau2": "MIT", "vita": "MIT"}


@dataclass(frozen=True)
class Domain:
    """One environment's specifications and policy; `env_id` names its package."""

    env_id: str
    intake: Intake
    policy: str = ""
    licence: str = ""
    source: Mapping[str, Any] = field(default_factory=dict)


def bfcl_domain(class_name: str, root: Path | None = None) -> Domain:
    """Return the public docs of one BFCL multi-turn class."""
    if class_name not in BFCL_DOCS:
        known = ", ".join(BFCL_DOCS)
        raise UserMistake(f"BFCL has no multi-turn class {class_name!r}: choose from {known}")
    root = root or locate("bfcl").root
    stem = BFCL_DOCS[class_name]
    path = root / "bfcl_eval" / "data" / "multi_turn_func_doc" / f"{stem}.json"
    text = read(path)
    source = origin("bfcl", path, text, root)
    entries = [json.loads(line) for line in text.splitlines() if line.strip()]
    return Domain(f"bfcl_{stem}", read_specs(entries, source), "", LICENCES["bfcl"], source)


def tau2_domain(name: str, root: Path | None = None) -> Domain:
    """Return the agent's tools and policy of one tau2 domain."""
    root = root or locate("tau2").root
    path = root / "tool_schemas.json"
    text = read(path)
    folder, seat = TAU2_DOMAINS[name]
    source = origin("tau2", path, text, root)
    policy = next(
        (
            read(root / "domains" / folder / file)
            for file in ("policy.md", "main_policy.md")
            if (root / "domains" / folder / file).is_file()
        ),
        "",
    )
    intake = read_specs(json.loads(text)[folder][seat], source)
    return Domain(f"tau2_{name}", intake, policy, LICENCES["tau2"], source)


def vita_domain(name: str, root: Path | None = None) -> Domain:
    """Return the tools of one Vita domain, in English."""
    root = root or locate("vita").root
    path = root / "tool_schemas.json"
    text = read(path)
    source = origin("vita", path, text, root)
    tools = json.loads(text)["domains"][name]["english"]["tools"]
    intake = read_specs([tool["schema"] for tool in tools], source)
    return Domain(f"vita_{name}", intake, "", LICENCES["vita"], source)


PAPER: Mapping[str, Callable[[], Domain]] = {
    **{f"bfcl_{stem}": partial(bfcl_domain, name) for name, stem in BFCL_DOCS.items()},
    **{f"tau2_{name}": partial(tau2_domain, name) for name in ("airline", "retail", "telecom")},
    **{f"vita_{name}": partial(vita_domain, name) for name in VITA_DOMAINS},
}
"""The environments of VULCAN: eight BFCL classes, three tau2 and three Vita domains."""


def fetch(env_ids: Iterable[str]) -> None:
    """Bring the packs of environments into the cache; those that cannot be fetched stay absent."""
    for name in dict.fromkeys(env_id.split("_")[0] for env_id in env_ids):
        try:
            locate(name, pull=True)
        except UserMistake as mistake:
            log.info("%s", mistake)


def domain(env_id: str) -> Domain:
    """Return one of the paper's environments by the name of its package."""
    if env_id not in PAPER:
        raise UserMistake(f"no domain {env_id!r}: choose from {', '.join(PAPER)}")
    return PAPER[env_id]()


def origin(pack: str, path: Path, text: str, root: Path) -> dict[str, Any]:
    return {
        "dataset": pack,
        "file": path.relative_to(root).as_posix(),
        "licence": LICENCES[pack],
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserMistake(f"cannot read {path}: {error}") from None
