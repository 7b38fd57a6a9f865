"""30 shapes of searches of clinical apps over HTTP, values sampled at run time, 64 clients on the same two cores.

The data: Synthea's patients (`../shared/vectors/synthea`, or the folder that BENHAN_VECTORS names) multiplied with new
ids, a dozen resources each, taken in by `benhan import`. Measured at 1,000 patients and at many more: what a search
costs must not grow with the store. The limit it is compared with: reads by id by the same clients in the same run.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg

from bundles import folder
from common import Server, arguments, benhan, report, scratch_folder, serving
from cpu_time import CpuTime
from http_client import Connection, Row, drive, request
from resources import _id_of

CLIENTS = 64
PER_S_MAX = 8_000
"""So many searches a second are made ready."""
LOOKED_AT_EVERY = 100
TURNS = 4
KEPT = {
    "Patient": 1, "Encounter": 2, "Condition": 2, "Observation": 6, "MedicationRequest": 1, "Procedure": 1,
    "Immunization": 1, "DiagnosticReport": 1, "AllergyIntolerance": 1,
}  # fmt: skip
SHARED = ("Organization", "Practitioner")
FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý")
GIVEN = ("An", "Bình", "Chi", "Dũng", "Đức", "Hà", "Hòa", "Hùng", "Lan", "Linh", "Mai", "Minh", "Nam", "Phúc", "Thảo")
Json = dict[str, Any]
_URN = re.compile(r'"urn:uuid:([0-9a-f-]{36})"')
_DAY = re.compile(r'(?<=")\d{4}-\d{2}-\d{2}(?=[T"])')


class People:
    """The multiplied patients, and samples of what may be asked about them."""

    def __init__(self, bundles: list[Path]) -> None:
        self._templates = [self._template(json.loads(path.read_bytes())) for path in bundles]
        self._types = _Kinds((each["id"], each["resourceType"]) for template in self._templates for each in template)
        self.patients: list[tuple[str, str, str, str]] = []
        """Id, family name, given name, birth date."""
        self.identifiers: list[str] = []
        self.encounters: list[str] = []
        self.codes: Counter[tuple[str, str]] = Counter()
        self.practitioners: list[str] = []

    @staticmethod
    def _template(bundle: Json) -> list[Json]:
        left = Counter(KEPT)
        kept = []
        for entry in bundle["entry"]:
            resource = entry["resource"]
            kind = resource["resourceType"]
            if kind in SHARED or left[kind] > 0:
                left[kind] -= 1
                kept.append(resource)
        return kept

    def lines(self, count: int) -> Iterator[bytes]:
        """The resources of `count` patients, shared ones once."""
        for number, template in enumerate(self._templates):
            for resource in template:
                if resource["resourceType"] in SHARED:
                    if resource["resourceType"] == "Practitioner":
                        self.practitioners.append(resource["id"])
                    yield self._line(resource, {}, number)
        for number in range(count):
            yield from self._copy(self._templates[number % len(self._templates)], number)

    def _copy(self, template: list[Json], number: int) -> Iterator[bytes]:
        own = [each for each in template if each["resourceType"] not in SHARED]
        ids = {each["id"]: _id_of(f"p{number}", f"{each['id']}{number}", False) for each in own}
        for each in own:
            yield self._line(each, ids, number)

    def _line(self, resource: Json, ids: dict[str, str], number: int) -> bytes:
        kind, id_ = resource["resourceType"], ids.get(resource["id"], resource["id"])
        changed = {**resource, "id": id_}
        if kind == "Patient":
            changed |= self._person(id_, number)
        if kind == "Encounter":
            self.encounters.append(id_)
        if kind == "Observation":
            coding = resource["code"]["coding"][0]
            self.codes[coding["system"], coding["code"]] += 1
        text = json.dumps(changed, ensure_ascii=False, separators=(",", ":"))
        if ids and kind != "Patient":
            text = _days_back(text, number)
        return _URN.sub(lambda match: f'"{self._types[match[1]]}/{ids.get(match[1], match[1])}"', text).encode()

    def _person(self, id_: str, number: int) -> Json:
        chance = random.Random(number)
        family, given = chance.choice(FAMILIES), f"{chance.choice(GIVEN)} {chance.choice(GIVEN)}"
        born = f"{chance.randint(1930, 2024)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        self.patients.append((id_, family, given, born))
        self.identifiers.append(f"BN{number:07}")
        return {
            "name": [{"use": "official", "family": family, "given": [given]}],
            "birthDate": born,
            "identifier": [{"system": "urn:benhan:id:ma-benh-nhan:01234", "value": f"BN{number:07}"}],
        }


def _days_back(text: str, number: int) -> str:
    """The dates of a patient's record moved by days of their own: no two patients were seen at the same instants."""
    days = timedelta(days=random.Random(f"days of {number}").randrange(2_000))
    return _DAY.sub(lambda match: str(date.fromisoformat(match[0]) - days), text)


