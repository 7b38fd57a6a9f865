"""Relations that encounters and grants make: who is let in by them, why, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.clocks import SetClock
from tests.node.conftest import ARCHIVIST, DOCTOR, Stay, admit

from benhan.access.matrix import Matrix, Person, usual_rights
from benhan.access.roles import PERMISSIONS
from benhan.fhir.resource import resource_of
from benhan.kernel.actors import Actor, Role, system
from benhan.kernel.care import Use
from benhan.kernel.faults import Forbidden, Incorrect, NotFound
from benhan.node.access.grants import Grants, Purpose
from benhan.store.ledger.read import entries_of_patient
from benhan.store.secrecy import as_labelled
from benhan.store.store import Store
from benhan.vn import systems

DAY = timedelta(days=1)


def at_work(store: Store, person: Person, mode: str = "department") -> Actor:
    """A person as a request of theirs finds them."""
    care = Matrix(usual_rights(), mode).care_of(person, store.clock.now())
    return Actor(f"account:{person.account}", person.role, PERMISSIONS[person.role], care=care)


def place(code: str) -> dict[str, object]:
    return {"location": {"identifier": {"system": systems.DEPARTMENT, "value": code}}}


def rid(store: Store, stay: Stay) -> int:
    return store.workshop.ids.rid_of("Patient", stay.patient)


@pytest.fixture
async def in_ward(store: Store) -> Stay:
    """A patient in the department K01, whom a doctor with the licence 001 treats."""
    licence = {"identifier": {"system": systems.PRACTITIONER_LICENCE, "value": "001"}}
    return await admit(store, location=[place("K01")], participant=[{"individual": licence}])


async def may_read(store: Store, stay: Stay, actor: Actor) -> bool:
    try:
        await store.resources.read("Patient", stay.patient, actor)
    except NotFound:
        return False
    return True


async def reasons_told(store: Store, stay: Stay) -> list[str]:
    page = await entries_of_patient(store.database, rid(store, stay))
    return [each.detail for each in page.entries if "resource:content:view" in each.label]


async def test_the_department_reads_and_the_ledger_tells_why(store: Store, in_ward: Stay) -> None:
    assert await may_read(store, in_ward, at_work(store, Person(7, Role.NURSE, departments=("k01",))))
    assert not await may_read(store, in_ward, at_work(store, Person(8, Role.NURSE, departments=("K02",))))
    assert await reasons_told(store, in_ward) == ['{"by":"department/K01"}']


async def test_by_relation_a_doctor_needs_more_than_the_department(store: Store, in_ward: Stay) -> None:
    of_department, by_name = Person(7, Role.DOCTOR, departments=("K01",)), Person(8, Role.DOCTOR, names=("001",))
    assert not await may_read(store, in_ward, at_work(store, of_department, "relation"))
    assert await may_read(store, in_ward, at_work(store, by_name, "relation"))
    assert await may_read(store, in_ward, at_work(store, of_department))


async def test_a_transfer_and_a_discharge_end_what_they_end(store: Store, clock: SetClock, in_ward: Stay) -> None:
    first, second = (Person(7, Role.DOCTOR, departments=(each,)) for each in ("K01", "K02"))
    unit = store.begin(system("test"))
    stored = await store.resources.read("Encounter", in_ward.encounter, system("test"))
    unit.update(resource_of({**stored.read(), "location": [place("K02")]}))
    await store.commit(unit)
    clock.advance(seconds=1)
    assert not await may_read(store, in_ward, at_work(store, first))
    assert await may_read(store, in_ward, at_work(store, second))
    unit = store.begin(system("test"))
    ended = {"start": "2026-01-01", "end": "2026-01-05T08:00:00+07:00"}
    unit.update(resource_of({**stored.read(), "status": "finished", "location": [place("K02")], "period": ended}))
    await store.commit(unit)
    clock.advance(days=29)
    assert await may_read(store, in_ward, at_work(store, second))
    clock.advance(days=2)
    assert not await may_read(store, in_ward, at_work(store, second))


async def test_a_student_reads_by_a_grant_until_it_ends_or_is_revoked(
    store: Store, clock: SetClock, stay: Stay
) -> None:
    grants, patient = Grants(store), rid(store, stay)
    until = clock.now() + DAY
    student = Person(20, Role.DOCTOR, kind="student")
    for mode in ("open", "department", "relation"):
        assert not await may_read(store, stay, at_work(store, student, mode))
    made = await grants.grant(20, patient, Use.READ, Purpose.STUDY, until, ARCHIVIST, note="Nhóm 3")
    assert await may_read(store, stay, at_work(store, student, "open"))
    assert (await reasons_told(store, stay))[0] == f'{{"by":"grant/{made.id}"}}'
    assert await grants.note_of(made) == "Nhóm 3"
    assert [each.id for each in await grants.active(20)] == [made.id]
    await grants.revoke(made.id, patient, ARCHIVIST)
    assert not await may_read(store, stay, at_work(store, student, "open"))
    assert await grants.active() == []
    assert [each.id for each in await grants.of_patient(patient, past=True)] == [made.id]
    with pytest.raises(NotFound, match="BA-5312"):
        await grants.revoke(made.id, patient, ARCHIVIST)
    await grants.grant(20, patient, Use.READ, Purpose.STUDY, until, ARCHIVIST)
    clock.advance(days=1)
    assert not await may_read(store, stay, at_work(store, student, "open"))


async def test_a_grant_for_one_record_does_not_open_the_chart(store: Store, stay: Stay) -> None:
    patient, until = rid(store, stay), store.clock.now() + DAY
    await Grants(store).grant(20, patient, Use.READ, Purpose.LENDING, until, ARCHIVIST, record=5)
    assert not await may_read(store, stay, at_work(store, Person(20, Role.DOCTOR, kind="outside")))


async def test_a_grant_without_read_without_end_or_with_write_is_refused(store: Store, stay: Stay) -> None:
    grants, patient, now = Grants(store), rid(store, stay), store.clock.now()
    for uses, until in (
        (Use.COPY, now + DAY),
        (Use.READ | Use.WRITE, now + DAY),
        (Use.READ, now),
        (Use.READ, now + 400 * DAY),
    ):
        with pytest.raises(Incorrect, match="BA-5311"):
            await grants.grant(20, patient, uses, Purpose.STUDY, until, ARCHIVIST)
    with pytest.raises(Forbidden, match="BA-5310"):
        await grants.grant(20, patient, Use.READ, Purpose.STUDY, now + DAY, DOCTOR)
    assert await grants.active() == []


async def test_who_treats_sees_and_writes_what_is_secret_and_others_do_not(store: Store, in_ward: Stay) -> None:
    treating = at_work(store, Person(7, Role.DOCTOR, departments=("K01",)), "open")
    other = at_work(store, Person(8, Role.DOCTOR, departments=("K02",)), "open")
    condition = {
        "resourceType": "Condition",
        "code": {"coding": [{"system": systems.ICD10, "code": "B20.1"}]},
        "subject": {"reference": f"Patient/{in_ward.patient}"},
    }
    unit = store.begin(system("test"))
    id_ = unit.create(resource_of(condition))
    await store.commit(unit)
    seen = await store.resources.read("Condition", id_, treating)
    assert {each["code"] for each in seen.read()["meta"]["security"]} == {"HIV", "V"}
    assert [each.version for each in await store.resources.history("Condition", id_, treating)] == [1]
    with pytest.raises(NotFound, match="BA-0401"):
        await store.resources.read("Condition", id_, other)
    for actor, is_written in ((replace(other, care=None), False), (other, False), (treating, True)):
        unit = store.begin(actor)
        unit.update(resource_of({**condition, "id": id_, "note": [{"text": "x"}]}), if_absent="fail")
        if is_written:
            assert [each.version for each in await store.commit(unit) if each] == [2]
            continue
        with pytest.raises(NotFound, match="BA-0401"):
            await store.commit(unit)


@pytest.mark.parametrize(
    ("resource", "is_told"),
    [
        ({"resourceType": "Condition", "code": {"coding": [{"system": systems.ICD10, "code": "Z21"}]}}, True),
        ({"resourceType": "Condition", "code": {"coding": [{"system": systems.ICD10, "code": "B239"}]}}, True),
        ({"resourceType": "Condition", "code": {"coding": [{"system": systems.ICD10, "code": "B25"}]}}, False),
        ({"resourceType": "Condition", "code": {"coding": [{"system": "urn:else", "code": "B20"}]}}, False),
        (
            {
                "resourceType": "MedicationRequest",
                "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": "J05AR27"}]},
            },
            True,
        ),
        (
            {
                "resourceType": "MedicationRequest",
                "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": "J05AF07"}]},
            },
            False,
        ),
    ],
)
async def test_what_a_code_tells_is_labelled_as_it_is_written_and_the_same_again_is_the_same(
    store: Store, stay: Stay, resource: dict[str, object], *, is_told: bool
) -> None:
    said = resource_of({**resource, "subject": {"reference": f"Patient/{stay.patient}"}})
    unit = store.begin(system("test"))
    id_ = unit.create(said)
    await store.commit(unit)
    stored = await store.resources.read(str(resource["resourceType"]), id_, system("test"))
    assert ("security" in stored.read().get("meta", {})) == is_told
    assert as_labelled(resource_of({**said.plain, "id": id_})).tail == stored.tail
    assert as_labelled(resource_of(stored.read())).tail == stored.tail
