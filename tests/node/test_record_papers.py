"""Papers of a record: what is known already, drafts, versions, two who write at once, marks."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from tests.clocks import SetClock
from tests.node.conftest import ARCHIVIST, DOCTOR, NURSE, OTHER_DOCTOR, Stay, admit
from tests.node.test_record_life import COURSE, INTERNAL, finished

from benhan.fhir.resource import resource_of
from benhan.fhir.search_query import parse_search
from benhan.kernel.actors import system
from benhan.kernel.faults import Conflict, Fault, Forbidden
from benhan.node.records.drafts import Typed
from benhan.node.records.life import Records
from benhan.node.records.lifecycle import Act
from benhan.node.records.models import Paper, PaperState, Record
from benhan.node.records.papers import Papers
from benhan.store.store import Store


@pytest.fixture
async def record(records: Records, stay: Stay) -> Record:
    return await records.open(stay.encounter, INTERNAL, "K01", DOCTOR)


@pytest.fixture
async def paper(papers: Papers, record: Record) -> Paper:
    return await papers.add(record.id, INTERNAL, DOCTOR)


async def conditions(store: Store, stay: Stay) -> list[tuple[str, str]]:
    """What the patient's diagnoses say, and how sure they are."""
    query = parse_search("Condition", [("subject", f"Patient/{stay.patient}")])
    found = await store.search.search(query, system("test"))
    read = [each.read() for each in found.matches]
    return sorted((each["code"]["text"], each["verificationStatus"]["coding"][0]["code"]) for each in read)


async def test_a_form_opens_with_what_the_record_knows(papers: Papers, record: Record, paper: Paper) -> None:
    shown = await papers.view(record.id, paper.number, DOCTOR)
    assert shown.answers["ho_ten"] == "Trần Thị Mận"
    assert shown.answers["ngay_sinh"] == "1984-03-02"
    assert shown.is_written
    assert shown.draft is None


async def test_a_record_has_one_main_form(papers: Papers, record: Record, paper: Paper) -> None:
    with pytest.raises(Conflict) as told:
        await papers.add(record.id, INTERNAL, DOCTOR)
    assert told.value.code == "BA-5214"


async def test_what_is_saved_is_read_again_number_by_number(papers: Papers, record: Record, paper: Paper) -> None:
    said = {"mach": Decimal("88"), "nhiet_do": Decimal("37.50"), "tuan_hoan": "T1 T2 đều, rõ"}
    saved = await papers.save(record.id, paper.number, said, 1, DOCTOR)
    assert saved.version == 2
    assert saved.state is PaperState.WRITING
    shown = await papers.view(record.id, paper.number, NURSE)
    assert {name: str(shown.answers[name]) for name in said} == {name: str(value) for name, value in said.items()}


async def test_what_a_form_says_becomes_resources_and_is_taken_back_when_it_says_so_no_more(
    papers: Papers, record: Record, paper: Paper, store: Store, stay: Stay
) -> None:
    first = {"cd_vao_khoa": "Viêm phổi", "cd_vao_khoa_ma": "J18"}
    await papers.save(record.id, paper.number, first, 1, DOCTOR)
    assert await conditions(store, stay) == [("Viêm phổi", "provisional")]
    await papers.save(record.id, paper.number, {"cd_ra_vien": "Lao phổi", "cd_ra_vien_ma": "A15"}, 2, DOCTOR)
    assert await conditions(store, stay) == [("Lao phổi", "confirmed"), ("Viêm phổi", "entered-in-error")]
    await papers.save(record.id, paper.number, first, 3, DOCTOR)
    assert await conditions(store, stay) == [("Lao phổi", "entered-in-error"), ("Viêm phổi", "provisional")]


