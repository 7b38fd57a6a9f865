"""`benhan serve node` with two workers on a folder of its own, and kill -9 of any of its processes."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

VICTIMS = ("worker", "backend", "postmaster", "supervisor", "worker", "backend")
"""Who is killed, in turn."""
READY_S = 600
"""A machine that does much else starts slowly, and each start that fails is followed by a longer pause."""


@dataclass
class Served:
    """The node; `ensure` starts it anew where its supervisor is gone, as an init system would."""

    data: Path
    port: int
    process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def ensure(self) -> None:
        if self.process is None or self.process.returncode is not None:
            self.process = await self._run("serve", "node", "--port", str(self.port), "--mllp-port", "0")

    async def ready(self) -> None:
        """Return when a worker answers; a supervisor that ended meanwhile (its port still taken) is started anew."""
        async with asyncio.timeout(READY_S), httpx.AsyncClient(trust_env=False, timeout=2) as client:
            while True:
                await self.ensure()
                with suppress(httpx.HTTPError):
                    if (await client.get(f"{self.address}/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.1)

    def kill(self, kind: str, chance: random.Random) -> bool:
        """Kill one of `kind`; False where there is none just now."""
        with suppress(psutil.Error, ProcessLookupError):
            found = self._victims(kind)
            if found:
                os.kill(chance.choice(found), signal.SIGKILL)
                return True
        return False

    def _victims(self, kind: str) -> list[int]:
        assert self.process is not None
        if kind == "supervisor":
            return [self.process.pid]
        if kind == "worker":
            children = psutil.Process(self.process.pid).children()
            return [each.pid for each in children if "benhan.cli.main" in each.cmdline()]
        told = list(self.data.rglob("postmaster.pid"))
        if not told:
            return []
        postmaster = psutil.Process(int(told[0].read_text().split()[0]))
        if kind == "postmaster":
            return [postmaster.pid]
        return [each.pid for each in postmaster.children() if "postgres: postgres" in " ".join(each.cmdline())]

    async def command(self, *arguments: str) -> tuple[int, str]:
        """The exit code of a `benhan` command on this folder, and what it wrote."""
        process = await self._run(*arguments)
        told, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, told.decode()

    async def _run(self, *arguments: str) -> asyncio.subprocess.Process:
        is_server = arguments[0] == "serve"
        with (self.data.parent / "served.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "benhan.cli.main", *arguments, "--data", str(self.data)),
                env={"PATH": "/usr/bin:/bin", "BENHAN_WORKERS": "2", "BENHAN_LOG_LEVEL": "warning"},
                stdout=log if is_server else asyncio.subprocess.PIPE,
                stderr=log,
            )

    async def stop(self) -> None:
        """End it as an init system does."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(self.process.wait(), 60)
