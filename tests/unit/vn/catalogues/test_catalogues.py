"""A code is judged by the list of its day, and an empty list judges nobody."""

from __future__ import annotations

import re
from datetime import date

import pytest

from benhan.fhir.validation import check_structure
from benhan.kernel.faults import NotFound
from benhan.kernel.issues import Severity
from benhan.kernel.texts import Text
from benhan.synth.diseases import diseases
from benhan.vn.catalogues.as_fhir import code_system, concept_map, concepts, shipped_concept_maps, shipped_resource
from benhan.vn.catalogues.catalogue import Catalogue, Content, Entry, Head
from benhan.vn.catalogues.check import check_catalogues, check_code, likely_meant
from benhan.vn.catalogues.maps import code_map, local_map, unmapped
from benhan.vn.catalogues.shipped import catalogue, name_of, names

NOW, BEFORE = date(2026, 11, 26), date(2024, 1, 1)
HEAD = Head("LOCAL", "urn:x", Text("Danh mục", "A list"), "QĐ 1", Content.WHOLE, "MA_KHOA")


@pytest.mark.parametrize("name", names())
def test_every_shipped_list_is_in_order(name: str) -> None:
    found = catalogue(name)
    assert found.head.title.vi
    assert found.head.title.en
    assert found.head.source
    assert found.is_empty == (found.head.content is Content.NONE)
    for rows in found.by_code.values():
        for day in (BEFORE, NOW):
            assert sum(each.is_on(day) for each in rows) <= 1
    assert all(each.code == each.code.strip() and each.display for each in found.entries)


def test_the_lists_of_the_law_are_there_with_their_counts() -> None:
    counts = {
        "MA_LOAI_KCB": 16,
        "MA_DOITUONG_KCB": 27,
        "DANTOC": 56,
        "NGHENGHIEP": 49,
        "KET_QUA_DTRI": 8,
        "MA_KHOA": 51,
    }
    assert {name: len(catalogue(name).on(NOW)) for name in counts} == counts


def test_what_the_synthetic_country_needs_is_there() -> None:
    assert len(catalogue("ICD10").entries) >= 300
    assert len(catalogue("THUOC").entries) >= 150
    assert len(catalogue("DICH_VU").entries) >= 150
    assert all(re.fullmatch(r"[A-Z]\d\d(\.\d)?", each.code) for each in catalogue("ICD10").entries)
    assert all(re.fullmatch(r"[A-Z]\d\d([A-Z]{1,2}(\d\d)?)?", e.properties["atc"]) for e in catalogue("THUOC").entries)


def test_every_disease_of_the_synthetic_country_is_in_the_list() -> None:
    codes = {each.icd for each in diseases().values()}
    assert len(codes) >= 40
    assert codes <= set(catalogue("ICD10").by_code)


def check_digit(number: str) -> int:
    """Of a LOINC code. Source: LOINC Users' Guide, appendix C (mod 10)."""
    turned = number[::-1]
    digits = f"{int(turned[0::2]) * 2}{turned[1::2]}"
    return -sum(map(int, digits)) % 10


def test_every_loinc_code_has_its_check_digit_and_stands_once() -> None:
    codes = [loinc for each in catalogue("DICH_VU").entries if (loinc := each.properties.get("loinc"))]
    assert len(codes) == len(set(codes)) > 90
    assert [code for code in codes if check_digit(code.split("-")[0]) != int(code.split("-")[1])] == []


def test_a_code_has_the_name_of_its_day() -> None:
    department = catalogue("MA_KHOA")
    assert department.display("K99", date(2026, 7, 31)) == "Điều trị COVID-19"
    assert department.display("K99", date(2026, 8, 1)) == "Khoa khác"
    assert department.display("K00", NOW) == ""
    assert [each.display for each in department.rows_of("K99")] == ["Điều trị COVID-19", "Khoa khác"]


def test_a_code_in_force_is_no_issue() -> None:
    assert catalogue("MA_LOAI_KCB").check("03", NOW) is None
    assert catalogue("MA_LOAI_KCB").check("3", NOW) == check_code(catalogue("MA_LOAI_KCB"), "3", NOW)


def test_a_code_before_its_day_and_after_its_end_is_told_with_the_day() -> None:
    early = check_code(catalogue("MA_LOAI_KCB"), "14", BEFORE, "XML1.MA_LOAI_KCB")
    assert early is not None
    assert early.place == "XML1.MA_LOAI_KCB"
    assert "19/06/2026" in early.text.vi
    ended = check_code(catalogue("TINH"), "10", NOW)
    assert ended is not None
    assert "hết hiệu lực" in ended.text.vi


@pytest.mark.parametrize(
    ("name", "written", "meant"),
    [
        ("MA_LOAI_KCB", "3", "03"),
        ("MA_LOAI_KCB", "003", "03"),
        ("MA_LOAI_KCB", "Điều trị nội trú", "03"),
        ("MA_LOAI_KCB", "dieu tri noi tru", "03"),
        ("MA_KHOA", "k 01", "K01"),
        ("LOAI_PTTT", "p1", "P1"),
        ("ICD10", "e119", "E11.9"),
        ("XA", "4", "00004"),
        ("GDYK_DOI_TUONG", "KNLDT", "KNLĐT"),
    ],
)
def test_what_was_meant_is_suggested(name: str, written: str, meant: str) -> None:
    found = likely_meant(catalogue(name), written, NOW)
    assert found is not None
    assert found.code == meant
    issue = check_code(catalogue(name), written, NOW)
    assert issue is not None
    assert meant in issue.text.vi


