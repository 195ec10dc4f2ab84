"""What is checked before the first step, each in one line: versions, disk, positions, prompts."""

from __future__ import annotations

import importlib.metadata
import logging
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from harness.benchmark import Benchmark
from harness.chat import to_chat
from harness.faults import UserMistake
from harness.models.formats import FORMATS
from harness.models.templates import ChatTemplate

log = logging.getLogger(__name__)
DISTRIBUTION = "agent-harness"
BYTES = 4  # of a weight, as it is kept while it is trained
MOMENTS = 2  # of AdamW, per trained weight
PROBED = 50


def pins(extra: str = "train") -> list[str]:
    """List what the project's own metadata asks for in an extra; nothing where it has none."""
    from packaging.requirements import Requirement

    try:
        texts = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    found = [Requirement(text) for text in texts if "extra" in text]
    wanted = [one for one in found if one.marker and one.marker.evaluate({"extra": extra})]
    return [f"{one.name}{one.specifier}" for one in wanted]


def require_versions(
    wanted: Sequence[str], installed: Callable[[str], str] = importlib.metadata.version
) -> None:
    """Raise UserMistake where a library is installed in another version than was tested.

    TRL's way to bring own rollouts is experimental there: another version may do something else.
    """
    from packaging.requirements import Requirement

    for text in wanted:
        one = Requirement(text)
        try:
            version = installed(one.name)
        except importlib.metadata.PackageNotFoundError:
            continue  # whoever imports it says so
        if not one.specifier.contains(version, prereleases=True):
            raise UserMistake(
                f"{one.name} {version} is installed, training is made for {text}: "
                f"pip install '{text}'"
            )


def sizes(network: Any) -> tuple[int, int]:
    """Count a network's weights and those of them that are trained, sharded or not."""
    counted = [
        (int(getattr(weight, "ds_numel", weight.numel())), bool(weight.requires_grad))
        for weight in network.parameters()
    ]
    return sum(n for n, _ in counted), sum(n for n, trained in counted if trained)


def require_room(
    out: Path,
    weights: int,
    trained: int,
    kept: int,
    free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
) -> None:
    """Raise UserMistake where checkpoints would fill the disk: `kept`, the one that is being
    written, and the final weights. What a resumed run has written already counts as room."""
    checkpoint = BYTES * trained * (1 + MOMENTS) + BYTES * (weights if trained == weights else 0)
    needed = (kept + 1) * checkpoint + BYTES * weights
    place = next(path for path in (out, *out.resolve().parents) if path.exists())
    written = sum(path.stat().st_size for path in out.glob("checkpoint-*/**/*") if path.is_file())
    room = free(place) + written
    if room < needed:
        raise UserMistake(
            f"{out} has room for {gigabytes(room)}, this training writes up to "
            f"{gigabytes(needed)} ({kept + 1} checkpoints of {gigabytes(checkpoint)} and the final "
            "weights): make room, or choose another out="
        )


def gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"


def require_positions(longest: int, what: str, config: Any, name: str) -> None:
    """Raise UserMistake where `what` is longer than the positions that a model was made for."""
    positions = getattr(config, "max_position_embeddings", None)
    if positions is not None and longest > positions:
        raise UserMistake(
            f"{what} is longer than the {positions} positions that {name} was made for: lower it"
        )


def require_prompts(benchmark: Benchmark, tokenizer: Any, limit: int) -> None:
    """Raise UserMistake where the first prompt of no task leaves room for a reply; warn of some.

    Up to `PROBED` tasks are rendered with their tools, as the policy will see them.
    """
    template = ChatTemplate(tokenizer, FORMATS["hermes"], {})
    lengths = list(first_prompts(benchmark, template))
    over = [length for length in lengths if length >= limit]
    if lengths and len(over) == len(lengths):
        raise UserMistake(
            f"context_tokens={limit}: the first prompt of {benchmark.name} alone has "
            f"{min(lengths)} tokens or more, no reply fits: raise context_tokens"
        )
    if over:
        log.warning(
            "context_tokens=%d: %d of %d probed prompts leave no room for a reply (up to %d)",
            limit, len(over), len(lengths), max(over),
        )  # fmt: skip


def first_prompts(benchmark: Benchmark, template: ChatTemplate) -> Iterable[int]:
    """Yield how many tokens the first prompt of probed tasks has, without the user's words."""
    tasks = [task for task in benchmark.tasks if task.scored and not task.needs]
    for task in tasks[:: max(1, len(tasks) // PROBED)]:
        party = benchmark.agent(task, 0, NOBODY)
        tools = benchmark.environment(task, {}).tools("agent", 1)
        chat = to_chat(task.opening, "agent", getattr(party, "system", ""))
        if not any(line["role"] == "user" for line in chat):
            chat.append({"role": "user", "content": ""})
        yield len(template.tokenize(template.render(chat, tools, True)))


class Nobody:
    """A model that is asked nothing."""

    async def generate(self, chat: Any, tools: Any, **sampling: Any) -> Any:
        raise NotImplementedError


NOBODY = Nobody()
