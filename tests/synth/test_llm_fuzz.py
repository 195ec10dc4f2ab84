"""Replies of the right outline with anything inside: refused with a reason, never a crash."""

from __future__ import annotations

import asyncio
import copy
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from harness.models.scripted import ScriptedModel
from synth.arguments import compile_check
from synth.llm.ask import Asker, Rejected, Request, judged
from synth.llm.environment import Author, Sizes, default_roles
from synth.llm.programs import PythonImplementation, SqlImplementation
from synth.sandbox import probe
from synth.sandbox.kernel import machine
from synth.sources import Domain
from synth.specs import read_specs
from synth.survey import Survey
from tests.fakes.author import item_of, prompt_of
from tests.synth import library

ODD: list[Any] = [
    None, True, 0, -1, 2**70, 1e308, 0.1, "", " ", "\x00", "\ud800", "select 1", "'; drop table x",
    "x" * 5_000, [], [[]], {}, {"": ""}, {"type": "object"}, {"$ref": "#"}, [None], [{}], [2**70],
    {"type": ["string", 5]}, {"enum": [[]]}, {"properties": []}, {"properties": {"a": 1}},
    {"type": "string", "pattern": "("}, {"minimum": "a"}, {"items": 5}, {"required": "a"},
    json.loads("[" * 80 + "]" * 80),
]  # fmt: skip


class Capturing(Asker):
    """Keeps every request and answers from the book."""

    def __init__(self) -> None:
        super().__init__(ScriptedModel([]))
        self.seen: list[tuple[Request, Any]] = []

    async def ask(self, request: Request) -> Any:
        name = request.prompt.name
        item = request.item.removeprefix("state ")
        book = library.book()
        reply = json.loads((book.get((name, item)) or book[name, ""])[-1])
        self.seen.append((request, reply))
        return reply


def requests() -> dict[str, tuple[Request, Any]]:
    """Return one request of every kind with a good reply, as a whole environment asks them."""
    names = ("get_book", "borrow_book")
    entries = [e for e in library.ENTRIES if e["name"] in names]
    asker = Capturing()
    domain = Domain("library", read_specs(entries), library.POLICY, "")
    asyncio.run(Author(asker, default_roles(asker), Sizes(1, 4)).write(domain))
    return {f"{r.prompt.name} {r.item}".strip(): (r, reply) for r, reply in asker.seen}


REQUESTS = requests()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every part of a JSON value."""
    yield path
    if isinstance(value, (dict, list)):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(part, (*path, key))


def spoiled(reply: Any, rng: random.Random) -> Any:
    """Put odd values in some places of a reply, or take parts away."""
    found = copy.deepcopy(reply)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        path = rng.choice(list(places(found)))
        if not path:
            return rng.choice(ODD)
        whole = found
        for key in path[:-1]:
            whole = whole[key]
        if rng.random() < 0.2:
            del whole[path[-1]]
        else:
            whole[path[-1]] = copy.deepcopy(rng.choice(ODD))
    return found


@pytest.mark.parametrize("name", REQUESTS)
def test_any_reply_is_taken_or_refused_with_a_reason(name: str) -> None:
    request, good = REQUESTS[name]
    shape = compile_check(request.schema)
    assert judged(good, shape, request.check) == ""
    rng, refused = random.Random(name), 0
    for _ in range(150):
        problem = judged(spoiled(good, rng), shape, request.check)
        assert isinstance(problem, str)
        refused += bool(problem)
    assert refused > 30


SOURCES = (
    "", "\x00", "class A: pass", "x = " + "-" * 30_000 + "1", "def f(:", "ß = 1\nclass ß: pass",
    "class A:\n def info(self): return None\n def invoke(self, loan_id): return loan_id",
    "class A:\n info = None\n invoke = len\nloan_id = 1\nprint(loan_id)",
    "import sys\nloan_id = 1\nprint(loan_id)",
    "from json import *\nclass A:\n def info(self): return {'name': 'renew_loan'}\n"
    " def invoke(self, loan_id): return {}[loan_id]",
    "class A:\n def info(self): return {'name': 'renew_loan'}\n def invoke(self, loan_id): "
    "raise KeyboardInterrupt(loan_id)",
    "class A:\n def info(self): return {'name': 'renew_loan'}\n def invoke(self, loan_id): "
    "raise SystemExit(loan_id)",
    "class A:\n def __init__(self, *a, **k): self.x = a\n def info(self): "
    "return {'name': 'renew_loan'}\n def invoke(self, loan_id, *, y): return loan_id",
    "\ud800",
)  # fmt: skip


@pytest.mark.skipif(
    not machine() or not probe()["seccomp"], reason="this kernel has no seccomp: nothing runs"
)
@pytest.mark.parametrize("number", range(len(SOURCES)))
def test_any_source_is_refused_with_a_reason(number: int) -> None:
    asker = Capturing()
    entries = [e for e in library.ENTRIES if e["name"] == "renew_loan"]
    domain = Domain("library", read_specs(entries), library.POLICY, "")
    roles = replace(default_roles(asker), implementation=PythonImplementation(asker))
    asyncio.run(Author(asker, roles, Sizes(1, 4)).write(domain))
    (request,) = [r for r, _ in asker.seen if r.prompt.name == "python_class"]
    shape = compile_check(request.schema)
    problem = judged({"source": SOURCES[number]}, shape, request.check)
    assert problem


@pytest.mark.parametrize("seed", range(6))
def test_a_world_of_odd_replies_is_made_or_refused_but_never_breaks(seed: int) -> None:
    """What a check lets pass is used by the roles after it."""
    rng = random.Random(seed)
    book = library.book()

    def answer(chat: Any, tools: Any, sampling: Any) -> str:
        body = {"messages": list(chat)}
        replies = book.get((prompt_of(body), item_of(body))) or book[prompt_of(body), ""]
        good = json.loads(replies[-1])
        return json.dumps(spoiled(good, rng) if rng.random() < 0.6 else good)

    asker = Asker(ScriptedModel(answer), concurrency=1)
    roles = replace(default_roles(asker), implementation=SqlImplementation(asker, rounds=3))
    entries = [e for e in library.ENTRIES if e["name"] in library.PROGRAMS]
    domain = Domain("library", read_specs(entries), library.POLICY, "")
    try:
        made = asyncio.run(Author(asker, roles, Sizes(2, 8), seed).write(domain))
    except Rejected:
        assert asker.ledger["tables"].reasons or asker.ledger["initial_state"].reasons
        return
    folder = made.package.files
    assert folder["tools.json"]
    Survey(made.package).touches  # noqa: B018
    assert {r.name for r in made.rejected} | set(made.package.programs) == set(library.PROGRAMS)
