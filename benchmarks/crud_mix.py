"""Chains and mixtures of create, read, update, delete over HTTP: durable, validated, sealed, in the ledger.

A chain is 36 requests: nine resources created in the order of their references, then read, updated and deleted, by each
of 300 clients. The mixture is over five types (Observation 50, Patient 20, Condition 15, Encounter 10,
MedicationRequest 5), create 10, read 60, update 25, delete 5, by 64 clients. The limit they are compared with: the same
client against the same HTTP server that answers at once and stores nothing.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from common import Server, arguments, report, scratch_folder, serving
from crud import limit, observation, patient
from http_client import Connection, drive, request

CHAIN_CLIENTS, MIX_CLIENTS = 300, 64
MIX_START = {"Patient": 400, "Encounter": 200, "Condition": 300, "MedicationRequest": 100, "Observation": 1_000}
TYPES = ["Observation"] * 50 + ["Patient"] * 20 + ["Condition"] * 15 + ["Encounter"] * 10 + ["MedicationRequest"] * 5
ACTS = ["create"] * 10 + ["read"] * 60 + ["update"] * 25 + ["delete"] * 5
Json = dict[str, Any]


def to_bytes(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def coded(system: str, code: str, text: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def condition(owner: str, number: int) -> Json:
    return {
        "resourceType": "Condition",
        "clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"),
        "code": coded("http://hl7.org/fhir/sid/icd-10", f"E{10 + number % 5}.{number % 10}", "Đái tháo đường"),
        "subject": {"reference": f"Patient/{owner}"},
        "onsetDateTime": f"20{10 + number % 16}-0{number % 9 + 1}-1{number % 9}",
    }


def encounter(owner: str, number: int) -> Json:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{owner}"},
        "period": {"start": f"2026-0{number % 9 + 1}-1{number % 9}T08:00:00+07:00"},
    }


def medication_request(owner: str, number: int) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": coded("http://www.whocc.no/atc", f"A10BA0{number % 9}", "Metformin"),
        "subject": {"reference": f"Patient/{owner}"},
        "authoredOn": f"2026-0{number % 9 + 1}-1{number % 9}",
        "dosageInstruction": [{"text": "Ngày 2 lần, mỗi lần 1 viên"}],
    }


MAKERS: dict[str, Callable[[str, int], Json]] = {
    "Patient": lambda _owner, number: json.loads(patient(number)),
    "Observation": lambda owner, number: json.loads(observation(owner, number)),
    "Condition": condition,
    "Encounter": encounter,
    "MedicationRequest": medication_request,
}


def organization(_made: dict[str, str], number: int) -> Json:
    return {
        "resourceType": "Organization",
        "identifier": [{"system": "urn:benhan:id:facility", "value": f"{number:05d}"}],
        "name": f"Bệnh viện {number}",
    }


def practitioner(_made: dict[str, str], number: int) -> Json:
    return {"resourceType": "Practitioner", "name": [{"text": f"Bác sĩ {number}"}]}


def location(made: dict[str, str], number: int) -> Json:
    owner = {"reference": f"Organization/{made['Organization']}"}
    return {"resourceType": "Location", "name": f"Khoa {number}", "managingOrganization": owner}


def diagnostic_report(made: dict[str, str], _number: int) -> Json:
    return {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": coded("http://loinc.org", "58410-2", "CBC"),
        "subject": {"reference": f"Patient/{made['Patient']}"},
        "encounter": {"reference": f"Encounter/{made['Encounter']}"},
        "result": [{"reference": f"Observation/{made['Observation']}"}],
    }


CHAIN: dict[str, Callable[[dict[str, str], int], Json]] = {
    "Organization": organization,
    "Practitioner": practitioner,
    "Location": location,
    **{
        type_: (lambda made, number, make=make: make(made.get("Patient", ""), number))
        for type_, make in (
            ("Patient", MAKERS["Patient"]),
            ("Encounter", MAKERS["Encounter"]),
            ("Condition", MAKERS["Condition"]),
            ("Observation", MAKERS["Observation"]),
            ("MedicationRequest", MAKERS["MedicationRequest"]),
        )
    },
    "DiagnosticReport": diagnostic_report,
}


def id_in(body: bytes) -> str:
    """The id in a stored resource, which stands after its type."""
    start = body.index(b'"id":"') + 6
    return body[start : body.index(b'"', start)].decode()


class Load:
    """The requests of a run."""

    def __init__(self, server: Server, token: str) -> None:
        self.server = server
        self.token = token
        self.times: list[float] = []

    async def ask(
        self, connection: Connection, wanted: int, method: str, path: str, body: bytes = b"", *, or_gone: bool = False
    ) -> bytes:
        began = time.perf_counter()
        status, answer = await connection.ask(request(method, f"/fhir/{path}", self.token, body))
        self.times.append(time.perf_counter() - began)
        assert status == wanted or (or_gone and status == 410), (status, answer)
        return answer

    async def chain(self, connection: Connection, number: int) -> None:
        """The 36 requests of a chain."""
        made: dict[str, str] = {}
        bodies: dict[str, Json] = {}
        for type_, make in CHAIN.items():
            bodies[type_] = make(made, number)
            made[type_] = id_in(await self.ask(connection, 201, "POST", type_, to_bytes(bodies[type_])))
        for type_, id_ in made.items():
            await self.ask(connection, 200, "GET", f"{type_}/{id_}")
        for type_, id_ in made.items():
            changed = to_bytes({**bodies[type_], "id": id_, "language": "vi"})
            await self.ask(connection, 200, "PUT", f"{type_}/{id_}", changed)
        for type_, id_ in reversed(made.items()):
            await self.ask(connection, 204, "DELETE", f"{type_}/{id_}")

    async def rate(self, clients: int, seconds: float, act: Callable[[Connection, int], Awaitable[None]]) -> float:
        """Requests a second of `act`, again and again by each client."""
        self.times.clear()
        began = time.perf_counter()
        until = began + seconds

        async def work(connection: Connection, client: int) -> None:
            number = client
            while time.perf_counter() < until:
                await act(connection, number)
                number += clients

        await drive(self.server.http_port, clients, work)
        return len(self.times) / (time.perf_counter() - began)


class Mix:
    """The mixture: what there is, and a client's next request on it."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.chance = random.Random(7)
        self.made: dict[str, list[tuple[str, str]]] = {type_: [] for type_ in MIX_START}
        self.owners: list[str] = []

    async def start(self) -> None:
        for type_, count in MIX_START.items():

            async def work(connection: Connection, client: int, type_: str = type_, count: int = count) -> None:
                for number in range(client, count, MIX_CLIENTS):
                    await self.create(connection, type_, number)

            await drive(self.load.server.http_port, MIX_CLIENTS, work)
            if type_ == "Patient":
                self.owners = [id_ for id_, _ in self.made["Patient"][:200]]
                del self.made["Patient"][:200]  # those who own others stay

    async def create(self, connection: Connection, type_: str, number: int) -> None:
        owner = self.owners[number % len(self.owners)] if self.owners else ""
        body = await self.load.ask(connection, 201, "POST", type_, to_bytes(MAKERS[type_](owner, number)))
        self.made[type_].append((id_in(body), owner))

    async def next(self, connection: Connection, number: int) -> None:
        type_, act = self.chance.choice(TYPES), self.chance.choice(ACTS)
        there = self.made[type_]
        if act == "create" or len(there) < MIX_CLIENTS:
            await self.create(connection, type_, number)
            return
        place = self.chance.randrange(len(there))
        id_, owner = there[place]
        if act == "read":
            # another client may be deleting it just now
            await self.load.ask(connection, 200, "GET", f"{type_}/{id_}", or_gone=True)
        elif act == "delete":
            there[place] = there[-1]
            there.pop()
            await self.load.ask(connection, 204, "DELETE", f"{type_}/{id_}")
        else:
            there[place] = there[-1]
            there.pop()  # nobody else touches it meanwhile, so that every answer is known
            changed = to_bytes({**MAKERS[type_](owner, number), "id": id_})
            await self.load.ask(connection, 200, "PUT", f"{type_}/{id_}", changed)
            there.append((id_, owner))


