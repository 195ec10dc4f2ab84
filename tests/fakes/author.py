"""A loopback model that answers synthesis prompts from recorded replies, by prompt and item."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aiohttp import web

from synth.llm.prompts import PLACE, load_prompt, prompt_hashes
from tests.fakes.server import Behaviour, Json, says

Book = Mapping[tuple[str, str], Sequence[str]]


def prompt_of(body: Json) -> str:
    """Return the name of the prompt that a request was made from."""
    system = body["messages"][0]["content"]
    for name in prompt_hashes():
        start = PLACE.split(load_prompt(name).system)[0][:120]
        if system.startswith(start):
            return name
    raise AssertionError(f"no prompt of ours: {system[:80]}")


def item_of(body: Json) -> str:
    """Return the tool that a request is about: the last name in its first user text."""
    names = re.findall(r'^ "name": "(\w+)"', body["messages"][1]["content"], re.MULTILINE)
    numbers = re.findall(r"state number (\d+)", body["messages"][1]["content"])
    return (names or numbers or [""])[-1]


def recorded(book: Book) -> Behaviour:
    """Answer with the reply of the request's round; the last one stays."""

    async def behave(request: web.Request, body: Json) -> web.StreamResponse:
        replies = book.get((prompt_of(body), item_of(body))) or book[prompt_of(body), ""]
        said = sum(line["role"] == "assistant" for line in body["messages"])
        return await says(replies[min(said, len(replies) - 1)])(request, body)

    return behave
