"""The data set's card: what is in it, what was left out and why, what it was checked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Report = Mapping[str, Any]
HUB_LICENCES = {"Apache-2.0": "apache-2.0", "MIT": "mit"}
FIELDS = {
    "id": "benchmark/task#trial; `.n` for the n-th further list of tools",
    "messages": "JSON text: the conversation in the OpenAI form, system text first",
    "tools": "JSON text: the tools on offer",
    "loss": "JSON text: learn from `roles`, from message `from` on, without messages `skip`",
    "benchmark, task_id, trial": "what was played",
    "env, package": "the world, and the hash of its package",
    "kind": "general, ambiguous, changing, infeasible, abnormal; empty where not synthesised",
    "mode": "fixed_queries: one per turn; one_query: for all; user_scenario: a user to talk to",
    "plan_id": "the ground-truth plan; twins share it",
    "reward, verdict": "what the evaluator said; only passed episodes are here",
    "source": "who played",
    "licence": "of the tool specifications that the row derives from",
    "hash": "of messages and tools",
}


def card(report: Report) -> str:
    """Write the card (Markdown with the header that the Hub reads)."""
    sections = {
        "Use": usage(report),
        "From specifications to rows": table(("step", "kept", "left out"), funnel(report)),
        "Environments": environments(report["environments"]),
        "Not supported": listed(report["environments"], "lacking"),
        "Left to rules": listed(report["environments"], "by_rules"),
        "Validation of tools": validation(report["environments"]),
        "Statistics": statistics(report["statistics"], report["coverage"]),
        "Calls of plans by archetype and kind": grid(report["grid"]),
        "Checks": checks(report["checks"]),
        "Decontamination": decontamination(report["decontamination"]),
        "What models were asked": asked(report["asked"]),
        "Fields": table(("field", "what"), FIELDS.items()),
        "Licences and provenance": licences(report["environments"]),
    }
    written = [f"## {title}\n\n{text.strip()}" for title, text in sections.items() if text]
    head = [header(report), f"# {report['name']}\n\n{report['about']}"]
    return "\n\n".join([*head, *written]) + "\n"


def header(report: Report) -> str:
    names = {entry["licence"] for entry in report["environments"].values()}
    licence = HUB_LICENCES.get(names.pop(), "other") if len(names) == 1 else "other"
    lines = ["---", f"license: {licence}", "task_categories:", "- text-generation", "configs:"]
    for name in report["files"]:
        lines += [f"- config_name: {name}", f"  data_files: {name}.parquet"]
    return "\n".join([*lines, "---"])


def usage(report: Report) -> str:
    first = next(iter(report["files"]))
    names = "\n".join(f"* `{name}`: {count:,} rows" for name, count in report["files"].items())
    return f"""{names}

```python
from datasets import load_dataset
rows = load_dataset("path/to/this/folder", "{first}", split="train")
```

`messages` and `tools` are JSON texts, because the schemas of tools differ from row to row:
`json.loads` them. The same rows lie beside as JSON lines."""


def funnel(report: Report) -> Iterable[tuple[str, str, str]]:
    for step in report["funnel"]:
        dropped = ", ".join(f"{n:,} {why}" for why, n in step["dropped"].items()) or "–"
        yield step["step"], f"{step['kept']:,}", dropped


def environments(found: Mapping[str, Mapping[str, Any]]) -> str:
    known = ("tools", "unsupported", "edges", "plans", "tasks", "kept", "rows")
    columns = [name for name in known if any(name in entry for entry in found.values())]
    rows = [
        (name, *(f"{entry.get(column, 0):,}" for column in columns), entry["note"] or "–")
        for name, entry in found.items()
    ]
    return table(("environment", *columns, "note"), rows)


def listed(found: Mapping[str, Mapping[str, Any]], key: str) -> str:
    """Write what environments name under a key, each with its reason."""
    rows = [
        (name, one, reason)
        for name, entry in found.items()
        for one, reason in entry.get(key, {}).items()
    ]
    return table(("environment", "what", "why"), rows) if rows else ""


def validation(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Write how tools came to be valid: share by iteration, failures by mode, calls executed."""
    rows = []
    for name, entry in found.items():
        seen = entry.get("validity")
        if seen:
            within, pairs = list(seen["valid_within"].items()), seen["pairs"]
            modes = ", ".join(f"{n:,} {mode}" for mode, n in seen["failures"].items())
            shares = [f"{valid}" for _, valid in (within[0], within[7], within[-1])]
            spread = " / ".join(f"{pairs[k]:g}" for k in ("min", "median", "mean", "max"))
            together = f"{seen['composed']['failures']:,} of {seen['composed']['calls']:,}"
            cells = (f"{seen['tools']}", *shares, modes or "–", spread, f"{pairs['total']:,}")
            rows.append((name, *cells, together))
    if not rows:
        return ""
    head = ("environment", "tools", "valid after 1", "after 8", "in the end", "failures on the way")
    about = (
        "A tool is valid where sampled calls show none of four failure modes: timeout, logical "
        "inconsistency, malformed input or state, runtime error. Pairs of input and output are "
        "different calls per state. `Together` are calls in a world that other tools had changed."
    )
    tail = ("pairs per tool (least / median / mean / most)", "pairs", "failures together")
    return f"{about}\n\n{table((*head, *tail), rows)}"


