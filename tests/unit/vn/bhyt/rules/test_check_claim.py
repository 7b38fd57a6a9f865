"""How a claim is checked: levels, what is not known, what is told; and that nothing a file holds stops it."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.vn.bhyt.rules.cases import CASES, GOOD, good, reprice, retotal

from benhan.kernel.faults import Fault
from benhan.kernel.issues import Severity
from benhan.vn.bhyt.claim import Claim
from benhan.vn.bhyt.claim_check import check_claim
from benhan.vn.bhyt.rules.context import Knowledge
from benhan.vn.bhyt.rules.policy import Policy, parse_policy
from benhan.vn.bhyt.rules.registry import RULES
from benhan.vn.bhyt.rules.rule import Level, rule_rows
from benhan.vn.bhyt.tables import tables_on

A, B = "A_outpatient", "B_inpatient"
OF = {rule.code: rule for rule in RULES}


def test_the_levels_of_the_table_are_kept_in_their_order() -> None:
    told = {row["severity"].split()[0]: OF[code].level for code, row in rule_rows().items()}
    assert told == {"block": Level.BLOCK, "error": Level.WARN, "warn": Level.OBSERVE}


def test_the_verdict_is_the_gravest_finding() -> None:
    case = good(A)
    case.one["MA_KHUVUC"] = "K1"
    assert case.report().verdict is Level.OBSERVE
    case.one["CAN_NANG"] = "0"
    assert case.report().verdict is Level.WARN
    case.one["T_THUOC"] = "1"
    report = case.report()
    assert report.verdict is Level.BLOCK
    assert report.counts == {Level.BLOCK: 1, Level.WARN: 1, Level.OBSERVE: 1}
    assert list(report.by_rule) == ["M08", "A05", "E10"]


def test_a_finding_tells_place_right_value_and_hint_in_two_languages() -> None:
    case = good(A)
    case.row("XML2", 2)["THANH_TIEN_BV"] = "34999.5"
    (finding,) = case.report().findings
    assert finding.place == "XML2[2].THANH_TIEN_BV"
    assert "= 35000" in finding.text.vi
    assert "= 35000" in finding.text.en
    assert finding.hint.vi.startswith("Tính lại")
    issue = finding.to_issue()
    assert (issue.severity, issue.place) == (Severity.ERROR, "XML2[2].THANH_TIEN_BV")
    assert issue.clause == "QĐ 3176/QĐ-BYT, bảng 2"


def test_every_rule_cites_a_decision_and_speaks_two_languages() -> None:
    for rule in RULES:
        assert "QĐ 3176/QĐ-BYT" in rule.clause
        for text in (rule.text, rule.hint):
            assert text.vi
            assert text.en
            assert text.vi != text.en
            assert set(re.findall(r"{\w+}", text.vi)) == set(re.findall(r"{\w+}", text.en)), rule.code
    assert OF["E06"].clause == "QĐ 3176/QĐ-BYT, bảng 2, 3; QĐ 3276/QĐ-BYT (17/10/2025), phụ lục 1"


def test_no_finding_names_the_patient() -> None:
    case = good(A)
    for column in ("HO_TEN", "NGAY_SINH", "DIA_CHI", "MA_THE_BHYT"):
        case.row("XML14")[column] = "KHÁC"
    case.answer(name="AI ĐÓ", born="19000101", sex="2")
    told = " ".join(f"{each.text} {each.hint} {each.place}" for each in case.report().findings)
    assert told
    for column in ("HO_TEN", "SO_CCCD", "DIA_CHI", "MA_THE_BHYT", "NGAY_SINH"):
        assert case.one[column] not in told


@pytest.mark.parametrize("empty", [None, {}])
def test_an_empty_catalogue_accuses_no_line_but_is_told(empty: dict[str, list[object]] | None) -> None:
    case = good(A)
    case.world["drugs"] = empty
    report = case.report()
    assert report.findings == ()
    reasons = {each.rule: each for each in report.unchecked}
    assert {"G01", "G04", "G14"} <= reasons.keys()
    assert reasons["G01"].partly is False
    assert reasons["G04"].partly is True
    assert reasons["G01"].reason.vi == "Không kiểm tra, vì chưa có danh mục thuốc đã duyệt."
    assert reasons["G01"].reason.en == "Not checked, because this is not known here: the approved drugs."


def test_a_card_that_was_not_looked_up_is_not_checked() -> None:
    case = good(A)
    case.world["cards"] = {"DN4990000000999": next(iter(case.world["cards"].values()))}
    assert "K04" in {each.rule for each in case.report().unchecked}


def test_with_everything_known_nothing_is_unchecked() -> None:
    assert good(A).report().unchecked == ()


def test_one_of_several_approved_rows_is_enough() -> None:
    case = good(A)
    (row,) = case.world["services"]["22.0121.1369"]
    case.world["services"]["22.0121.1369"] = [row._replace(name="Khác"), row, row._replace(name="Khác nữa")]
    assert case.fired() == set()
    case.world["services"]["22.0121.1369"] = [row._replace(valid_to="20260101")]
    assert case.fired() == {"G03"}


def test_an_empty_citizen_number_is_observed_where_a_malformed_one_blocks() -> None:
    case = good(A)
    case.one["SO_CCCD"] = ""
    assert [(each.rule, each.level) for each in case.report().findings] == [("A02", Level.OBSERVE)]
    demanded = check_claim(case.claim, Knowledge(), Policy(citizen_id_needed=True))
    assert [(each.rule, each.level) for each in demanded.findings] == [("A02", Level.BLOCK)]


def test_a_passport_is_a_number_of_a_foreigner() -> None:
    case = good(A)
    case.set("SO_CCCD", "C4XY7890Z")
    assert case.fired() == {"A02"}
    case.one["MA_QUOCTICH"] = "116"
    assert case.fired() == set()


# money


def test_other_sources_are_taken_off_in_the_order_of_the_decision() -> None:
    case = good(B)
    line = case.row("XML2", 2)
    assert (line["T_BNTT"], line["T_NGUONKHAC"]) == ("250000", "500000")
    line["T_BNTT"], line["T_BNCCT"] = "350000", "250000"
    assert case.fired() == {"M07"}


def test_sources_that_reach_the_co_payment_let_the_total_be_either_way() -> None:
    case = good(B)
    line = case.row("XML2", 2)
    line.update(T_NGUONKHAC_VTTN="1000000", T_NGUONKHAC="1000000", T_BNTT="0", T_BNCCT="100000")
    retotal(case)
    assert case.fired() == set()
    case.one["T_BHTT"] = case.one["T_BHTT_GDV"]
    by_lines = sum(Decimal(each["T_BHTT"]) for each in case.lines)
    case.one["T_BHTT"] = case.one["T_BHTT_GDV"] = f"{by_lines}"
    assert case.fired() == set()


def test_a_price_without_difference_has_the_second_formula() -> None:
    case = good(A)
    line = case.row("XML3", 2)
    line.update(TYLE_TT_DV="50")
    reprice(line)
    line["THANH_TIEN_BV"], line["T_BNTT"] = "28250", "6500"
    retotal(case)
    assert "M03" not in case.fired()
    line["THANH_TIEN_BV"] = "28251"
    assert "M03" in case.fired()


def test_the_tolerance_is_the_policy_s() -> None:
    case = good(A)
    case.one["T_THUOC"] = "273015"
    assert check_claim(case.claim).verdict is Level.BLOCK
    assert check_claim(case.claim, policy=parse_policy('[values]\ntolerance_dong = "1"')).verdict is None


@given(
    quantity=st.decimals("0.001", "99999", places=3),
    price=st.decimals("0", "99999999", places=3),
    ratio=st.integers(0, 100),
    benefit=st.sampled_from((0, 32, 40, 80, 95, 100)),
    wrong=st.sampled_from(("THANH_TIEN_BV", "THANH_TIEN_BH", "T_BHTT", "T_BNCCT")),
)
@settings(max_examples=100, deadline=None)
def test_any_line_is_right_as_the_decision_computes_it_and_wrong_by_half_a_dong(
    quantity: Decimal, price: Decimal, ratio: int, benefit: int, wrong: str
) -> None:
    case = good(A)
    line = case.row("XML2", 1)
    line.update(SO_LUONG=f"{quantity}", DON_GIA=f"{price}", TYLE_TT_BH=f"{ratio}", MUC_HUONG=f"{benefit}")
    reprice(line)
    retotal(case)
    money = {code for code in case.fired() if code[0] == "M"}
    assert money == set()
    line[wrong] = f"{Decimal(line[wrong]) + Decimal('0.5')}"
    rule = {"THANH_TIEN_BV": "M01", "THANH_TIEN_BH": "M02", "T_BHTT": "M05", "T_BNCCT": "M06"}[wrong]
    assert {code for code in case.fired() if code[0] == "M"} == {rule}


# the policy


def test_a_policy_switches_levels_from_a_day_on() -> None:
    case = good(A)
    case.one["T_THUOC"] = "1"
    for text, wanted in (
        ('[levels]\nM08 = "observe"', Level.OBSERVE),
        ('[levels]\nM08 = [{ level = "warn", from = 2026-01-01, owner = "KHTH" }]', Level.WARN),
        ('[levels]\nM08 = [{ level = "warn" }, { level = "observe", from = 2026-11-02 }]', Level.OBSERVE),
        ('[levels]\nM08 = [{ level = "observe", from = 2026-11-03 }]', Level.BLOCK),
    ):
        assert check_claim(case.claim, policy=parse_policy(text)).verdict is wanted, text


def test_a_rule_that_is_off_is_told_as_not_checked() -> None:
    case = good(A)
    case.one["T_THUOC"] = "1"
    report = check_claim(case.claim, policy=parse_policy('[levels]\nM08 = "off"'))
    assert report.verdict is None
    (told,) = [each for each in report.unchecked if each.rule == "M08"]
    assert "tắt" in told.reason.vi


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[levels", "BA-3650"),
        ('[levels]\nZ99 = "warn"', "BA-3651"),
        ('[levels]\nM08 = "loud"', "BA-3652"),
        ('[levels]\nM08 = [{ level = "warn", from = "2026" }]', "BA-3652"),
        ("[levels]\nM08 = 3", "BA-3652"),
        ("levels = 3", "BA-3653"),
        ("[values]\nunknown = 1", "BA-3653"),
        ('[values]\nstrict_times = "yes"', "BA-3653"),
        ("[other]", "BA-3653"),
        ("values = 1", "BA-3653"),
        ('[values]\ntolerance_dong = "một đồng"', "BA-3653"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(text: str, code: str) -> None:
    with pytest.raises(Fault) as refused:
        parse_policy(text)
    assert refused.value.code == code


def test_strict_times_want_each_later_than_the_one_before() -> None:
    case = good(A)
    case.row("XML3", 2)["NGAY_TH_YL"] = case.row("XML3", 2)["NGAY_YL"]
    assert check_claim(case.claim).findings == ()
    strict = check_claim(case.claim, policy=parse_policy("[values]\nstrict_times = true"))
    assert [each.rule for each in strict.findings] == ["T04"]


# the decisions by date


def test_a_share_of_a_half_begins_in_july_2026() -> None:
    for left, benefit in (("20260629", "0"), ("20260702", "40")):
        case = good("E_pregnancy_rest")
        case.set("MA_DOITUONG_KCB", "1.14")
        case.one.update(NGAY_RA=left + "0900", MA_DKBD="99002", T_TONGCHI_BH="900000")
        case.row("XML3")["MUC_HUONG"] = benefit
        told = [each for each in check_claim(case.claim).findings if each.rule == "E06"]
        assert told == [], left
        case.row("XML3")["MUC_HUONG"] = "80"
        assert [each.rule for each in check_claim(case.claim).findings if each.rule == "E06"] == ["E06"]


def test_an_older_claim_is_read_by_the_columns_of_its_own_decision() -> None:
    older = {column.name: "" for column in tables_on(date(2024, 2, 1)).tables["XML1"].columns}
    row = older | {name: value for name, value in GOOD[A].summary.items() if name in older}
    assert len(row) < len(GOOD[A].summary)
    for left, layout in (("202402011000", set()), ("202611021005", {"F04"})):
        claim = Claim("SYN-A-0001", {"XML1": [row | {"NGAY_RA": left}]})
        assert {each.rule for each in check_claim(claim).findings} & {"F04"} == layout


# whatever a file holds

HOSTILE = (
    "",
    " ",
    "x",
    ";",
    ";;",
    "-1",
    "1e9",
    "٣",
    "²",
    "0",
    "99999999999999999999",
    "20261302",
    "202602302561",
    "G0",
    "<&>",
    "\x00",
)


@given(
    sample=st.sampled_from(CASES),
    known=st.booleans(),
    changes=st.lists(
        st.tuples(
            st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(HOSTILE) | st.text()
        ),
        max_size=30,
    ),
    dropped=st.lists(st.integers(0, 10**6), max_size=5),
)
@settings(max_examples=100, deadline=None)
def test_whatever_a_claim_holds_only_findings_come_out(
    sample: str, *, known: bool, changes: list[tuple[int, int, int, str]], dropped: list[int]
) -> None:
    case = good(sample)
    for table, row, column, value in changes:
        rows = list(case.claim.tables.values())[table % len(case.claim.tables)]
        line = rows[row % len(rows)]
        line[list(line)[column % len(line)]] = value
    for each in dropped:
        rows = list(case.claim.tables.values())[each % len(case.claim.tables)]
        line = rows[each % len(rows)]
        if len(line) > 1:
            del line[list(line)[each % len(line)]]
    report = case.report() if known else check_claim(case.claim)
    codes = {rule.code for rule in RULES} | {"R01", "R02"}
    assert {each.rule for each in report.findings} <= codes
    assert all("{" not in each.text.vi + each.text.en for each in report.findings)


def test_a_claim_without_any_table_is_told_by_one_rule() -> None:
    assert {each.rule for each in check_claim(Claim("")).findings} == {"F02"}
    assert check_claim(Claim("LK", {"XML0": []})).findings == ()


@pytest.mark.parametrize("number", ["²", "٣", "9" * 5_000, "", "-1", " 1"])
@pytest.mark.parametrize("sample", CASES)
def test_what_is_no_number_breaks_no_rule_but_its_own(sample: str, number: str) -> None:
    case = good(sample)
    for rows in case.claim.tables.values():
        for row in rows:
            for column in ("THANG_QT", "NAM_QT", "TUOI_THAI", "SO_NGAY", "SO_NGAY_NGHI", "CAN_NANG_CON"):
                if column in row:
                    row[column] = number
    assert case.report().verdict is Level.BLOCK