class _Kinds(dict[str, str]):
    """The type of each id; what was not kept is pointed to as a Basic that is not there."""

    def __missing__(self, id_: str) -> str:
        return "Basic"


class Shapes:
    """The thirty searches."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._chance = random.Random(11)
        self._codes = [f"{system}|{code}" for system, code in people.codes]

    def shape(self, number: int) -> str:
        """A search of one shape with sampled values."""
        pick = self._chance.choice
        id_, family, given, born = pick(self._people.patients)
        code, encounter = quote(pick(self._codes)), pick(self._people.encounters)
        identifier, year = pick(self._people.identifiers), born[:4]
        name, word = quote(f"{family} {given.split()[0]}"), quote(given.split()[0])
        unit = quote(pick(("mg/dL", "mm[Hg]", "kg", "cm", "%")))
        practitioner = pick(self._people.practitioners)
        return [
            f"Patient?_id={id_}",
            f"Patient?identifier=urn:benhan:id:ma-benh-nhan:01234|{identifier}",
            f"Patient?name={name}",
            f"Patient?family={quote(family)}&birthdate={born}",
            f"Patient?name={word}&gender=female&_count=10",
            f"Patient?birthdate=ge{year}-01-01&birthdate=le{year}-12-31",
            "Patient?gender=male&_count=20",
            f"Patient?name:contains={word}&birthdate={year}",
            f"Observation?patient={id_}&_sort=-date",
            f"Observation?patient={id_}&code={code}",
            f"Observation?patient={id_}&category=vital-signs&_count=50",
            f"Observation?code={code}&_sort=-date&_count=20",
            f"Observation?code={code}&value-quantity=gt100|http://unitsofmeasure.org|{unit}",
            "Observation?status=final&date=ge2010&_count=20",
            f"Observation?encounter=Encounter/{encounter}",
            f"Observation?patient={id_}&_include=Observation:encounter",
            f"Observation?subject:Patient.identifier=urn:benhan:id:ma-benh-nhan:01234|{identifier}",
            f"Observation?code={code}&subject:Patient.name={word}&_count=10",
            f"Encounter?patient={id_}",
            f"Encounter?patient={id_}&_revinclude=Observation:encounter",
            "Encounter?status=finished&_sort=-date&_count=20",
            f"Encounter?participant=Practitioner/{practitioner}&_count=10",
            f"Condition?patient={id_}&clinical-status=active,resolved",
            f"Condition?subject:Patient.birthdate={born}",
            f"MedicationRequest?patient={id_}&_include=MedicationRequest:patient",
            f"DiagnosticReport?patient={id_}&_include=DiagnosticReport:result",
            f"Patient?_has:Observation:patient:code={code}&family={quote(family)}&_count=5",
            f"Patient?_content={quote(family + ' ' + given.split()[-1])}&_count=10",
            "Condition?code:text=disorder&_count=10",
            f"Procedure?patient={id_}&date=ge2000",
        ][number]


def made_ready(shapes: Shapes, token: str, seconds: float) -> list[tuple[int, bytes]]:
    """The searches of so many seconds, all shapes in turns: to write them would cost the client while it is timed."""
    numbers = itertools.islice(itertools.cycle(range(30)), int(seconds * PER_S_MAX))
    return [(number, request("GET", f"/fhir/{shapes.shape(number)}", token)) for number in numbers]


async def run(
    server: Server, token: str, shapes: Shapes, seconds: float
) -> tuple[float, list[float], dict[int, list[float]]]:
    """Searches a second, the times of all, and the times by shape.

    The status of each answer is looked at, and every hundredth whole.
    """
    ready = made_ready(shapes, token, seconds)
    times: list[float] = []
    by_shape: dict[int, list[float]] = {number: [] for number in range(30)}

    def told(number: int, taken: float, status: int, answer: bytes) -> None:
        assert status == 200, answer[:300]
        times.append(taken)
        by_shape[number].append(taken)
        if len(times) % LOOKED_AT_EVERY == 0:
            bundle = json.loads(answer[answer.index(b"\r\n\r\n") + 4 :])
            assert bundle["type"] == "searchset", bundle

    began = time.perf_counter()
    until = began + seconds
    await Row(itertools.takewhile(lambda _: time.perf_counter() < until, ready), told).drive(server.http_port, CLIENTS)
    assert len(times) < len(ready), "there were too few searches for so fast a server"
    return len(times) / (time.perf_counter() - began), sorted(times), by_shape


async def by_cost(server: Server, token: str, shapes: Shapes, seconds: float) -> list[tuple[int, dict[str, float]]]:
    """What one search of each shape takes of the processor, the dearest first; one shape at a time, few clients."""
    found = []
    for number in range(30):
        until, counted = time.perf_counter() + seconds, 0

        async def work(connection: Connection, _client: int, number: int = number, until: float = until) -> None:
            nonlocal counted
            while time.perf_counter() < until:
                await connection.ask(request("GET", f"/fhir/{shapes.shape(number)}", token))
                counted += 1

        cpu = CpuTime(server.process.pid, server.data)
        await drive(server.http_port, 16, work)
        found.append((number, cpu.spent_us(counted)))
    return sorted(found, key=lambda each: -sum(each[1].values()))


async def reads(server: Server, token: str, people: People, seconds: float) -> float:
    """Reads by id a second, as the limit."""
    until, counted = time.perf_counter() + seconds, 0
    chance = random.Random(5)

    async def work(connection: Connection, _client: int) -> None:
        nonlocal counted
        while time.perf_counter() < until:
            await connection.ask(request("GET", f"/fhir/Patient/{chance.choice(people.patients)[0]}", token))
            counted += 1

    await drive(server.http_port, CLIENTS, work)
    return counted / seconds


async def alone(server: Server, token: str, shapes: Shapes, rounds: int) -> list[float]:
    """The times of searches asked one at a time, sorted."""
    times: list[float] = []

    async def work(connection: Connection, _client: int) -> None:
        for number in itertools.chain.from_iterable([range(30)] * rounds):
            began = time.perf_counter()
            status, body = await connection.ask(request("GET", f"/fhir/{shapes.shape(number)}", token))
            assert status == 200, body[:300]
            times.append(time.perf_counter() - began)

    await drive(server.http_port, 1, work)
    return sorted(times)


def people_of(patients: int, file: Path | None = None) -> tuple[People, int]:
    """The people of a size, their resources written to `file`; how many there are."""
    people = People(sorted(folder().glob("*.json")))
    with (file or Path(os.devnull)).open("wb") as out:
        return people, sum(out.write(line + b"\n") > 0 for line in people.lines(patients))


def fill(data: Path, patients: int) -> tuple[People, int]:
    """A store of so many patients in `data`."""
    file = data / "people.ndjson"
    people, lines = people_of(patients, file)
    benhan("db", "migrate", "--data", str(data))
    benhan("import", str(file), "--data", str(data))
    file.unlink()
    benhan("db", "compact", "--data", str(data))
    return people, lines


async def settle(data: Path) -> None:
    """Leave nothing of the import that PostgreSQL would clean up while searches are measured."""
    connection = await asyncpg.connect(host=str(data / "postgres"), user="postgres", database="node")
    await connection.execute("vacuum (analyze)")
    await connection.execute("checkpoint")
    await connection.close()


async def measured(data: Path, people: People, seconds: float, *, by_shape_too: bool = True) -> dict[str, Any]:
    """The numbers of a filled store: first one search at a time, the server just started, then by many clients."""
    with serving(data) as server:
        await settle(data)
        token, shapes = server.token(), Shapes(people)
        single = await alone(server, token, shapes, 10)
        await run(server, token, shapes, seconds / 2)
        cpu = CpuTime(server.process.pid, data)
        rate, times, by_shape = await run(server, token, shapes, seconds)
        spent = cpu.spent_us(len(times))
        dear = (await by_cost(server, token, shapes, seconds / 8))[:5] if by_shape_too else []
        limit = await reads(server, token, people, 2.0)
    slow = sorted(by_shape, key=lambda number: -statistics.median(by_shape[number] or [0]))[:5]
    return {
        "rate": rate,
        "p50": statistics.median(times) * 1000,
        "p95": times[int(len(times) * 0.95)] * 1000,
        "alone_p50": statistics.median(single) * 1000,
        "alone_p95": single[int(len(single) * 0.95)] * 1000,
        "node_cpu_us": spent["node"],
        "postgres_cpu_us": spent["postgres"],
        "limit": limit,
        "dear": ", ".join(f"{number}: {round(sum(each.values()))} µs" for number, each in dear),
        "slow": ", ".join(f"{number}: {statistics.median(by_shape[number]) * 1000:.0f} ms" for number in slow),
    }


async def in_turns(stores: Sequence[tuple[Path, People]], seconds: float) -> list[tuple[float, float]]:
    """The p50 in milliseconds and the processor's time in microseconds of each store's searches.

    All are served at once and asked in turns, so that they are compared at the same hour.
    """
    seen: list[list[tuple[float, float]]] = [[] for _ in stores]
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(serving(data)) for data, _ in stores]
        asked = [(server, server.token(), Shapes(people)) for server, (_, people) in zip(servers, stores, strict=True)]
        for each in asked:
            await run(*each, seconds)
        for _ in range(TURNS):
            for each, found in zip(asked, seen, strict=True):
                cpu = CpuTime(each[0].process.pid, each[0].data)
                _, times, _ = await run(*each, seconds)
                found.append((statistics.median(times) * 1000, sum(cpu.spent_us(len(times)).values())))
    return [(statistics.median(p50 for p50, _ in turns), statistics.median(us for _, us in turns)) for turns in seen]


async def at(patients: int, seconds: float) -> dict[str, Any]:
    """The numbers at a size of the store."""
    with scratch_folder() as data:
        people, lines = fill(data, patients)
        return {"resources": lines} | await measured(data, people, seconds)


async def measure(quick: bool) -> dict[str, Any]:
    sizes = (1_000, int(os.environ.get("BENHAN_BENCH_PATIENTS", "4000" if quick else "64000")))
    seconds = 4.0 if quick else 12.0
    with scratch_folder() as first, scratch_folder() as second:
        filled = [(data, *fill(data, size)) for data, size in zip((first, second), sizes, strict=True)]
        few, many = [{"resources": lines} | await measured(data, people, seconds) for data, people, lines in filled]
        turns = await in_turns([(data, people) for data, people, _ in filled], seconds / TURNS)
    return {
        "search_per_s": round(many["rate"]),
        "search_p50_ms": round(many["p50"], 1),
        "search_p95_ms": round(many["p95"], 1),
        "search_ratio_64k": round(turns[1][0] / turns[0][0], 2),
        "search_cpu_ratio_64k": round(turns[1][1] / turns[0][1], 2),
        "search_per_s_at_1k": round(few["rate"]),
        "search_p50_ms_at_1k": round(few["p50"], 1),
        "search_alone_p50_ms": round(many["alone_p50"], 1),
        "search_alone_p95_ms": round(many["alone_p95"], 1),
        "search_node_cpu_us": many["node_cpu_us"],
        "search_postgres_cpu_us": many["postgres_cpu_us"],
        "patients": sizes[1],
        "search_resources": many["resources"],
        "read_limit_per_s": round(many["limit"]),
        "search_ratio_to_limit": round(many["rate"] / many["limit"], 3),
        "dearest_shapes": many["dear"],
        "slowest_shapes": many["slow"],
        "slowest_shapes_at_1k": few["slow"],
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    import uvloop

    report(uvloop.run(measure(options.quick)), options)