async def test_answers_that_cannot_be_are_told_field_by_field_and_nothing_is_saved(
    papers: Papers, record: Record, paper: Paper
) -> None:
    with pytest.raises(Fault) as told:
        await papers.save(record.id, paper.number, {"mach": 900, "ngay_sinh": "1984-02-31"}, 1, DOCTOR)
    assert told.value.code == "BA-5210"
    assert {issue.place for issue in told.value.issues} == {"01/BV-01 mach", "01/BV-01 ngay_sinh"}
    assert (await papers.view(record.id, paper.number, DOCTOR)).paper.version == 1


async def test_of_two_who_save_the_same_version_one_is_told(papers: Papers, record: Record, paper: Paper) -> None:
    tried = await asyncio.gather(
        papers.save(record.id, paper.number, {"tuan_hoan": "một"}, 1, DOCTOR),
        papers.save(record.id, paper.number, {"tuan_hoan": "hai"}, 1, OTHER_DOCTOR),
        return_exceptions=True,
    )
    refused = [each for each in tried if isinstance(each, Fault)]
    assert len(refused) == 1
    assert refused[0].code in ("BA-5211", "BA-5208")
    with pytest.raises(Conflict) as told:
        await papers.save(record.id, paper.number, {"tuan_hoan": "ba"}, 1, DOCTOR)
    assert told.value.code == "BA-5211"


async def test_two_papers_of_a_record_are_saved_at_once(papers: Papers, record: Record) -> None:
    first = await papers.add(record.id, INTERNAL, DOCTOR)
    second = await papers.add(record.id, COURSE, DOCTOR)
    await asyncio.gather(
        papers.save(record.id, first.number, {"tuan_hoan": "một"}, 1, DOCTOR),
        papers.save(record.id, second.number, {"khoa": "Nội"}, 1, OTHER_DOCTOR),
    )
    assert (await papers.view(record.id, first.number, DOCTOR)).paper.version == 2
    assert (await papers.view(record.id, second.number, DOCTOR)).paper.version == 2


async def test_two_who_add_papers_at_once_both_find_theirs(papers: Papers, records: Records, record: Record) -> None:
    added = await asyncio.gather(*(papers.add(record.id, COURSE, DOCTOR) for _ in range(3)))
    assert sorted(each.number for each in added) == [1, 2, 3]
    assert len(await records.rows.papers(record)) == 3


async def test_a_draft_is_kept_for_its_writer_alone_and_goes_when_it_is_saved(
    papers: Papers, record: Record, paper: Paper, store: Store, clock: SetClock
) -> None:
    typed = {"tuan_hoan": "đang gõ dở về bà Mận", "mach": "8x"}
    kept_at = await papers.keep_draft(record.id, paper.number, DOCTOR, 1, typed)
    clock.advance(minutes=3)
    mine = await papers.view(record.id, paper.number, DOCTOR)
    assert mine.draft == Typed(1, kept_at, typed)
    others = await papers.view(record.id, paper.number, OTHER_DOCTOR)
    assert others.draft is None
    assert others.others == [(DOCTOR.id, kept_at)]
    rows = await store.database.fetch("select content from paper_draft where bucket = $1", record.bucket)
    assert not any("Mận".encode() in row["content"] for row in rows)
    await papers.save(record.id, paper.number, {"tuan_hoan": "xong"}, 1, DOCTOR)
    assert (await papers.view(record.id, paper.number, DOCTOR)).draft is None


async def test_a_done_paper_is_amended_with_a_reason_that_is_kept(
    papers: Papers, records: Records, record: Record, paper: Paper, store: Store
) -> None:
    await papers.save(record.id, paper.number, {"tuan_hoan": "một"}, 1, DOCTOR, is_done=True)
    with pytest.raises(Fault) as told:
        await papers.save(record.id, paper.number, {"tuan_hoan": "hai"}, 2, DOCTOR)
    assert told.value.code == "BA-5204"
    await papers.save(record.id, paper.number, {"tuan_hoan": "hai"}, 2, DOCTOR, reason="ghi nhầm bên")
    response = (await store.resources.read(paper.type, paper.id, DOCTOR)).read()
    assert response["status"] == "amended"
    told_of = [(done.act, reason) for done, reason in await records.acts(record)]
    assert ("amend", "ghi nhầm bên") in told_of
    earlier = (await store.resources.vread(paper.type, paper.id, 2, DOCTOR)).read()
    assert earlier["status"] == "completed"


