"""No statement gives a row that a plain reading of the relations denies, nor keeps one that it allows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.clocks import MORNING, SetClock

from benhan.fhir.resource import resource_of
from benhan.fhir.search_query import parse_search
from benhan.kernel.actors import Actor, Role, system
from benhan.kernel.care import Care, Reach, Use
from benhan.kernel.faults import NotFound
from benhan.kernel.ids import SystemRandom
from benhan.kernel.permissions import Permission
from benhan.store.bulk_rows import Narrowing, bucket_ranges, moment_now, rows_of_buckets
from benhan.store.compartment import read_compartment
from benhan.store.database import Database
from benhan.store.everything import Wanted, read_page
from benhan.store.history import HistoryQuery
from benhan.store.ids import bucket_of
from benhan.store.key_encryption import make_kek_file
from benhan.store.store import Store
from benhan.vn.secrecy.kinds import secrecy_kinds

KEYS = ("person/1", "department/K01", "department/K02", "grant/account:1")
HOUR = timedelta(hours=1)
PATIENTS = 4


@dataclass(frozen=True)
class Related:
    """A row of care, as plain values."""

    patient: int
    key: str
    starts: timedelta
    ends: timedelta
    uses: int
    archived: bool
    record: int


@dataclass(frozen=True)
class Thing:
    """A resource, as far as rights go: whose it is (an index of PATIENTS; -1 nobody's), which kind of secrecy."""

    type: str
    id: str
    patient: int
    kind: str


class World:
    """A store with some patients, and relations that change from example to example."""

    def __init__(self, url: str, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.things: list[Thing] = []
        self.rids: list[int] = []
        self.run(self._open(url, folder))

    def run(self, what: Any) -> Any:
        return self.loop.run_until_complete(what)

    async def _open(self, url: str, folder: Path) -> None:
        kek = make_kek_file(folder / "kek.json", SystemRandom())
        self.store = await Store.open(await Database.connect(url, pool_size=4), kek, clock=SetClock())
        await self._make(-1, "", {"resourceType": "Organization", "name": "x"})
        await self._make(-1, "", _observation(None, {}))
        for number in range(PATIENTS):
            own = await self._make(number, "", {"resourceType": "Patient"})
            self.rids.append(self.store.workshop.ids.rid_of("Patient", own))
            subject = {"subject": {"reference": f"Patient/{own}"}}
            visit = {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}, **subject}
            await self._make(number, "", visit)
            for kind in ("", "hiv", "donor"):
                meta = {"security": secrecy_kinds()[kind].security} if kind else {}
                await self._make(number, kind, _observation(own, meta))

    async def _make(self, patient: int, kind: str, resource: dict[str, Any]) -> str:
        unit = self.store.begin(system("test"))
        id_ = unit.create(resource_of(resource))
        await self.store.commit(unit)
        self.things.append(Thing(resource["resourceType"], id_, patient, kind))
        return id_

    async def relate(self, relations: list[Related]) -> None:
        await self.store.database.execute("delete from care_relation")
        for source, each in enumerate(relations):
            patient = self.rids[each.patient]
            await self.store.database.execute(
                "insert into care_relation (bucket, patient, source, record, key, from_at, until_at, uses, archived)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                bucket_of(patient), patient, source, each.record, each.key, MORNING + each.starts, MORNING + each.ends,
                each.uses, each.archived,
            )  # fmt: skip

    async def close(self) -> None:
        await self.store.close()


def _observation(patient: str | None, meta: dict[str, Any]) -> dict[str, Any]:
    subject = {"subject": {"reference": f"Patient/{patient}"}} if patient else {}
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **subject, "meta": meta}


@pytest.fixture
def there(fresh_url: str, tmp_path: Path) -> Iterator[World]:
    made = World(fresh_url, tmp_path)
    yield made
    made.run(made.close())
    made.loop.close()


def visible(thing: Thing, relations: list[Related], care: Care, *, sees_secrets: bool) -> bool:
    """What the words of the law and of the matrix say, without SQL."""
    now = [each for each in relations if each.record == 0 and each.starts <= timedelta() < each.ends]
    own = [each for each in now if each.patient == thing.patient]
    reading = care.of(Use.READ)
    reached = reading.is_free or thing.patient < 0 or any(
        each.key in (reading.archived if each.archived else reading.treatment) and each.uses & Use.READ for each in own
    )  # fmt: skip
    treated = any(each.key in care.treats and not each.archived for each in own)
    shown = not thing.kind or sees_secrets or (thing.kind == "hiv" and treated)
    return reached and shown


