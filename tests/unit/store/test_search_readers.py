"""The connections of searches: few are at work, and what takes long does not keep the others waiting."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from benhan.store.search import readers
from benhan.store.search.readers import FEW, Readers


class OpenedConnection:
    def is_closed(self) -> bool:
        return False


class CountingPool:
    """Stands for a Database and its pool: opens connections, counts them."""

    def __init__(self) -> None:
        self.pool = self
        self.opened = 0

    async def acquire(self) -> OpenedConnection:
        self.opened += 1
        return OpenedConnection()


@pytest.fixture
def pool() -> CountingPool:
    return CountingPool()


@pytest.fixture
def connections(pool: CountingPool, monkeypatch: pytest.MonkeyPatch) -> Readers:
    monkeypatch.setattr(readers, "LONG_S", 0.02)
    database: Any = pool
    return Readers(database, FEW + 2)


async def short(connections: Readers) -> None:
    connection = await connections.take()
    await asyncio.sleep(0)
    await connections.give_back(connection, is_sound=True)


async def test_short_searches_share_few_connections(connections: Readers, pool: CountingPool) -> None:
    await asyncio.gather(*(short(connections) for _ in range(100)))
    assert pool.opened == FEW


async def test_a_search_that_takes_long_lets_another_past(connections: Readers, pool: CountingPool) -> None:
    long = [await connections.take() for _ in range(FEW)]
    async with asyncio.timeout(5):
        await asyncio.gather(*(short(connections) for _ in range(100)))
    assert FEW < pool.opened <= FEW + 2
    for each in long:
        await connections.give_back(each, is_sound=True)


async def test_no_more_go_past_than_there_are_connections(connections: Readers) -> None:
    taken = [await connections.take() for _ in range(FEW)]
    async with asyncio.timeout(5):
        taken += [await connections.take() for _ in range(2)]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await connections.take()
    for each in taken:
        await connections.give_back(each, is_sound=True)


async def test_once_they_are_back_few_are_at_work_again(connections: Readers) -> None:
    async with asyncio.timeout(5):
        taken = [await connections.take() for _ in range(FEW + 1)]
    for each in taken:
        await connections.give_back(each, is_sound=True)
    again = [await connections.take() for _ in range(FEW)]
    waiting = asyncio.ensure_future(connections.take())
    await asyncio.sleep(0.001)
    assert not waiting.done()
    await connections.give_back(again.pop(), is_sound=True)
    async with asyncio.timeout(5):
        again.append(await waiting)
    for each in again:
        await connections.give_back(each, is_sound=True)
