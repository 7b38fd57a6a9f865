"""A hundred doctors at work on the pages of a node: each looks at a record, types (drafts), saves, and thinks between.

Over HTTP with sessions, the client on the same cores. What is told is how long saving a form took (durable, with the
resources that it says, in the ledger), and beside it a draft and a page; and how busy the node was.
"""

from __future__ import annotations

import asyncio
import random
import re
import statistics
import time
from pathlib import Path
from typing import Any

import httpx

from benhan.access.accounts import Accounts
from benhan.kernel.actors import Role
from benhan.kernel.clock import SystemClock
from benhan.kernel.settings import Settings
from benhan.store.opening import open_store
from common import arguments, report, scratch_folder, serving
from cpu_time import CpuTime

DOCTORS = 100
ACCOUNTS = 10
PASSWORD = "bench-ward-load-1"  # of accounts that live as long as this script
DRAFT_EVERY_S = 4.0
DRAFTS_A_SAVE = 5
"""A doctor types for twenty seconds, then saves, then looks at the record."""


async def accounts(data: Path) -> None:
    """The doctors' accounts, made before the node starts."""
    async with open_store(Settings(data=data), "node") as store:
        made = Accounts(store.database, SystemClock())
        for number in range(ACCOUNTS):
            await made.create(f"doctor{number}", f"BS {number}", Role.DOCTOR, PASSWORD)


async def sign_in(url: str, number: int) -> httpx.AsyncClient:
    client = httpx.AsyncClient(base_url=url, timeout=30)
    answer = await client.post("/sign-in", data={"login": f"doctor{number}", "password": PASSWORD})
    assert answer.status_code == 303, answer.text[:200]
    return client


async def paper_of(client: httpx.AsyncClient, token: str, number: int) -> tuple[str, dict[str, str]]:
    """A patient with a stay, a record and its bệnh án; gives the address of the paper and the inputs on its page."""
    head = {"authorization": f"Bearer {token}", "content-type": "application/fhir+json"}
    async with httpx.AsyncClient(base_url=str(client.base_url), headers=head, timeout=30) as api:
        person = {"resourceType": "Patient", "name": [{"text": f"Nguyễn Văn {number}"}], "birthDate": "1970-01-01"}
        patient = (await api.post("/fhir/Patient", json=person)).json()["id"]
        stay = {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
            "subject": {"reference": f"Patient/{patient}"},
            "period": {"start": "2026-11-20T08:00:00+07:00"},
        }
        encounter = (await api.post("/fhir/Encounter", json=stay)).json()["id"]
    csrf = _csrf((await client.get("/records")).text)
    opened = await client.post(
        f"/encounters/{encounter}/record", data={"csrf": csrf, "form": "01/BV-01", "department": "K01"}
    )
    record = opened.headers["location"]
    added = await client.post(f"{record}/papers", data={"csrf": csrf, "form": "01/BV-01"})
    paper = added.headers["location"]
    return paper, _inputs((await client.get(paper)).text)


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def _inputs(page: str) -> dict[str, str]:
    """The inputs of the paper's form."""
    form = page[page.index('<form id="paper"') :]
    return dict(re.findall(r'<input [^>]*?name="([^"]+)" value="([^"]*)"', form))


async def doctor(
    client: httpx.AsyncClient, paper: str, inputs: dict[str, str], until: float, taken: dict[str, list[float]]
) -> None:
    """One doctor on one paper until the end."""
    typed = {**inputs, "what": "save"}
    await asyncio.sleep(random.random() * DRAFT_EVERY_S)
    words = "Người bệnh tỉnh, tiếp xúc tốt, da niêm mạc hồng, không phù, không xuất huyết dưới da. "
    count = 0
    while time.perf_counter() < until:
        for _ in range(DRAFTS_A_SAVE):
            count += 1
            typed["toan_than"] = words * (count % 20 + 1)
            await _timed(taken["draft"], client.post(f"{paper}/draft", data=typed), 200)
            await asyncio.sleep(DRAFT_EVERY_S * (0.5 + random.random()))
            if time.perf_counter() > until:
                return
        typed["mach"] = str(60 + count % 40)
        typed["cd_vao_khoa"] = f"Viêm phổi ngày {count}"
        await _timed(taken["save"], client.post(paper, data=typed), 303)
        page = await _timed(taken["page"], client.get(paper), 200)
        typed["base"] = _inputs(page.text)["base"]
        await _timed(taken["record"], client.get(paper.rpartition("/papers/")[0]), 200)


async def _timed(times: list[float], asked: Any, status: int) -> httpx.Response:
    began = time.perf_counter()
    answer: httpx.Response = await asked
    times.append((time.perf_counter() - began) * 1000)
    assert answer.status_code == status, (answer.status_code, answer.text[:300])
    return answer


async def measure(quick: bool) -> dict[str, Any]:
    seconds = 25 if quick else 120
    taken: dict[str, list[float]] = {"draft": [], "save": [], "page": [], "record": []}
    with scratch_folder() as data:
        await accounts(data)
        with serving(data) as server:
            token = server.token()
            clients = [await sign_in(server.url, number) for number in range(ACCOUNTS)]
            papers = [await paper_of(clients[each % ACCOUNTS], token, each) for each in range(DOCTORS)]
            cpu = CpuTime(server.process.pid, data)
            until = time.perf_counter() + seconds
            await asyncio.gather(
                *(
                    doctor(clients[each % ACCOUNTS], paper, inputs, until, taken)
                    for each, (paper, inputs) in enumerate(papers)
                )
            )
            spent = cpu.spent_us(len(taken["save"]))
            for client in clients:
                await client.aclose()
    results: dict[str, Any] = {}
    for name, times in taken.items():
        results[f"{name}_p50_ms"] = round(statistics.median(times), 1)
        results[f"{name}_p95_ms"] = round(statistics.quantiles(times, n=20)[18], 1)
    counts = {"saves": len(taken["save"]), "drafts": len(taken["draft"])}
    return {**results, **counts, **{f"{kind}_cpu_us_a_save": value for kind, value in spent.items()}}


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(asyncio.run(measure(options.quick)), options)
