"""Report how synthesis by rules converges: tools valid per iteration, failures, executions.

    python -m synth.convergence [ENV …] [--to results/synth]

VULCAN App. A: more than 64 % of its tools converge within eight iterations (Fig. 7); its
input-output pairs per tool are 692 with o4-mini, 2,018 with GPT-4.1 in the mean (Table 7).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.faults import UserMistake
from synth.fidelity.writing import write_report
from synth.guard import build_image, inspect
from synth.packaging import ITERATIONS, Built, build_package
from synth.program import names_in
from synth.sources import PAPER, domain
from synth.validation import MODES

Row = dict[str, Any]
HEAD = (
    "| environment | tools | valid after 1 | valid after 8 | executions | refused | pairs per tool "
    "(min, median, mean, max) | tools with data | seconds |\n|---|---|---|---|---|---|---|---|---|"
)


def row_of(built: Built, seconds: float) -> Row:
    """Return the figures of one environment."""
    checks = built.checks
    tools = built.history[0][1]
    pairs = [check.executions for check in checks] or [0]
    failures: Counter[str] = Counter()
    for check in checks:
        failures.update(check.failures.keys())
    return {
        "environment": built.package.env_id,
        "tools": tools,
        "valid_after_1": built.history[0][0],
        f"valid_after_{ITERATIONS}": len(built.package.records),
        "iterations": len(built.history),
        "executions": sum(pairs),
        "succeeded": sum(check.succeeded for check in checks),
        "refused": sum(check.refused for check in checks),
        "pairs_min": min(pairs),
        "pairs_median": statistics.median(pairs),
        "pairs_mean": round(statistics.fmean(pairs), 1),
        "pairs_max": max(pairs),
        "with_data": with_data(built),
        **{f"failed_{mode.replace(' ', '_')}": failures[mode] for mode in MODES},
        "composed": sum(built.package.about["checks"]["composed"].values()),
        "seconds": round(seconds, 2),
    }


def with_data(built: Built) -> int:
    """Count tools whose programs read or write a table: the paper's tools that need a database."""
    package = built.package
    image = build_image(package.schema_sql)
    found = 0
    for record in package.records:
        bound = set(record.spec.parameters.get("properties", {}))
        bound |= {step.name for step in package.programs[record.spec.name].steps if step.name}
        statements = [
            (step.sql, sorted(bound & names_in(step.sql)))
            for step in package.programs[record.spec.name].steps
        ]
        access = inspect(image, statements)
        found += any(not name.startswith("json_each") for name in access.reads | access.writes)
    return found


def table(rows: Sequence[Row]) -> str:
    """Return the figures as a Markdown table, with a line for all."""
    out = [HEAD]
    for row in rows:
        spread = f"{row['pairs_min']}, {row['pairs_median']:g}, {row['pairs_mean']}"
        out.append(
            f"| {row['environment']} | {row['tools']} | {row['valid_after_1']} | "
            f"{row[f'valid_after_{ITERATIONS}']} | {row['executions']} | {row['refused']} | "
            f"{spread}, {row['pairs_max']} | {row['with_data']} | {row['seconds']} |"
        )
    tools = sum(row["tools"] for row in rows)
    first, last = (sum(row[key] for row in rows) for key in ("valid_after_1", "valid_after_8"))
    data = sum(row["with_data"] for row in rows)
    calls, composed = (sum(row[key] for row in rows) for key in ("executions", "composed"))
    return "\n".join(
        [
            *out,
            "",
            f"Of {tools} tools {first} ({first / tools:.0%}) are valid as first written, {last} "
            f"({last / tools:.0%}) within {ITERATIONS} iterations; {data} "
            f"({data / max(last, 1):.0%}) need data of their own. {calls} calls were executed, "
            f"each twice, and {composed} in worlds that other tools had changed before.",
        ]
    )


def document(rows: Sequence[Row], refused: Sequence[tuple[str, str, str]]) -> str:
    """Return the page; `{stamp}` is where commit, date and command go."""
    lines = [f"* {env}: `{tool}`: {reason}" for env, tool, reason in refused] or ["* none"]
    return "\n".join(
        [
            "# Validation of synthesised tools",
            "",
            "{stamp}",
            "",
            "Every tool's program runs on sampled calls (half complete, a fifth with a required",
            "argument missing, three tenths with required ones only, besides adversarial ones) in",
            "two initial states, and in one where every table is empty and nothing is known. A",
            "tool is valid where no call shows one of the paper's failure modes:",
            f"{', '.join(MODES)}. A tool that fails is written by the next template that",
            "recognises it. Validity says that a tool is self-consistent, not that it is faithful:",
            "see fidelity.md.",
            "",
            table(rows),
            "",
            "## Tools left out",
            "",
            *lines,
        ]
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Build the environments, print the table, write it where asked."""
    parser = argparse.ArgumentParser(prog="python -m synth.convergence")
    parser.add_argument("envs", nargs="*", metavar="ENV", help=f"default: {', '.join(PAPER)}")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="write the report there")
    options = parser.parse_args(argv)
    rows: list[Row] = []
    refused: list[tuple[str, str, str]] = []
    try:
        for env_id in options.envs or PAPER:
            start = time.process_time()
            built = build_package(domain(env_id))
            rows.append(row_of(built, time.process_time() - start))
            refused += [(env_id, tool, why) for tool, why in built.refused.items()]
    except UserMistake as mistake:
        print(f"synth.convergence: {mistake}", file=sys.stderr)
        return 2
    print(table(rows))
    if options.to is not None:
        write_report(options.to, document(rows, refused), rows, "convergence")
    return 0


if __name__ == "__main__":
    sys.exit(main())