keys = st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True).map(tuple)
relations_ = st.lists(
    st.builds(
        Related,
        st.integers(0, PATIENTS - 1),
        st.sampled_from(KEYS),
        st.sampled_from([timedelta(), -HOUR, timedelta(), HOUR]),
        st.sampled_from([HOUR, 2 * HOUR, HOUR, timedelta()]),
        st.sampled_from([63, 1, 63, 62]),
        st.booleans(),
        st.sampled_from([0, 0, 0, 0, 5]),
    ),
    min_size=4,
    max_size=8,
    unique_by=lambda each: (each.patient, each.key),
)
cares = st.builds(
    lambda treatment, archived, treats, free: Care(
        MORNING, (Reach(Use.READ, treatment, archived, any_treatment=free),), treats
    ),
    keys,
    keys,
    keys,
    st.sampled_from([False, False, True]),
)


def test_every_way_to_read_shows_what_a_plain_reading_allows_and_nothing_else(there: World) -> None:
    @settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(relations_, cares, st.sampled_from([False, False, False, True]))
    def compared(relations: list[Related], care: Care, sees_secrets: bool) -> None:  # noqa: FBT001  # drawn
        may = frozenset(Permission) if sees_secrets else frozenset(Permission) - {Permission.SECRECY_VIEW}
        actor = Actor("account:1", Role.DOCTOR, may, care=care)
        allowed = {
            (each.type, each.id) for each in there.things if visible(each, relations, care, sees_secrets=sees_secrets)
        }
        there.run(there.relate(relations))
        for way, (seen, among) in there.run(_seen(there, actor)).items():
            assert seen == {each for each in allowed if each in among}, way

    compared()


Seen = tuple[set[tuple[str, str]], set[tuple[str, str]]]


async def _seen(there: World, actor: Actor) -> dict[str, Seen]:
    """What each way to read shows, and among what."""
    store = there.store
    found: dict[str, Seen] = {}
    every = {(each.type, each.id) for each in there.things}
    for type_ in ("Observation", "Patient", "Encounter", "Organization"):
        page = await store.search.search(parse_search(type_, [("_total", "accurate"), ("_count", "100")]), actor)
        assert page.total == len(page.matches)
        of_type = {each for each in every if each[0] == type_}
        found[f"search {type_}"] = {(type_, each.id) for each in page.matches}, of_type
    include = [("_revinclude", "Observation:subject"), ("_has:Encounter:subject:status", "finished")]
    page = await store.search.search(parse_search("Patient", include), actor)
    listed = {each.id for each in page.matches}
    own = {(each.type, each.id) for each in there.things if each.patient >= 0 and each.type != "Encounter"}
    found["included"] = {(each.type, each.id) for each in [*page.matches, *page.included]}, own
    assert listed <= {id_ for type_, id_ in every if type_ == "Patient"}
    read = await store.resources.read_many(sorted(every), actor)
    found["read"] = {(each.type, each.id) for each in read if each is not None}, every
    versions = set()
    for type_, id_ in every:
        try:
            versions |= {(type_, each.id) for each in await store.resources.history(type_, id_, actor)}
        except NotFound:
            continue
    found["versions"] = versions, every
    history = await store.history.of_system(HistoryQuery(100), actor)
    found["history"] = {(each.type, each.id) for each in history.versions}, every
    for number, rid in enumerate(there.rids):
        own = {(each.type, each.id) for each in there.things if each.patient == number}
        everything = await read_page(store, Wanted(rid), actor, count=50)
        found[f"everything {number}"] = {(each.type, each.id) for each in everything.resources}, own
        chart = await read_compartment(store, actor, rid)
        found[f"chart {number}"] = {(each.type, each.id) for each in chart}, own
    async with store.database.transaction() as connection:
        what = Narrowing(await moment_now(connection), veil=store.workshop.rules.veil(actor))
        count = 0
        for first, last in await bucket_ranges(connection):
            async for batch in rows_of_buckets(connection, what, first, last):
                count += len(batch)
    assert count == len(found["read"][0]), "a view over the store"
    return found
