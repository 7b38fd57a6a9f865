"""Forms as PDF: what stands on the paper. Source: TT 32/2023/TT-BYT; CV 365 III.1.1 e; ISO 19005-2."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from PIL import Image

from benhan.kernel.faults import Broken, Incorrect
from benhan.node.printing import paper_to_pictures, papers_to_pdf
from benhan.vn.forms.catalogue import Catalogue
from benhan.vn.forms.form import Cell, Form, Grid, Kind, Line, Table, Words
from benhan.vn.forms.load import read_form

AT = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
CATALOGUE = Catalogue()
NOI_KHOA = CATALOGUE.on("01/BV-01", date(2026, 11, 26))
_FILE = BytesIO()
Image.effect_noise((64, 64), 80).save(_FILE, "png")
PNG = _FILE.getvalue()


def printed(form: Form, answers: dict[str, Any] | None = None) -> str:
    """The text of the paper, its white space as one space."""
    with pypdfium2.PdfDocument(papers_to_pdf([(form, answers or {})], AT)) as pdf:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())


def bare(text: str) -> str:
    """Without what line breaks change: white space and hyphens, which are another sign at the end of a line."""
    return re.sub(r"[\s\-\x02\ufffe]", "", text)


def small(tmp_path: Path, body: str) -> Form:
    path = tmp_path / "form.toml"
    head = 'number = "99/X"\nname = "Mẫu thử"\ntitle = "MẪU THỬ"\ndecision = "Thử"\neffective_from = 2024-01-01\n'
    path.write_text(f"{head}body = '''\n{body}\n'''", encoding="utf-8")
    return read_form(path)


def words(blocks: Any) -> list[str]:
    """Every printed word of a page, from its data."""
    found: list[str] = []
    for block in blocks:
        if isinstance(block, Line):
            found += [piece.text for cell in block.cells for piece in cell if isinstance(piece, Words)]
        elif isinstance(block, Grid):
            for cell in block.cells:
                assert isinstance(cell, Cell)
                found += words(cell.blocks)
        elif isinstance(block, Table):
            found += [piece.text for column in block.columns for piece in column if isinstance(piece, Words)]
    return found


@pytest.mark.parametrize("form", CATALOGUE.forms(), ids=lambda form: form.key)
def test_every_printed_word_and_option_of_every_form_is_on_its_paper(form: Form) -> None:
    text = bare(printed(form))
    wanted = [each for each in words(form.body) if each.strip()]
    wanted += [option.label for field in form.fields.values() for option in field.options]
    assert [each for each in wanted if bare(each) not in text] == []


def test_it_is_pdf_a_2b_tagged_in_vietnamese_with_its_fonts_inside() -> None:
    pdf = papers_to_pdf([(NOI_KHOA, {})], AT)
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in pdf
    assert b"/StructTreeRoot" in pdf
    assert b"/Lang(vi)" in pdf
    assert b"Tinos" in pdf
    assert b"/Encrypt" not in pdf


def test_the_same_paper_is_the_same_bytes() -> None:
    assert papers_to_pdf([(NOI_KHOA, {"ho_ten": "A"})], AT) == papers_to_pdf([(NOI_KHOA, {"ho_ten": "A"})], AT)


def test_answers_stand_in_their_places() -> None:
    answers = {
        "ho_ten": "NGUYỄN THỊ MINH KHAI",
        "ngay_sinh": "1958-09-02",
        "gioi_tinh": "2",
        "cd_ra_vien": "Viêm phổi thuỳ",
        "cd_ra_vien_ma": "J18.1",
        "mach": 92,
        "nhiet_do": 38.5,
        "vao_vien_luc": "2026-11-20T14:05",
        "di_ung": True,
        "ky_truong_khoa": {"name": "Trần Văn Bình", "at": "2026-11-25T16:00"},
        "chuyen_khoa": [{"khoa": "Hồi sức", "luc": "2026-11-21T03:10", "so_ngay": 2}],
    }
    text = printed(NOI_KHOA, answers)
    compact = re.sub(r"\s", "", text)
    assert "NGUYỄN THỊ MINH KHAI" in text
    assert "02091958" in compact
    assert "2.NữX" in compact
    assert "1.NamX" not in compact
    assert "J181" in compact
    assert "Mạch 92" in text
    assert "38,5" in text
    assert "14 giờ 05 ph" in text
    assert "20/11/2026" in text
    assert "Đã ký: Trần Văn Bình 16:00 25/11/2026" in text
    assert "Hồi sức" in text
    assert "03 Giờ 10 phút 21/11/2026" in text


def test_a_long_answer_runs_over_its_lines_and_is_whole(tmp_path: Path) -> None:
    story = " ".join(f"Ngày {n}: đỡ sốt, ăn được." for n in range(200))
    text = printed(small(tmp_path, "Diễn biến: {a:lines 3}"), {"a": story})
    assert all(f"Ngày {n}: đỡ sốt, ăn được." in text.replace(" 1 ", " ") for n in range(2, 200))


def test_frames_that_join_still_break_over_pages(tmp_path: Path) -> None:
    form = small(
        tmp_path, ".grid 100 outer\nDiễn biến: {a:lines 3}\n.end\n.grid 50 50\nHọ tên: {b}\n.cell\nKý: {c}\n.end"
    )
    pdf = papers_to_pdf([(form, {"a": "\n".join(f"dòng {n}" for n in range(150)), "b": "Thử"})], AT)
    with pypdfium2.PdfDocument(pdf) as read:
        texts = [page.get_textpage().get_text_range() for page in read]
    assert len(texts) > 2
    assert "dòng 0" in texts[0]
    assert "dòng 149" in texts[-1]
    assert "Họ tên: Thử" in texts[-1]


@pytest.mark.parametrize("lines", [40, 42, 44])
def test_a_short_frame_with_a_table_of_fixed_rows_is_not_broken_over_two_pages(tmp_path: Path, lines: int) -> None:
    form = small(
        tmp_path,
        ".grid 100 outer\nDiễn biến: {a:lines 3}\n.end\n.grid 50 50\n"
        '.table p labels="X - quang; CT; MRI; Toàn bộ hồ sơ"\n'
        "| Loại | Số tờ {so:number 0..99 1} |\n.end\n.cell\nKý: {c}\n.end",
    )
    pdf = papers_to_pdf([(form, {"a": "\n".join(f"dòng {n}" for n in range(lines))})], AT)
    with pypdfium2.PdfDocument(pdf) as read:
        texts = [page.get_textpage().get_text_range() for page in read]
    assert ["X - quang" in text for text in texts] == ["Toàn bộ hồ sơ" in text for text in texts]


def test_lines_of_an_answer_stay_lines(tmp_path: Path) -> None:
    assert "một hai" in printed(small(tmp_path, "Diễn biến: {a:lines 3}"), {"a": "một\nhai"})


def test_codes_of_choices_are_written_into_their_boxes(tmp_path: Path) -> None:
    form = small(tmp_path, "Lưỡi: {a:many 1. Hồng; 2. Nhợt; 12. Khác > 3}")
    assert re.sub(r"\s", "", printed(form, {"a": ["12", "1"]})).count("112") == 1


def test_more_codes_than_boxes_get_boxes_of_their_own(tmp_path: Path) -> None:
    form = small(tmp_path, "Lưỡi: {a:many 1. Hồng; 2. Nhợt; 3. Đỏ; 4. Tím > 2}")
    assert re.sub(r"\s", "", printed(form, {"a": ["4", "1", "3"]})).count("134") == 1


def test_fixed_rows_and_added_rows_are_both_there(tmp_path: Path) -> None:
    form = small(tmp_path, 'Phim\n.table p labels="X - quang; CT"\n| Loại | Số tờ {so:number 0..99 1} |\n.end')
    assert "X - quang 3 CT 17" in printed(form, {"p": [{"so": 3}, {"so": 17}]})


def test_a_picture_is_printed_where_it_was_drawn(tmp_path: Path) -> None:
    form = small(tmp_path, "Hình vẽ tổn thương\n.picture hinh height=40")
    assert len(papers_to_pdf([(form, {"hinh": PNG})], AT)) > len(papers_to_pdf([(form, {})], AT)) + 1000


@pytest.mark.parametrize("value", [b"no picture", b"<svg/>", "a.png", 5])
def test_only_pictures_are_printed_as_pictures(tmp_path: Path, value: object) -> None:
    form = small(tmp_path, "Hình vẽ\n.picture hinh height=40")
    with pytest.raises(Incorrect, match="BA-3357"):
        papers_to_pdf([(form, {"hinh": value})], AT)


def test_what_cannot_be_set_is_a_fault_of_ours(tmp_path: Path) -> None:
    form = small(tmp_path, "Hình vẽ\n.picture hinh height=40 drawing=khong_co")
    with pytest.raises(Broken, match="BA-3355"):
        papers_to_pdf([(form, {})], AT)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=st.text(alphabet=st.sampled_from('#[]{}()$*_`@<>\\"/=-+~ab\n'), min_size=1, max_size=40))
def test_no_answer_is_read_as_markup(tmp_path: Path, answer: str) -> None:
    form = small(tmp_path, "Tóm tắt: {a:lines 2}\nTên: {b}\nMã: {c:codes 3}")
    text = printed(form, dict.fromkeys("abc", f"A{answer}Z"))
    assert bare(text).count(bare(f"A{answer}Z")) == 3


def test_papers_follow_each_other_each_from_a_new_page() -> None:
    def pages(copies: int) -> int:
        with pypdfium2.PdfDocument(papers_to_pdf([(NOI_KHOA, {})] * copies, AT)) as pdf:
            return len(pdf)

    assert pages(2) == 2 * pages(1)


@pytest.mark.parametrize(("number", "second_begins"), [("01/BV-01", "A- BỆNH ÁN"), ("05/BV-01", "BỆNH ÁN")])
def test_the_cover_is_one_page(number: str, second_begins: str) -> None:
    form = CATALOGUE.on(number, date(2026, 11, 26))
    with pypdfium2.PdfDocument(papers_to_pdf([(form, {})], AT)) as pdf:
        first, second = (pdf[index].get_textpage().get_text_range() for index in (0, 1))
    assert "Trưởng khoa" in first
    assert second.lstrip().startswith(second_begins)


def test_every_kind_of_field_can_be_printed() -> None:
    kinds = {field.kind for form in CATALOGUE.forms() for field in form.fields.values()}
    assert kinds >= set(Kind) - {Kind.PICTURE, Kind.TIME}


LINES = [
    "# A",
    "## B: {b}",
    "Chữ {a}  rồi {c:number 0..5 cm} cm",
    "x | {d:lines 3} | ~",
    ".space 2",
    ".size 8",
    ".columns 1 2",
    ".center {k:sign}",
    "L: {l:one 1. x □; 2. y □}",
    "M: {m:many a; b > 2}",
    ".title {=title}",
    "N {n:codes 2+2}{o:datetime}{p:time}{q:digits 3}{r:box}{s:tick}",
]
GRIDS = (".grid 100", ".grid 10 20", ".grid 5 5 5 outer", ".grid 7 plain")
CELLS = (".cell", ".cell 2", ".cell 1x2", "| chữ | {e:tick} |")
TABLE = "Bảng\n.table f rows=2 frame=plain\n| G | H {h:date} |\n.end"
PICTURE = "Hình\n.picture i height=9"


def in_grid(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    cells = st.lists(st.tuples(st.sampled_from(CELLS), inner).map("\n".join), max_size=3).map("\n".join)
    return st.tuples(st.sampled_from(GRIDS), inner, cells, st.just(".end")).map("\n".join)


PAGES = st.lists(st.recursive(st.sampled_from([*LINES, TABLE, PICTURE]), in_grid, max_leaves=8), min_size=1, max_size=4)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blocks=PAGES)
def test_what_can_be_read_can_be_printed(tmp_path: Path, blocks: list[str]) -> None:
    numbers = count()
    body = re.sub(
        r"(?<=\{)([a-z])(?=[:}])|(?<=\.table )f|(?<=\.picture )i",
        lambda match: f"{match[0]}{next(numbers)}",
        "Đầu: {z}\n" + "\n".join(blocks),
    )
    try:
        form = small(tmp_path, body)
    except Incorrect as fault:
        event("refused")
        if not all("không vừa hàng" in issue.text.vi for issue in fault.issues):
            raise
        return
    assert papers_to_pdf([(form, {})], AT).startswith(b"%PDF")


def test_pages_are_made_side_by_side_in_threads() -> None:
    """The compiler itself bears one at a time."""
    form = CATALOGUE.on("36/BV-02", date(2026, 11, 26))
    with ThreadPoolExecutor(4) as threads:
        made = [threads.submit(paper_to_pictures, form, {}) for _ in range(4)]
        made += [threads.submit(lambda: [papers_to_pdf([(form, {})], AT)]) for _ in range(4)]
        assert all(each.result()[0][:4] in (b"\x89PNG", b"%PDF") for each in made)
