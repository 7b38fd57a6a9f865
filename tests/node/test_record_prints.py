"""Prints carry the mark of a converted copy; its code tells whether they are genuine, and no content."""

from __future__ import annotations

import re

import pypdfium2
import pytest
from tests.node.conftest import DOCTOR, NURSE, Stay, person
from tests.node.test_record_life import COURSE, INTERNAL

from benhan.kernel.actors import Role
from benhan.kernel.faults import Fault, Forbidden
from benhan.node.records.life import Records
from benhan.node.records.models import Record
from benhan.node.records.papers import Papers
from benhan.node.records.prints import Prints
from benhan.store.ledger.read import entries_of_patient
from benhan.store.store import Store

ADDRESS = "https://benhan.example"


@pytest.fixture
async def record(records: Records, stay: Stay) -> Record:
    return await records.open(stay.encounter, INTERNAL, "K01", DOCTOR)


@pytest.fixture
def prints(records: Records) -> Prints:
    return Prints(records, ADDRESS)


def pages(pdf: bytes) -> list[str]:
    """The words of each page."""
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]


async def test_every_page_of_a_print_says_what_it_is_by_whom_and_how_to_look_it_up(
    papers: Papers, prints: Prints, record: Record
) -> None:
    await papers.add(record.id, INTERNAL, DOCTOR)
    made = await prints.paper(record.id, 1, NURSE, "ĐD Lê Thị Hạnh")
    assert made.pdf.startswith(b"%PDF-")
    told = pages(made.pdf)
    assert len(told) > 1
    for page in told:
        assert "BẢN GIẤY CHUYỂN ĐỔI TỪ BỆNH ÁN ĐIỆN TỬ" in page
        assert "Bệnh viện Thử (01001)" in page
        assert "Người in: ĐD Lê Thị Hạnh" in page
        assert made.code in re.sub(r"[\s\ufffe\x02-]", "", page)


async def test_a_print_that_never_left_the_printer_is_made_again_and_both_are_told(
    papers: Papers, prints: Prints, record: Record, store: Store
) -> None:
    """No printer is waited for: a print is committed with its ledger entry, handed over; another has another code."""
    await papers.add(record.id, COURSE, DOCTOR)
    lost, again = [await prints.paper(record.id, 1, NURSE, "A") for _ in range(2)]
    assert lost.code != again.code
    assert all([(await prints.look_up(each.code)).is_current for each in (lost, again)])
    entries = (await entries_of_patient(store.database, record.patient)).entries
    assert [each.label for each in entries].count("record:paper:print") == 2


async def test_the_whole_record_is_one_print_in_the_order_of_the_hospital_without_what_is_cancelled(
    papers: Papers, prints: Prints, record: Record
) -> None:
    course = await papers.add(record.id, COURSE, DOCTOR)
    await papers.add(record.id, INTERNAL, DOCTOR)
    both = pages((await prints.whole(record.id, NURSE, "A")).pdf)
    titles = [name for page in both for name in ("BỆNH ÁN NỘI KHOA", "PHIẾU THEO DÕI ĐIỀU TRỊ") if name in page.upper()]
    assert list(dict.fromkeys(titles)) == ["BỆNH ÁN NỘI KHOA", "PHIẾU THEO DÕI ĐIỀU TRỊ"]
    await papers.cancel(record.id, course.number, DOCTOR, "nhầm")
    one = pages((await prints.whole(record.id, NURSE, "A")).pdf)
    assert len(one) < len(both)


async def test_a_code_tells_whether_its_print_is_genuine_current_or_cancelled(
    papers: Papers, prints: Prints, record: Record
) -> None:
    paper = await papers.add(record.id, INTERNAL, DOCTOR)
    code = (await prints.paper(record.id, paper.number, NURSE, "A")).code
    found = await prints.look_up(f"{code[:4].lower()}-{code[4:]}")
    assert (found.form, found.version, found.is_current, found.is_cancelled) == ("Bệnh án nội khoa", 1, True, False)
    await papers.save(record.id, paper.number, {"tuan_hoan": "đều"}, 1, DOCTOR)
    assert not (await prints.look_up(code)).is_current
    await papers.cancel(record.id, paper.number, DOCTOR, "nhầm")
    assert (await prints.look_up(code)).is_cancelled


@pytest.mark.parametrize("code", ["", "AAAA", "A" * 20, "' or 1=1 --", "\ud800"])
async def test_a_code_that_was_never_printed_leads_nowhere(prints: Prints, code: str) -> None:
    with pytest.raises(Fault) as told:
        await prints.look_up(code)
    assert told.value.code == "BA-5220"


async def test_the_code_is_on_the_paper_alone_and_the_print_in_the_ledger(
    papers: Papers, prints: Prints, record: Record, store: Store
) -> None:
    await papers.add(record.id, INTERNAL, DOCTOR)
    made = await prints.paper(record.id, 1, NURSE, "A")
    rows = await store.database.fetch("select * from record_print where bucket = $1", record.bucket)
    assert len(rows) == 1
    assert made.code not in str([dict(row) for row in rows])
    labels = [each.label for each in (await entries_of_patient(store.database, record.patient)).entries]
    assert "record:paper:print" in labels


async def test_who_may_not_print_prints_nothing(papers: Papers, prints: Prints, record: Record) -> None:
    await papers.add(record.id, INTERNAL, DOCTOR)
    with pytest.raises(Forbidden):
        await prints.paper(record.id, 1, person(9, Role.LAB), "A")
