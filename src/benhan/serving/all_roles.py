"""`benhan serve all`: node, repository and health book on this machine, on one embedded PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from benhan.kernel.logs import Log
from benhan.kernel.settings import ROLES, Settings
from benhan.serving.database_keeper import DatabaseKeeper
from benhan.serving.supervisor import SUPERVISED, Child, Supervisor
from benhan.wiring import key_encryption

log = Log("all")


def run_all(settings: Settings, config: Path | None) -> None:
    """Run the three roles until SIGTERM or SIGINT."""
    asyncio.run(keep(settings, [role_child(role, settings, config) for role in ROLES]))


def role_child(role: str, settings: Settings, config: Path | None) -> Child:
    """The process of one role, with the settings it shares with the others."""
    arguments = ["serve", role, "--data", str(settings.data)]
    if config is not None:
        arguments += ["--config", str(config)]
    return Child(role, arguments)


async def keep(settings: Settings, children: Sequence[Child]) -> None:
    """Keep the embedded database (where no other is named) and `children` until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    key_encryption(settings)  # made here, once: the children would each make their own
    keeper = None if settings.database else DatabaseKeeper(settings.data)
    if keeper is not None:
        await keeper.start()
    supervisor = Supervisor(children)
    supervisor.start()
    log.info("all.started", count=len(children))
    await stop.wait()
    await supervisor.stop()
    if keeper is not None:
        await keeper.stop()


def is_supervised() -> bool:
    """Whether a supervisor started this process (and keeps the database)."""
    return SUPERVISED in os.environ
