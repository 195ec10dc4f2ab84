"""A loopback OpenAI-compatible server that behaves, or misbehaves, as it is told."""

from __future__ import annotations

import asyncio
import email.utils
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

Json = dict[str, Any]
Behaviour = Callable[[web.Request, Json], Awaitable[web.StreamResponse]]

USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 20,
    "total_tokens": 120,
    "prompt_tokens_details": {"cached_tokens": 40},
    "completion_tokens_details": {"reasoning_tokens": 5},
}


def completion(message: Json, finish: str = "stop", usage: Json | None = None) -> Json:
    """Build a chat completion around one message."""
    return {
        "id": "cmpl-1",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": USAGE if usage is None else usage,
    }


def says(text: str | None, **extra: Any) -> Behaviour:
    """Answer with a text and whatever else the message shall hold."""
    return replies(completion({"role": "assistant", "content": text, **extra}))


def calls(*given: Any) -> Behaviour:
    """Answer with tool calls: (name, argument text) pairs, or raw objects as they are."""
    listed = [
        {"id": f"c{i}", "type": "function", "function": {"name": g[0], "arguments": g[1]}}
        if isinstance(g, tuple)
        else g
        for i, g in enumerate(given)
    ]
    message = {"role": "assistant", "content": None, "tool_calls": listed}
    return replies(completion(message, "tool_calls"))


def replies(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Behaviour:
    """Answer with JSON (a str is sent as it stands)."""
    text = data if isinstance(data, str) else json.dumps(data)

    async def behave(request: web.Request, body: Json) -> web.StreamResponse:
        return web.Response(
            text=text, status=status, headers=headers, content_type="application/json"
        )

    return behave


def refuses(status: int, message: str = "no", code: str | None = None, **headers: str) -> Behaviour:
    """Answer with an OpenAI-style error object."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return replies({"error": {"message": message, "code": code}}, status, named)


def html(status: int = 200) -> Behaviour:
    async def behave(request: web.Request, body: Json) -> web.StreamResponse:
        page = "<!DOCTYPE html><html><head><title>Welcome to nginx</title></head></html>"
        return web.Response(text=page, status=status, content_type="text/html")

    return behave


def waits(seconds: float, then: Behaviour) -> Behaviour:
    async def behave(request: web.Request, body: Json) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await then(request, body)

    return behave


def gathers(number: int, then: Behaviour) -> Behaviour:
    """Hold every request until `number` of them are here, or for two seconds."""
    arrived = 0

    async def behave(request: web.Request, body: Json) -> web.StreamResponse:
        nonlocal arrived
        arrived += 1
        for _ in range(200):
            if arrived >= number:
                break
            await asyncio.sleep(0.01)
        return await then(request, body)

    return behave


async def dies(request: web.Request, body: Json) -> web.StreamResponse:
    """Promise a long answer, send a part, and drop the connection."""
    response = web.StreamResponse(headers={"Content-Length": "5000"})
    await response.prepare(request)
    await response.write(b'{"id": "cmpl-1", "choices": [')
    assert request.transport is not None
    request.transport.abort()
    return response


async def hangs_up(request: web.Request, body: Json) -> web.StreamResponse:
    """Drop the connection without a word."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def drips(request: web.Request, body: Json) -> web.StreamResponse:
    """Send a byte now and then, for ever: no single read times out."""
    response = web.StreamResponse(headers={"Content-Length": "5000"})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


async def echoes(request: web.Request, body: Json) -> web.StreamResponse:
    """Answer with the last message's content."""
    return await says(body["messages"][-1]["content"])(request, body)


def http_date(seconds_from_now: float) -> str:
    return email.utils.formatdate(time.time() + seconds_from_now, usegmt=True)


class FakeServer:
    """Serves on a free port of 127.0.0.1. Each request takes the next behaviour; the last stays.

    `requests` holds the decoded bodies, `headers` the request headers, in order of arrival.
    """

    def __init__(self, *behaviours: Behaviour) -> None:
        self.behaviours = list(behaviours) or [says("hello")]
        self.requests: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self.models_status = 200
        self.open = 0
        self.most_open = 0

    async def __aenter__(self) -> FakeServer:
        app = web.Application(client_max_size=2**28)
        app.router.add_post("/v1/chat/completions", self.complete)
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/health", self.models)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        port = self.runner.addresses[0][1]
        self.base_url = f"http://127.0.0.1:{port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.runner.cleanup()

    async def complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        behave = self.behaviours[0] if len(self.behaviours) == 1 else self.behaviours.pop(0)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            return await behave(request, body)
        finally:
            self.open -= 1

    async def models(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"data": []}, status=self.models_status)
