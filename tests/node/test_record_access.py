"""A record is used by who is related to it, in the state it is in: read, copied, printed, exported, written."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.node.conftest import ARCHIVIST, DOCTOR, Stay, admit
from tests.node.test_access_grants import at_work, place

from benhan.access.matrix import Person
from benhan.kernel.actors import Actor, Role
from benhan.kernel.care import Use
from benhan.kernel.faults import Forbidden, NotFound
from benhan.node.access.grants import Grants, Purpose
from benhan.node.exports import Exports, Format
from benhan.node.records.life import Records
from benhan.node.records.lifecycle import Act, State
from benhan.node.records.lists import NEWEST
from benhan.node.records.models import Record
from benhan.node.records.papers import Papers
from benhan.node.records.prints import Prints
from benhan.store.ledger.read import entries_of_patient
from benhan.store.store import Store

KHTH = Person(9, Role.RECORDS)
WARD = Person(7, Role.DOCTOR, departments=("K01",))
ELSEWHERE = Person(8, Role.DOCTOR, departments=("K02",))


@pytest.fixture
async def stay(store: Store) -> Stay:
    return await admit(store, location=[place("K01")])


async def moved(store: Store, record: Record, state: State) -> None:
    """The record in another state, without the work that leads there."""
    await store.database.execute(
        "update medical_record set state = $2, archived_at = case when $2 = 'archived' then now() end where rid = $1",
        record.rid,
        state.value,
    )


async def may_view(records: Records, record: Record, actor: Actor) -> bool:
    try:
        await records.view(record.id, actor)
    except NotFound as fault:
        return fault.code != "BA-5205"
    return True


async def test_a_record_is_seen_by_its_department_and_reviewed_and_archived_by_its_keepers(
    store: Store, records: Records, papers: Papers, stay: Stay
) -> None:
    record = await records.open(stay.encounter, "01/BV-01", "K01", DOCTOR)
    ward, other, keeper = (at_work(store, each) for each in (WARD, ELSEWHERE, KHTH))
    assert [await may_view(records, record, each) for each in (ward, other, keeper)] == [True, False, False]
    paper = await papers.add(record.id, "01/BV-01", ward)
    assert (await papers.view(record.id, paper.number, ward)).is_written
    for refused in (papers.view(record.id, 1, other), papers.add(record.id, "01/BV-01", other)):
        with pytest.raises(NotFound, match="BA-5205"):
            await refused
    listed = [await records.rows.work([State.ACTIVE], "", NEWEST, 10, each) for each in (ward, other, keeper)]
    assert [len(each) for each in listed] == [1, 0, 0]
    assert [len(await records.rows.of_patient(record.patient, each)) for each in (ward, other)] == [1, 0]
    await moved(store, record, State.CLOSED)
    store_row = await records.read(record.id)
    opened = await records.opened(store_row, ward)
    unit = store.begin(DOCTOR)
    from benhan.node.records.life import _relations_after  # the step without its checks

    for hook in _relations_after(store_row, Act.SUBMIT, store.clock.now()):
        unit.also(hook)
    await store.commit(unit)
    assert opened.record.state is State.CLOSED
    await moved(store, record, State.SUBMITTED)
    assert await may_view(records, record, at_work(store, KHTH))
    await records.act(record.id, Act.ARCHIVE, at_work(store, KHTH))
    seen = [await may_view(records, record, at_work(store, each)) for each in (WARD, ELSEWHERE, KHTH)]
    assert seen == [False, False, True]
    told = {each.detail for each in (await entries_of_patient(store.database, record.patient)).entries}
    assert '{"by":"department/K01"}' in told
    assert '{"by":"review"}' in told


async def test_a_lent_record_is_read_by_its_grant_alone_and_not_copied_without_that_right(
    store: Store, records: Records, papers: Papers, stay: Stay
) -> None:
    record = await records.open(stay.encounter, "01/BV-01", "K01", DOCTOR)
    paper = await papers.add(record.id, "01/BV-01", DOCTOR)
    borrower = Person(20, Role.DOCTOR, kind="outside")
    await moved(store, record, State.ARCHIVED)
    until = store.clock.now() + timedelta(days=1)
    uses = Use.READ | Use.PRINT
    given = await Grants(store).grant(20, record.patient, uses, Purpose.LENDING, until, ARCHIVIST, record=record.rid)
    actor, prints = at_work(store, borrower, "open"), Prints(records, "http://x")
    assert await may_view(records, record, actor)
    assert not (await papers.view(record.id, paper.number, actor)).is_written
    assert (await prints.paper(record.id, paper.number, actor, "x")).pdf.startswith(b"%PDF")
    with pytest.raises(Forbidden, match="BA-5310"):
        await prints.whole(record.id, actor, "x")
    with pytest.raises(NotFound, match="BA-0401"):
        await store.resources.read("Patient", stay.patient, actor)
    told = [each.detail for each in (await entries_of_patient(store.database, record.patient)).entries]
    assert any(f'"by":"grant/{given.id}"' in each for each in told)


async def test_who_may_read_may_not_export_without_that_right(store: Store, stay: Stay) -> None:
    exports = Exports(store, "01001", "x", "http://x")
    patient, until = store.workshop.ids.rid_of("Patient", stay.patient), store.clock.now() + timedelta(days=1)
    guest = Person(20, Role.DOCTOR, kind="outside")
    with pytest.raises(NotFound, match="BA-0401"):
        await exports.export(stay.encounter, Format.HOSO_XML, at_work(store, guest))
    await Grants(store).grant(20, patient, Use.READ, Purpose.CONSULTATION, until, ARCHIVIST)
    with pytest.raises(Forbidden, match="BA-5310"):
        await exports.export(stay.encounter, Format.HOSO_XML, at_work(store, guest))
    await Grants(store).grant(20, patient, Use.READ | Use.EXPORT, Purpose.CONSULTATION, until, ARCHIVIST)
    assert (await exports.export(stay.encounter, Format.HOSO_XML, at_work(store, guest))).content