def test_units_of_administration_are_lists_by_day() -> None:
    assert len(catalogue("TINH").on(BEFORE)) == 63
    assert len(catalogue("TINH").on(NOW)) == 34
    assert catalogue("XA").display("00004", BEFORE) == "Phường Trúc Bạch"
    assert catalogue("XA").display("00004", NOW) == "Phường Ba Đình"


def test_nothing_is_suggested_for_nonsense() -> None:
    assert likely_meant(catalogue("MA_LOAI_KCB"), "", NOW) is None
    issue = check_code(catalogue("MA_LOAI_KCB"), "xyz", NOW)
    assert issue is not None
    assert issue.severity is Severity.ERROR


def test_an_empty_list_calls_no_code_wrong_but_is_an_alarm() -> None:
    issue = check_code(catalogue("QUOCTICH"), "VNM", NOW)
    assert issue is not None
    assert not issue.is_error
    alarms = check_catalogues([catalogue(name) for name in names()], NOW)
    assert "QUOCTICH" in {each.place for each in alarms}
    assert "MA_KHOA" not in {each.place for each in alarms}


def test_a_list_of_which_a_part_is_here_gives_a_warning_at_most() -> None:
    issue = check_code(catalogue("ICD10"), "Q99.9", NOW)
    assert issue is not None
    assert not issue.is_error


def test_a_name_that_is_no_list_is_told() -> None:
    with pytest.raises(NotFound, match="BA-3300"):
        catalogue("KHONG_CO")


def test_one_edition_serves_all_days_until_the_next_change() -> None:
    found = catalogue("MA_LOAI_KCB")
    assert found.edition(date(2026, 6, 18)) == date.min
    assert found.edition(NOW) == date(2026, 6, 19)
    assert found.on(NOW) is found.on(date(2026, 7, 1))


# ── maps ──


def test_a_shipped_map_says_how_near_it_comes() -> None:
    found = code_map("NGHENGHIEP_4069", "NGHENGHIEP")
    assert found is not None
    assert {(each.code, each.equivalence) for each in found.of("09")} == {("22", "narrower"), ("32", "narrower")}
    assert found.of("01") == ()
    assert code_map("NGHENGHIEP", "ICD10") is None
    for code, targets in found.targets.items():
        assert code in catalogue("NGHENGHIEP_4069").by_code
        assert all(each.code in catalogue("NGHENGHIEP").by_code for each in targets)


def test_a_local_list_is_mapped_by_its_own_rows() -> None:
    rows = (
        Entry("NOI1", "Nội 1", None, None, {"ministry": "K03"}),
        Entry("CU", "Cũ", None, NOW, {"ministry": "K01"}),
        Entry("LA", "Lạ"),
    )
    local = Catalogue(HEAD, rows)
    found = local_map(local, NOW)
    assert {code: [each.code for each in targets] for code, targets in found.targets.items()} == {"NOI1": ["K03"]}
    assert [each.code for each in unmapped(local, NOW)] == ["LA"]
    assert concept_map(found)["group"][0]["target"] == "urn:benhan:code:ma-khoa"


# ── FHIR ──


def test_a_catalogue_is_a_code_system() -> None:
    found = code_system(catalogue("MA_LOAI_KCB"), NOW)
    assert (found["url"], found["version"], found["content"]) == (
        "urn:benhan:code:ma-loai-kcb",
        "2026-06-19",
        "complete",
    )
    assert {each["code"]: each["display"] for each in found["concept"]}["03"] == "Điều trị nội trú"
    assert found["concept"][0]["designation"] == [{"language": "en", "value": "examination"}]


@pytest.mark.parametrize("name", [each for each in names() if not catalogue(each).is_empty and each != "XA"])
def test_every_shipped_list_is_a_valid_code_system(name: str) -> None:
    assert check_structure(code_system(catalogue(name), NOW)) == []


def test_every_shipped_map_is_a_valid_concept_map() -> None:
    assert shipped_concept_maps()
    assert [check_structure(each) for each in shipped_concept_maps()] == [[]] * len(shipped_concept_maps())


def test_an_ended_code_is_inactive_and_a_coming_one_is_not_there() -> None:
    rows = (Entry("A", "Cũ", None, date(2026, 1, 1)), Entry("B", "Sẽ có", date(2027, 1, 1)), Entry("C", "Có"))
    found = {each.code: each for each in concepts(Catalogue(HEAD, rows), NOW)}
    assert set(found) == {"A", "C"}
    assert found["A"].is_inactive
    assert not found["C"].is_inactive


def test_a_disease_lies_below_its_category_and_a_row_below_the_code_it_names() -> None:
    rows = (Entry("I21", "Nhồi máu cơ tim cấp"), Entry("I21.4", "Dưới nội tâm mạc"), Entry("I10", "Tăng huyết áp"))
    found = {each.code: each.parents for each in concepts(Catalogue(catalogue("ICD10").head, rows), NOW)}
    assert found == {"I21": (), "I21.4": ("I21",), "I10": ()}
    local = Catalogue(HEAD, (Entry("A", "Khối", None, None, {}), Entry("A.1", "Khoa", None, None, {"parent": "A"})))
    assert [each.parents for each in concepts(local, NOW)] == [(), ("A",)]
    assert concepts(catalogue("MA_DOITUONG_KCB"), NOW)[-1].parents == ()


def test_a_part_is_a_fragment_and_an_empty_list_no_code_system() -> None:
    icd = shipped_resource("CodeSystem", "http://hl7.org/fhir/sid/icd-10")
    assert icd is not None
    assert icd["content"] == "example"
    assert code_system(catalogue("MA_KHOA"), NOW)["content"] == "fragment"
    assert shipped_resource("CodeSystem", "urn:benhan:code:quoctich") is None
    assert shipped_resource("CodeSystem", "urn:nowhere") is None
    assert name_of("urn:benhan:code:dan-toc") == "DANTOC"
