"""The help text, made from the configuration folder without importing Hydra."""

from __future__ import annotations

import re

from harness.paths import conf_dir

HEAD = """usage: python -m harness [-m] [group=option …] [key=value …]

Evaluate a model on a benchmark over k trials and print pass^k with intervals. With no arguments:
the keyless lexical baseline on a stratified sample of BFCL v4.

  python -m harness                                        the embedded default
  python -m harness model=openai model.model=NAME          an API model (key from the environment)
  python -m harness benchmark=bfcl sample=null trials=1    the whole benchmark
  python -m harness suite=[bfcl,tau2] …                    several benchmarks, one table
  python -m harness +experiment=NAME                       a prepared experiment
  python -m harness plan=true …                            what would run, its calls and cost
  python -m harness stages=[score] run=runs/NAME           score a stored run again
  python -m harness -m model=a,b seed=0,1                  a sweep (Hydra)

Running the same command again goes on where it stopped.
"""
TAIL = """More: --cfg job (the composed configuration), --hydra-help (sweeps, launchers), and
  python -m harness.packs | harness.results | harness.report | harness.bench --help"""


def usage() -> str:
    """Compose the help: what it does, groups with their options, keys with their comments."""
    return "\n".join([HEAD, *group_lines(), "", *key_lines(), "", TAIL])


def group_lines() -> list[str]:
    """One line per configuration group that can be chosen on the command line."""
    lines = [
        "groups (choose with group=option; model also as model@user_model, model@judge_model):"
    ]
    for folder in sorted(path for path in conf_dir().iterdir() if path.is_dir()):
        names = [p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.yaml")]
        if names and folder.name not in ("pack", "hydra"):
            shown = f"+{folder.name}" if folder.name == "experiment" else folder.name
            lines.append(f"  {shown:14} {', '.join(sorted(names))}")
    return lines


def key_lines() -> list[str]:
    """One line per documented key of the root configuration."""
    text = (conf_dir() / "config.yaml").read_text(encoding="utf-8")
    keys = re.findall(r"^(\w+): (\S.*?) +# (.*)$", text, flags=re.MULTILINE)
    return ["keys:", *(f"  {name + '=' + value:26} {note}" for name, value, note in keys)]
