"""Micro-batches: gathered, bounded, and safe to cancel."""

from __future__ import annotations

import asyncio
import threading

import pytest

from harness.models.batches import Batcher


class Doubler:
    """Doubles numbers, remembers its batches, and may be held back."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.free = threading.Event()
        self.free.set()

    def __call__(self, items: list[int]) -> list[int]:
        self.batches.append(items)
        assert self.free.wait(10)
        if 13 in items:
            raise ValueError("13")
        return [2 * item for item in items]


def test_concurrent_calls_share_batches_of_bounded_size() -> None:
    work = Doubler()

    async def play() -> list[int]:
        batcher = Batcher(work, size=4, wait_s=0.2)
        results = await asyncio.gather(*(batcher.submit(n) for n in range(10)))
        await batcher.aclose()
        return results

    assert asyncio.run(play()) == [2 * n for n in range(10)]
    assert [len(batch) for batch in work.batches] == [4, 4, 2]


def test_a_lone_call_does_not_wait_for_company_for_ever() -> None:
    async def play() -> int:
        batcher = Batcher(Doubler(), size=100, wait_s=0.01)
        async with asyncio.timeout(5):
            result = await batcher.submit(4)
        await batcher.aclose()
        return result

    assert asyncio.run(play()) == 8


def test_an_error_reaches_its_batch_and_no_other() -> None:
    async def play() -> None:
        batcher = Batcher(Doubler(), size=2, wait_s=0.01)
        with pytest.raises(ValueError, match="13"):
            await batcher.submit(13)
        assert await batcher.submit(1) == 2
        await batcher.aclose()

    asyncio.run(play())


def test_a_cancelled_call_leaves_the_batch() -> None:
    work = Doubler()

    async def play() -> None:
        work.free.clear()
        batcher = Batcher(work, size=1, wait_s=0.0)
        first = asyncio.create_task(batcher.submit(1))
        while not work.batches:
            await asyncio.sleep(0.001)
        second, third = (asyncio.create_task(batcher.submit(n)) for n in (2, 3))
        await asyncio.sleep(0)
        first.cancel()
        second.cancel()
        work.free.set()
        assert await third == 6
        await batcher.aclose()

    asyncio.run(play())
    assert work.batches == [[1], [3]]


def test_a_batcher_outlives_its_event_loop() -> None:
    batcher = Batcher(Doubler(), size=2, wait_s=0.0)

    async def play() -> int:
        result = await batcher.submit(1)
        await batcher.aclose()
        return result

    assert asyncio.run(play()) == asyncio.run(play()) == 2


def test_closing_cancels_who_waits() -> None:
    work = Doubler()

    async def play() -> None:
        work.free.clear()
        batcher = Batcher(work, size=1, wait_s=0.0)
        tasks = [asyncio.create_task(batcher.submit(n)) for n in (1, 2)]
        while not work.batches:
            await asyncio.sleep(0.001)
        await batcher.aclose()
        work.free.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)

    asyncio.run(play())
