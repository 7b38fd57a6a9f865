"""Reading a BHYT file: the good part is kept, every fault is told with its place, nothing is ever raised."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tries import tries
from tests.unit.vn.bhyt.samples import CASES, FILES, FOLDER, claim_of, file_of, part, read, sample, summary, told
from tests.unit.vn.ksk_making import check_up

from benhan.kernel.texts import Text
from benhan.vn.bhyt import split, texts
from benhan.vn.ksk.document import ksk_to_xml

DRUGS = "<CHITIEU_CHITIET_THUOC><DSACH_CHI_TIET_THUOC>{}</DSACH_CHI_TIET_THUOC></CHITIEU_CHITIET_THUOC>"
DRUG = "<CHI_TIET_THUOC><MA_LK>LK1</MA_LK><STT>1</STT></CHI_TIET_THUOC>"
SPEC = Path(os.environ.get("BENHAN_SPEC") or Path(__file__).resolve().parents[5] / "shared" / "spec")
"""The folder that `BENHAN_SPEC` names, or `shared/spec` beside the project."""
FOUND = sorted((SPEC / "data/samples/found").glob("*.xml"))
INNER = sorted((SPEC / "data/samples/synthetic").glob("?_*.XML*.xml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_generated_file_is_read_without_a_fault(file: Path) -> None:
    head, claims = read(file.read_bytes())
    assert head.faults == []
    assert head.facility == "99001"
    assert head.count == str(len(claims))
    assert all(claim.faults == [] and claim.ma_lk for claim in claims)


def test_an_inpatient_stay_has_its_tables_with_their_rows() -> None:
    claim = claim_of("B_inpatient")
    assert {name: len(rows) for name, rows in claim.tables.items()} == {
        "XML1": 1, "XML2": 3, "XML3": 6, "XML4": 1, "XML5": 2, "XML7": 1, "XML8": 1, "XML13": 1,
    }  # fmt: skip
    assert claim.rows("XML5")[0]["DIEN_BIEN_LS"] == "Tỉnh, đau hố chậu phải. CSST<M88_T38_HA120/70_NT18_HL2>"
    assert claim.summary["MA_THE_BHYT"].count(";") == 1


def test_a_signature_is_seen_by_its_value() -> None:
    signed, _ = read((FOLDER / "A_outpatient.GIAMDINHHS.selfsigned-shape.xml").read_bytes())
    unsigned, _ = read(sample("A_outpatient"))
    empty, _ = read(file_of(summary(), end=" "))
    assert (signed.signed, unsigned.signed, empty.signed) == (True, False, False)


@pytest.mark.parametrize("size", [1, 7, 100, 4096])
def test_the_size_of_the_pieces_changes_nothing(size: int) -> None:
    data = sample("multi_A_E")
    _, whole = read(data)
    head, claims = read(data[at : at + size] for at in range(0, len(data), size))
    assert claims == whole
    assert head.faults == []


def test_a_checkin_becomes_a_claim_for_each_episode() -> None:
    _, claims = read((FOLDER / "xml0_checkin_exam.xml").read_bytes())
    assert [(claim.ma_lk, list(claim.tables), claim.faults) for claim in claims] == [("SYN-A-0001", ["XML0"], [])]


def test_xml12_under_either_root_is_read() -> None:
    data = (FOLDER / "xml12_record_UNCERTAIN_ROOT.xml").read_bytes()
    root = b"CHI_TIEU_DU_LIEU_GIAM_DINH_YKHOA"
    _, one = read(data)
    _, other = read(data.replace(b"<" + root, b"<GIAM_DINH_Y_KHOA").replace(b"</" + root, b"</GIAM_DINH_Y_KHOA"))
    assert one[0].rows("XML12")[0]["HO_TEN"] == other[0].rows("XML12")[0]["HO_TEN"] == "NGÔ VĂN GIẢ"


def test_tolerated_habits_are_read_and_told_as_warnings() -> None:
    inner = b"<TONG_HOP><MA_LK><![CDATA[LK1]]></MA_LK><HO_TEN><![CDATA[A & B]]></HO_TEN></TONG_HOP>"
    wrapped = part("XML1", inner).replace("PFRP", "PFRP\n")
    inline = part("XML2", DRUGS.format(DRUG), is_inline=True)
    empty = "<FILEHOSO><LOAIHOSO>XML4</LOAIHOSO><NOIDUNGFILE></NOIDUNGFILE></FILEHOSO><FILEHOSO/>"
    data = file_of(wrapped + inline + empty).replace(
        b"<GIAMDINHHS>",
        b'\xef\xbb\xbf<?xml version="1.0"?><GIAMDINHHS xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
    )
    head, [claim] = read(data)
    assert told(head.faults) == [("warning", "")]
    assert told(claim.faults) == [("warning", "XML1"), ("warning", "XML2")]
    assert claim.tables["XML1"] == [{"MA_LK": "LK1", "HO_TEN": "A & B"}]
    assert claim.tables["XML2"] == [{"MA_LK": "LK1", "STT": "1"}]


def test_namespaces_do_not_matter() -> None:
    inner = part("XML1", '<TONG_HOP xmlns="urn:x"><MA_LK>LK1</MA_LK></TONG_HOP>')
    data = file_of(inner).replace(b"<GIAMDINHHS>", b'<GIAMDINHHS xmlns="urn:y">')
    _, [claim] = read(data)
    assert (claim.ma_lk, claim.faults) == ("LK1", [])


@pytest.mark.parametrize(
    ("record", "faults"),
    [
        (part("XML2", DRUGS.format(DRUG)), [("error", "HOSO[1]")]),
        (summary() + part("XML2", b"\xff"), [("error", "XML2")]),
        (summary() + part("XML2", "x").replace("eA==", "e*A="), [("error", "XML2")]),
        (summary() + part("XML2", "<A></B>"), [("error", "XML2")]),
        (summary() + part("XML2", '<!DOCTYPE a [<!ENTITY b "c">]><A>&b;</A>'), [("error", "XML2")]),
        (summary() + part("XML16", "<A/>"), [("error", "FILEHOSO[2].LOAIHOSO")]),
        (summary() + part("XML4", DRUGS.format(DRUG)), [("error", "XML4")]),
        (summary() + part("XML2", DRUGS.format("")), [("warning", "XML2")]),
        (summary() + part("XML2", DRUGS.format(DRUG)) * 2, [("error", "XML2")]),
        (summary() + part("XML2", DRUGS.format(DRUG.replace("LK1", "LK2"))), [("error", "XML2[1].MA_LK")]),
        (summary("", "<STT>1</STT>"), [("error", "XML1.MA_LK")]),
        (summary(more="<STT>1</STT><STT>2</STT>"), [("error", "XML1[1].STT")]),
        (summary(more="<HO_TEN>A<b>B</b></HO_TEN>"), [("error", "XML1[1].HO_TEN")]),
    ],
)
def test_a_faulty_record_says_where_and_the_next_one_is_read(record: str, faults: list[tuple[str, str]]) -> None:
    head, [claim, after] = read(file_of(record, summary("LK9")))
    assert told(claim.faults) == faults
    assert (after.ma_lk, after.faults) == ("LK9", [])
    assert head.faults == []


def test_a_record_without_its_end_is_told_and_the_next_one_is_read() -> None:
    data = file_of(summary("LK1"), summary("LK2"), summary("LK3")).replace(b"</HOSO>", b"", 1)
    head, claims = read(data)
    assert [claim.ma_lk for claim in claims] == ["", "LK2", "LK3"]
    assert told(claims[0].faults) == [("error", "HOSO[1]")]
    assert head.faults == []


def test_broken_xml_in_a_record_does_not_harm_the_others() -> None:
    _, claims = read(file_of(summary("LK1"), summary("LK2").replace("</LOAIHOSO>", ""), summary("LK3")))
    assert [(claim.ma_lk, told(claim.faults)) for claim in claims] == [
        ("LK1", []), ("", [("error", "HOSO[2]")]), ("LK3", []),
    ]  # fmt: skip


def test_no_record_hides_in_a_comment() -> None:
    data = (
        file_of(summary("LK1"), summary("LK2"))
        .replace(b"</HOSO><HOSO>", b"</HOSO><!--<HOSO>")
        .replace(b"</DANHSACHHOSO>", b"--></DANHSACHHOSO>")
    )
    _, claims = read(data)
    assert told(claims[1].faults) == [("error", "HOSO[2]")]
    assert claims[1].tables == {}


def test_a_cut_file_keeps_what_came_whole() -> None:
    data = file_of(summary("LK1"), summary("LK2"))
    head, claims = read(data[: data.rindex(b"</FILEHOSO>")])
    assert [(claim.ma_lk, bool(claim.faults)) for claim in claims] == [("LK1", False), ("", True)]
    assert told(head.faults) == [("error", "GIAMDINHHS")]


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        (file_of(summary(), count=2), [("error", "SOLUONGHOSO")]),
        (file_of(summary(), summary("LK2"), count=1), [("warning", "SOLUONGHOSO")]),
        (file_of(summary(), made_on="20260231"), [("error", "NGAYLAP")]),
        (file_of(summary()).replace(b"99001", b""), [("error", "MACSKCB")]),
        (file_of(summary()).replace(b"<SOLUONGHOSO>1", b"<SOLUONGHOSO>x"), [("error", "SOLUONGHOSO")]),
        (file_of(), [("error", "HOSO")]),
    ],
)
def test_the_head_of_the_file_is_held_against_what_it_holds(data: bytes, faults: list[tuple[str, str]]) -> None:
    head, _ = read(data)
    assert told(head.faults) == faults


@pytest.mark.parametrize("data", [b"", b"   ", b"{}", b"\x00\x01\x02", b"MSH|^~\\&|", b"BM\x89"])
def test_what_is_no_xml_at_all_is_said_to_be_no_bhyt_file(data: bytes) -> None:
    head, claims = read(data)
    assert claims == []
    assert [issue.text for issue in head.faults] == [texts.NOT_BHYT.text]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (ksk_to_xml(check_up()), texts.OTHER_KINDS["KHAMSUCKHOE"]),
        (b"<?xml version='1.0'?><x:HoSoBenhAn xmlns:x='urn:a'/>", texts.OTHER_KINDS["HoSoBenhAn"]),
        (b'<Patient xmlns="http://hl7.org/fhir"><id value="a"/></Patient>', texts.FHIR),
        (b"<html><body>bao tri</body></html>", texts.NOT_BHYT.text),
        (b"<Invoice><Line/></Invoice>", texts.NOT_BHYT.text),
    ],
)
def test_xml_of_another_kind_is_no_episode_but_told_with_where_it_belongs(data: bytes, text: Text) -> None:
    head, claims = read(data)
    assert claims == []
    assert [issue.text for issue in head.faults] == [text]


def test_a_doctype_is_refused_before_anything_is_read() -> None:
    bomb = b'<!DOCTYPE G [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    head, claims = read(bomb + file_of(summary()))
    assert claims == []
    assert [issue.text for issue in head.faults] == [texts.HAS_DTD]


def test_utf16_is_read_and_said_to_be_wrong() -> None:
    head, [claim] = read(file_of(summary("LK1")).decode().encode("utf-16"))
    assert claim.ma_lk == "LK1"
    assert [issue.text for issue in head.faults] == [texts.UTF16]


def test_text_of_an_old_encoding_is_said_not_to_be_utf8() -> None:
    _, [claim] = read(file_of(summary() + part("XML2", DRUGS.format(DRUG).encode() + b"\xe1\xbb")))
    assert [issue.text for issue in claim.faults] == [texts.NOT_UTF8]


def test_a_record_too_large_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "HOSO_MAX", 300_000)
    monkeypatch.setattr(split, "MB", 100_000)
    large = part("XML2", DRUGS.format(DRUG * 10_000))
    head, claims = read(file_of(summary("LK1"), summary("LK2") + large, summary("LK3")))
    assert [claim.ma_lk for claim in claims] == ["LK1", "", "LK3"]
    assert told(claims[1].faults) == [("error", "HOSO[2]")]
    assert head.faults == []


@pytest.mark.parametrize("size", [1, 6, 7, 8, 1000])
def test_the_end_of_what_is_passed_over_is_found_wherever_a_piece_ends(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(split, "HOSO_MAX", 2_000)
    monkeypatch.setattr(split, "MB", 100)
    data = file_of(summary("LK1"), summary("LK2") + part("XML2", DRUGS.format(DRUG * 40)), summary("LK3"))
    head, claims = read(data[at : at + size] for at in range(0, len(data), size))
    assert [claim.ma_lk for claim in claims] == ["LK1", "", "LK3"]
    assert head.faults == []


@pytest.mark.parametrize("size", [1, 3, 5000])
def test_utf16_in_pieces_is_read_alike(size: int) -> None:
    data = b'<?xml version="1.0" encoding="utf-16"?>'.decode() + file_of(summary("LK1")).decode()
    written = data.encode("utf-16")
    head, claims = read(written[at : at + size] for at in range(0, len(written), size))
    assert [claim.ma_lk for claim in claims] == ["LK1"]
    assert [issue.text for issue in head.faults] == [texts.UTF16]


@pytest.mark.skipif(not FOUND, reason="the collected samples are not here (BENHAN_SPEC)")
@pytest.mark.parametrize("file", FOUND, ids=lambda file: file.name)
def test_files_of_other_tools_are_read(file: Path) -> None:
    _, claims = read(file.read_bytes())
    assert claims
    assert all(claim.ma_lk and claim.rows("XML1") and claim.rows("XML2") for claim in claims)


@pytest.mark.skipif(not INNER, reason="the generated inner files are not here (BENHAN_SPEC)")
@pytest.mark.parametrize("file", INNER, ids=lambda file: file.name)
def test_a_bare_table_is_read_with_a_warning(file: Path) -> None:
    _, [claim] = read(file.read_bytes())
    table = file.name.split(".")[1]
    assert list(claim.tables) == [table]
    assert claim.rows(table) == claim_of(file.name.split(".")[0]).rows(table)
    assert ("warning", "") in told(claim.faults)


@settings(max_examples=tries(150), deadline=None)
@given(st.sampled_from(CASES), st.data())
def test_nothing_is_raised_whatever_comes(case: str, data: st.DataObject) -> None:
    content = bytearray(sample(case))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content)))
        cut = data.draw(st.integers(0, 40))
        content[at : at + cut] = data.draw(
            st.sampled_from([b"", b"<", b"</HOSO>", b"<HOSO>", b"&x;", b"\xff", b"<!--"])
        )
    head, claims = read(bytes(content))
    assert head.faults or claims


@settings(max_examples=tries(100), deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"<GIAMDINHHS>", b"<TONG_HOP>", b"<HOSO>"]))
def test_nothing_is_raised_by_any_bytes(data: bytes, start: bytes) -> None:
    read(start + data)
