"""Several roles on one machine: each its own process, started anew when it ends, stopped together."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.serving.database_keeper import DatabaseKeeper

log = Log("supervisor")

SUPERVISED = "BENHAN_SUPERVISED"

RESTART_DELAY_S = 0.3
RESTART_DELAY_S_MAX = 20.0
HEALTHY_AFTER_S = 30.0
STOP_GRACE_S = 20.0


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep: its name, the arguments after `benhan`, and its environment."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "benhan.cli.main", *self.arguments]


class Supervisor:
    """Keeps `children` running until `stop` is called."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children
        self._stop = asyncio.Event()
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._keepers = [asyncio.create_task(self._keep(child), name=child.name) for child in self._children]

    def pids(self) -> dict[str, int]:
        """The process id of each child that runs now."""
        return {name: process.pid for name, process in self._processes.items() if process.returncode is None}

    async def stop(self) -> None:
        """SIGTERM to all, then SIGKILL to those that are still there after a while."""
        self._stop.set()
        for process in self._processes.values():
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        if not self._keepers:
            return
        _, late = await asyncio.wait(self._keepers, timeout=STOP_GRACE_S)
        for process in self._processes.values():
            if process.returncode is None:
                process.kill()
        if late:
            await asyncio.wait(late)

    async def _keep(self, child: Child) -> None:
        loop = asyncio.get_running_loop()
        delay_s = RESTART_DELAY_S
        while not self._stop.is_set():
            began = loop.time()
            environment = {**os.environ, **child.environment, SUPERVISED: "1"}
            process = await asyncio.create_subprocess_exec(
                *child.command, env=environment, stdin=asyncio.subprocess.PIPE
            )
            self._processes[child.name] = process
            code = await process.wait()
            if self._stop.is_set():
                return
            if loop.time() - began > HEALTHY_AFTER_S:
                delay_s = RESTART_DELAY_S
            log.warning("process.ended", process=child.name, exit_code=code, retry_in_s=delay_s)
            if await stopped_within(self._stop, delay_s):
                return
            delay_s = min(delay_s * 2, RESTART_DELAY_S_MAX)


async def keep(keeper: DatabaseKeeper | None, children: Sequence[Child]) -> None:
    """Keep `children`, and the database they share, until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    supervisor = Supervisor(children)
    supervisor.start()
    log.info("supervisor.started", count=len(children))
    await stop.wait()
    await supervisor.stop()
    if keeper is not None:
        await keeper.stop()


def is_supervised() -> bool:
    """Whether a supervisor started this process (and keeps the database)."""
    return SUPERVISED in os.environ
