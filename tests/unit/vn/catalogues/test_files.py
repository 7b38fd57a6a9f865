"""Files that hospitals have: headings above the heading, lost zeros, days that are none; and files meant to do harm."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.kernel.faults import Incorrect
from benhan.vn.catalogues import table
from benhan.vn.catalogues.catalogue import Catalogue, Entry
from benhan.vn.catalogues.rows import ListRows, read_day, read_rows, rejects_to_csv
from benhan.vn.catalogues.shipped import catalogue, head_of
from benhan.vn.catalogues.table import read_table

DAY = date(2026, 12, 1)
NEW = Catalogue(head_of("NOI_BO"))


def rows_of(text: str, known: Catalogue = NEW, **named: str) -> ListRows:
    return read_rows(read_table(text.encode()), known, DAY, named)


def sheet(*rows: Sequence[Any], title: str = "Danh mục") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


# ── good files ──


@pytest.mark.parametrize(
    "heading",
    ["code,display", "Mã;Tên", "MÃ\tTÊN GỌI", "Mã bệnh,Tên bệnh", "NOI_BO,Diễn giải", "STT,Mã khoa,Tên khoa", "ma,ten"],
)
def test_columns_are_known_by_the_names_that_hospitals_use(heading: str) -> None:
    mark = max(",;\t", key=heading.count)
    row = mark.join(["1", "A", "Tên A"][-heading.count(mark) - 1 :])
    (entry,) = rows_of(f"{heading}\n{row}").entries
    assert (entry.code, entry.display, entry.since) == ("A", "Tên A", DAY)


def test_what_stands_above_the_heading_is_passed_over() -> None:
    found = rows_of("SỞ Y TẾ\nDANH MỤC KHOA;;\n\nMã khoa;Tên khoa;Mã BYT\nN1;Nội 1;K03\n")
    assert [(each.code, dict(each.properties)) for each in found.entries] == [("N1", {"ministry": "K03"})]


def test_every_further_column_is_a_property() -> None:
    (entry,) = rows_of("Mã,Tên,Đơn giá,Tên tiếng Anh,Từ ngày,Đến ngày\nA,B,1000,C,01/02/2026,31/12/2026\n").entries
    assert dict(entry.properties) == {"don_gia": "1000", "en": "C"}
    assert (entry.since, entry.until) == (date(2026, 2, 1), date(2027, 1, 1))


def test_a_column_may_be_named() -> None:
    (entry,) = rows_of("Ký hiệu,Tên,Mã\nA,B,C\n", code="Ký hiệu").entries
    assert (entry.code, entry.properties["ma"]) == ("A", "C")


def test_a_sheet_is_read_like_a_csv() -> None:
    content = sheet(["Danh mục thuốc"], [], ["Mã", "Tên", "Từ ngày", "SL"], ["A1", "Thuốc A", date(2026, 3, 1), 5.0])
    (entry,) = read_rows(read_table(content), NEW, DAY).entries
    assert (entry.code, entry.since, dict(entry.properties)) == ("A1", date(2026, 3, 1), {"sl": "5"})


def test_a_formula_is_not_computed() -> None:
    content = sheet(["Mã", "Tên"], ["A", '=WEBSERVICE("http://x")'], ["B", "Tên B"])
    found = read_rows(read_table(content), NEW, DAY)
    assert [each.code for each in found.entries] == ["B"]
    assert [each.line for each in found.rejects] == [2]


def test_utf_16_with_its_mark_is_read() -> None:
    assert read_table("Mã,Tên\nA,Ắ\n".encode("utf-16"))[1].cells == ["A", "Ắ"]


# ── bad rows are told one by one, good ones taken ──


def test_bad_rows_are_kept_apart_with_line_and_reason() -> None:
    found = rows_of(
        "Mã,Tên,Từ ngày,Đến ngày\n"
        "A,Tốt,,\n"
        ",Không mã,,\n"
        "B,,,\n"
        "C,Ngày không có,31/02/2026,\n"
        "D,Hết trước,01/03/2026,01/02/2026\n"
        "A,Lặp,,\n"
        "E,Thừa,,,,\n"
        "F,Cũng tốt,2026-01-01,\n"
    )
    assert [each.code for each in found.entries] == ["A", "F"]
    assert {each.line: each.reason.en.split()[0] for each in found.rejects} == {
        3: "The",
        4: "The",
        5: "từ",
        6: "The",
        7: "The",
        8: "More",
    }
    assert "dòng 2" in found.rejects[4].reason.vi
    assert found.rejected_codes == {"B", "C", "D", "A", "E"}


def test_the_rejects_can_be_mended_and_loaded_again() -> None:
    found = rows_of("Mã,Tên,Từ ngày\nC,Ngày không có,31/02/2026\nX,Tốt,\n")
    again = rejects_to_csv(found).replace("31/02/2026", "28/02/2026")
    (row,) = rows_of(again).entries
    assert row == Entry("C", "Ngày không có", date(2026, 2, 28))


def test_the_number_of_a_row_is_no_property_so_that_another_order_changes_nothing() -> None:
    (entry,) = rows_of("STT,Mã,Tên\n7,A,B\n").entries
    assert entry.properties == {}


def test_one_code_in_two_periods_is_two_rows() -> None:
    found = rows_of("Mã,Tên,Từ ngày,Đến ngày\nA,Giá cũ,01/01/2025,31/12/2025\nA,Giá mới,01/01/2026,\n")
    assert [each.display for each in found.entries] == ["Giá cũ", "Giá mới"]
    assert found.rejects == ()


def test_a_zero_that_a_spreadsheet_cut_off_is_noticed() -> None:
    content = sheet(["Mã", "Tên"], [1, "Khám bệnh"], ["02", "Điều trị ngoại trú"], [17, "Mới"])
    found = read_rows(read_table(content), catalogue("MA_LOAI_KCB"), DAY)
    assert [each.code for each in found.entries] == ["02", "17"]
    assert "01" in found.rejects[0].reason.vi


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("31/12/2026", date(2026, 12, 31)),
        ("1/2/2026", date(2026, 2, 1)),
        ("2026-02-28", date(2026, 2, 28)),
        ("20260228", date(2026, 2, 28)),
        ("202602281530", date(2026, 2, 28)),
        ("31/02/2026", None),
        ("29/02/2025", None),
        ("2026-13-01", None),
        ("hôm nay", None),
        ("", None),
    ],
)
def test_a_day_is_one_that_exists(written: str, day: date | None) -> None:
    assert read_day(written) == day


# ── bad files are refused whole ──


@pytest.mark.parametrize("encoding", ["cp1258", "latin-1"])
def test_another_encoding_is_told_with_the_line(encoding: str) -> None:
    content = "Mã,Tên\nA,Đ\n".replace("Đ", "đ" if encoding == "cp1258" else "é").encode(encoding, "replace")
    with pytest.raises(Incorrect, match=r"BA-3301.*line [12] is not UTF-8"):
        read_table(content)


def test_a_missing_column_is_told_with_those_that_are_there() -> None:
    with pytest.raises(Incorrect, match=r"BA-3303.*code.*Số thứ tự, Tên"):
        rows_of("Số thứ tự,Tên\n1,A\n")
    with pytest.raises(Incorrect, match=r"BA-3303.*display"):
        rows_of("Mã,Giá\nA,1\n")
    with pytest.raises(Incorrect, match="BA-3303"):
        rows_of("")


def packed(**parts: bytes) -> bytes:
    """A sheet with parts replaced or added."""
    base = zipfile.ZipFile(io.BytesIO(sheet(["Mã", "Tên"], ["A", "B"])))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        for name in base.namelist():
            if name not in parts:
                package.writestr(name, base.read(name))
        for name, part in parts.items():
            package.writestr(name, part)
    return content.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = packed(**{"xl/media/big.bin": b"\x00" * (8 * 1024 * 1024)})
    assert len(bomb) < 64 * 1024
    monkeypatch.setattr(table, "UNPACKED_BYTES_MAX", 4 * 1024 * 1024)
    with pytest.raises(Incorrect, match="BA-3302"):
        read_table(bomb)


def test_a_bomb_that_lies_about_its_size_is_counted_as_it_unpacks(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = bytearray(packed(**{"xl/media/big.bin": b"\x00" * (8 * 1024 * 1024)}))
    true_size = (8 * 1024 * 1024).to_bytes(4, "little")
    at = bomb.rfind(true_size)
    bomb[at : at + 4] = (100).to_bytes(4, "little")
    monkeypatch.setattr(table, "UNPACKED_BYTES_MAX", 4 * 1024 * 1024)
    with pytest.raises(Incorrect, match=r"BA-330[12]"):
        read_table(bytes(bomb))


def test_too_many_parts_rows_or_columns_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Incorrect, match="BA-3302"):
        read_table(packed(**{f"x/{n}": b"" for n in range(table.MEMBERS_MAX)}))
    with pytest.raises(Incorrect, match="BA-3302"):
        read_table(("Mã,Tên" + "," * table.COLUMNS_MAX).encode())
    monkeypatch.setattr(table, "ROWS_MAX", 3)
    with pytest.raises(Incorrect, match="BA-3302"):
        read_table(b"Ma,Ten\na,b\nc,d\ne,f\n")
    monkeypatch.setattr(table, "BYTES_MAX", 3)
    with pytest.raises(Incorrect, match="BA-3302"):
        read_table(b"Ma,Ten\n")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(encoding: str) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'.encode(encoding)
    with pytest.raises(Incorrect, match="BA-3301"):
        read_table(packed(**{"xl/worksheets/sheet1.xml": bomb}))


@pytest.mark.parametrize("content", [b"PK", b"PK\x03\x04" + b"\x00" * 40, packed(**{"xl/workbook.xml": b"<broken"})])
def test_what_is_no_sheet_is_refused(content: bytes) -> None:
    with pytest.raises(Incorrect, match="BA-330"):
        read_table(content)


def test_a_sheet_that_claims_a_million_columns_is_read_by_its_cells() -> None:
    text = zipfile.ZipFile(io.BytesIO(sheet(["Mã", "Tên"], ["A", "B"]))).read("xl/worksheets/sheet1.xml")
    lied = text.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"')
    assert lied != text
    assert [row.cells for row in read_table(packed(**{"xl/worksheets/sheet1.xml": lied}))] == [
        ["Mã", "Tên"],
        ["A", "B"],
    ]


def test_a_cell_without_end_and_a_null_are_refused() -> None:
    with pytest.raises(Incorrect, match="BA-3301"):
        read_table(b"Ma,Ten\nA," + b"x" * (table.CELL_CHARACTERS_MAX + 1))
    with pytest.raises(Incorrect, match="BA-3301"):
        read_table(b"Ma,Ten\nA,\x00\n")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_fault(content: bytes) -> None:
    for start in (b"", b"PK\x03\x04", "Mã,Tên\n".encode()):
        with suppress(Incorrect):  # no other Fault, no other exception
            read_rows(read_table(start + content), NEW, DAY)


CELLS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=12))
def test_every_row_is_taken_or_told(rows: list[tuple[str, str, str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([("Mã", "Tên", "Từ ngày"), *rows])
    found = read_rows(read_table(text.getvalue().encode()), NEW, DAY)
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    assert len(found.entries) + len(found.rejects) == len(filled)
    keys = [(each.code, each.since) for each in found.entries]
    assert len(keys) == len(set(keys))
