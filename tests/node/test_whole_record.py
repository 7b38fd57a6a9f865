"""The whole record as one file: every paper in its place, results as tables, images and scans as pages, bookmarks."""

from __future__ import annotations

import base64
import io
from datetime import UTC, datetime

import pypdfium2
import pytest
from PIL import Image
from tests.node.conftest import DOCTOR, NURSE, Stay
from tests.node.test_record_life import INTERNAL

from benhan.fhir.resource import resource_of
from benhan.kernel.actors import system
from benhan.node.records.files import CarriedFile
from benhan.node.records.laid_pages import pages_of
from benhan.node.records.life import Records
from benhan.node.records.papers import Papers
from benhan.node.records.prints import Prints
from benhan.node.records.sheets import sheets_of
from benhan.node.records.whole import Volume, volume_to_pdf
from benhan.store.store import Store
from benhan.vn.forms.typeset import OutlineItem


def scan(words: str, pages: int = 2, turn: int = 0) -> bytes:
    """A PDF as a scanner makes it."""
    import typst

    text = "#pagebreak()".join(f"{words} trang {page + 1}" for page in range(pages))
    pdf = typst.Compiler().compile({"main.typ": f"#set page(width: 10cm, height: 16cm)\n{text}".encode()})
    assert isinstance(pdf, bytes)
    if not turn:
        return pdf
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        page.set_rotation(turn)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 30, 30)).save(out, "JPEG")
    return out.getvalue()


async def with_results(store: Store, stay: Stay, *files: tuple[str, str, bytes]) -> None:
    """A blood count, and a document with files."""
    unit = store.begin(system("test"))
    about = {"subject": {"reference": f"Patient/{stay.patient}"}}
    episode = {"encounter": {"reference": f"Encounter/{stay.encounter}"}}
    value = unit.create(
        resource_of(
            {
                "resourceType": "Observation",
                "status": "final",
                "code": {"text": "Bạch cầu"},
                "valueQuantity": {"value": 14.2, "unit": "G/L"},
                "referenceRange": [{"low": {"value": 4}, "high": {"value": 10}, "text": "4-10"}],
                **about,
                **episode,
            }
        )
    )
    unit.create(
        resource_of(
            {
                "resourceType": "DiagnosticReport",
                "status": "final",
                "code": {"text": "Công thức máu"},
                "result": [{"reference": f"Observation/{value}"}],
                **about,
                **episode,
            }
        )
    )
    if files:
        content = [
            {"attachment": {"contentType": kind, "title": title, "data": base64.b64encode(data).decode()}}
            for title, kind, data in files
        ]
        unit.create(
            resource_of(
                {
                    "resourceType": "DocumentReference",
                    "status": "current",
                    "type": {"text": "Giấy tờ quét"},
                    "content": content,
                    "context": {"encounter": [episode["encounter"]]},
                    **about,
                }
            )
        )
    await store.commit(unit)


def contents(pdf: bytes) -> list[tuple[int, str, int]]:
    """The list of contents: level, title, page."""
    toc = pypdfium2.PdfDocument(pdf).get_toc()
    return [(each.level, each.get_title(), each.get_dest().get_index()) for each in toc]


async def test_the_whole_record_has_forms_results_and_scans_in_order_with_a_list_of_contents(
    store: Store, records: Records, papers: Papers, stay: Stay
) -> None:
    record = await records.open(stay.encounter, INTERNAL, "K01", DOCTOR)
    await papers.add(record.id, INTERNAL, DOCTOR)
    files = (("Giấy chuyển tuyến", "application/pdf", scan("Quét")), ("Vết mổ", "image/jpeg", photo()))
    await with_results(store, stay, *files)
    made = await Prints(records, "https://benhan.example").whole(record.id, NURSE, "A")
    told = contents(made.pdf)
    assert [title for level, title, _ in told if level == 1] == ["Bệnh án nội khoa", "Công thức máu", "Giấy tờ quét"]
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(made.pdf)]
    (count,) = [page for level, title, page in told if title == "Công thức máu" and level == 1]
    assert "14.2 ▲" in pages[count]
    (scanned,) = [page for level, title, page in told if title == "Giấy tờ quét" and level == 1]
    assert "Quét trang 1" in pages[scanned]
    assert "Quét trang 2" in pages[scanned + 1]
    assert "Vết mổ" in pages[scanned + 2]
    assert len(list(pypdfium2.PdfDocument(made.pdf)[scanned + 2].get_objects(filter=[3], max_depth=5))) == 1
    assert all("BẢN GIẤY CHUYỂN ĐỔI" in page for page in pages)


def printed(*files: CarriedFile) -> bytes:
    """Files of one document as a print."""
    document = {"resourceType": "DocumentReference", "id": "d1"}
    found = sheets_of("Giấy tờ quét", 1, document, {}, files)
    return volume_to_pdf(
        Volume([OutlineItem(1, "Giấy"), *found.sheets], found.places), datetime(2026, 11, 26, tzinfo=UTC)
    )


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_scan_that_lies_on_its_side_is_laid_upright_within_its_place(turn: int) -> None:
    pdf = printed(CarriedFile("x", "Giấy", "application/pdf", scan("Nằm", 1, turn)))
    page = list(pypdfium2.PdfDocument(pdf))[-1]
    text = page.get_textpage()
    place = text.search("Nằm").get_next()
    assert place is not None
    left, low, right, high = text.get_charbox(place[0])
    wide, tall = page.get_size()
    assert 0 < left < right < wide
    assert 30 < low < high < tall


@pytest.mark.parametrize("content", [b"%PDF-1.7 nothing", b"-", b"\x00" * 100, scan("x")[:400]])
def test_a_file_that_cannot_be_shown_is_named_and_the_rest_is_printed(content: bytes) -> None:
    assert pages_of(content) == []
    pdf = printed(
        CarriedFile("x", "Phim X-quang", "application/pdf", content), CarriedFile("x", "Ảnh", "image/jpeg", photo())
    )
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]
    assert "không in được: Phim X-quang" in pages[0]
    assert "Ảnh" in pages[1]
