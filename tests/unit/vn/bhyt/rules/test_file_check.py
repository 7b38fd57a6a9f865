"""A whole file is checked as it is read: its claims one by one, its head at the end."""

from __future__ import annotations

import json

import pytest
from tests.unit.vn.bhyt.samples import FOLDER, file_of, part, sample, summary

from benhan.vn.bhyt import file_check
from benhan.vn.bhyt.file_check import check_file
from benhan.vn.bhyt.report import report_html, report_json, report_text
from benhan.vn.bhyt.rules.context import Signature
from benhan.vn.bhyt.rules.rule import Level

SIGNED = "A_outpatient.GIAMDINHHS.selfsigned-shape.xml"
UNSIGNED = [path.name for path in sorted(FOLDER.glob("*.GIAMDINHHS.xml"))]


@pytest.mark.parametrize("name", UNSIGNED)
def test_a_generated_file_lacks_only_its_signature(name: str) -> None:
    report = check_file(name, [(FOLDER / name).read_bytes()])
    assert [finding.rule for finding in report.findings] == ["F05"]


def test_a_signed_file_passes_whole_or_in_pieces() -> None:
    data = (FOLDER / SIGNED).read_bytes()
    for pieces in ([data], [data[at : at + 777] for at in range(0, len(data), 777)]):
        assert check_file(SIGNED, pieces, signature=Signature.VALID).verdict is None


def test_what_the_signature_check_said_is_told_once() -> None:
    data = (FOLDER / SIGNED).read_bytes()
    changed = check_file(SIGNED, [data], signature=Signature.CHANGED)
    assert [(each.rule, each.level) for each in changed.findings] == [("F06", Level.BLOCK)]
    foreign = check_file(SIGNED, [data], signature=Signature.FOREIGN)
    assert [each.rule for each in foreign.findings] == ["F05"]


def test_without_a_signature_check_this_is_told_once_and_as_a_part() -> None:
    report = check_file(SIGNED, [(FOLDER / SIGNED).read_bytes()])
    reasons = [each.reason.vi for each in report.not_checked if "F05" in each.rules]
    assert reasons == ["Chỉ kiểm tra một phần, vì chưa có kết quả kiểm tra chữ ký."]


@pytest.mark.parametrize("name", ["xml0_checkin_exam.xml", "xml0_checkin_admission.xml"])
def test_a_check_in_is_checked_as_one(name: str) -> None:
    data = (FOLDER / name).read_bytes()
    assert [finding.rule for finding in check_file(name, [data]).findings] == ["F05"]
    broken = data.replace("<TEN_DICH_VU>Khám nội".encode(), b"<TEN_DICH_VU>").replace(
        "<TEN_THUOC>Kháng sinh mẫu 1g".encode(), b"<TEN_THUOC>"
    )
    (claim,) = check_file(name, [broken]).of_claims
    assert "H02" in claim[1]


def test_an_episode_that_comes_twice_is_told_at_the_second() -> None:
    whole = sample("A_outpatient").decode()
    record = whole[whole.index("<HOSO>") + 6 : whole.rindex("</HOSO>")]
    report = check_file("hai.xml", [file_of(record, record)])
    assert [(ma_lk, list(rules)) for ma_lk, rules in report.of_claims] == [("SYN-A-0001", ["F07"])]


def test_a_head_that_promises_more_claims_than_there_are_is_told() -> None:
    report = check_file("thieu.xml", [file_of(summary(), count=2, made_on="20261302")])
    places = [finding.place for finding in report.of_file if finding.rule == "F01"]
    assert places == ["GIAMDINHHS/THONGTINHOSO/NGAYLAP", "GIAMDINHHS/THONGTINHOSO/SOLUONGHOSO"]


@pytest.mark.parametrize(
    "data", [b"", b"nothing", b"<a/>", b"\xff\xfe", file_of(), file_of(part("XML1", "<TONG_HOP>"))]
)
def test_what_is_no_file_of_claims_is_told_not_raised(data: bytes) -> None:
    assert check_file("x.xml", [data]).verdict is Level.BLOCK


def test_a_column_that_is_not_there_is_told_once() -> None:
    (claim,) = check_file("thieu.xml", [file_of(summary("LK1"))]).of_claims
    places = [finding.place for findings in claim[1].values() for finding in findings]
    assert "XML1.HO_TEN" in places
    assert len(places) == len(set(places))


def test_a_part_that_cannot_be_read_leaves_the_others_checked() -> None:
    report = check_file("hong.xml", [file_of(summary("LK1"), part("XML1", b"\xff"), summary("LK3"))])
    assert len(report.reports) == 3
    assert any(finding.rule == "F03" for finding in report.findings)
    assert {"LK1", "LK3"} <= {ma_lk for ma_lk, _ in report.of_claims}


@pytest.mark.parametrize("content", ["!!!!", "PHg+", "PFRPTkdfSE9QPg=="])
def test_of_an_unreadable_summary_only_that_is_told(content: str) -> None:
    data = (FOLDER / "A_outpatient.GIAMDINHHS.xml").read_text(encoding="utf-8")
    start = data.index("<NOIDUNGFILE>", data.index("<LOAIHOSO>XML1</LOAIHOSO>")) + len("<NOIDUNGFILE>")
    broken = data[:start] + content + data[data.index("<", start) :]
    report = check_file("a.xml", [broken.encode()])
    assert {finding.rule for finding in report.findings} - {"F05"} == {"F03"}


def test_a_file_of_very_many_faults_is_counted_beyond_those_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    data = file_of(*(summary(f"LK{number}") for number in range(30)))
    whole = check_file("nhieu.xml", [data])
    a_claim = len(whole.reports[0].findings)
    monkeypatch.setattr(file_check, "LISTED_MAX", 10 * (1 + a_claim))
    cut = check_file("nhieu.xml", [data])
    assert (len(cut.reports), cut.unlisted.claims, cut.claims) == (10, 20, 30)
    assert (cut.counts, cut.verdict, cut.not_checked) == (whole.counts, whole.verdict, whole.not_checked)
    assert {each.rule: many for each, many in cut.by_rule} == {each.rule: many for each, many in whole.by_rule}
    assert cut.of_file == whole.of_file
    assert "Còn 20 hồ sơ" in report_text(cut)
    assert "Còn 20 hồ sơ" in report_html(cut)
    assert json.loads(report_json(cut))["claims_not_listed"] == 20
    assert "chỉ được đếm" not in report_text(whole) + report_html(whole)
