"""Several roles on one machine: each its own process, started anew when it ends, stopped together.

A process that has served is started anew for ever, after pauses that grow to `RESTART_DELAY_S_MAX`. One that never came
so far and ends again and again by a cause that does not mend itself (a bad setting, a taken port, a broken migration)
ends all: somebody has just started it, and is told.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benhan.kernel.faults import Broken, Fault, FaultCode
from benhan.kernel.logs import Log
from benhan.kernel.stopping import stopped_within
from benhan.kernel.texts import Text
from benhan.serving.database_keeper import DatabaseKeeper

log = Log("supervisor")

SUPERVISED = "BENHAN_SUPERVISED"

RESTART_DELAY_S = 0.3
RESTART_DELAY_S_MAX = 20.0
HEALTHY_AFTER_S = 30.0
STOP_GRACE_S = 20.0
TRIES_MAX = 3
"""Starts in a row after which a process that ended by a Fault that only a person can mend is given up."""
UNFORESEEN_TRIES_MAX = 10
"""The same where it ended by no Fault of ours (exit code 1)."""
PASSING = frozenset({0, 7, 130})
"""Exit codes of what may pass: an orderly end, busy, unavailable or interrupted. Signals (negative) pass as well."""

GAVE_UP = FaultCode(
    "BA-3950",
    Broken,
    Text(
        "Tiến trình {process} không khởi động được {count} lần liền (mã thoát {exit_code}); lý do là điều nó ghi "
        "sau cùng ở trên. Đã dừng tất cả. Sửa lý do đó rồi chạy lại.",
        "Process {process} did not start {count} times in a row (exit code {exit_code}); the reason is what it wrote "
        "last, above. All is stopped. Mend that, then start again.",
    ),
)


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep: its name, the arguments after `benhan`, and its environment."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "benhan.cli.main", *self.arguments]


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A child that never served and will not: the last exit code of its `tries` starts."""

    process: str
    exit_code: int
    tries: int

    @property
    def fault(self) -> Fault:
        """BA-3950."""
        return GAVE_UP(process=self.process, count=self.tries, exit_code=self.exit_code)


class Supervisor:
    """Keeps `children` running until `stop` is called, or until one of them is given up (`given_up`)."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children
        self._stop = asyncio.Event()
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._gave_up = asyncio.Event()
        self.given_up: GivenUp | None = None

    def start(self) -> None:
        self._keepers = [asyncio.create_task(self._keep(child), name=child.name) for child in self._children]

    def pids(self) -> dict[str, int]:
        """The process id of each child that runs now."""
        return {name: process.pid for name, process in self._processes.items() if process.returncode is None}

    async def until_given_up(self) -> None:
        """Return when a child will not be started again; the others still run."""
        await self._gave_up.wait()

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
        delay_s, tries, has_served = RESTART_DELAY_S, 0, False
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
                delay_s, has_served = RESTART_DELAY_S, True
            tries = 0 if code in PASSING or code < 0 else tries + 1
            if not has_served and tries >= (UNFORESEEN_TRIES_MAX if code == 1 else TRIES_MAX):
                log.error("process.given_up", process=child.name, exit_code=code, attempt=tries)
                self.given_up = self.given_up or GivenUp(child.name, code, tries)
                self._gave_up.set()
                return
            log.warning("process.ended", process=child.name, exit_code=code, retry_in_s=delay_s)
            if await stopped_within(self._stop, delay_s):
                return
            delay_s = min(delay_s * 2, RESTART_DELAY_S_MAX)


async def keep(keeper: DatabaseKeeper | None, children: Sequence[Child]) -> GivenUp | None:
    """Keep `children`, and the database they share, until told to stop, or until the one it gives is given up."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    supervisor = Supervisor(children)
    supervisor.start()
    log.info("supervisor.started", count=len(children))
    ends = [asyncio.create_task(stop.wait()), asyncio.create_task(supervisor.until_given_up())]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for each in ends:
        each.cancel()
    await supervisor.stop()
    if keeper is not None:
        await keeper.stop()
    return supervisor.given_up


def is_supervised() -> bool:
    """Whether a supervisor started this process (and keeps the database)."""
    return SUPERVISED in os.environ
