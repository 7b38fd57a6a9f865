"""A node whose processes are killed at random while clients write: everything they saw can be explained.

A read after an acknowledged write sees it or a later one, searches find it, versions have no gap and none comes twice,
transactions are whole, conditions hold, the ledger verifies. BENHAN_CRASH_ROUNDS and BENHAN_CRASH_SEED choose how many
are killed and which.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.crashes.clients import KEY, SYSTEM, TYPES, Client, Recorder, marks_of
from tests.crashes.recorded import Versions, check
from tests.crashes.served import VICTIMS, Served
from tests.processes.ports import free_ports

ROUNDS = int(os.environ.get("BENHAN_CRASH_ROUNDS", "12"))
SEED = int(os.environ.get("BENHAN_CRASH_SEED", "20261126"))
CLIENTS = 8
WORK = 50
"""Requests that are answered between two kills, at least."""


@pytest.mark.slow
async def test_whatever_is_killed_what_was_acknowledged_is_there_and_nothing_else(session_folder: Path) -> None:
    chance, recorder = random.Random(SEED), Recorder()
    served = Served(session_folder / "crashes", free_ports("http")["http"])
    served.data.mkdir()
    try:
        await served.ready()
        _, told = await served.command("accounts", "token", "crashes", "--role", "node")
        token = told.strip()
        stop = asyncio.Event()
        clients = [
            asyncio.create_task(Client(recorder, served.address, token, random.Random(chance.random())).run(stop))
            for _ in range(CLIENTS)
        ]
        killed = await kill_some(served, recorder, chance)
        stop.set()
        await asyncio.gather(*clients)
        await served.ready()
        final, bearers = await everything_there(served, token)
        ledger_code, ledger_told = await served.command("ledger", "verify", "--role", "node")
    finally:
        await served.stop()
    assert min(killed[each] for each in VICTIMS) > 0
    assert recorder.broken == []
    assert ledger_code == 0, ledger_told
    assert check(recorder.ops, final) == []
    assert {key: ids for key, ids in bearers.items() if len(ids) > 1} == {}
    assert recorder.keys == {key: bearers[key] for key in recorder.keys}


async def kill_some(served: Served, recorder: Recorder, chance: random.Random) -> Counter[str]:
    """Kill in turn, each time after some work was done; sometimes again before the node has come to itself."""
    killed: Counter[str] = Counter()
    for number in range(ROUNDS):
        await recorder.worked(WORK)
        await asyncio.sleep(chance.uniform(0.0, 2.0))
        kind = VICTIMS[number % len(VICTIMS)]
        killed[kind] += served.kill(kind, chance)
        if chance.random() < 0.3:
            await asyncio.sleep(chance.uniform(0.0, 0.5))
            served.kill(chance.choice(VICTIMS), chance)
        await asyncio.sleep(0.1)
        await served.ready()
    return killed


async def everything_there(served: Served, token: str) -> tuple[dict[str, Versions], dict[str, set[str]]]:
    """The versions of every resource, out of the histories of the types, and who bears each shared key now.

    The history of each resource and its search say the same.
    """
    final: dict[str, Versions] = {}
    bearers: dict[str, set[str]] = {}
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=f"{served.address}/fhir/", headers=headers, timeout=60) as http:
        for type_ in TYPES:
            for about, versions in (await versions_of(http, type_)).items():
                assert [number for number, _ in versions] == list(range(1, len(versions) + 1)), f"{about}: {versions}"
                final[about] = [mark for _, mark in versions]
        for about, marks in final.items():
            assert marks_of((await http.get(f"{about}/_history?_count=1000")).json()) == tuple(marks)
            found = (await http.get(f"{about.partition('/')[0]}?identifier={SYSTEM}|{marks[-1] or 'none'}")).json()
            assert [each["resource"]["id"] for each in found.get("entry", [])] == (
                [about.partition("/")[2]] if marks[-1] else []
            )
            answer = await http.get(about)
            for each in answer.json().get("identifier", []):
                if each["system"] == KEY and each["value"].startswith("once-"):
                    bearers.setdefault(each["value"], set()).add(about)
    return final, bearers


async def versions_of(http: httpx.AsyncClient, type_: str) -> dict[str, list[tuple[int, str | None]]]:
    """Number and mark of each version of each resource of a type, oldest first, from its paged history."""
    found: dict[str, list[tuple[int, str | None]]] = {}
    address = f"{type_}/_history?_count=500"
    while address:
        page: dict[str, Any] = (await http.get(address)).json()
        for each in page.get("entry", []):
            resource = each.get("resource")
            number = int(each["response"]["etag"].removeprefix('W/"').removesuffix('"'))
            about = f"{type_}/{each['fullUrl'].rsplit('/', 1)[1]}"
            found.setdefault(about, []).append((number, resource and resource["identifier"][0]["value"]))
        address = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
    return {about: list(reversed(versions)) for about, versions in found.items()}
