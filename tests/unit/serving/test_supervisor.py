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
    # The child may write before its keeper has its number: both are waited for.
    await until(lambda: born.exists() and len(born.read_text().split()) == 1 and "it" in keeper.pids())
    first = keeper.pids()["it"]
    os.kill(first, signal.SIGKILL)
    await until(lambda: len(born.read_text().split()) == 2 and keeper.pids().get("it", first) != first)
    second = keeper.pids()["it"]
    await keeper.stop()
    assert keeper.pids() == {}
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


def counting(folder: Path, then: str) -> str:
    """A program that marks its start in `born`, then does `then`."""
    born = folder / "born"
    return f"import sys,time; f=open({str(born)!r},'a'); f.write('x'); f.close(); {then}"


@pytest.mark.parametrize(
    ("code", "starts"), [(2, supervisor.TRIES_MAX), (6, supervisor.TRIES_MAX), (1, supervisor.UNFORESEEN_TRIES_MAX)]
)
async def test_a_child_that_cannot_start_is_given_up_with_its_exit_code_and_all_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, starts: int
) -> None:
    monkeypatch.setattr(supervisor, "RESTART_DELAY_S", 0.01)
    monkeypatch.setattr(supervisor, "RESTART_DELAY_S_MAX", 0.05)
    children = [
        Script("ill", [counting(tmp_path, f"sys.exit({code})")]),
        Script("well", ["import time; time.sleep(60)"]),
    ]
    given_up = await asyncio.wait_for(supervisor.keep(None, children), 30)
    assert given_up == supervisor.GivenUp("ill", code, starts)
    assert "ill" in given_up.fault.text.vi
    assert f"exit code {code}" in given_up.fault.text.en
    assert (tmp_path / "born").read_text() == "x" * starts


@pytest.mark.parametrize(("code", "healthy_after_s"), [(7, 30.0), (2, 0.0)], ids=["may pass", "has served"])
async def test_what_may_pass_and_who_has_served_is_tried_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, healthy_after_s: float
) -> None:
    monkeypatch.setattr(supervisor, "RESTART_DELAY_S", 0.001)
    monkeypatch.setattr(supervisor, "RESTART_DELAY_S_MAX", 0.001)
    monkeypatch.setattr(supervisor, "TRIES_MAX", 1)
    monkeypatch.setattr(supervisor, "HEALTHY_AFTER_S", healthy_after_s)
    keeper = Supervisor([Script("it", [counting(tmp_path, f"sys.exit({code})")])])
    keeper.start()
    await until(lambda: (tmp_path / "born").exists() and len((tmp_path / "born").read_text()) >= 4)
    assert keeper.given_up is None
    await keeper.stop()
