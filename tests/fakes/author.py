"""A loopback model that answers synthesis prompts from recorded replies, by prompt and item.

The talking roles are recorded as rules of thumb: edges hold, texts are the wish with a greeting, a
person brings up one goal after the other, a judge quotes the last answer, and a teacher plays the
reference moves of the task whose words it hears. Each is wrong at times, as `Talk` says.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from harness.types import Message, Task, ToolCall
from synth.agents import Oracle
from synth.llm.prompts import PLACE, load_prompt, prompt_hashes
from synth.tasks import load_tasks
from tests.fakes.server import Behaviour, FakeServer, Json, calls, says

Book = Mapping[tuple[str, str], Sequence[str]]


def prompt_of(body: Json) -> str:
    """Return the name of the prompt that a request was made from; "" where none of ours was."""
    system = body["messages"][0]["content"]
    for name in prompt_hashes():
        start = PLACE.split(load_prompt(name).system)[0][:120]
        if system.startswith(start):
            return name
    return ""


def item_of(body: Json) -> str:
    """Return the tool that a request is about: the last name in its first user text."""
    names = re.findall(r'^ "name": "(\w+)"', body["messages"][1]["content"], re.MULTILINE)
    numbers = re.findall(r"state number (\d+)", body["messages"][1]["content"])
    return (names or numbers or [""])[-1]


def round_of(body: Json) -> int:
    return sum(line["role"] == "assistant" for line in body["messages"])


def recorded(book: Book) -> Behaviour:
    """Answer with the reply of the request's round; the last one stays."""

    async def behave(request: web.Request, body: Json) -> web.StreamResponse:
        replies = book.get((prompt_of(body), item_of(body))) or book[prompt_of(body), ""]
        return await says(replies[min(round_of(body), len(replies) - 1)])(request, body)

    return behave


@dataclass
class Talk:
    """Answers every prompt of a whole run. `books` are by a word of their tables or tools;
    `tasks` is where the teacher reads the tasks. The first reply of each talking role is wrong."""

    books: Mapping[str, Book]
    tasks: Path
    wrong: set[str] = field(default_factory=set)
    known: list[Task] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)

    async def __call__(self, request: web.Request, body: Json) -> web.StreamResponse:
        name = prompt_of(body)
        self.asked[name or "agent"] = self.asked.get(name or "agent", 0) + 1
        if not name:
            return await (await self.teach(body))(request, body)
        rules = {
            "dependency": edges,
            "wording": wording,
            "user": person,
            "judge": judge,
        }
        if name in rules:
            text = body["messages"][1]["content"]
            first = name not in self.wrong and not self.wrong.add(name)  # type: ignore[func-returns-value]
            return await says("Hm." if first else json.dumps(rules[name](text)))(request, body)
        whole = json.dumps(body["messages"])
        book = next(book for word, book in self.books.items() if word in whole)
        return await recorded(book)(request, body)

    async def teach(self, body: Json) -> Behaviour:
        """Play on from where a conversation is; now and then as a weak model would."""
        self.known = self.known or load_tasks(self.tasks)
        log = [line for line in map(message_of, body["messages"][1:]) if line is not None]
        said = log[0].text
        task = next((t for t in self.known if said in opening_texts(t)), None)
        if task is None:
            return says("How can I help you?")
        if self.known.index(task) % 6 == 5:
            return (
                calls(("no_such_tool", '{"broken": ')) if len(log) < 2 else says("Done, I think.")
            )
        oracle = Oracle(task.payload)
        reply = Message("agent", "")
        for end in range(1, len(log) + 1):
            answered = end == len(log) or log[end].author != "tool"
            if log[end - 1].author == "user" or (log[end - 1].author == "tool" and answered):
                reply = await oracle.reply(log[:end], ())
        if not reply.calls:
            return says(reply.text or "All right.")
        asked = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments))},
            }
            for call in reply.calls
        ]
        return calls(*asked)


def opening_texts(task: Task) -> list[str]:
    """Return what a task's user may say first."""
    scenario = task.payload["scenario"]
    queries: list[str] = task.payload["queries"]
    return queries[:1] or [str(scenario["subtasks"][0]["text"])]


def message_of(line: Json) -> Message | None:
    """Read a chat line back as a line of the log."""
    if line["role"] == "user":
        return Message("user", line["content"])
    if line["role"] == "tool":
        return Message(
            "tool",
            line["content"],
            owner="agent",
            call_id=line["tool_call_id"],
            error='{"error"' in line["content"],
        )
    if line["role"] == "assistant":
        asked = tuple(
            ToolCall(c["id"], c["function"]["name"], json.loads(c["function"]["arguments"]))
            for c in line.get("tool_calls") or ()
        )
        return Message("agent", line.get("content") or "", calls=asked)
    return None


def numbered(text: str) -> list[int]:
    return [int(n) for n in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]


def edges(text: str) -> Json:
    return {"edges": [{"number": n, "holds": True} for n in numbered(text)]}


def wording(text: str) -> Json:
    turns = json.loads(text[text.index("[\n") : text.index("\n]") + 2])
    return {"texts": [f"Hello there. {turn['wish']}" for turn in turns]}


def person(text: str) -> Json:
    """Bring up the next goal, or answer what is asked, or end when all is said."""
    goals = dict(re.findall(r"^(\d+)\. (.*)$", text[: text.index("Facts:")], re.MULTILINE))
    facts = re.findall(r"^(.*?): (.*?)( \(withheld\))?$", between(text, "Facts:\n", "\n\n"), re.M)
    raised = [
        n.strip()
        for n in text.rsplit("brought up so far: ", 1)[1].split(",")
        if n.strip().isdigit()
    ]
    talk = between(text, "so far:\n", "\n\nGoals brought").splitlines()
    last = talk[-1].lower() if talk else ""
    asked = last.startswith("assistant:") and "?" in last
    known = [v for name, v, _ in facts if any(w in last for w in name.lower().split() if w)]
    if asked and known and "anything else" not in last:
        return {"message": known[0], "goals": [], "done": False}
    left = [n for n in goals if n not in raised]
    if left:
        return {"message": goals[left[0]], "goals": [int(left[0])], "done": False}
    return {"message": "Thank you, that is all.", "goals": [], "done": True}


def judge(text: str) -> Json:
    spoken = [line[11:] for line in text.splitlines() if line.startswith("assistant: ")]
    quote = " ".join(spoken[-1].split()[:6]) if spoken else ""
    numbers = re.findall(r'"(\d+)\. ', text)
    return {"statements": [{"number": int(n), "met": bool(quote), "quote": quote} for n in numbers]}


def between(text: str, start: str, end: str) -> str:
    return text.split(start, 1)[1].split(end, 1)[0]


@contextmanager
def served(behaviour: Behaviour) -> Iterator[FakeServer]:
    """Serve from a thread with a loop of its own, as another process would."""
    loop = asyncio.new_event_loop()
    server = FakeServer(behaviour)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(10)

    run(server.__aenter__())
    try:
        yield server
    finally:
        run(server.__aexit__())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
