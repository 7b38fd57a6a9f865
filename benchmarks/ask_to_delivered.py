"""From a doctor's ask at one hospital to the record kept at it, given by another hospital through the hub.

Two nodes and a hub, each a process with its own database; the asking is over HTTP, the end is the document in the
asker's store. The limit is 1 s at the 95th percentile.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from benhan.fhir.resource import resource_of
from benhan.hub.members.members import Members
from benhan.kernel.actors import system
from benhan.kernel.ids import SystemRandom
from benhan.kernel.permissions import Permission
from benhan.kernel.settings import Settings
from benhan.network.configuration import REGISTRY, Environment, Kind, Member, MemberKey, Use
from benhan.network.keys import read_public_key, signing_key
from benhan.network.messages import Signer
from benhan.node.exchange.party import public_keys
from benhan.store.opening import open_store
from benhan.vn import systems
from benhan.wiring import build_access
from common import Server, arguments, report, scratch_folder, serving

ASKER, HOLDER = "01001", "79001"
OBSERVATIONS = 40
LIMIT_MS = 1_000
ACTOR = system("bench")


async def person_at(data: Path, count: int, *, is_full: bool) -> list[str]:
    """Persons at a hospital: with a record, or bare; their logical ids."""
    found = []
    async with open_store(Settings(data=data), "node") as store:
        for number in range(count):
            unit = store.begin(ACTOR)
            patient = unit.create(
                resource_of(
                    {"resourceType": "Patient", "name": [{"text": f"Người Thử {number}"}], "gender": "female",
                     "identifier": [{"system": systems.CCCD, "value": f"0011900{number:05d}"}]}
                )
            )  # fmt: skip
            for each in range(OBSERVATIONS if is_full else 0):
                unit.create(
                    resource_of(
                        {"resourceType": "Observation", "status": "final", "code": {"text": f"Chỉ số {each}"},
                         "category": [{"coding": [{"code": "laboratory"}]}],
                         "subject": {"reference": f"Patient/{patient}"},
                         "valueQuantity": {"value": each, "unit": "g/L"}}
                    )
                )  # fmt: skip
            await store.commit(unit)
            found.append(patient)
    return found


async def keys_of(data: Path) -> list[dict[str, Any]]:
    async with open_store(Settings(data=data), "node") as store:
        return public_keys(store, 1)


async def token_of(data: Path) -> str:
    """A machine that may ask and read."""
    settings = Settings(data=data, facility_code=ASKER)
    async with open_store(settings, "node") as store:
        allowed = frozenset({Permission.EXCHANGE_ASK, Permission.FHIR_READ, Permission.FHIR_SEARCH})
        return await build_access(store, settings).sessions.make_token("bench", allowed)


async def set_up_hub(data: Path, nodes: dict[str, Path], anchor: Path) -> None:
    """A hub that knows both hospitals."""
    at, random = datetime.now(UTC), SystemRandom()
    since, until = at - timedelta(days=1), at + timedelta(days=30)
    registry = Signer(REGISTRY, signing_key(random.bytes(32)), random)
    anchor.write_text(json.dumps(registry.key.public.jwk))
    async with open_store(Settings(data=data), "hub") as store:
        members = Members(store, "hub", registry.key.public)
        own = MemberKey(members.signer.key.public, Use.SIGN, since, until)
        await members.add(Member("hub", "hub", Kind.HUB, Environment.LIVE, keys=(own,)), {}, ACTOR)
        for code, folder in nodes.items():
            public = [read_public_key(each) for each in await keys_of(folder)]
            keys = [MemberKey(each, Use.SEAL if each.curve == "X25519" else Use.SIGN, since, until) for each in public]
            able = ("ask", "hold")
            member = Member(code, code, Kind.FACILITY, Environment.LIVE, capabilities=able, keys=tuple(keys))
            await members.add(member, {}, ACTOR)
        await members.publish(registry, ACTOR)


async def measure(asker: Server, token: str, persons: list[str], seconds: float) -> dict[str, Any]:
    """Ask of one person after another; the time of each until the document is there."""
    headers = {"authorization": f"Bearer {token}"}
    times_ms: list[float] = []
    async with httpx.AsyncClient(base_url=asker.url, headers=headers, timeout=30) as client:
        until = time.perf_counter() + seconds
        for number, person in enumerate(persons):
            if time.perf_counter() > until and number > 3:
                break
            body = {
                "patient": person,
                "kinds": ["laboratory"],
                "purpose": "emergency",
                "basis": "emergency",
                "note": "x",
            }
            for _ in range(30):
                began = time.perf_counter()
                answer = await client.post("/exchange/asks", json=body)
                assert answer.status_code == 202, answer.text
                if (await client.get(f"/exchange/asks/{person}")).json()[0]["parts"]:
                    break
                await asyncio.sleep(1)  # the hub does not know yet what is held
            while True:
                found = await client.get(f"/fhir/DocumentReference?subject=Patient/{person}&_summary=count")
                if found.json().get("total"):
                    break
                await asyncio.sleep(0.005)
            times_ms.append((time.perf_counter() - began) * 1000)
    times_ms = sorted(times_ms[1:])
    p95 = times_ms[min(len(times_ms) - 1, int(len(times_ms) * 0.95))]
    return {
        "delivered_p50_ms": round(statistics.median(times_ms), 1),
        "delivered_p95_ms": round(p95, 1),
        "asks": len(times_ms),
        "observations": OBSERVATIONS,
        "delivered_ratio_to_limit": round(p95 / LIMIT_MS, 3),
    }


def main() -> None:
    options = arguments(__doc__ or "")
    with scratch_folder() as folder, ExitStack() as open_:
        places = {code: folder / code for code in (ASKER, HOLDER)}
        for each in (*places.values(), folder / "hub"):
            each.mkdir()
        count = 12 if options.quick else 60
        persons = asyncio.run(person_at(places[ASKER], count, is_full=False))
        asyncio.run(person_at(places[HOLDER], count, is_full=True))
        anchor = folder / "anchor.jwk"
        asyncio.run(set_up_hub(folder / "hub", places, anchor))
        token = asyncio.run(token_of(places[ASKER]))
        hub = open_.enter_context(serving(folder / "hub", "hub", BENHAN_HUB_ANCHOR=str(anchor)))
        node = {"BENHAN_HUB_URL": hub.url, "BENHAN_HUB_ANCHOR": str(anchor), "BENHAN_WORKERS": "1"}
        open_.enter_context(serving(places[HOLDER], "node", BENHAN_FACILITY_CODE=HOLDER, **node))
        asker = open_.enter_context(serving(places[ASKER], "node", BENHAN_FACILITY_CODE=ASKER, **node))
        report(asyncio.run(measure(asker, token, persons, 8.0 if options.quick else 60.0)), options)


if __name__ == "__main__":
    os.environ.setdefault("BENHAN_LOG_LEVEL", "warning")
    main()
