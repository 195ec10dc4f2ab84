"""Sampled calls: complete ones that are worth cutting into strata, and strata that are true."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

from harness.types import ToolSpec
from synth.arguments import Arguments
from synth.realism import unreal_argument
from synth.roles.input_sampler import counts

Args = Mapping[str, Any]


def stratify(
    spec: ToolSpec, complete: Sequence[Args], count: int, rng: random.Random
) -> list[dict[str, Any]]:
    """Derive `count` calls from complete ones by leaving arguments out."""
    required = list(spec.parameters.get("required", ()))
    rows = []
    for stratum, number in counts(count, bool(required)).items():
        for place in range(number):
            args = dict(complete[place % len(complete)])
            if stratum == "minimal":
                args = {name: args[name] for name in required}
            elif stratum == "missing":
                for name in rng.sample(required, rng.randint(1, len(required))):
                    args.pop(name, None)
            expect = "error" if stratum == "missing" else "ok"
            rows.append({"args": args, "stratum": stratum, "expect": expect})
    return rows


def check_complete(spec: ToolSpec, calls: Sequence[Args], least: int) -> str | None:
    """Say what is wrong with complete calls: valid, all arguments given, varied, no filler."""
    properties = spec.parameters.get("properties", {})
    names = list(properties)
    check = Arguments(spec.parameters).check
    for call in calls:
        wrong = check(call)
        if wrong is not None:
            return f"{json.dumps(call)[:300]}: {wrong}"
        for name in names:
            if name not in call:
                return f"{json.dumps(call)[:300]} leaves out {name!r}: give every argument"
            if reason := unreal_argument(name, call[name], properties[name]):
                return f"{name}={call[name]!r} is no value that a person has: {reason}"
    distinct = len({json.dumps(call, sort_keys=True) for call in calls})
    wanted = min(least, room(spec))
    return (
        f"{distinct} distinct calls were given; {wanted} are wanted" if distinct < wanted else None
    )


def room(spec: ToolSpec) -> int:
    """Return how many different complete calls there can be, as far as the schema tells."""
    count = 1
    for schema in spec.parameters.get("properties", {}).values():
        if "enum" in schema:
            count *= len(schema["enum"])
        else:
            count *= 2 if schema.get("type") == "boolean" else 1_000
    return count


def check_labels(spec: ToolSpec, rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Say where the strata are not what they claim, or None."""
    required = set(spec.parameters.get("required", ()))
    names = set(spec.parameters.get("properties", {}))
    for row in rows:
        given = set(row["args"])
        fits = {
            "complete": given == names,
            "minimal": given == required,
            "missing": bool(required - given),
            "adversarial": True,
        }
        if not fits.get(row["stratum"], False):
            return f"{json.dumps(row['args'])[:300]} is not {row['stratum']}"
    return None
