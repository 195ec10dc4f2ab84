"""The page itself: one template, one style sheet, a few plain scripts, no framework."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SCRIPTS = ("data", "dom", "charts", "leaderboard", "overview", "tasks", "episode", "browse", "main")


def script() -> str:
    """Join the scripts into one function scope."""
    body = "\n".join((HERE / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{body}\n}})();\n'


def style() -> str:
    return (HERE / "page.css").read_text(encoding="utf-8")


def fingerprint(text: str) -> str:
    """Return a content-security-policy source for an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy() -> str:
    """Allow exactly our script (and the chunks that it loads) and our style; nothing else.

    Trusted types make every assignment of markup throw, so texts can only become text.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {fingerprint(script())} 'strict-dynamic'",
            f"style-src {fingerprint(style())}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types chunks",
        )
    )


def render(
    title: str, head: Mapping[str, Any], chunks: Iterable[tuple[int, str]], index: Callable[[], str]
) -> Iterator[str]:
    """Yield the page in pieces. `index` is asked after the last chunk was taken.

    `chunks` and `index` are JSON that `shards.encode` made safe; `title` is escaped here.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    env = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    template = env.get_template("page.html")
    yield from template.generate(
        title=title,
        policy=policy(),
        style=style(),
        script=script(),
        head=head,
        chunks=chunks,
        index=index,
    )