async def test_a_cancelled_paper_stays_and_what_it_said_is_taken_back_until_it_is_restored(
    papers: Papers, records: Records, record: Record, paper: Paper, store: Store, stay: Stay
) -> None:
    await papers.save(record.id, paper.number, {"cd_vao_khoa": "Viêm phổi"}, 1, DOCTOR)
    await papers.cancel(record.id, paper.number, DOCTOR, "ghi nhầm người bệnh")
    assert await conditions(store, stay) == [("Viêm phổi", "entered-in-error")]
    composition = (await store.resources.read("Composition", record.id, DOCTOR)).read()
    assert "section" not in composition
    with pytest.raises(Conflict) as told:
        await papers.save(record.id, paper.number, {}, 3, DOCTOR)
    assert told.value.code == "BA-5202"
    with pytest.raises(Forbidden):
        await papers.restore(record.id, paper.number, DOCTOR, "huỷ nhầm")
    await papers.restore(record.id, paper.number, ARCHIVIST, "huỷ nhầm")
    assert await conditions(store, stay) == [("Viêm phổi", "provisional")]
    assert [each.is_cancelled for each in await records.rows.papers(record)] == [False]


async def test_under_review_and_in_the_archive_nothing_is_written_but_a_late_result_joins(
    papers: Papers, records: Records, record: Record, store: Store, stay: Stay
) -> None:
    await finished(records, papers, record)
    with pytest.raises(Conflict) as told:
        await papers.keep_draft(record.id, 1, DOCTOR, 2, {"x": "y"})
    assert told.value.code == "BA-5209"
    await records.act(record.id, Act.ARCHIVE, ARCHIVIST)
    with pytest.raises(Conflict):
        await papers.save(record.id, 1, {}, 2, DOCTOR, reason="muộn")
    unit = store.begin(system("test"))
    report = unit.create(
        resource_of(
            {
                "resourceType": "DiagnosticReport",
                "status": "final",
                "code": {"text": "Giải phẫu bệnh"},
                "subject": {"reference": f"Patient/{stay.patient}"},
                "encounter": {"reference": f"Encounter/{stay.encounter}"},
            }
        )
    )
    await store.commit(unit)
    late = await papers.attach(record.id, [f"DiagnosticReport/{report}"], DOCTOR)
    assert [(each.section, each.state) for each in late] == [("xet_nghiem", PaperState.HELD)]
    assert await papers.attach(record.id, [f"DiagnosticReport/{report}"], DOCTOR) == []
    composition = (await store.resources.read("Composition", record.id, DOCTOR)).read()
    assert {"reference": f"DiagnosticReport/{report}"} in composition["section"][-1]["entry"]


async def test_papers_of_another_patient_do_not_join(papers: Papers, record: Record, store: Store) -> None:
    other = await admit(store, "Vũ Thị Gái")
    with pytest.raises(Fault) as told:
        await papers.attach(record.id, [f"Encounter/{other.encounter}"], DOCTOR)
    assert told.value.code == "BA-5206"


async def test_each_version_says_who_saved_it_and_what_it_said(papers: Papers, record: Record, paper: Paper) -> None:
    await papers.save(record.id, paper.number, {"tuan_hoan": "một"}, 1, DOCTOR)
    await papers.save(record.id, paper.number, {"tuan_hoan": "hai"}, 2, OTHER_DOCTOR, is_done=True)
    found = await papers.versions(record.id, paper.number, NURSE)
    assert [(each.number, each.author, each.status) for each in found.versions] == [
        (3, OTHER_DOCTOR.id, "completed"),
        (2, DOCTOR.id, "in-progress"),
        (1, DOCTOR.id, "in-progress"),
    ]
    assert [each.answers.get("tuan_hoan") for each in found.versions] == ["hai", "một", None]
