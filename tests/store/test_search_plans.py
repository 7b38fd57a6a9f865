"""The plans of searches on skewed data: no statement reads a big table whole, pages stop when they are full."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.postgres import copy_of_template
from tests.store.writing import DOCTOR

from benhan.fhir.indexing import index_resource
from benhan.fhir.search_query import parse_search
from benhan.kernel.ids import SystemRandom
from benhan.store.database import Database
from benhan.store.ids import bucket_of
from benhan.store.key_encryption import FileKek, make_kek_file
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.store import Store

OBSERVATIONS, PATIENTS = 24_000, 1_200
COLUMNS = (
    "rid", "patient", "updated_at", "at_from", "quantity", "present", "version", "bucket", "type", "tokens", "content",
)  # fmt: skip
BIG = ("resource", "range_index")
SHAPES = [
    ("Patient", "_id={patient}"),
    ("Patient", "identifier=urn:id|7"),
    ("Patient", "name=Nguyễn"),
    ("Patient", "name=Hiếm"),
    ("Patient", "gender=male"),
    ("Patient", "birthdate=1980"),
    ("Patient", "_has:Observation:patient:code=rare"),
    ("Patient", "_has:Observation:patient:code=common"),
    ("Observation", "patient={patient}"),
    ("Observation", "patient={patient}&code=common&date=ge2010"),
    ("Observation", "code=common"),
    ("Observation", "code=rare"),
    ("Observation", "code=common&_sort=date"),
    ("Observation", "code=common&_sort=-_lastUpdated&_count=5"),
    ("Observation", "code:not=common"),
    ("Observation", "status=final&code=rare"),
    ("Observation", "code-value-quantity=common$gt5|http://unitsofmeasure.org|g"),
    ("Observation", "value-quantity:missing=true&code=common"),
    ("Observation", "subject:Patient.identifier=urn:id|7"),
    ("Observation", "subject:Patient.name=Nguyễn&code=common&_count=5"),
    ("Observation", "_content=huyet&_count=5"),
    ("Observation", "code:text=huyết&_count=5"),
    ("Observation", "_filter=code eq rare or code eq common&_count=5"),
    ("Observation", "code=rare&_include=Observation:subject"),
    ("Observation", "date=2024-03&_count=5"),
]


def patient(number: int) -> dict[str, Any]:
    family = "Hiếm" if number == 5 else "Nguyễn" if number % 3 else "Trần"
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:id", "value": str(number)}],
        "name": [{"family": family}],
        "gender": "male" if number % 2 else "female",
        "birthDate": f"{1930 + number % 80}-01-01",
    }


def observation(number: int, whose: str) -> dict[str, Any]:
    code = "rare" if number % 2_000 == 7 else "common"
    return {
        "resourceType": "Observation",
        "status": "final" if number % 50 else "amended",
        "code": {"coding": [{"system": "urn:c", "code": code}], "text": "Huyết áp"},
        "subject": {"reference": f"Patient/{whose}"},
        "effectiveDateTime": f"20{10 + number % 16}-{number % 12 + 1:02}-{number % 28 + 1:02}T0{number % 10}:00:00Z",
        "valueQuantity": {"value": number % 10, "system": "http://unitsofmeasure.org", "code": "g"},
    }


class Skewed:
    """A store of skewed data, copied in; each kind of resource has one content, which is enough for plans."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.patients: list[str] = []

    async def fill(self) -> None:
        unit = self.store.begin(DOCTOR)
        from benhan.fhir.resource import resource_of

        self.patients = [unit.create(resource_of(patient(number))) for number in range(PATIENTS)]
        await self.store.commit(unit)
        for start in range(0, OBSERVATIONS, 4_000):
            await self._copy(range(start, start + 4_000))
        async with self.store.database.connection() as connection:
            await connection.execute("vacuum (analyze) resource")
        self.store.search.statistics.forget()

    async def _copy(self, numbers: range) -> None:
        ids, tokens = self.store.workshop.ids, self.store.workshop.tokens
        now = self.store.clock.now()
        owners = {whose: ids.rid_of("Patient", whose) for whose in self.patients}
        async with self.store.database.transaction() as connection:
            keys = await self.store.keyring.data_keys(set(owners.values()), connection)
            from benhan.store.content import seal_tail

            rows = []
            for number in numbers:
                whose = self.patients[number % PATIENTS]
                rid = ids.new(bucket_of(owners[whose]))
                body = observation(number, whose)
                indexed = index_resource(body)
                tail = orjson.dumps(body)[len(b'{"resourceType":"Observation"') :]
                packed = self.store.workshop.codec.pack("Observation", b"}" + tail, owners[whose])
                sealed = seal_tail(keys[owners[whose]], packed, TYPE_NUMBERS["Observation"], rid, 1)
                assert indexed.at is not None
                at = now - timedelta(minutes=OBSERVATIONS - number)
                columns = (rid, owners[whose], at, indexed.at[0], indexed.quantity, indexed.present, 1)
                known = tokens.of_all(indexed.terms)
                rows.append((*columns, bucket_of(rid), TYPE_NUMBERS["Observation"], known, sealed))
            await connection.copy_records_to_table("resource", records=rows, columns=COLUMNS)


