"""A doctor opens the chart of somebody with ten years and 20,000 resources: each page of it, over HTTP with a session.

What it is held against is the same page of somebody with a single stay on the same server: what a page costs should
follow what it shows, not how long the life is. One request at a time, the client on the same cores.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from benhan.access.accounts import Accounts
from benhan.kernel.actors import Role
from benhan.kernel.clock import VIETNAM, SystemClock
from benhan.kernel.settings import Settings
from benhan.store.opening import open_store
from common import arguments, benhan, report, scratch_folder, serving
from cpu_time import CpuTime

RESOURCES = 20_000
YEARS = 10
EPISODES = 80
PASSWORD = "bench-chart-open-1"  # of an account that lives as long as this script
PAGES = {
    "open": "",
    "open_results": "?tab=results",
    "open_timeline": "?tab=timeline",
    "open_drugs": "?tab=drugs",
}
PLACES = ("Bệnh viện Đa khoa tỉnh", "Bệnh viện Bạch Mai", "Trạm y tế xã", "Phòng khám An Bình")
SIGNS = (
    ("8867-4", "Mạch", "lần/phút", 80, 12),
    ("8310-5", "Nhiệt độ", "°C", 37, 0.5),
    ("9279-1", "Nhịp thở", "lần/phút", 18, 3),
)
TESTS = tuple((f"{2000 + number}-0", f"Chỉ số {number}", 5 + number % 40) for number in range(60))
LABORATORY, VITAL = "laboratory", "vital-signs"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
Json = dict[str, Any]


def life(patient: str, count: int, episodes: int, chance: random.Random) -> list[Json]:
    """About `count` resources of a patient, in episodes over YEARS years that end today."""
    now = datetime.now(VIETNAM).replace(microsecond=0)
    starts = sorted(now - timedelta(days=chance.uniform(0, YEARS * 365)) for _ in range(episodes - 1))
    found: list[Json] = []
    each = max(8, count // episodes)
    for number, start in enumerate([*starts, now - timedelta(days=5)]):
        found += _episode(patient, number, start, each, chance, is_open=number == episodes - 1)
    for number, resource in enumerate(found):
        resource.setdefault("id", f"{patient}-{number}")
    return found[-count:]


def _episode(
    patient: str, number: int, start: datetime, count: int, chance: random.Random, *, is_open: bool
) -> list[Json]:
    subject, id_ = {"reference": f"Patient/{patient}"}, f"{patient}-stay-{number}"
    period = {"start": start.isoformat(), **({} if is_open else {"end": (start + timedelta(days=6)).isoformat()})}
    encounter = {
        "resourceType": "Encounter", "status": "in-progress" if is_open else "finished", "subject": subject,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}, "period": period,
        "serviceProvider": {"display": PLACES[number % len(PLACES)]},
        "location": [{"location": {"display": "Khoa Nội · 304 · 12"}}],
    }  # fmt: skip
    of = {"subject": subject, "encounter": {"reference": f"Encounter/{id_}"}}
    found: list[Json] = [{**encounter, "id": id_}]
    found.append({"resourceType": "Condition", **of, "code": {"text": f"Bệnh số {number % 25}"},
                         "recordedDate": start.isoformat()})  # fmt: skip
    panel = 0
    while len(found) < count:
        at = start + timedelta(hours=chance.uniform(0, 120))
        kind = len(found) % 12
        if kind == 0:
            drug = {
                "resourceType": "MedicationRequest",
                "status": "active" if is_open else "completed",
                "intent": "order",
            }
            found.append({**drug, **of, "medicationCodeableConcept": {"text": f"Thuốc {panel % 40} 500 mg"},
                                 "authoredOn": at.isoformat()})  # fmt: skip
        elif kind in (1, 2):
            code, name, unit, middle, spread = SIGNS[(len(found) // 12) % len(SIGNS)]
            found.append(_observation(of, VITAL, code, name, unit, chance.gauss(middle, spread), at))
        else:
            panel += 1
            tests = [TESTS[(panel * 7 + place) % len(TESTS)] for place in range(8)]
            ids = [f"{id_}-{panel}-{place}" for place in range(8)]
            for test_id, (code, name, middle) in zip(ids, tests, strict=True):
                plain = _observation(of, LABORATORY, code, name, "mmol/L", chance.gauss(middle, middle / 5), at)
                plain["referenceRange"] = [{"low": {"value": middle * 0.8}, "high": {"value": middle * 1.2}}]
                found.append({**plain, "id": test_id})
            found.append({"resourceType": "DiagnosticReport", "status": "final", **of,
                                 "code": {"text": f"Xét nghiệm {panel % 6}"}, "effectiveDateTime": at.isoformat(),
                                 "result": [{"reference": f"Observation/{each}"} for each in ids]})  # fmt: skip
    return found


def _observation(of: Json, category: str, code: str, name: str, unit: str, value: float, at: datetime) -> Json:
    return {
        "resourceType": "Observation", "status": "final", **of, "effectiveDateTime": at.isoformat(),
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": name},
        "valueQuantity": {"value": round(value, 1), "unit": unit},
    }  # fmt: skip


def lines(name: str, count: int, episodes: int) -> tuple[str, list[bytes]]:
    """A patient with about `count` resources as lines for the import; gives the id too."""
    id_ = f"bench-{count}"
    person = {"resourceType": "Patient", "id": id_, "name": [{"text": name}], "birthDate": "1960-02-01"}
    return id_, [json.dumps(each).encode() for each in (person, *life(id_, count, episodes, random.Random(7)))]


async def account(data: Path) -> None:
    async with open_store(Settings(data=data), "node") as store:
        await Accounts(store.database, SystemClock()).create("doctor", "BS Đo", Role.DOCTOR, PASSWORD)


async def times(client: httpx.AsyncClient, address: str, rounds: int) -> tuple[list[float], int]:
    """Milliseconds of each opening after five to warm up, and the bytes of the page."""
    found: list[float] = []
    size = 0
    for number in range(rounds + 5):
        began = time.perf_counter()
        answer = await client.get(address)
        if number >= 5:
            found.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text[:300]
        size = len(answer.content)
    return sorted(found), size


async def measure(quick: bool) -> dict[str, Any]:
    rounds = 40 if quick else 200
    results: dict[str, Any] = {}
    with scratch_folder() as data:
        await account(data)
        long, of_long = lines("Nguyễn Thị Mười Năm", RESOURCES, EPISODES)
        short, of_short = lines("Trần Văn Một Lần", 60, 1)
        file = data / "lives.ndjson"
        file.write_bytes(b"\n".join([*of_long, *of_short]))
        benhan("import", str(file), "--data", str(data))
        with serving(data) as server:
            async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
                answer = await client.post("/sign-in", data={"login": "doctor", "password": PASSWORD})
                assert answer.status_code == 303
                cpu = CpuTime(server.process.pid, data)
                opened = 0
                for name, tab in PAGES.items():
                    found, size = await times(client, f"/patients/{long}{tab}", rounds)
                    opened += rounds + 5
                    results[f"{name}_p50_ms"] = round(statistics.median(found), 1)
                    results[f"{name}_p95_ms"] = round(found[int(len(found) * 0.95)], 1)
                    results[f"{name}_page_bytes"] = size
                spent = cpu.spent_us(opened)
                least, _ = await times(client, f"/patients/{short}", rounds)
    results["open_short_p50_ms"] = round(statistics.median(least), 1)
    results["open_ratio_to_limit"] = round(results["open_short_p50_ms"] / results["open_p50_ms"], 3)
    return {**results, **{f"{kind}_cpu_us_an_opening": value for kind, value in spent.items()}}


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    import uvloop

    report(uvloop.run(measure(options.quick)), options)
