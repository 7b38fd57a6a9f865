"""Children of a stay: told once, linked both ways, with a temporary identity until they have their own number."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.clocks import SetClock
from tests.node.conftest import ARCHIVIST, DOCTOR, NURSE, Stay, admit
from tests.node.test_access_grants import at_work, place

from benhan.access.matrix import Person
from benhan.kernel.actors import Role, system
from benhan.kernel.faults import Conflict, Forbidden, Incorrect
from benhan.node.records.life import Records
from benhan.node.ward.newborns import Born, Newborns
from benhan.store.store import Store
from benhan.vn import systems
from benhan.vn.identifiers import temporary
from benhan.vn.identifiers.fhir_identifier import current_value, history_of
from benhan.vn.identifiers.history import State


@pytest.fixture
def newborns(store: Store, records: Records) -> Newborns:
    return Newborns(store, records)


@pytest.fixture
async def mother(store: Store) -> Stay:
    return await admit(store, "Phạm Thị Sản", location=[place("K27")])


async def test_twins_are_patients_of_their_own_with_a_stay_within_the_mothers(
    newborns: Newborns, records: Records, store: Store, mother: Stay, clock: SetClock
) -> None:
    born = [Born("male", clock.now() - timedelta(hours=2)), Born("female", clock.now() - timedelta(hours=1))]
    children = await newborns.born(mother.encounter, born, 0, DOCTOR)
    assert [(each.patient.name, each.patient.gender) for each in children] == [
        ("Con bà Phạm Thị Sản", "male"),
        ("Con bà Phạm Thị Sản", "female"),
    ]
    assert [temporary.parse(each.identity).reason for each in children] == [temporary.Reason.NEWBORN] * 2
    assert len({each.identity for each in children}) == 2
    first = (await store.resources.read("Patient", children[0].patient.id, system("test"))).read()
    told = {each["url"]: each for each in first["identifier"][0]["extension"][0]["extension"]}
    assert told["mother"]["valueIdentifier"] == {"system": systems.CCCD, "value": "001184012345"}
    assert (told["birth-order"]["valuePositiveInt"], first["multipleBirthInteger"]) == (1, 1)
    stay, none, hers = await newborns.open(children[0].stay, DOCTOR)
    assert (none, stay.place.department) == ([], "K27")
    assert hers is not None
    assert (hers.patient.name, hers.stay) == ("Phạm Thị Sản", mother.encounter)
    assert stay.record is not None
    assert stay.record.form_number == "06/BV-01"


async def test_who_treats_the_mother_treats_the_child(newborns: Newborns, mother: Stay, clock: SetClock) -> None:
    nurse = at_work(newborns._store, Person(7, Role.NURSE, departments=("K27",)))
    await newborns.born(mother.encounter, [Born("male", clock.now())], 0, nurse)
    clock.advance(seconds=1)
    nurse = at_work(newborns._store, Person(7, Role.NURSE, departments=("K27",)))
    _, [child], _ = await newborns.open(mother.encounter, nurse)
    stay, _, hers = await newborns.open(child.stay, nurse)
    assert (hers is not None, stay.record) == (True, None)


async def test_the_childs_own_number_ends_the_temporary_one_which_stays_known(
    newborns: Newborns, store: Store, mother: Stay, clock: SetClock
) -> None:
    [child] = await newborns.born(mother.encounter, [Born("male", clock.now())], 0, DOCTOR)
    clock.advance(days=3)
    with pytest.raises(Incorrect, match="BA-3260"):
        await newborns.give_number(child.stay, "12", "", DOCTOR)
    await newborns.give_number(child.stay, "001226012345", "Trần Minh Khôi", DOCTOR)
    patient = (await store.resources.read("Patient", child.patient.id, system("test"))).read()
    assert current_value(patient, systems.CCCD) == "001226012345"
    assert [(each.value, each.state) for each in history_of(patient)] == [
        (child.identity, State.REPLACED),
        ("001226012345", State.ACTIVE),
    ]
    told = [each["url"] for each in patient["identifier"][0]["extension"][0]["extension"]]
    assert {"mother", "birth-order", "successor"} <= set(told)
    assert [each.get("use") for each in patient["name"]] == ["official", "old"]
    _, [after], _ = await newborns.open(mother.encounter, DOCTOR)
    assert (after.patient.name, after.identity) == ("Trần Minh Khôi", "")
    with pytest.raises(Conflict, match="BA-5462"):
        await newborns.give_number(child.stay, "001226012345", "", DOCTOR)


async def test_a_birth_that_cannot_be_or_was_told_meanwhile_is_refused(
    newborns: Newborns, mother: Stay, clock: SetClock
) -> None:
    now = clock.now()
    for wrong in ([], [Born("male", now + timedelta(minutes=1))], [Born("m", now)], [Born("male", now)] * 10):
        with pytest.raises(Incorrect, match="BA-5460"):
            await newborns.born(mother.encounter, wrong, 0, DOCTOR)
    await newborns.born(mother.encounter, [Born("female", now)], 0, NURSE)
    with pytest.raises(Conflict, match="BA-5461"):
        await newborns.born(mother.encounter, [Born("female", now)], 0, DOCTOR)
    with pytest.raises(Forbidden):
        await newborns.born(mother.encounter, [Born("female", now)], 1, ARCHIVIST)
    assert len((await newborns.open(mother.encounter, NURSE))[1]) == 1
