"""The board of a ward: who lies where, what waits, who treats; what a HIS says of a stay that moved on here."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.clocks import SetClock
from tests.node.conftest import DOCTOR, NURSE, OTHER_DOCTOR, Stay, admit

from benhan.fhir.resource import instant, resource_of
from benhan.kernel.actors import system
from benhan.kernel.faults import Conflict, Forbidden
from benhan.node.records.life import Records
from benhan.node.ward.places import Place, moved, place_of
from benhan.node.ward.wards import Department, Wards
from benhan.store.ledger.read import entries_of_patient
from benhan.store.store import Store
from benhan.vn import systems

INTERNAL_WARD, SURGERY = "Khoa Nội", "Khoa Ngoại"


def lies_in(department: str, room: str, bed: str) -> dict[str, object]:
    display = " · ".join((department, room, bed))
    logical = {"system": systems.DEPARTMENT, "value": department}
    return {"location": [{"location": {"identifier": logical, "display": display}}]}


@pytest.fixture
def wards(store: Store) -> Wards:
    return Wards(store)


async def write(store: Store, *resources: dict[str, object]) -> list[str]:
    unit = store.begin(system("test"))
    ids = [unit.create(resource_of(each)) for each in resources]
    await store.commit(unit)
    return ids


async def test_a_board_shows_who_lies_in_the_department_by_bed_with_what_waits(
    store: Store, wards: Wards, records: Records, clock: SetClock
) -> None:
    second = await admit(store, "Lê Văn Bình", **lies_in(INTERNAL_WARD, "P1", "H10"))
    first = await admit(store, "Trần Thị Mận", **lies_in(INTERNAL_WARD, "P1", "H2"))
    await admit(store, "Ngô Thị Xa", **lies_in(SURGERY, "P1", "H1"))
    await admit(store, "Vũ Văn Về", status="finished", **lies_in(INTERNAL_WARD, "P1", "H3"))
    record = await records.open(first.encounter, "01/BV-01", "K03", DOCTOR)
    subject, encounter = {"reference": f"Patient/{first.patient}"}, {"reference": f"Encounter/{first.encounter}"}
    now = clock.now()
    high = {"coding": [{"code": "HH"}]}
    await write(
        store,
        {"resourceType": "Observation", "status": "final", "code": {"text": "Kali"}, "subject": subject,
         "effectiveDateTime": instant(now - timedelta(hours=3)), "valueQuantity": {"value": 6.8, "unit": "mmol/L"},
         "interpretation": [high]},
        {"resourceType": "Observation", "status": "final", "code": {"text": "Natri"}, "subject": subject,
         "effectiveDateTime": instant(now - timedelta(hours=3)), "valueQuantity": {"value": 140, "unit": "mmol/L"}},
        {"resourceType": "Observation", "status": "final", "code": {"text": "Cũ"}, "subject": subject,
         "effectiveDateTime": instant(now - timedelta(days=4)), "valueQuantity": {"value": 9, "unit": "mmol/L"},
         "interpretation": [high]},
        {"resourceType": "AllergyIntolerance", "code": {"text": "Penicillin"}, "patient": subject},
        {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": {"text": "X-quang ngực"},
         "subject": subject, "encounter": encounter},
        {"resourceType": "ServiceRequest", "status": "completed", "intent": "order", "code": {"text": "Công thức máu"},
         "subject": subject, "encounter": encounter},
    )  # fmt: skip
    lines = await wards.board(INTERNAL_WARD, NURSE)
    assert [(each.patient.name, each.place) for each in lines] == [
        ("Trần Thị Mận", Place(INTERNAL_WARD, "P1", "H2")),
        ("Lê Văn Bình", Place(INTERNAL_WARD, "P1", "H10")),
    ]
    mine, other = lines
    assert mine.record is not None
    assert (mine.record.id, mine.record.unsigned, mine.record.writing) == (record.id, 0, 0)
    assert [(each.name, each.text, each.is_critical) for each in mine.flags] == [("Kali", "6.8", True)]
    assert (mine.orders, mine.allergies) == (1, ["Penicillin"])
    assert other.record is None
    assert (other.encounter, other.orders, other.flags) == (second.encounter, 0, [])


async def test_departments_are_counted_and_the_board_of_nobody_is_empty(store: Store, wards: Wards) -> None:
    await admit(store, "Lê Văn Bình", **lies_in(INTERNAL_WARD, "P1", "H10"))
    await admit(store, "Ngô Thị Xa", **lies_in(SURGERY, "P1", "H1"))
    await admit(store, "Phan Văn Sảnh")
    assert await wards.departments(DOCTOR) == [
        Department("", 1, 0), Department(SURGERY, 1, 0), Department(INTERNAL_WARD, 1, 0)
    ]  # fmt: skip
    assert await wards.board("Khoa Mắt", DOCTOR) == []


async def test_who_takes_a_patient_treats_them_until_another_does(store: Store, wards: Wards, stay: Stay) -> None:
    await wards.take(stay.encounter, DOCTOR, "BS. Châu")
    assert [each.treats for each in await wards.mine(DOCTOR)] == ["BS. Châu"]
    await wards.take(stay.encounter, OTHER_DOCTOR, "BS. Dũng")
    assert await wards.mine(DOCTOR) == []
    assert [each.treats for each in await wards.mine(OTHER_DOCTOR)] == ["BS. Dũng"]
    with pytest.raises(Forbidden):
        await wards.take(stay.encounter, NURSE, "ĐD. Hải")


async def test_nobody_takes_a_patient_who_has_left(store: Store, wards: Wards) -> None:
    gone = await admit(store, "Vũ Văn Về", status="finished")
    with pytest.raises(Conflict) as told:
        await wards.take(gone.encounter, DOCTOR, "BS. Châu")
    assert told.value.code == "BA-5351"


async def test_that_a_board_was_looked_at_is_in_the_ledger_once_for_each_patient_on_it(
    store: Store, wards: Wards
) -> None:
    shown = [await admit(store, name, **lies_in(INTERNAL_WARD, "P1", "H10")) for name in ("Lê Văn Bình", "Đỗ Thị Yên")]
    elsewhere = await admit(store, "Vũ Văn Xa", **lies_in(SURGERY, "P1", "H10"))
    await wards.board(INTERNAL_WARD, NURSE)

    async def told(patient: int) -> list[tuple[str, str]]:
        found = (await entries_of_patient(store.database, patient)).entries
        return [(each.actor, each.detail) for each in found if each.label == "ward:board:view"]

    rids = [store.workshop.ids.rid_of("Patient", each.patient) for each in (*shown, elsewhere)]
    one = (NURSE.id, '{"count":1}')
    assert [await told(each) for each in rids] == [[one], [one], []]
    assert await told(0) == [(NURSE.id, '{"count":2}')]


def test_a_move_ends_one_place_and_begins_the_next(clock: SetClock) -> None:
    encounter = {"resourceType": "Encounter", **lies_in(INTERNAL_WARD, "P1", "H2")}
    after = moved(encounter, Place(SURGERY, "P3", "H9"), clock.now())
    assert place_of(encounter) == Place(INTERNAL_WARD, "P1", "H2")
    named = {"identifier": {"system": systems.DEPARTMENT, "value": "K19"}, "display": "Khoa Ngoại · P1 · H2"}
    assert place_of({"location": [{"location": named}]}) == Place("K19", "P1", "H2")
    assert place_of(after) == Place(SURGERY, "P3", "H9")
    assert [each["status"] for each in after["location"]] == ["completed", "active"]
    assert after["location"][0]["period"]["end"] == after["location"][1]["period"]["start"]


def test_beds_stand_in_the_order_of_their_numbers_and_who_has_none_last() -> None:
    beds = [Place("K", "P1", ""), Place("K", "P1", "H10"), Place("K", "P1", "H2"), Place("K", "P10", "H1")]
    assert [each.bed for each in sorted(beds, key=lambda each: each.in_order)] == ["H2", "H10", "H1", ""]
