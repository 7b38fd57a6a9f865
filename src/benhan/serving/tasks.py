"""Background tasks of a role: started together, restarted when they fail, stopped together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within

log = Log("tasks")

RESTART_DELAY_S = 0.5
RESTART_DELAY_S_MAX = 30.0


class Task(Protocol):
    """Work that goes on until told to stop."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then end what is begun and return."""
        ...


class TaskGroup:
    """Runs named tasks side by side; one that fails is logged and started anew after a growing pause."""

    def __init__(self, tasks: Mapping[str, Task]) -> None:
        self._tasks = tasks
        self._stop = asyncio.Event()
        self._running: list[asyncio.Task[None]] = []
        self.restarts: dict[str, int] = dict.fromkeys(tasks, 0)

    def start(self) -> None:
        for name, task in self._tasks.items():
            self._running.append(asyncio.create_task(self._keep(name, task), name=name))

    async def stop(self, grace_s: float = 10.0) -> None:
        """Ask every task to end, wait `grace_s` seconds, cancel what still runs."""
        self._stop.set()
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=grace_s)
        for task in late:
            log.warning("task.cancelled", name=task.get_name())
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _keep(self, name: str, task: Task) -> None:
        delay_s = RESTART_DELAY_S
        while not self._stop.is_set():
            try:
                await task.run(self._stop)
            except Exception as cause:  # noqa: BLE001  # the keeper of tasks is where any failure ends
                self.restarts[name] += 1
                log.failure("task.failed", cause, name=name, retry_in_s=delay_s)
            if await stopped_within(self._stop, delay_s):
                return
            delay_s = min(delay_s * 2, RESTART_DELAY_S_MAX)
