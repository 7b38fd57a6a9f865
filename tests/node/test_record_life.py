"""A record from its opening to the archive: what is possible when, who may, what is kept."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from tests.clocks import SetClock
from tests.node.conftest import ARCHIVIST, DOCTOR, NURSE, OTHER_DOCTOR, Stay, admit

from benhan.kernel.faults import Conflict, Fault, Forbidden
from benhan.node.records.closing import Lack
from benhan.node.records.life import Records
from benhan.node.records.lifecycle import STEPS, Act, State, possible, step_for
from benhan.node.records.models import Record
from benhan.node.records.papers import Papers
from benhan.store.ledger.read import entries_of_patient
from benhan.store.store import Store
from benhan.vn.forms.form import Field, Form, Kind

INTERNAL = "01/BV-01"
COURSE = "36/BV-02"


@pytest.fixture
async def record(records: Records, stay: Stay) -> Record:
    return await records.open(stay.encounter, INTERNAL, "K01", DOCTOR)


def whole(form: Form) -> dict[str, object]:
    """Answers to what is required when the record is closed, but for what is given later."""
    later = (Kind.SIGNATURE, "so_luu_tru")
    fields = [each for each in form.fields.values() if each.source.required_at_close]
    return {each.id: answer(each) for each in fields if each.kind not in later and each.id not in later}


def answer(field: Field) -> object:
    """Some answer that fits a field."""
    match field.kind:
        case Kind.NUMBER:
            return field.low if field.low is not None else 1
        case Kind.DATE:
            return "2026-11-21"
        case Kind.TIME:
            return "08:30"
        case Kind.DATETIME:
            return "2026-11-21T08:30"
        case Kind.TICK:
            return True
        case Kind.ONE:
            return field.options[0].code
        case Kind.MANY:
            return [field.options[0].code]
        case Kind.TABLE:
            return [{column.id: answer(column) for column in field.columns}]
        case _:
            return "ổn"


async def test_two_who_close_at_once_close_it_once_and_the_second_is_told(
    records: Records, record: Record, store: Store
) -> None:
    tried = await asyncio.gather(
        records.act(record.id, Act.CLOSE, DOCTOR), records.act(record.id, Act.CLOSE, OTHER_DOCTOR),
        return_exceptions=True,
    )  # fmt: skip
    assert sum(isinstance(each, Record) for each in tried) == 1
    (fault,) = [each for each in tried if isinstance(each, Fault)]
    assert fault.code in ("BA-5208", "BA-5201")
    assert fault.text.vi
    assert [done.act for done, _ in await records.acts(record)].count("close") == 1
    assert (await records.read(record.id)).state is State.CLOSED


async def finished(records: Records, papers: Papers, record: Record) -> Record:
    """A record with all that it needs, submitted."""
    for number in (INTERNAL, COURSE):
        paper = await papers.add(record.id, number, DOCTOR)
        form = records.forms.by_key(paper.form)
        known = await papers.view(record.id, paper.number, DOCTOR)
        answers = {**known.answers, **whole(form)}
        await papers.save(record.id, paper.number, answers, 1, DOCTOR, is_done=True)
    await records.act(record.id, Act.CLOSE, DOCTOR)
    return await records.act(record.id, Act.SUBMIT, DOCTOR)


async def test_a_record_of_a_patient_who_is_there_is_active_and_has_its_composition(
    record: Record, store: Store, stay: Stay
) -> None:
    assert record.state is State.ACTIVE
    composition = (await store.resources.read("Composition", record.id, DOCTOR)).read()
    assert composition["status"] == "preliminary"
    assert composition["subject"] == {"reference": f"Patient/{stay.patient}"}
    assert composition["encounter"] == {"reference": f"Encounter/{stay.encounter}"}
    assert composition["title"] == "Bệnh án nội khoa"


async def test_an_episode_has_one_record(records: Records, record: Record, stay: Stay) -> None:
    with pytest.raises(Conflict) as told:
        await records.open(stay.encounter, "10/BV-01", "K02", DOCTOR)
    assert told.value.code == "BA-5207"


async def test_two_who_open_at_once_leave_one_record(records: Records, stay: Stay) -> None:
    tried = await asyncio.gather(
        *(records.open(stay.encounter, INTERNAL, "K01", DOCTOR) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(each, Record) for each in tried) == 1
    assert {each.code for each in tried if isinstance(each, Fault)} == {"BA-5207"}


async def test_after_a_mistaken_record_is_cancelled_another_may_be_opened(
    records: Records, record: Record, stay: Stay
) -> None:
    await records.act(record.id, Act.CANCEL, DOCTOR, reason="mở nhầm loại bệnh án")
    again = await records.open(stay.encounter, "10/BV-01", "K02", DOCTOR)
    assert {each.id for each in await records.rows.of_patient(record.patient, DOCTOR)} == {record.id, again.id}
    with pytest.raises(Conflict) as told:
        await records.act(record.id, Act.RESTORE, ARCHIVIST, reason="vẫn cần")
    assert told.value.code == "BA-5207"


async def test_a_slip_is_no_form_of_a_record(records: Records, stay: Stay) -> None:
    with pytest.raises(Fault) as told:
        await records.open(stay.encounter, COURSE, "K01", DOCTOR)
    assert told.value.code == "BA-5215"


async def test_a_nurse_opens_no_record(records: Records, stay: Stay) -> None:
    with pytest.raises(Forbidden) as told:
        await records.open(stay.encounter, INTERNAL, "K01", NURSE)
    assert told.value.code == "BA-5213"


async def test_what_lacks_papers_is_not_submitted_and_the_check_names_them(records: Records, record: Record) -> None:
    await records.act(record.id, Act.CLOSE, DOCTOR)
    findings = await records.findings(await records.opened(record, DOCTOR))
    assert [(each.lack, each.text.vi) for each in findings if each.lack is Lack.MISSING_FORM] == [
        (Lack.MISSING_FORM, "Chưa có Bệnh án nội khoa."),
        (Lack.MISSING_FORM, "Chưa có Phiếu theo dõi điều trị."),
    ]
    with pytest.raises(Conflict) as told:
        await records.act(record.id, Act.SUBMIT, DOCTOR)
    assert told.value.code == "BA-5212"


async def test_a_whole_record_goes_to_the_archive_by_two_reviews(
    records: Records, papers: Papers, record: Record, clock: SetClock
) -> None:
    submitted = await finished(records, papers, record)
    assert submitted.state is State.SUBMITTED
    clock.advance(days=2)
    returned = await records.act(record.id, Act.RETURN, ARCHIVIST, reason="thiếu chữ ký trưởng khoa")
    assert returned.state is State.RETURNED
    await records.act(record.id, Act.SUBMIT, DOCTOR)
    archived = await records.act(record.id, Act.ARCHIVE, ARCHIVIST)
    year = archived.closed_at.year if archived.closed_at else 0
    assert archived.state is State.ARCHIVED
    assert archived.storage_number == f"{clock.now().year % 100:02d}.000001"
    assert archived.keep_until == date(year + 10, 12, 31)
    assert archived.retention == "INPATIENT"
    reasons = [reason for done, reason in await records.acts(archived) if done.act == "return"]
    assert reasons == ["thiếu chữ ký trưởng khoa"]


async def test_the_archive_counts_numbers_up_and_composes_a_final_record(
    records: Records, papers: Papers, store: Store
) -> None:
    numbers = []
    for name in ("Lê Thị Nở", "Phạm Văn Khởi"):
        stay = await admit(store, name)
        record = await records.open(stay.encounter, INTERNAL, "K01", DOCTOR)
        await finished(records, papers, record)
        archived = await records.act(record.id, Act.ARCHIVE, ARCHIVIST)
        numbers.append(archived.storage_number[3:])
        composition = (await store.resources.read("Composition", record.id, DOCTOR)).read()
        assert composition["status"] == "final"
        assert composition["identifier"]["value"] == archived.storage_number
        assert [each["title"] for each in composition["section"]] == ["Bệnh án", "Theo dõi điều trị"]
    assert numbers == ["000001", "000002"]


async def test_of_a_patient_who_died_a_record_is_kept_thirty_years(
    records: Records, papers: Papers, store: Store
) -> None:
    code = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/discharge-disposition", "code": "exp"}]}
    stay = await admit(store, hospitalization={"dischargeDisposition": code})
    record = await records.open(stay.encounter, INTERNAL, "K01", DOCTOR)
    await finished(records, papers, record)
    archived = await records.act(record.id, Act.ARCHIVE, ARCHIVIST)
    assert archived.retention == "DEATH"
    assert archived.keep_until is not None
    assert archived.closed_at is not None
    assert archived.keep_until.year == archived.closed_at.year + 30


async def test_only_the_records_department_archives(records: Records, papers: Papers, record: Record) -> None:
    await finished(records, papers, record)
    with pytest.raises(Forbidden):
        await records.act(record.id, Act.ARCHIVE, DOCTOR)


async def test_two_who_archive_at_once_give_one_number(records: Records, papers: Papers, record: Record) -> None:
    await finished(records, papers, record)
    tried = await asyncio.gather(
        *(records.act(record.id, Act.ARCHIVE, ARCHIVIST) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(each, Record) for each in tried) == 1
    assert {each.code for each in tried if isinstance(each, Fault)} <= {"BA-5208", "BA-5201"}
    assert (await records.read(record.id)).state is State.ARCHIVED


async def test_a_cancelled_record_takes_no_act_but_restoring_by_who_may(records: Records, record: Record) -> None:
    await records.act(record.id, Act.CANCEL, DOCTOR, reason="nhầm người bệnh")
    with pytest.raises(Conflict) as told:
        await records.act(record.id, Act.CLOSE, DOCTOR)
    assert told.value.code == "BA-5202"
    with pytest.raises(Forbidden):
        await records.act(record.id, Act.RESTORE, DOCTOR, reason="huỷ nhầm")
    restored = await records.act(record.id, Act.RESTORE, ARCHIVIST, reason="huỷ nhầm")
    assert restored.state is State.ACTIVE
    assert not restored.is_cancelled


async def test_cancelling_needs_a_reason(records: Records, record: Record) -> None:
    with pytest.raises(Fault) as told:
        await records.act(record.id, Act.CANCEL, DOCTOR, reason="  ")
    assert told.value.code == "BA-5204"


async def test_another_kind_of_record_keeps_its_papers_and_what_is_on_them(
    records: Records, papers: Papers, record: Record
) -> None:
    paper = await papers.add(record.id, INTERNAL, DOCTOR)
    await papers.save(record.id, paper.number, {"tuan_hoan": "T1 T2 đều rõ"}, 1, DOCTOR)
    changed = await records.change_form(record.id, "10/BV-01", DOCTOR, "chuyển sang phẫu thuật")
    assert changed.form.startswith("10/BV-01")
    still = await papers.view(record.id, paper.number, DOCTOR)
    assert still.answers["tuan_hoan"] == "T1 T2 đều rõ"
    found = await records.findings(await records.opened(changed, DOCTOR))
    missing = [each for each in found if each.lack is Lack.MISSING_FORM]
    assert "Chưa có Bệnh án ngoại khoa." in [each.text.vi for each in missing]


async def test_every_act_and_view_is_in_the_ledger(records: Records, record: Record, store: Store) -> None:
    await records.view(record.id, NURSE)
    await records.act(record.id, Act.CLOSE, DOCTOR)
    labels = [each.label for each in (await entries_of_patient(store.database, record.patient)).entries]
    assert labels.count("record:life:act") == 2
    assert labels.count("record:content:view") == 1


async def test_holds_are_placed_and_released_by_their_orders(records: Records, record: Record) -> None:
    await records.hold(record.id, "12/QĐ-TA", ARCHIVIST)
    await records.hold(record.id, "15/CSĐT", ARCHIVIST)
    await records.release(record.id, "12/QĐ-TA", ARCHIVIST)
    assert [each.order for each in await records.holds(record)] == ["15/CSĐT"]
    with pytest.raises(Fault) as told:
        await records.release(record.id, "12/QĐ-TA", ARCHIVIST)
    assert told.value.code == "BA-5216"


async def test_reasons_are_sealed(records: Records, record: Record, store: Store) -> None:
    await records.act(record.id, Act.CANCEL, DOCTOR, reason="nhầm với bà Trần Thị Mận")
    rows = await store.database.fetch("select reason from record_act where bucket = $1", record.bucket)
    assert rows
    assert not any(row["reason"] and "Mận".encode() in row["reason"] for row in rows)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("is_cancelled", [False, True])
def test_what_is_possible_is_what_the_table_lets_through(state: State, *, is_cancelled: bool) -> None:
    for act in Act:
        try:
            step_for(act, state, is_cancelled=is_cancelled, reason="có")
            lets = True
        except Conflict:
            lets = False
        assert (act in possible(state, is_cancelled=is_cancelled)) == lets


def test_nothing_leaves_the_archive() -> None:
    assert not [act for act, step in STEPS.items() if State.ARCHIVED in step.before]


async def test_a_record_that_waits_is_counted_by_its_department(records: Records, record: Record) -> None:
    waiting = await records.rows.waiting()
    assert [(each.state, each.department, each.count) for each in waiting] == [(State.ACTIVE, "K01", 1)]


def test_papers_stand_where_the_order_says(records: Records) -> None:
    order = records.order
    assert order.section_of("01/BV-01", "QuestionnaireResponse") == "benh_an"
    assert order.section_of("", "DiagnosticReport") == "xet_nghiem"
    assert order.section_of("99/XX", "QuestionnaireResponse") == "khac"