@pytest.fixture(scope="session")
async def skewed(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Skewed]:
    folder: Path = tmp_path_factory.mktemp("skewed")
    kek: FileKek = make_kek_file(folder / "kek.json", SystemRandom())
    store = await Store.open(await Database.connect(await copy_of_template(server_url, "skewed"), pool_size=6), kek)
    skewed = Skewed(store)
    await skewed.fill()
    yield skewed
    await store.close()


def nodes(plan: Any) -> list[dict[str, Any]]:
    if isinstance(plan, list):
        return [node for each in plan for node in nodes(each)]
    if not isinstance(plan, dict):
        return []
    own = [plan] if "Node Type" in plan else []
    return own + [node for each in plan.values() if isinstance(each, list | dict) for node in nodes(each)]


@pytest.mark.parametrize(("type_", "text"), SHAPES, ids=[f"{type_}?{text}" for type_, text in SHAPES])
async def test_no_shape_reads_a_big_table_from_end_to_end(skewed: Skewed, type_: str, text: str) -> None:
    pairs = [tuple(each.split("=", 1)) for each in text.format(patient=skewed.patients[9]).split("&")]
    query = parse_search(type_, [*pairs, ("_explain", "true")])  # type: ignore[list-item]
    page = await skewed.store.search.search(query, DOCTOR)
    assert page.matches or "missing" in text
    assert page.explanation
    for each in page.explanation:
        for node in nodes(each["plan"]):
            whole = node["Node Type"] == "Seq Scan" and node.get("Relation Name") in BIG
            assert not whole, (each["path"], each["sql"])


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("code=common", "order"),
        ("code=rare", "tokens"),
        ("status=final", "order"),
        ("status=final&code=rare", "tokens"),
        ("code=common&_sort=-_lastUpdated", "updated"),
    ],
)
async def test_the_path_follows_how_many_rows_there_are(skewed: Skewed, text: str, path: str) -> None:
    pairs = [tuple(each.split("=", 1)) for each in text.split("&")]
    query = parse_search("Observation", [*pairs, ("_explain", "true")])  # type: ignore[list-item]
    page = await skewed.store.search.search(query, DOCTOR)
    assert page.explanation[0]["path"] == path
    assert "common" not in orjson.dumps(page.explanation).decode()


async def explained(skewed: Skewed, type_: str, text: str) -> tuple[set[str], str]:
    """The ids of a page of 200, and the SQL it was read by."""
    pairs = [tuple(each.split("=", 1)) for each in f"{text}&_count=200".split("&")]
    query = parse_search(type_, [*pairs, ("_explain", "true")])  # type: ignore[list-item]
    page = await skewed.store.search.search(query, DOCTOR)
    return {each.id for each in page.matches}, " ".join(str(each["sql"]) for each in page.explanation)


async def test_what_is_frequent_beside_a_patient_is_looked_up_row_by_row(skewed: Skewed) -> None:
    ids, sql = await explained(skewed, "Patient", "_has:Observation:patient:code=common&name=Hiếm")
    assert ids == {skewed.patients[5]}
    assert "offset 0" in sql
    ids, sql = await explained(skewed, "Observation", "subject:Patient.name=Nguyễn&code=rare")
    owners = [number % PATIENTS for number in range(7, OBSERVATIONS, 2_000)]
    assert len(ids) == sum(owner % 3 > 0 for owner in owners)
    assert "offset 0" in sql


async def test_what_is_rare_beside_a_patient_is_found_first(skewed: Skewed) -> None:
    ids, sql = await explained(skewed, "Patient", "_has:Observation:patient:code=rare")
    assert ids == {skewed.patients[number % PATIENTS] for number in range(7, OBSERVATIONS, 2_000)}
    assert "offset 0" not in sql


async def test_a_quantity_is_sought_by_its_unit_and_the_table_of_ranges_apart(skewed: Skewed) -> None:
    ids, sql = await explained(skewed, "Observation", "value-quantity=gt5|http://unitsofmeasure.org|g&code=rare")
    expected = [number for number in range(7, OBSERVATIONS, 2_000) if number % 10 > 5]
    assert len(ids) == len(expected)
    assert "union all" in sql


async def test_a_date_that_ends_after_another_is_walked_from_near_it(skewed: Skewed) -> None:
    ids, sql = await explained(skewed, "Patient", "birthdate=ge1931-01-01&birthdate=lt1932-01-01&_sort=birthdate")
    assert ids == {skewed.patients[number] for number in range(PATIENTS) if number % 80 == 1}
    assert "400 days" in sql
