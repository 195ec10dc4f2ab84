"""tau2-bench's submission.json (docs/leaderboard-submission.md of its repository, its schema)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.benchmark import Benchmark
from harness.metrics import summarise
from harness.results.export.request import (
    Candidate,
    Request,
    candidate_of,
    missing_tasks,
    refuse,
    shared_obstacles,
    slug,
)
from harness.results.export.tau2_trajectories import agent_cost, domain_results
from harness.store import write_text

NAME = "tau2"
TRIALS = 4
OFFICIAL_NOTES = frozenset(
    {"split", "grading", "reward_basis", "mode", "prompts", "sample", "user"}
)
Json = dict[str, Any]


def export_tau2(request: Request, whole: Benchmark | None = None) -> list[Path]:
    """Write submission.json and one trajectory file per domain; return their paths.

    Raises UserMistake naming every rule of the leaderboard that is not met.
    """
    candidate = candidate_of(request.run, NAME, whole)
    domains = sorted({domain for name, domain in candidate.entry.cells if name == NAME})
    refuse("the tau2 leaderboard", obstacles(candidate, request, domains))
    model = request.model_name or str(candidate.agent["model"])
    user = str(candidate.user["model"])
    files = {
        d: f"{slug(model)}_{d}_{slug(user)}_{trials_of(candidate)}trials.json" for d in domains
    }
    date = str(candidate.entry.manifest["ended"])[:10]
    folder = request.to / f"{slug(model)}_{slug(request.organization)}_{date}"
    (folder / "trajectories").mkdir(parents=True)
    costs: dict[str, float | None] = {}
    for domain in domains:
        results = domain_results(candidate, domain)
        costs[domain] = agent_cost(results["simulations"])
        write_text(folder / "trajectories" / files[domain], json.dumps(results, indent=1) + "\n")
    submission = describe(candidate, request, model, files, costs)
    write_text(folder / "submission.json", json.dumps(submission, indent=2) + "\n")
    return [folder / "submission.json", *(folder / "trajectories" / n for n in files.values())]


def trials_of(candidate: Candidate) -> int:
    return int(candidate.entry.manifest["trials"])


def obstacles(candidate: Candidate, request: Request, domains: list[str]) -> list[str]:
    """Name every rule that the run or the request does not meet."""
    about, notes = candidate.about, candidate.about.get("notes") or {}
    found = shared_obstacles(candidate, TRIALS) + missing_tasks(candidate, domains)
    split = notes.get("split") or about.get("split") or "unknown"
    if split != "base":
        found.append(f"split {split}, the base split is needed")
    if notes.get("user") or notes.get("mode") == "solo" or not candidate.user.get("model"):
        found.append("the user is not a language model")
    changed = [name for name, value in notes.items() if value and name not in OFFICIAL_NOTES]
    trained = candidate.entry.manifest.get("training")
    if not request.custom and changed:
        found.append(f"the protocol was changed ({', '.join(changed)}): --custom is needed")
    if not request.custom and trained:
        found.append("the model was trained for this: --custom is needed")
    if request.custom and not (request.notes and request.references):
        found.append("a custom submission needs --notes and --reference")
    for option, value in (
        ("--organization", request.organization),
        ("--contact", request.contact),
    ):
        if not value:
            found.append(f"{option} is needed")
    return found


def describe(
    candidate: Candidate,
    request: Request,
    model: str,
    files: dict[str, str],
    costs: dict[str, float | None],
) -> Json:
    """Build submission.json."""
    manifest, notes = candidate.entry.manifest, candidate.about.get("notes") or {}
    submission: Json = {
        "model_name": model,
        "model_organization": request.organization,
        "submitting_organization": request.submitter,
        "submission_date": str(manifest["ended"])[:10],
        "submission_type": "custom" if request.custom else "standard",
        "modality": "text",
        "contact_info": {"email": request.contact},
        "results": {domain: scores(candidate, domain, costs[domain]) for domain in files},
        "is_new": True,
        "trajectories_available": True,
        "trajectory_files": files,
        "references": [{"title": url, "url": url, "type": "other"} for url in request.references],
        "methodology": {
            "evaluation_date": str(manifest["started"])[:10],
            "tau2_bench_version": candidate.about.get("version"),
            "user_simulator": candidate.user["model"],
            "notes": method(candidate, request),
            "verification": {
                "modified_prompts": bool(notes.get("modified_prompts", False)),
                "omitted_questions": False,
                "details": "All base tasks; every trial has a verdict; errors would have been "
                "counted as failures.",
            },
        },
    }
    if not submission["references"]:
        del submission["references"]
    return submission


def scores(candidate: Candidate, domain: str, cost: float | None) -> Json:
    """Return pass_1..pass_4 in percent, exactly, and the mean cost of the agent."""
    cell = candidate.entry.cells[NAME, domain]
    summary = summarise(cell.records, range(1, TRIALS + 1))
    found: Json = {
        f"pass_{k}": None if estimate.strict is None else 100 * estimate.strict
        for k, estimate in summary.pass_hat.items()
    }
    found["cost"] = cost
    retrieval = (candidate.about.get("notes") or {}).get("retrieval")
    if domain == "banking_knowledge":
        found["retrieval_config"] = retrieval or "default"
    return found


def method(candidate: Candidate, request: Request) -> str:
    """Say with what the evaluation was run."""
    manifest = candidate.entry.manifest
    code = manifest["harness"]
    commit = f" at {code['git_sha'][:10]}" if code.get("git_sha") else ""
    own = (
        f"Played with agent-harness {code['version']}{commit}: {manifest['trials']} trials per "
        f"task, seed {manifest['seeds']['run']}, grading {candidate.about.get('grading')}."
    )
    return f"{request.notes} {own}".strip()
