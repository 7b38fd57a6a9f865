"""Keeps the embedded PostgreSQL running for as long as somebody needs it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.store.embedded import EmbeddedPostgres

log = Log("database")

LOOK_S = 0.25


class DatabaseKeeper:
    """Starts the server, starts it anew when it is gone, stops it."""

    def __init__(self, data: Path) -> None:
        self.server = EmbeddedPostgres(data / "postgres")
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises Unavailable BA-0440 where it does not start."""
        await asyncio.to_thread(self.server.start)
        self._watch = asyncio.create_task(self._keep(), name="database-keeper")

    async def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        await asyncio.to_thread(self.server.stop)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            if self.server.is_running():
                continue
            log.warning("database.gone")
            try:
                await asyncio.to_thread(self.server.start)
            except Fault as fault:
                log.warning("database.not_started", fault=fault.code)
