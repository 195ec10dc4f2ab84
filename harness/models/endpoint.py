"""One HTTP endpoint: posts requests, waits and tries again, and names every failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.faults import ModelFault, UserMistake
from harness.models.address import find_key, find_proxy, lacks_key, without_login
from harness.models.refusals import (
    TRANSIENT,
    Again,
    Patience,
    error_text,
    one_line,
    refused,
    unreadable,
)
from harness.models.values import Undecodable, loads

if TYPE_CHECKING:
    import aiohttp

CONNECT_S = 30.0
KEEPALIVE_S = 4.0


@dataclass(kw_only=True, eq=False)
class Endpoint:
    """Connections to one server, shared by all episodes of an event loop.

    `stopped` may say in one line that the server is gone for good, which ends the retries.
    `timeout_s` bounds one try from the first byte sent to the last one read.
    """

    base_url: str
    model: str
    api_key_env: str | None
    timeout_s: float
    patience: Patience
    connections: int
    headers: Mapping[str, str] = field(default_factory=dict)
    stopped: Callable[[], str | None] = lambda: None
    path: str = "/chat/completions"

    def __post_init__(self) -> None:
        self.where = f"{without_login(self.base_url)} (model {self.model!r})"
        self.url = self.base_url.rstrip("/") + self.path
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def ask(self, body: bytes) -> tuple[Any, int]:
        """Post `body` until there is an answer or patience ends; return (response, retries).

        Raises ModelFault, BadReply (context full) or TooLong (fewer completion tokens would fit).
        """
        tried = 0
        while True:
            try:
                return self.parse(await self.post(body)), tried
            except Again as failure:
                if gone := self.stopped():
                    raise ModelFault(gone, "server_died") from None
                wait = self.patience.wait(tried, failure.retry_after)
                if wait is None:
                    fault = failure.fault
                    raise ModelFault(f"{fault} (tries: {tried + 1})", fault.kind) from None
            await asyncio.sleep(wait)
            tried += 1

    async def post(self, body: bytes) -> bytes:
        """Send one request; every failure leaves as one of our own exceptions."""
        session = self.connect()
        import aiohttp

        try:
            async with asyncio.timeout(self.timeout_s) as scope:
                async with session.post(self.url, data=body, allow_redirects=False) as response:
                    content: bytes = await response.read()
        except (aiohttp.ClientError, ConnectionError) as error:
            raise Again(self.broken(error)) from None
        except TimeoutError:
            if not scope.expired():
                raise
            raise Again(self.late()) from None
        if response.status != 200:
            text = self.without_key(content.decode("utf-8", "replace"))
            raise refused(self.where, response.status, text, response.headers)
        return content

    def broken(self, error: BaseException) -> ModelFault:
        """Name a connection that failed."""
        if isinstance(error, TimeoutError):
            return self.late()
        reason = one_line(str(error) or type(error).__name__)
        return ModelFault(f"no connection to {self.where}: {reason}", "connection")

    def late(self) -> ModelFault:
        return ModelFault(f"{self.where} gave no answer in {self.timeout_s:g} s", "timeout")

    def parse(self, content: bytes) -> Any:
        """Decode a response; some gateways send an error object with status 200."""
        try:
            data = loads(content)
        except Undecodable:
            raise unreadable(self.where, content) from None
        if isinstance(data, dict) and data.get("error") and not data.get("choices"):
            code = data["error"].get("code") if isinstance(data["error"], dict) else None
            status = code if isinstance(code, int) and code in TRANSIENT else 400
            raise refused(self.where, status, self.without_key(error_text(data)), {})
        return data

    def without_key(self, text: str) -> str:
        key = find_key(self.api_key_env)
        return text.replace(key, "***") if key else text

    def connect(self) -> aiohttp.ClientSession:
        """Return the session of the running event loop, with a pool of `connections`."""
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            if lack := lacks_key(self.api_key_env, self.base_url):
                raise UserMistake(lack)
            self._session, self._loop = self.make_session(), loop
        return self._session

    def make_session(self) -> aiohttp.ClientSession:
        # A request through the openai package costs .8 ms of CPU, this one .25 (harness.bench).
        import aiohttp

        headers = {"Content-Type": "application/json", **self.headers}
        if key := find_key(self.api_key_env):
            headers["Authorization"] = f"Bearer {key}"
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self.connections, keepalive_timeout=KEEPALIVE_S),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=min(CONNECT_S, self.timeout_s)),
            headers=headers,
            proxy=find_proxy(self.base_url),
        )

    async def aclose(self) -> None:
        """Close the connections; the next call opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
