"""A loopback chat server that costs next to nothing: one canned answer after a delay.

Runs as its own process (`python -m harness.bench.stub DELAY_MS`) and prints its port.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys

ANSWER = {
    "choices": [
        {"message": {"role": "assistant", "content": "Done, thank you."}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 4000, "completion_tokens": 5, "total_tokens": 4005},
}


def response() -> bytes:
    body = json.dumps(ANSWER).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


class Stub(asyncio.Protocol):
    """Answer each complete request on a kept-alive connection."""

    canned = response()

    def __init__(self, delay_s: float) -> None:
        self.delay_s = delay_s
        self.buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = re.search(rb"content-length: *(\d+)", self.buffer[:end].lower())
            size = end + 4 + (int(length.group(1)) if length else 0)
            if len(self.buffer) < size:
                return
            del self.buffer[:size]
            asyncio.get_running_loop().call_later(self.delay_s, self.answer)

    def answer(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(self.canned)


async def serve(delay_s: float) -> None:
    """Serve on a free port until the parent closes our standard input."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Stub(delay_s), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]) / 1000))
