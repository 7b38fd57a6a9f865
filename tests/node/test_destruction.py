"""Records out of their term are destroyed in approved batches, and nothing of others with them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.clocks import SetClock
from tests.node.conftest import ARCHIVIST, DOCTOR, Stay, admit, person
from tests.node.test_record_life import INTERNAL, finished
from tests.node.test_whole_record import with_results

from benhan.fhir.resource import resource_of
from benhan.fhir.search_query import parse_search
from benhan.kernel.actors import Role, system
from benhan.kernel.faults import Broken, Conflict, Fault, NotFound
from benhan.kernel.ids import SystemRandom
from benhan.node.records.destruction import BatchState, Destruction
from benhan.node.records.life import Records
from benhan.node.records.lifecycle import Act, State
from benhan.node.records.loans import Loans
from benhan.node.records.models import Record
from benhan.node.records.papers import Papers
from benhan.store.check import check_store
from benhan.store.database import Connection
from benhan.store.key_backup import back_up_keys, restore_keys
from benhan.store.key_rotation import rotate_kek
from benhan.store.ledger.chain import chain_all
from benhan.store.ledger.verify import verify_ledger
from benhan.store.rekeying import finish_replacements, replace_key
from benhan.store.store import Store

HEAD = person(5, Role.RECORDS)
COUNCIL = "Nguyễn Văn A, chủ tịch\nTrần Thị B, thư ký\nLê Văn C, uỷ viên"


async def archived(records: Records, papers: Papers, encounter: str) -> Record:
    record = await records.open(encounter, INTERNAL, "K01", DOCTOR)
    await finished(records, papers, record)
    return await records.act(record.id, Act.ARCHIVE, ARCHIVIST)


async def again(store: Store, patient: str) -> Stay:
    """Another stay of the same patient."""
    unit = store.begin(system("test"))
    stay = unit.create(
        resource_of(
            {
                "resourceType": "Encounter",
                "status": "finished",
                "class": {"code": "IMP"},
                "subject": {"reference": f"Patient/{patient}"},
                "period": {"start": "2026-12-20T08:00:00+07:00"},
            }
        )
    )
    await store.commit(unit)
    return Stay(patient, stay)


async def episodes(store: Store, patient: str) -> set[str]:
    """The episodes that the values of a patient are of."""
    query = parse_search("Observation", [("subject", f"Patient/{patient}")])
    found = (await store.search.search(query, system("test"))).matches
    return {each.read()["encounter"]["reference"] for each in found}


async def test_a_batch_destroys_what_is_due_reseals_what_stays_and_keeps_numbers_and_ledger(
    records: Records, papers: Papers, stay: Stay, store: Store, clock: SetClock, tmp_path: Path
) -> None:
    alone = await admit(store, "Phạm Văn Đơn")
    held = await admit(store, "Vũ Thị Giữ")
    first = await archived(records, papers, stay.encounter)
    await with_results(store, stay)
    single = await archived(records, papers, alone.encounter)
    kept = await archived(records, papers, held.encounter)
    await records.hold(kept.id, "12/CSĐT", ARCHIVIST)
    loans = Loans(records)
    loan = await loans.ask(first.id, "giám định", DOCTOR)
    await loans.refuse(loan, "không", HEAD)
    destruction = Destruction(records, settle_s=0)
    assert await destruction.due(ARCHIVIST) == []
    clock.advance(days=366 * 9)
    later = await again(store, stay.patient)
    second = await archived(records, papers, later.encounter)
    await with_results(store, later)
    clock.advance(days=366 * 3)
    assert {each.rid for each in await destruction.due(ARCHIVIST)} == {first.rid, single.rid}
    with pytest.raises(Fault) as told:
        await destruction.propose("7/QĐ", "chỉ một người", ARCHIVIST)
    assert told.value.code == "BA-5445"
    number = await destruction.propose("7/QĐ-BV", COUNCIL, ARCHIVIST)
    assert await destruction.due(ARCHIVIST) == []
    with pytest.raises(Fault) as same:
        await destruction.approve(number, ARCHIVIST)
    assert same.value.code == "BA-5443"
    with pytest.raises(Conflict):
        await destruction.carry_out(number, HEAD)
    await destruction.approve(number, HEAD)

    keys = tmp_path / "keys.json"
    await back_up_keys(store.database, keys)
    kept_rows = "select rid, content from resource where until is null and patient = $1 and bucket = $2"
    found = await store.database.fetch(kept_rows, first.patient, first.bucket)
    rows = {row["rid"]: row["content"] for row in found}
    batch = await destruction.carry_out(number, HEAD)
    assert batch.state is BatchState.DONE
    assert [each.state for each in batch.items] == ["destroyed", "destroyed"]
    for record in (first, single):
        gone = await records.read(record.id)
        assert (gone.state, gone.storage_number) == (State.DESTROYED, record.storage_number)
        with pytest.raises(NotFound) as destroyed:
            await records.view(record.id, ARCHIVIST)
        assert destroyed.value.code == "BA-5440"
    with pytest.raises(NotFound):
        await store.resources.read("Patient", alone.patient, DOCTOR)
    with pytest.raises(NotFound):
        await store.resources.read("Encounter", stay.encounter, DOCTOR)
    opened = await records.view(second.id, ARCHIVIST)
    assert len(opened.stored) == len(opened.papers) == 2
    assert await episodes(store, stay.patient) == {f"Encounter/{later.encounter}"}
    assert [reason for _, reason in await records.acts(await records.read(first.id)) if reason] == []
    assert (await loans.read(loan)).told is None
    checked = await check_store(store, lambda _done: None)
    assert checked.damaged == []

    # no copy of the content opens with the new key, and a backup of the keys brings the old one back over nothing
    async with store.database.connection() as connection:
        key = await store.keyring.data_key(first.patient, connection)
    from benhan.store.content import aad_of
    from benhan.store.resource_types import TYPE_NUMBERS

    with pytest.raises(Broken):
        key.open(rows[first.rid], aad_of(TYPE_NUMBERS["Composition"], first.rid, 1))
    await restore_keys(store.database, keys)
    store.keyring.forget_all()
    assert len((await records.view(second.id, ARCHIVIST)).stored) == 2
    await rotate_kek(store.database, store.keyring, SystemRandom(), clock, system("test"))
    assert len((await records.view(second.id, ARCHIVIST)).stored) == 2
    await chain_all(store.database)
    assert (await verify_ledger(store.database, store.keyring)).is_whole
    assert (await destruction.minutes(number, HEAD)).startswith(b"%PDF-")
    assert (await records.rows.next_number(2026)).endswith("000004") or kept.storage_number.startswith("26.")
    assert date(2036, 12, 31) == first.keep_until


async def test_a_replacement_that_is_stopped_half_way_is_readable_and_taken_up_again(
    records: Records, papers: Papers, stay: Stay, store: Store
) -> None:
    record = await records.open(stay.encounter, INTERNAL, "K01", DOCTOR)
    await papers.add(record.id, INTERNAL, DOCTOR)
    await papers.keep_draft(record.id, 1, DOCTOR, 1, {"x": "y"})

    async def nothing(_connection: Connection) -> None:
        return

    async def fails(_connection: Connection) -> None:
        raise Conflict("BA-0000", told)

    from benhan.kernel.texts import Text

    told = Text("thử", "test")
    database, keyring, source, clock = store.database, store.keyring, store.random, store.clock
    with pytest.raises(Conflict):
        await replace_key(database, keyring, source, clock, record.patient, fails, settle_s=0)
    row = await database.fetchrow(
        "select wrapped_before from data_key where bucket = $1 and patient = $2", record.bucket, record.patient
    )
    assert row is not None
    assert row["wrapped_before"] is None
    from benhan.store import rekeying

    await database.execute("select 1")
    stopped = rekeying._finish

    async def stop(*_arguments: object) -> None:
        raise Conflict("BA-0000", told)

    rekeying._finish = stop
    try:
        with pytest.raises(Conflict):
            await replace_key(database, keyring, source, clock, record.patient, nothing, settle_s=0)
    finally:
        rekeying._finish = stopped
    assert len((await records.view(record.id, DOCTOR)).stored) == 1
    await papers.add(record.id, "36/BV-02", DOCTOR)
    with pytest.raises(Conflict):
        await rotate_kek(database, keyring, SystemRandom(), clock, system("test"))
    assert await finish_replacements(database, keyring, settle_s=0) == 1
    assert len((await records.view(record.id, DOCTOR)).stored) == 2
    assert (await papers.view(record.id, 1, DOCTOR)).draft is not None
    assert (await check_store(store, lambda _done: None)).damaged == []
    assert await finish_replacements(database, keyring, settle_s=0) == 0
