"""The report of a file as text, JSON and a page: what a hospital acts on, and nothing of the patient."""

from __future__ import annotations

import json
from itertools import pairwise

from lxml import etree, html
from tests.unit.vn.bhyt.rules.cases import good

from benhan.vn.bhyt.claim_check import check_claim
from benhan.vn.bhyt.report import PLACES_SHOWN, FileReport, report_html, report_json, report_text
from benhan.vn.bhyt.rules.context import Signature
from benhan.vn.bhyt.rules.rule import Level


def broken() -> FileReport:
    """Two claims of one file that was changed after signing: one wrong in three ways, one right."""
    first, second = good("A_outpatient"), good("E_pregnancy_rest")
    first.one.update(T_THUOC="1", CAN_NANG="0", MA_KHUVUC="K1")
    for case in (first, second):
        case.file = case.file._replace(signature=Signature.CHANGED)
        case.world["drugs"] = None
    return FileReport("<thang11>.xml", [first.report(), second.report()])


def test_the_file_s_own_finding_is_told_once() -> None:
    report = broken()
    assert [finding.rule for finding in report.of_file] == ["F06"]
    assert [ma_lk for ma_lk, _ in report.of_claims] == ["SYN-A-0001"]
    assert report.counts == {Level.BLOCK: 2, Level.WARN: 1, Level.OBSERVE: 1}
    assert report.verdict is Level.BLOCK


def test_the_text_tells_verdict_places_and_hints() -> None:
    lines = report_text(broken()).splitlines()
    assert lines[0] == "<thang11>.xml: 2 hồ sơ · 2 chặn · 1 cần sửa · 1 xem lại → Chưa gửi được"
    assert any(line.startswith("    ✗ M08 XML1.T_THUOC: T_THUOC phải bằng") for line in lines)
    assert any(line.strip().startswith("→ Cộng lại") for line in lines)
    assert any("G01" in line and "chưa có danh mục thuốc đã duyệt" in line for line in lines)
    assert "May not be sent" in report_text(broken(), "en")


def test_the_json_has_every_finding_in_both_languages() -> None:
    told = json.loads(report_json(broken()))
    assert (told["claims"], told["verdict"]) == (2, "block")
    assert told["rules"] == {"F06": 1, "M08": 1, "A05": 1, "E10": 1}
    assert [(each["ma_lk"], each["rule"]) for each in told["findings"]] == [
        ("", "F06"),
        ("SYN-A-0001", "M08"),
        ("SYN-A-0001", "A05"),
        ("SYN-A-0001", "E10"),
    ]
    assert told["findings"][1]["place"] == "XML1.T_THUOC"
    assert {"vi", "en"} == told["findings"][1]["hint"].keys()
    assert "G01" in [rule for each in told["not_checked"] for rule in each["rules"]]


def test_a_file_without_findings_may_be_sent() -> None:
    report = FileReport("tot.xml", [good("A_outpatient").report()])
    assert report.verdict is None
    assert report_text(report) == "tot.xml: 1 hồ sơ · 0 chặn · 0 cần sửa · 0 xem lại → Gửi được\n"
    assert "Từng hồ sơ" not in report_html(report)


def test_the_page_stands_alone_and_is_escaped() -> None:
    page = report_html(broken(), made_at="26/11/2026 17:00")
    tree = html.fromstring(page)
    assert tree.get("lang") == "vi"
    assert not tree.xpath("//script | //img | //link | //iframe | //@src | //@onclick")
    assert "<thang11>" not in page
    assert "&lt;thang11&gt;.xml" in page
    assert "26/11/2026 17:00" in page


def test_the_page_can_be_read_by_all() -> None:
    """Headings in order, a caption and scoped headers in each table, words beside each colour."""
    tree = html.fromstring(report_html(broken()))
    levels = [int(each.tag[1]) for each in tree.iter("h1", "h2", "h3")]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    tables = tree.findall(".//table")
    assert tables
    for table in tables:
        assert table.findtext("caption")
        assert all(each.get("scope") for each in table.iter("th"))
    words = {each.text for each in tree.xpath("//td[@class='block' or @class='warn' or @class='observe']")}
    assert words == {"Chặn", "Cần sửa", "Xem lại"}
    assert etree.tostring(tree)


def test_many_places_of_one_rule_are_counted_not_all_shown() -> None:
    case = good("A_outpatient")
    case.claim.tables["XML2"] = [dict(case.row("XML2")) | {"TT_THAU": ""} for _ in range(PLACES_SHOWN + 5)]
    report = FileReport("nhieu.xml", [check_claim(case.claim)])
    assert f"và {5} chỗ nữa" in report_html(report)
    assert "… +5" in report_text(report)
    assert len([each for each in json.loads(report_json(report))["findings"] if each["rule"] == "G09"]) == 25


def test_no_report_tells_who_the_patient_is() -> None:
    case = good("A_outpatient")
    case.set("HO_TEN", "TÊN BÍ MẬT", "XML14")
    case.one.update(T_THUOC="1", DIEN_THOAI="0912345678" * 2)
    report = FileReport("x.xml", [case.report()])
    for told in (report_text(report), report_json(report), report_html(report)):
        for column in ("HO_TEN", "SO_CCCD", "MA_THE_BHYT", "DIA_CHI", "DIEN_THOAI", "CHAN_DOAN_RV"):
            assert case.one[column] not in told


def test_places_that_say_the_same_are_told_together() -> None:
    case = good("A_outpatient")
    for name in ("STT", "DIA_CHI", "DIEN_THOAI"):
        del case.one[name]
    report = FileReport("a.xml", [case.report()])
    text = report_text(report)
    assert "F04 XML1.STT, XML1.DIA_CHI, XML1.DIEN_THOAI: Thiếu cột này" in text
    assert "<code>XML1.STT</code>, <code>XML1.DIA_CHI</code>" in report_html(report)
    assert report_json(report).count('"rule": "F04"') == 3


def test_of_very_many_places_the_number_is_told() -> None:
    case = good("A_outpatient")
    for name in list(case.one)[: PLACES_SHOWN + 5]:
        case.one.pop(name)
    told = report_text(FileReport("a.xml", [case.report()]))
    assert " … +5: Thiếu cột này" in told
