"""The board of a ward of 60 beds in a hospital of 600: one statement, against a statement a patient; and the picker.

Times are the wall's (median) and this process's own. The limit of the board is 50 ms, that of the picker 50 ms.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benhan.access.roles import PERMISSIONS
from benhan.fhir.resource import instant, resource_of
from benhan.kernel.actors import Actor, Role, system
from benhan.kernel.settings import Settings
from benhan.node.orders.lines import Ordered, OrderKind, OrderLine, line_to_resource
from benhan.node.orders.picker import Offer, indexed
from benhan.node.orders.warnings import Knowledge
from benhan.node.ward.wards import Wards
from benhan.store.compartment import read_compartment
from benhan.store.opening import open_store
from benhan.store.store import Store
from benhan.vn import systems
from common import arguments, report, scratch_folder

BEDS, WARDS = 60, 10
RESULTS, ORDERS = 24, 8
"""Results of two days and open orders of each patient."""
LIMIT_MS = 50.0
OFFERS = 5_000
DOCTOR = Actor("account:1", Role.DOCTOR, PERMISSIONS[Role.DOCTOR])
TYPES = ("Patient", "AllergyIntolerance", "MedicationRequest", "ServiceRequest", "NutritionOrder", "Observation")


async def admit(store: Store, ward: int, bed: int, now: datetime) -> None:
    """A patient in a bed, with results and orders."""
    unit = store.begin(system("bench"))
    name = {"text": f"Nguyễn Thị {ward} {bed}"}
    patient = unit.create(resource_of({"resourceType": "Patient", "name": [name], "birthDate": "1970-02-03"}))
    subject = {"reference": f"Patient/{patient}"}
    department = f"Khoa {ward}"
    stay = {
        "resourceType": "Encounter",
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": subject,
        "period": {"start": instant(now - timedelta(days=4))},
        "location": [
            {
                "location": {
                    "identifier": {"system": systems.DEPARTMENT, "value": department},
                    "display": f"{department} · P{bed // 6} · H{bed}",
                }
            }
        ],
    }
    encounter = {"reference": f"Encounter/{unit.create(resource_of(stay))}"}
    for number in range(RESULTS):
        observation = {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": systems.LOINC, "code": f"{2000 + number}-1"}], "text": f"Chỉ số {number}"},
            "subject": subject,
            "encounter": encounter,
            "effectiveDateTime": instant(now - timedelta(hours=number)),
            "valueQuantity": {"value": 3 + number, "unit": "mmol/L"},
            "referenceRange": [{"low": {"value": 4}, "high": {"value": 25}, "text": "4-25"}],
        }
        unit.create(resource_of(observation))
    ordered = Ordered(subject, encounter, f"{patient}.x", {"display": "BS"}, instant(now - timedelta(hours=6)))
    for number in range(ORDERS):
        kind = OrderKind.DRUG if number % 2 else OrderKind.LAB
        line = OrderLine(kind, f"Chỉ định {number}", times=("08:00", "20:00") if number % 2 else ())
        unit.create(resource_of(line_to_resource(line, ordered)))
    await store.commit(unit)


async def timed(ask: Any, rounds: int) -> tuple[float, float]:
    """The wall's median and this process's own time of an act, in ms."""
    walls, began_cpu = [], time.process_time()
    for _ in range(rounds):
        began = time.perf_counter()
        await ask()
        walls.append((time.perf_counter() - began) * 1000)
    return statistics.median(walls), (time.process_time() - began_cpu) * 1000 / rounds


async def boards(data: Path, rounds: int) -> dict[str, Any]:
    async with open_store(Settings(data=data), "node") as store:
        now = datetime.now(UTC)
        for ward in range(WARDS):
            await asyncio.gather(*(admit(store, ward, bed, now) for bed in range(BEDS)))
        await store.database.execute("analyze")
        wards = Wards(store)
        lines = await wards.board("Khoa 3", DOCTOR)
        assert len(lines) == BEDS, len(lines)
        assert all(each.orders == ORDERS and each.flags for each in lines)
        patients = [store.workshop.ids.rid_of("Patient", each.patient.id) for each in lines]

        async def one_by_one() -> None:
            for each in patients:
                for stored in await read_compartment(store, DOCTOR, each, TYPES):
                    stored.read()

        wall, cpu = await timed(lambda: wards.board("Khoa 3", DOCTOR), rounds)
        each_wall, each_cpu = await timed(one_by_one, max(2, rounds // 3))
        departments, _ = await timed(lambda: wards.departments(DOCTOR), rounds)
    return {
        "board_ms": round(wall, 1),
        "board_cpu_ms": round(cpu, 1),
        "board_of_limit": round(wall / LIMIT_MS, 2),
        "one_by_one_ms": round(each_wall, 1),
        "board_vs_one_by_one_cpu": round(cpu / each_cpu, 2),
        "departments_ms": round(departments, 1),
    }


def picker(rounds: int) -> dict[str, Any]:
    """How long a list of 5,000 drugs takes to answer what is typed."""
    offers = [Offer(OrderKind.DRUG, f"T{n:05}", f"Hoạt chất {n % 700} dạng {n % 9} {n % 50} mg") for n in range(OFFERS)]
    ready = indexed((), offers, Knowledge())
    times = []
    for number in range(rounds):
        began = time.process_time()
        assert ready.find(f"hoat chat {number % 700}")
        times.append((time.process_time() - began) * 1000)
    return {"picker_cpu_ms": round(statistics.median(times), 2)}


def measure(quick: bool) -> dict[str, Any]:
    with scratch_folder() as data:
        found = asyncio.run(boards(data, 9 if quick else 41))
    return found | picker(50 if quick else 400)


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
