"""Relations of care end with the Encounter that made them, and begin for Encounters that were written before; what is
secret is told to who treats at the bedside and at the handover, as everywhere else."""

from __future__ import annotations

from tests.clocks import SetClock
from tests.node.conftest import Stay, admit
from tests.node.test_access_grants import at_work, may_read, place

from benhan.access.matrix import Person
from benhan.fhir.resource import instant, resource_of
from benhan.kernel.actors import Role, system
from benhan.node.nursing.bedside import Bedside
from benhan.node.nursing.handover import Handovers
from benhan.node.records.papers import Papers
from benhan.node.ward.wards import Wards
from benhan.store.reindex import reindex
from benhan.store.store import Store
from benhan.vn import systems

NURSE = Person(7, Role.NURSE, departments=("K01",))
STRANGER = Person(9, Role.NURSE, departments=("K02",))
HIV = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


async def delete(store: Store, type_: str, id_: str) -> None:
    unit = store.begin(system("test"))
    unit.delete(type_, id_)
    await store.commit(unit)


async def test_who_treated_by_an_encounter_that_is_deleted_reads_no_more(store: Store, clock: SetClock) -> None:
    stay = await admit(store, location=[place("K01")])
    assert await may_read(store, stay, at_work(store, NURSE))
    await delete(store, "Encounter", stay.encounter)
    clock.advance(seconds=1)
    assert not await may_read(store, stay, at_work(store, NURSE))


async def test_an_encounter_of_another_patient_moves_its_relations(store: Store, clock: SetClock) -> None:
    wrong, right = await admit(store, location=[place("K01")]), await admit(store, "Lê Văn Hai")
    stored = await store.resources.read("Encounter", wrong.encounter, system("test"))
    unit = store.begin(system("test"))
    unit.update(resource_of({**stored.read(), "subject": {"reference": f"Patient/{right.patient}"}}))
    await store.commit(unit)
    clock.advance(seconds=1)
    assert not await may_read(store, wrong, at_work(store, NURSE))
    assert await may_read(store, right, at_work(store, NURSE))


async def test_the_other_encounters_of_a_patient_go_on(store: Store, clock: SetClock) -> None:
    stay = await admit(store, location=[place("K01")])
    unit = store.begin(system("test"))
    stored = await store.resources.read("Encounter", stay.encounter, system("test"))
    other = {key: value for key, value in stored.read().items() if key not in ("id", "meta")}
    unit.create(resource_of(other))
    await store.commit(unit)
    await delete(store, "Encounter", stay.encounter)
    clock.advance(seconds=1)
    assert await may_read(store, stay, at_work(store, NURSE))


async def test_nobody_treats_a_patient_who_was_deleted(store: Store, clock: SetClock) -> None:
    stay = await admit(store, location=[place("K01")])
    await delete(store, "Patient", stay.patient)
    clock.advance(seconds=1)
    active = "select count(*) from care_relation where until_at > $1"
    assert await store.database.fetchval(active, clock.now()) == 0


async def test_going_over_all_rows_makes_the_relations_of_encounters_from_before(store: Store) -> None:
    stay: Stay = await admit(store, location=[place("K01")])
    await store.database.execute("delete from care_relation")
    assert not await may_read(store, stay, at_work(store, NURSE))
    await reindex(store)
    assert await may_read(store, stay, at_work(store, NURSE))
    before = await store.database.fetch("select * from care_relation")
    await reindex(store)
    assert await store.database.fetch("select * from care_relation") == before


async def test_who_treats_is_told_of_secret_signs_and_orders_at_the_bedside_too(
    store: Store, papers: Papers, clock: SetClock
) -> None:
    ward = [{"location": {"identifier": {"system": systems.DEPARTMENT, "value": "K01"}, "display": "K01 · 3 · 1"}}]
    stay = await admit(store, location=ward)
    subject = {"subject": {"reference": f"Patient/{stay.patient}"}, "meta": {"security": [HIV]}}
    sign = {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": "vital-signs"}]}],
        "code": {"coding": [{"system": systems.LOINC, "code": "8867-4"}]},
        "effectiveDateTime": instant(clock.now()),
        "valueQuantity": {"value": 88, "unit": "/min"},
        **subject,
    }
    order = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "code": {"text": "Tải lượng HIV"},
        "authoredOn": instant(clock.now()),
        "encounter": {"reference": f"Encounter/{stay.encounter}"},
        **subject,
    }
    unit = store.begin(system("test"))
    for each in (sign, order):
        unit.create(resource_of(each))
    await store.commit(unit)
    clock.advance(seconds=1)
    treating = at_work(store, NURSE, "open")
    elsewhere = at_work(store, Person(8, Role.NURSE, departments=("K02",)), "open")
    for actor, is_told in ((treating, True), (elsewhere, False)):
        signs = await Bedside(store, papers).last_signs([stay.patient], actor)
        _, [line] = await Handovers(store, Wards(store)).open("K01", actor)
        assert (bool(signs), bool(line.changes.ordered)) == (is_told, is_told)
    assert await Bedside(store, papers).last_signs([stay.patient], at_work(store, STRANGER)) == {}
