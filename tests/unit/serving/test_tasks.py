from __future__ import annotations

import asyncio

import pytest

from benhan.serving import tasks
from benhan.serving.tasks import TaskGroup


class FailsTwice:
    def __init__(self) -> None:
        self.tries = 0

    async def run(self, stop: asyncio.Event) -> None:
        self.tries += 1
        if self.tries < 3:
            raise RuntimeError
        await stop.wait()


class Deaf:
    cancelled = False

    async def run(self, _stop: asyncio.Event) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.cancelled = True
            raise


async def test_a_failed_task_is_started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "RESTART_DELAY_S", 0.01)
    task = FailsTwice()
    group = TaskGroup({"it": task})
    group.start()
    for _ in range(200):
        if task.tries == 3:
            break
        await asyncio.sleep(0.01)
    await group.stop()
    assert task.tries == 3
    assert group.restarts == {"it": 2}


async def test_a_task_that_does_not_end_is_cancelled() -> None:
    task = Deaf()
    group = TaskGroup({"deaf": task})
    group.start()
    await asyncio.sleep(0)
    await group.stop(grace_s=0.01)
    assert task.cancelled
