"""Gathers concurrent requests of one kind into batches: one worker does a batch, everybody gets their answer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from benhan.store.faults import TOO_MANY_WAITING

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

WAITING_MAX = 20_000
PATIENCE_S = 0.01
"""One worker makes larger batches than two, and larger ones cost less; a second goes past one that takes long."""


class Gatherer(Generic[Asked, Answer]):
    """`ask` waits for `work`, which is given everything that was asked meanwhile and answers in the same order.

    What `work` raises, every asker of that batch gets. `linger_s`, told how many wait, says how long to wait for more.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]],
        *,
        workers: int = 2,
        batch_max: int = 256,
        linger_s: Callable[[int], float] | None = None,
    ) -> None:
        self._work = work
        self._workers = workers
        self._batch_max = batch_max
        self._linger_s = linger_s
        self._waiting: deque[tuple[Asked, asyncio.Future[Answer]]] = deque()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks = [asyncio.create_task(self._run(number * PATIENCE_S)) for number in range(self._workers)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def ask(self, asked: Asked) -> Answer:
        """The answer to `asked`. Raises Busy BA-0424 where too many wait, and what `work` raises."""
        if len(self._waiting) >= WAITING_MAX:
            raise TOO_MANY_WAITING()
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting.append((asked, future))
        self._wake.set()
        return await future

    async def _run(self, patience_s: float) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(patience_s)  # whoever is ready to ask in this turn of the loop joins the batch
            if self._linger_s is not None and (more_s := self._linger_s(len(self._waiting))) > 0:
                await asyncio.sleep(more_s)
            batch = [self._waiting.popleft() for _ in range(min(self._batch_max, len(self._waiting)))]
            if not batch:
                self._wake.clear()
                continue
            try:
                answers = await self._work([asked for asked, _ in batch])
            except Exception as cause:  # noqa: BLE001  # every asker gets it; the worker goes on
                for _, future in batch:
                    if not future.done():
                        future.set_exception(cause)
                continue
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
