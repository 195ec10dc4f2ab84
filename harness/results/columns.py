"""The columns of a result table: their order and the type of each."""

from __future__ import annotations

import re
from collections.abc import Sequence


def words(*texts: str) -> tuple[str, ...]:
    return tuple(" ".join(texts).split())


IDENTITY = words(
    "run_id benchmark benchmark_version data_sha256 kind domain split model model_revision",
    "training recipe agent user_model judge_model scripted n_tasks n_clusters n_trials_min",
    "n_trials_max trials_expected trials_scored errors missing outside error_policy",
)
PER_K = words(
    "pass^{k} se_{k} ci_lo_{k} ci_hi_{k} ci_method_{k} pass@{k} pass^{k}_partial tasks_used_{k}",
    "pass^{k}_drop tasks_used_drop_{k} pass^{k}_clean tasks_used_clean_{k}",
)
FIGURES = words(
    "avg_reward flaky_rate never_rate always_rate coverage tasks_lost tasks_lost_drop",
    "infra_error_rate user_error_rate agent_error_rate env_error_rate timeout_rate max_steps_rate",
    "user_helped_rate user_hindered_rate user_minor_rate user_error_rules user_stops",
    "first_critical trials_reviewed trials_clean trials_failed failure_categories failure_blame",
    "judgement_score_mean max_errors_rate fault_seats retries turns_mean",
    "tool_calls_mean tool_error_rate in_tokens out_tokens cost_usd_mean cost_trials wall_s_mean",
    "variance_between variance_within icc mde_paired c_histogram formula missing_domains",
)
WHOLE = re.compile(
    r"n_\w+|trials_\w+|errors|missing|outside|tasks_\w+|retries|in_tokens|out_tokens|cost_trials"
)
REAL = re.compile(
    r"pass[\^@]\w+|se_\d+|ci_(lo|hi)_\d+|\w+_(rate|mean|reward)|coverage|variance_\w+|icc|mde_paired"
)


def columns(ks: Sequence[int]) -> list[str]:
    """Name the columns of a table with these ks, in order."""
    return [*IDENTITY, *(name.format(k=k) for k in ks for name in PER_K), *FIGURES]


def ks_of(names: Sequence[str]) -> list[int]:
    """Find the ks a table was made with."""
    return sorted(int(m[1]) for name in names if (m := re.fullmatch(r"pass\^(\d+)", name)))


def type_of(column: str) -> type[int] | type[str] | type[float]:
    """Say what a column holds (every column may hold None)."""
    if WHOLE.fullmatch(column):
        return int
    return float if REAL.fullmatch(column) else str
