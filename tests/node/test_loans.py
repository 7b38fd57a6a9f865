"""Loans of archived records, paper parts, the report of late ones."""

from __future__ import annotations

import asyncio

import pytest
from tests.clocks import SetClock
from tests.node.conftest import ARCHIVIST, DOCTOR, NURSE, OTHER_DOCTOR, Stay, admit, person
from tests.node.test_record_life import INTERNAL, finished

from benhan.kernel.actors import Actor, Role
from benhan.kernel.faults import Conflict, Fault, Forbidden
from benhan.node.access.grants import Grants, Purpose
from benhan.node.records.late import late_report
from benhan.node.records.life import Records
from benhan.node.records.lifecycle import Act
from benhan.node.records.loans import Loans, LoanState
from benhan.node.records.models import Medium, Record
from benhan.node.records.papers import Papers
from benhan.node.records.parts import Parts
from benhan.store.ledger.read import entries_of_patient
from benhan.store.store import Store

OTHER_ARCHIVIST = person(5, Role.RECORDS)


async def is_lent(store: Store, record: Record, actor: Actor) -> bool:
    """Whether a loan lets somebody read a record now."""
    grants = await Grants(store).active(int(actor.id.removeprefix("account:")))
    return any(each.record == record.rid and each.purpose is Purpose.LENDING for each in grants)


async def test_an_archived_record_is_asked_for_lent_by_another_and_ends_by_itself_or_by_return(
    records: Records, papers: Papers, stay: Stay, store: Store, clock: SetClock
) -> None:
    loans = Loans(records)
    record = await records.open(stay.encounter, INTERNAL, "K01", DOCTOR)
    with pytest.raises(Conflict) as told:
        await loans.ask(record.id, "nghiên cứu", DOCTOR)
    assert told.value.code == "BA-5201"
    await finished(records, papers, record)
    clock.advance(days=3)
    report = (await late_report(records, ARCHIVIST)).decode()
    assert f"{record.id},01/BV-01 Bệnh án nội khoa,K01" in report
    assert report.rstrip().endswith(",3")
    assert "Mận" not in report
    record = await records.act(record.id, Act.ARCHIVE, ARCHIVIST)

    key = await loans.ask(record.id, "nghiên cứu viêm phổi", DOCTOR)
    assert not await is_lent(store, record, DOCTOR)
    for act, fault in (
        (loans.lend(key, DOCTOR), "BA-5213"),
        (loans.lend(key, ARCHIVIST, days=0), "BA-5423"),
        (loans.refuse(key, " ", ARCHIVIST), "BA-5204"),
        (loans.give_back(key, DOCTOR), "BA-5421"),
        (loans.lend("1-999", ARCHIVIST), "BA-5420"),
        (loans.lend("x'--", ARCHIVIST), "BA-5420"),
    ):
        with pytest.raises(Fault) as refused:
            await act
        assert refused.value.code == fault
    await loans.lend(key, ARCHIVIST, days=7)
    assert await is_lent(store, record, DOCTOR)
    assert not await is_lent(store, record, OTHER_DOCTOR)
    assert [each.id for each in await loans.open(OTHER_DOCTOR)] == []
    (mine,) = await loans.open(DOCTOR)
    assert mine.told is not None
    assert mine.told.purpose == "nghiên cứu viêm phổi"
    clock.advance(days=7)
    assert not await is_lent(store, record, DOCTOR)
    assert not mine.is_overdue(clock.now())
    await loans.give_back(key, DOCTOR)

    own = await loans.ask(record.id, "giám định", ARCHIVIST)
    with pytest.raises(Forbidden) as told_own:
        await loans.lend(own, ARCHIVIST)
    assert told_own.value.code == "BA-5422"
    await Parts(records).put(record.id, "Phim X-quang", "Kho 2, kệ 5", 3, ARCHIVIST)
    assert (await records.read(record.id)).medium is Medium.HYBRID
    both = await asyncio.gather(
        loans.lend(own, OTHER_ARCHIVIST, days=1, sheets=3),
        loans.refuse(own, "không", OTHER_ARCHIVIST),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Conflict) for each in both) == 1
    if (await loans.read(own)).state is LoanState.REFUSED:
        own = await loans.ask(record.id, "giám định", ARCHIVIST)
        await loans.lend(own, OTHER_ARCHIVIST, days=1, sheets=3)
    clock.advance(days=2)
    assert (await loans.read(own)).is_overdue(clock.now())
    await loans.revoke(own, "quá hạn", OTHER_ARCHIVIST)
    assert {each.state for each in await loans.of_record(record)} <= {
        LoanState.REVOKED,
        LoanState.RETURNED,
        LoanState.REFUSED,
    }
    (part,) = await Parts(records).of(record)
    assert (part.number, part.what, part.place, part.sheets) == (1, "Phim X-quang", "Kho 2, kệ 5", 3)
    await Parts(records).put(record.id, "Phim X-quang", "Kho 3", 2, ARCHIVIST, 1)
    assert [(each.place, each.sheets) for each in await Parts(records).of(record)] == [("Kho 3", 2)]
    with pytest.raises(Forbidden):
        await Parts(records).put(record.id, "x", "y", 1, NURSE)
    rows = await store.database.fetch("select told from record_loan where bucket = $1", record.bucket)
    assert not any("phổi".encode() in row["told"] for row in rows)
    labels = [each.label for each in (await entries_of_patient(store.database, record.patient, count=200)).entries]
    assert labels.count("record:loan:act") >= 5
    assert await admit(store)
