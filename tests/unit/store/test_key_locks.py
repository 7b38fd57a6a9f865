from __future__ import annotations

import asyncio

from benhan.store.key_locks import KeyLocks


async def test_works_that_share_a_key_go_one_after_the_other() -> None:
    locks, inside, most = KeyLocks(), [0], [0]

    async def work(*keys: str) -> None:
        async with locks.holding(keys):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            await asyncio.sleep(0.001)
            inside[0] -= 1

    await asyncio.gather(work("a", "b"), work("b", "c"), work("b"), work("c", "b", "a"))
    assert most[0] == 1


async def test_works_without_a_common_key_go_side_by_side() -> None:
    locks, together = KeyLocks(), asyncio.Barrier(2)

    async def work(key: str) -> None:
        async with locks.holding([key]):
            await asyncio.wait_for(together.wait(), 1)

    await asyncio.gather(work("a"), work("b"))


async def test_opposite_orders_do_not_block_each_other() -> None:
    locks = KeyLocks()

    async def work(keys: list[str]) -> None:
        for _ in range(50):
            async with locks.holding(keys):
                await asyncio.sleep(0)

    await asyncio.wait_for(asyncio.gather(work(["a", "b", "c"]), work(["c", "b", "a"])), 2)


async def test_nothing_is_kept_of_locks_nobody_wants() -> None:
    locks = KeyLocks()

    async def work(key: int) -> None:
        async with locks.holding([key, "common"]):
            await asyncio.sleep(0)

    waiting = [asyncio.create_task(work(key)) for key in range(20)]
    await asyncio.sleep(0)
    waiting[7].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert len(locks) == 0