def percentile_ms(times: list[float], part: float) -> float:
    return round(sorted(times)[int(len(times) * part)] * 1000, 1)


async def measure(quick: bool) -> dict[str, Any]:
    seconds, rounds = (4.0, 1) if quick else (10.0, 3)
    top = await limit(2.0)
    with scratch_folder() as data, serving(data) as server:
        load = Load(server, server.token())
        mix = Mix(load)
        await mix.start()
        await load.rate(MIX_CLIENTS, 1.0, mix.next)
        crud = statistics.median([await load.rate(MIX_CLIENTS, seconds, mix.next) for _ in range(rounds)])
        spread = {"crud_p50_ms": percentile_ms(load.times, 0.5), "crud_p99_ms": percentile_ms(load.times, 0.99)}
        chain = statistics.median([await load.rate(CHAIN_CLIENTS, seconds, load.chain) for _ in range(rounds)])
        spread |= {"chain_p50_ms": percentile_ms(load.times, 0.5), "chain_p99_ms": percentile_ms(load.times, 0.99)}
    return {
        "chain_per_s": round(chain),
        "crud_per_s": round(crud),
        **spread,
        "http_limit_per_s": round(top),
        "crud_ratio_to_limit": round(crud / top, 3),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    import uvloop

    report(uvloop.run(measure(options.quick)), options)