def statistics(found: Mapping[str, Any], coverage: Mapping[str, Any]) -> str:
    """Write sizes (turns, steps and tasks as "User-Oriented Multi-Turn Dialogue Generation with
    Tool Use at scale" defines them in its appendix B) and diversity."""
    sizes = [
        (f"{name} per {unit}", f"{found[name]['mean']} (largest {found[name]['max']})")
        for name, unit in (("turns", "session"), ("steps", "request"), ("tasks", "session"))
    ]
    entropy, distinct = found["chain_entropy_bits"], found["distinct_n"]
    rows = [
        ("rows", f"{found['rows']:,}"),
        ("environments", f"{found['envs']:,}"),
        ("tools called", f"{found['tools']:,}"),
        *sizes,
        *((f"entropy of runs of {n} calls", f"{bits} bits") for n, bits in entropy.items()),
        *((f"distinct-{n} of user texts", f"{share}") for n, share in distinct.items()),
        ("self-BLEU-4 of user texts", f"{found['self_bleu_4']}"),
        *((name, str(value)) for name, value in coverage.items()),
    ]
    kinds = table(("kind", "rows"), [(k, f"{n:,}") for k, n in found["kinds"].items()])
    about = (
        "A turn is any message of a session (user, assistant, tool), a step a batch of calls made "
        "for one request of the user, a task a goal of the session."
    )
    return f"{about}\n\n{table(('what', 'value'), rows)}\n\n{kinds}"


def grid(found: Mapping[str, Mapping[str, int]]) -> str:
    kinds = sorted({kind for counts in found.values() for kind in counts})
    rows = [(name, *(f"{n.get(kind, 0):,}" for kind in kinds)) for name, n in found.items()]
    return table(("archetype", *kinds), rows) if rows else ""


def asked(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Write calls, tokens, cost and accepted replies per stage."""
    columns = ("calls", "cached", "repairs", "accepted", "rejected", "by_rules")
    tokens = ("tokens_in", "tokens_out")
    rows = [
        (
            name,
            *(counted(stage[column]) for column in (*columns, *tokens)),
            dollars(stage["cost_usd"]),
            ", ".join(f"{n:,} {mode}" for mode, n in stage["failures"].items()) or "–",
        )
        for name, stage in found.items()
    ]
    return table(("stage", *columns, *tokens, "cost", "replies not taken"), rows) if rows else ""


def counted(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"


def dollars(cost: float | None) -> str:
    return "unknown" if cost is None else f"${cost:,.2f}"


def checks(found: Mapping[str, Mapping[str, int]]) -> str:
    rows = [
        (name, f"{check['played']:,}", f"{check['passed']:,}", f"{check['wanted']:,}")
        for name, check in found.items()
    ]
    return table(("who plays", "tasks", "passed", "must pass"), rows) if rows else ""


def decontamination(found: Mapping[str, Any]) -> str:
    rows = [
        (
            name,
            ", ".join(f"{n:,} {kind}" for kind, n in counts.items())
            + (" (not the listed version)" if name in found.get("partial", ()) else ""),
            hits(found["hits"], name),
        )
        for name, counts in found["checked"].items()
    ]
    rows += [(name, f"not checked: {why}", "–") for name, why in found["unchecked"].items()]
    about = (
        "A task is dropped if a text of its user shares 8 tokens in a row with a text of a "
        "benchmark's user, is one of its short queries, if a call of its plan is a gold call, or "
        "if the plan leaves behind all that the gold calls of one of its tasks leave. The longest "
        "run of shared tokens stands in every task as `decontam`."
    )
    return f"{about}\n\n{table(('benchmark', 'index', 'tasks dropped'), rows)}"


def hits(found: Mapping[str, Mapping[str, int]], name: str) -> str:
    return ", ".join(f"{n} {kind}" for kind, n in found.get(name, {}).items()) or "0"


def licences(found: Mapping[str, Mapping[str, Any]]) -> str:
    by_licence: dict[tuple[str, str], list[str]] = {}
    for name, entry in found.items():
        by_licence.setdefault((entry["licence"], entry["origin"]), []).append(name)
    rows = [(lic, origin, f"{len(names)}") for (lic, origin), names in sorted(by_licence.items())]
    return "Every row names its licence.\n\n" + table(
        ("licence", "specifications from", "environments"), rows
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table; bars inside cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(cell, row)) + " |" for row in lines)


def cell(value: Any) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")
