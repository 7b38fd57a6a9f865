from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benhan.serving import supervisor
from benhan.serving.supervisor import Child, Supervisor


class Script(Child):
    __slots__ = ()

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-c", *self.arguments]


async def until(done: Callable[[], bool]) -> None:
    for _ in range(500):
        if done():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("did not come about within 10 s")


async def test_a_killed_child_comes_back_and_all_end_on_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "RESTART_DELAY_S", 0.01)
    born = tmp_path / "born"
    code = f"import os,time; f=open({str(born)!r},'a'); f.write(str(os.getpid())+' '); f.close(); time.sleep(60)"
    keeper = Supervisor([Script("it", [code])])
    keeper.start()
    await until(lambda: born.exists() and len(born.read_text().split()) == 1)
    first = keeper.pids()["it"]
    os.kill(first, signal.SIGKILL)
    await until(lambda: len(born.read_text().split()) == 2)
    second = keeper.pids()["it"]
    assert second != first
    await keeper.stop()
    assert keeper.pids() == {}
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)
