"""What relations of care cost a search and a read: the thirty shapes of `search_mix`, in this process, modes in turns.

The same store is asked by a doctor as if no relations were kept (the limit), by one in the mode `open`, and by one in
the mode `department` whose departments hold every patient, so that all answers are the same; besides by one of a
single department. Told is the processor's time of this process and of PostgreSQL, the median of the turns.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from benhan.access.matrix import Matrix, Person, usual_rights
from benhan.access.roles import PERMISSIONS
from benhan.fhir.search_query import parse_search
from benhan.kernel.actors import Actor, Role
from benhan.kernel.clock import SystemClock
from benhan.kernel.ids import SystemRandom
from benhan.kernel.settings import Settings
from benhan.kernel.trace import current_trace, new_trace_id
from benhan.store.opening import open_store
from benhan.store.store import Store
from benhan.vn import systems
from bundles import folder
from common import arguments, benhan, report, scratch_folder
from cpu_time import CpuTime
from search_mix import People, Shapes

DEPARTMENTS = tuple(f"K{number:02}" for number in range(10))
CLIENTS = 16
Json = dict[str, Any]
Spent = dict[str, float]


class InDepartments(People):
    """The people of the searches, each stay in a department, by a doctor."""

    def _line(self, resource: Json, ids: dict[str, str], number: int) -> bytes:
        line = super()._line(resource, ids, number)
        if resource["resourceType"] != "Encounter":
            return line
        department = random.Random(f"department of {number}").choice(DEPARTMENTS)
        place = {"identifier": {"system": systems.DEPARTMENT, "value": department}}
        stay = {**json.loads(line), "status": "in-progress", "location": [{"location": place}]}
        stay["period"] = {"start": stay["period"]["start"]}
        return json.dumps(stay, ensure_ascii=False).encode()


def actors() -> dict[str, Callable[[], Actor]]:
    """Each who asks, as a request makes them: with what they may do now."""
    doctor, clock = Actor("account:7", Role.DOCTOR, PERMISSIONS[Role.DOCTOR]), SystemClock()

    def of(mode: str, departments: tuple[str, ...]) -> Callable[[], Actor]:
        matrix, person = (
            Matrix(usual_rights(), mode),
            Person(7, Role.DOCTOR, departments=departments, names=("0012/HN",)),
        )
        return lambda: replace(doctor, care=matrix.care_of(person, clock.now()))

    return {
        "without": lambda: doctor,
        "open": of("open", DEPARTMENTS),
        "department": of("department", DEPARTMENTS),
        "one_department": of("department", DEPARTMENTS[:1]),
    }


async def searches(store: Store, shapes: list[str], actor: Callable[[], Actor]) -> int:
    """All these searches by a few clients; how many there were."""
    waiting = iter(shapes)

    async def work() -> None:
        for each in waiting:
            type_, _, asked = each.partition("?")
            await store.search.search(parse_search(type_, parse_qsl(asked, keep_blank_values=True)), actor())

    await asyncio.gather(*(work() for _ in range(CLIENTS)))
    return len(shapes)


async def reads(store: Store, ids: list[str], actor: Callable[[], Actor]) -> int:
    """A read of each of these patients by a few clients."""
    waiting = iter(ids)

    async def work() -> None:
        for each in waiting:
            await store.resources.read_many([("Patient", each)], actor())

    await asyncio.gather(*(work() for _ in range(CLIENTS)))
    return len(ids)


async def spent(data: Path, act: Callable[[], Awaitable[int]]) -> Spent:
    """Microseconds of the processor an act, of this process and of PostgreSQL."""
    cpu, began = CpuTime(os.getpid(), data), time.process_time()
    count = await act()
    own = (time.process_time() - began) / count * 1e6
    return {"node": own, "postgres": cpu.spent_us(count)["postgres"]}


async def in_turns(
    store: Store, data: Path, people: People, rounds: int, repeated: int
) -> dict[tuple[str, str], list[Spent]]:
    """What each act of each actor took, turn by turn; every actor asks the same in a turn."""
    found: dict[tuple[str, str], list[Spent]] = defaultdict(list)
    shapes, kinds = Shapes(people), list(actors().items())
    ids = [each[0] for each in people.patients]
    for turn in range(rounds + 1):
        asked = [shapes.shape(number) for number in itertools.chain.from_iterable([range(30)] * repeated)]
        for name, actor in kinds[turn % len(kinds) :] + kinds[: turn % len(kinds)]:
            search = await spent(data, lambda asked=asked, actor=actor: searches(store, asked, actor))
            read = await spent(data, lambda actor=actor: reads(store, ids * 2, actor))
            if turn:
                found["search", name].append(search)
                found["read", name].append(read)
    return found


async def measure(quick: bool) -> dict[str, Any]:
    patients, rounds, repeated = (1_500, 4, 4) if quick else (4_000, 9, 20)
    results: dict[str, Any] = {"patients": patients}
    with scratch_folder() as data:
        people = InDepartments(sorted(folder().glob("*.json")))
        file = data / "people.ndjson"
        with file.open("wb") as out:
            out.writelines(line + b"\n" for line in people.lines(patients))
        benhan("db", "migrate", "--data", str(data))
        benhan("import", str(file), "--data", str(data))
        current_trace.set(new_trace_id(SystemRandom()))
        async with open_store(Settings(data=data), "node") as store:
            taken = await in_turns(store, data, people, rounds, repeated)
    for (act, name), turns in taken.items():
        for kind in ("node", "postgres"):
            results[f"{act}_{name}_{kind}_cpu_us"] = round(statistics.median(each[kind] for each in turns), 1)
        ratios = [
            sum(each.values()) / sum(base.values()) for each, base in zip(turns, taken[act, "without"], strict=True)
        ]
        results[f"{act}_{name}_ratio"] = round(statistics.median(ratios), 3)
    return results


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    import uvloop

    report(uvloop.run(measure(options.quick)), options)
