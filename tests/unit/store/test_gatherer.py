"""Requests of one kind done together: how long the first waits for others is told by who knows whether any come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from benhan.store.gatherer import Gatherer


class Batches:
    """Work that remembers its batches; a request that is negative fails."""

    def __init__(self, linger_s: Callable[[int], float] | None = None) -> None:
        self.done: list[list[int]] = []
        self.gatherer: Gatherer[int, int] = Gatherer(self._work, workers=1, linger_s=linger_s)

    async def _work(self, batch: Sequence[int]) -> list[int]:
        self.done.append(list(batch))
        if min(batch) < 0:
            raise ValueError
        return [each * 2 for each in batch]


async def asked_one_after_another(batches: Batches, *numbers: int, pause_s: float = 0.005) -> list[int]:
    """The answers to numbers of which each is asked a little after the one before."""
    batches.gatherer.start()
    asking = []
    for number in numbers:
        asking.append(asyncio.create_task(batches.gatherer.ask(number)))
        await asyncio.sleep(pause_s)
    try:
        return await asyncio.gather(*asking)
    finally:
        await batches.gatherer.stop()


async def test_what_comes_within_the_time_it_lingers_is_one_batch() -> None:
    batches = Batches(lambda waiting: 0.5 if waiting < 3 else 0.0)
    assert await asked_one_after_another(batches, 1, 2, 3) == [2, 4, 6]
    assert batches.done == [[1, 2, 3]]


async def test_nobody_waits_where_no_others_are_on_their_way() -> None:
    batches = Batches(lambda _waiting: 0.0)
    assert await asked_one_after_another(batches, 1, 2, pause_s=0.05) == [2, 4]
    assert batches.done == [[1], [2]]


async def test_what_the_work_raises_every_asker_of_the_batch_gets_and_the_next_batch_is_done() -> None:
    batches = Batches()
    batches.gatherer.start()
    try:
        failed = await asyncio.gather(*(batches.gatherer.ask(each) for each in (1, -1)), return_exceptions=True)
        assert [type(each) for each in failed] == [ValueError, ValueError]
        assert await batches.gatherer.ask(4) == 8
    finally:
        await batches.gatherer.stop()


async def test_an_asker_who_leaves_takes_nothing_from_the_others() -> None:
    batches = Batches(lambda _waiting: 0.05)
    batches.gatherer.start()
    try:
        leaving, staying = (asyncio.create_task(batches.gatherer.ask(each)) for each in (1, 2))
        await asyncio.sleep(0.01)
        leaving.cancel()
        assert await staying == 4
        with pytest.raises(asyncio.CancelledError):
            await leaving
    finally:
        await batches.gatherer.stop()
