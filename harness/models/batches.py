"""Gather concurrent calls into batches: the first one waits a moment for company."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Generic, TypeVar

In = TypeVar("In")
Out = TypeVar("Out")


class Batcher(Generic[In, Out]):
    """Run `work` on up to `size` items at a time, in a thread, one batch after the other.

    A batch starts when it is full or `wait_s` after its first item came. Whatever arrives while a
    batch runs forms the next one. An exception of `work` reaches every item of its batch.
    """

    def __init__(self, work: Callable[[list[In]], list[Out]], size: int, wait_s: float) -> None:
        self.work = work
        self.size = size
        self.wait_s = wait_s
        self.queue: asyncio.Queue[tuple[In, asyncio.Future[Out]]] = asyncio.Queue()
        self.task: asyncio.Task[None] | None = None

    async def submit(self, item: In) -> Out:
        """Return the result for `item`; cancelling drops it from a batch not yet begun."""
        loop = asyncio.get_running_loop()
        if self.task is None or self.task.get_loop() is not loop:
            self.queue = asyncio.Queue()
            self.task = loop.create_task(self.serve())
        future: asyncio.Future[Out] = loop.create_future()
        self.queue.put_nowait((item, future))
        return await future

    async def serve(self) -> None:
        while True:
            batch = [pair for pair in await self.gather() if not pair[1].done()]
            try:
                if batch:
                    settle(batch, await asyncio.to_thread(self.work, [item for item, _ in batch]))
            except Exception as error:
                # Not swallowed: it is raised where each of the batch's calls waits.
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
            finally:
                for _, future in batch:
                    future.cancel()

    async def gather(self) -> list[tuple[In, asyncio.Future[Out]]]:
        """Wait for one item, then for more until the batch is full or the time is up."""
        batch = [await self.queue.get()]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.wait_s):
                while len(batch) < self.size:
                    batch.append(await self.queue.get())
        return batch

    async def aclose(self) -> None:
        """Stop serving and cancel who waits; a batch under way runs to its end unheard."""
        task, self.task = self.task, None
        while not self.queue.empty():
            self.queue.get_nowait()[1].cancel()
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def settle(batch: list[tuple[In, asyncio.Future[Out]]], results: list[Out]) -> None:
    """Hand every result to who waits for it, unless they left."""
    for (_, future), result in zip(batch, results, strict=True):
        if not future.done():
            future.set_result(result)
