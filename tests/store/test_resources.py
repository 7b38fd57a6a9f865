"""Resources: what is written is what is read, every version of it; what is gone says so."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.store.writing import DOCTOR, events, note, patient, remove, rows_written, save

from benhan.fhir.resource import parse_resource
from benhan.kernel.actors import system
from benhan.kernel.faults import NotFound
from benhan.store.faults import Gone
from benhan.store.ids import bucket_of, encode_rid
from benhan.store.resources import VERSION_MAX
from benhan.store.store import Store

# ── what is written is what is read ──


async def test_a_created_resource_is_read_as_version_1_with_the_bytes_the_writer_was_given(store: Store) -> None:
    written = await save(store, patient())
    read = await store.resources.read("Patient", written.id, DOCTOR)
    assert (read.version, read.etag, read.deleted) == (1, 'W/"1"', False)
    assert read.content == written.content
    assert written.created
    assert read.read()["meta"]["versionId"] == "1"
    assert read.read()["name"] == patient()["name"]


async def test_decimals_keep_their_digits(store: Store) -> None:
    an = await save(store, patient())
    text = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"K+"},"subject":{"reference":"Patient/%b"},'
        b'"valueQuantity":{"value":1.00},"referenceRange":[{"low":{"value":3.50},"high":{"value":100000000000000000.10}}]}'
    )
    unit = store.begin(DOCTOR)
    id_ = unit.create(parse_resource(text % an.id.encode()))
    await store.commit(unit)
    read = await store.resources.read("Observation", id_, DOCTOR)
    assert b'"value":1.00}' in read.content
    assert b'"value":3.50}' in read.content
    assert b'"value":100000000000000000.10}' in read.content
    assert str(read.read()["valueQuantity"]["value"]) == "1.00"
    again = await save(store, {**read.read(), "status": "amended"})
    assert (
        str((await store.resources.vread("Observation", id_, again.version, DOCTOR)).read()["valueQuantity"]["value"])
        == "1.00"
    )
    assert again.read()["valueQuantity"]["value"] == Decimal("1.00")


async def test_an_id_that_a_client_chose_is_kept_and_never_shown_to_the_database(store: Store) -> None:
    await save(store, patient(id="benh-nhan-0001"))
    assert (await store.resources.read("Patient", "benh-nhan-0001", DOCTOR)).read()["id"] == "benh-nhan-0001"
    row = await store.database.fetchrow("select r::text as shown from resource r")
    assert row is not None
    assert "benh-nhan" not in row["shown"]
    assert b"benh-nhan".hex() not in row["shown"]
    assert b"Nguy".hex() not in row["shown"]


async def test_a_resource_never_written_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="BA-0401"):
        await store.resources.read("Patient", "khong-co", DOCTOR)
    with pytest.raises(NotFound, match="BA-0401"):
        await store.resources.history("Patient", "khong-co", DOCTOR)
    with pytest.raises(NotFound, match="BA-0401"):
        await store.resources.vread("Patient", "khong-co", 1, DOCTOR)


async def test_another_id_with_the_key_of_a_chosen_one_finds_nothing(store: Store) -> None:
    stored = await save(store, patient(id="benh-nhan-0001"))
    with pytest.raises(NotFound, match="BA-0401"):
        await store.resources.read("Patient", encode_rid(stored.rid), DOCTOR)


async def test_the_same_id_in_two_types_is_two_resources(store: Store) -> None:
    await save(store, patient(id="so-1"))
    await save(store, {"resourceType": "Organization", "id": "so-1", "name": "Khoa Nội"})
    assert (await store.resources.read("Patient", "so-1", DOCTOR)).type == "Patient"
    assert (await store.resources.read("Organization", "so-1", DOCTOR)).read()["name"] == "Khoa Nội"


# ── versions ──


async def test_every_version_stays_as_it_was_written(store: Store) -> None:
    written = [await save(store, patient(id="an", birthDate=f"19{year}-01-01")) for year in range(60, 66)]
    for each in written:
        assert (await store.resources.vread("Patient", "an", each.version, DOCTOR)).content == each.content
    history = await store.resources.history("Patient", "an", DOCTOR)
    assert [each.content for each in history] == [each.content for each in reversed(written)]
    assert [each.version for each in history] == [6, 5, 4, 3, 2, 1]
    assert [each.created for each in written] == [True] + [False] * 5


async def test_history_comes_in_pages(store: Store) -> None:
    for _ in range(5):
        await save(store, patient(id="an"))
    first = await store.resources.history("Patient", "an", DOCTOR, count=2)
    second = await store.resources.history("Patient", "an", DOCTOR, count=2, before_version=first[-1].version)
    assert [each.version for each in first + second] == [5, 4, 3, 2]


async def test_a_version_that_was_never_made_has_its_own_fault(store: Store) -> None:
    await save(store, patient(id="an"))
    await save(store, patient(id="an"))
    for version in (-1, 0, 3, VERSION_MAX - 1, VERSION_MAX, VERSION_MAX + 1):
        with pytest.raises(NotFound, match="BA-0403"):
            await store.resources.vread("Patient", "an", version, DOCTOR)


async def test_a_resource_that_moves_to_another_patient_keeps_all_its_versions(store: Store) -> None:
    an, binh = await save(store, patient()), await save(store, patient())
    assert bucket_of(an.rid) != bucket_of(binh.rid)
    moved = await save(store, note(an.id))
    for of in (binh, an, binh):
        await save(store, note(of.id, "b", id=moved.id))
    read = await store.resources.read("Observation", moved.id, DOCTOR)
    assert (read.version, read.patient) == (4, binh.rid)
    history = await store.resources.history("Observation", moved.id, DOCTOR)
    assert [(each.version, each.patient) for each in history] == [
        (4, binh.rid),
        (3, an.rid),
        (2, binh.rid),
        (1, an.rid),
    ]


# ── deletion ──


async def test_what_was_deleted_is_gone_not_missing_and_its_history_stays(store: Store) -> None:
    first = await save(store, patient(id="an"))
    deletion = await remove(store, "Patient", "an")
    assert deletion is not None
    assert (deletion.version, deletion.deleted, deletion.content) == (2, True, b"")
    with pytest.raises(Gone, match="BA-0402"):
        await store.resources.read("Patient", "an", DOCTOR)
    with pytest.raises(Gone, match="BA-0402"):
        await store.resources.vread("Patient", "an", 2, DOCTOR)
    assert (await store.resources.vread("Patient", "an", 1, DOCTOR)).content == first.content
    history = await store.resources.history("Patient", "an", DOCTOR)
    assert [(each.version, each.deleted, each.id) for each in history] == [(2, True, "an"), (1, False, "an")]


async def test_what_was_deleted_can_be_written_again_as_the_next_version(store: Store) -> None:
    await save(store, patient(id="an"))
    await remove(store, "Patient", "an")
    back = await save(store, patient(id="an"))
    assert (back.version, back.created) == (3, True)
    assert (await store.resources.read("Patient", "an", DOCTOR)).version == 3


async def test_deleting_twice_or_what_never_was_writes_nothing(store: Store) -> None:
    await save(store, patient(id="an"))
    await remove(store, "Patient", "an")
    before = await rows_written(store)
    assert await remove(store, "Patient", "an") is None
    assert await remove(store, "Patient", "khong-co") is None
    assert await rows_written(store) == before


# ── views ──


async def test_a_view_is_in_the_ledger_before_it_is_answered_and_a_failed_one_is_not(store: Store) -> None:
    await save(store, patient(id="an"))
    await store.resources.read("Patient", "an", DOCTOR)
    await store.resources.history("Patient", "an", DOCTOR)
    with pytest.raises(NotFound):
        await store.resources.read("Patient", "khong-co", DOCTOR)
    await store.resources.read("Patient", "an", system("task"))
    assert await events(store) == [("RESOURCE_UPDATE", 1), ("RESOURCE_VIEW", 1), ("RESOURCE_HISTORY", 1)]
