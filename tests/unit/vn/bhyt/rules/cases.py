"""Good claims with a world in which nothing about them is unknown or wrong, and the means to break one thing."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field, fields
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.unit.vn.bhyt.samples import CASES, claim_of

from benhan.vn.bhyt.claim import Claim, ClaimFile, Row
from benhan.vn.bhyt.claim_check import Report, check_claim
from benhan.vn.bhyt.rules.context import (
    Apart,
    Approved,
    BedUse,
    CardAnswer,
    Contrast,
    Done,
    DrugTerms,
    Hours,
    Icd10,
    InFile,
    Knowledge,
    SentClaims,
    Signature,
    Staff,
)

NOW = "202611261700"
GOOD = {case: claim_of(case) for case in CASES}


IN_GOOD_FILE = InFile(
    ClaimFile(facility="99001", made_on="20261126", count="1", signed=True, claims_seen=1), Signature.VALID, ()
)


@dataclass
class Case:
    """A claim that may be broken, and what is known of the world, by the names of Knowledge."""

    claim: Claim
    world: dict[str, Any] = field(default_factory=dict)
    file: InFile = IN_GOOD_FILE

    @property
    def one(self) -> Row:
        return self.claim.tables["XML1"][0]

    def row(self, table: str, number: int = 1) -> Row:
        return self.claim.tables[table][number - 1]

    @property
    def lines(self) -> list[Row]:
        return self.claim.rows("XML2") + self.claim.rows("XML3")

    def answer(self, **changes: Any) -> None:
        """Change what the look-up said of every card."""
        self.world["cards"] = {number: each._replace(**changes) for number, each in self.world["cards"].items()}

    def set(self, column: str, value: str, *tables: str) -> None:
        """One value in XML1 and in the papers that repeat it."""
        for table in ("XML1", *tables):
            self.row(table)[column] = value

    def report(self) -> Report:
        return check_claim(self.claim, Knowledge(**self.world), file=self.file)

    def fired(self) -> set[str]:
        return {finding.rule for finding in self.report().findings}


def good(case: str) -> Case:
    return Case(deepcopy(GOOD[case]), world(GOOD[case]))


def rounded(value: Decimal) -> str:
    """An amount as the tables write it."""
    return format(value.quantize(Decimal("0.01"), ROUND_HALF_UP).normalize(), "f")


def reprice(line: Row) -> None:
    """The amounts of a line by its quantity, prices, ratios; without other sources."""
    number = {name: Decimal(line[name]) for name in ("SO_LUONG", "TYLE_TT_BH", "MUC_HUONG")}
    is_drug = "DON_GIA" in line
    price_bv, price_bh = (Decimal(line["DON_GIA" if is_drug else name]) for name in ("DON_GIA_BV", "DON_GIA_BH"))
    ratio_dv = Decimal(1) if is_drug else Decimal(line["TYLE_TT_DV"]) / 100
    bv = number["SO_LUONG"] * price_bv * ratio_dv
    bh = number["SO_LUONG"] * price_bh * ratio_dv * number["TYLE_TT_BH"] / 100
    fund = bh * number["MUC_HUONG"] / 100
    line["THANH_TIEN_BV"], line["THANH_TIEN_BH"] = rounded(bv), rounded(bh)
    line["T_BHTT"], line["T_BNCCT"], line["T_BNTT"] = rounded(fund), rounded(bh - fund), rounded(bv - bh)


def retotal(case: Case) -> None:
    """The totals of XML1 by its lines."""

    def total(column: str, lines: Iterable[Row]) -> Decimal:
        return sum((Decimal(line[column]) for line in lines), Decimal(0))

    one, lines = case.one, case.lines
    supplies = [line for line in case.claim.rows("XML3") if line["MA_NHOM"] in ("10", "11")]
    one["T_THUOC"] = rounded(total("THANH_TIEN_BV", case.claim.rows("XML2")))
    one["T_VTYT"] = rounded(total("THANH_TIEN_BV", supplies))
    one["T_TONGCHI_BV"] = rounded(total("THANH_TIEN_BV", lines))
    one["T_TONGCHI_BH"] = rounded(total("THANH_TIEN_BH", lines))
    for column in ("T_BNTT", "T_BNCCT", "T_NGUONKHAC"):
        one[column] = rounded(total(column, lines))
    one["T_BHTT"] = one["T_BHTT_GDV"] = rounded(total("THANH_TIEN_BH", lines) - total("T_BNCCT", lines))


def world(claim: Claim) -> dict[str, Any]:
    """All that is to be known of a claim, so that it is right in everything."""
    one, services = claim.summary, claim.rows("XML3")
    known = Knowledge(
        now=NOW,
        sent=SentClaims({claim.ma_lk: (one["MA_BN"], one["NGAY_VAO"])}, {(one["MA_BN"], one["NGAY_VAO"]): claim.ma_lk}),
        check_ins={claim.ma_lk: _check_ins(claim)},
        cards=_answers(one),
        facilities={"99001", "99002", "99003"},
        communes={"99999": "99"},
        icd10={
            code: Icd10("20200101", "", False, "", None, None)
            for code in ("J20", "R50.9", "K35.8", "I10", "O80.0", "B20", "A15.0", "O20.0", "Z00.0")
        },
        yhct={"U62.392"},
        drugs={
            line["MA_THUOC"]: [_drug(line), _drug(line)._replace(name="Một tên khác", valid_to="20200101")]
            for each in GOOD.values()
            for line in each.rows("XML2")
        },
        supplies={line["MA_VAT_TU"]: [_supply(line)] for line in services if line["MA_VAT_TU"]} or {"N01": []},
        services={
            line["MA_DICH_VU"]: [_service(line)]
            for each in GOOD.values()
            for line in each.rows("XML3")
            if not line["MA_VAT_TU"]
        },
        staff={f"00000{number}/ZZZ-GPHN": Staff("20200101", is_head=number == 9) for number in (1, 2, 3, 9)},
        departments={"K01", "K19", "K27"},
        machines={"HH.1.SN0001", "XQ.3[vaynganhang].SN0002", "PT.1.SN0003"},
        drug_terms={"40.155": DrugTerms(100, ("J",)), "40.998": DrugTerms(50)},
        long_supply={"B20", "I10"},
        contrast=Contrast(frozenset({"40.641"}), frozenset({"18.0155"})),
        apart=[Apart("22.0121.1369", "22.0121.1369", 7)],
        beds={("K27", "H002"): [BedUse("OTHER", "202611010000", "202611060459")]},
        done_elsewhere={"000003/ZZZ-GPHN": [Done("OTHER", "18.0119.0028", "202611020730")]},
        earlier={"BN-OTHER": [Done("OTHER", "22.0121.1369", "202611010730")]},
        papers={"SYN-A-0001": {"XML11"}, "SYN-E-0001": {"XML10"}, "OTHER": set()},
        hours=Hours(frozenset(range(5)), "0600", "1800"),
    )
    return {each.name: getattr(known, each.name) for each in fields(Knowledge)}


def _check_ins(claim: Claim) -> list[Row]:
    first = claim.rows("XML3")[0]
    columns = ("MA_LK", "NGAY_YL", "MA_DICH_VU", "TEN_DICH_VU", "MA_THUOC", "TEN_THUOC", "MA_VAT_TU", "TEN_VAT_TU")
    exam = dict.fromkeys(columns, "") | {name: first[name] for name in columns[:4]}
    if not claim.summary["NGAY_VAO_NOI_TRU"]:
        return [exam]
    drug = claim.rows("XML2")[0]
    return [exam, dict.fromkeys(columns, "") | {name: drug[name] for name in ("NGAY_YL", "MA_THUOC", "TEN_THUOC")}]


def _answers(one: Row) -> dict[str, CardAnswer]:
    joined = zip(*(one[name].split(";") for name in ("MA_THE_BHYT", "MA_DKBD", "GT_THE_TU", "GT_THE_DEN")), strict=True)
    return {
        number: CardAnswer("000", one["HO_TEN"].title(), one["GIOI_TINH"], one["NGAY_SINH"][:8], facility, begin, end)
        for number, facility, begin, end in joined
    }


def _drug(line: Row) -> Approved:
    return Approved(
        line["TEN_THUOC"],
        line["DON_VI_TINH"],
        line["DON_GIA"],
        line["TT_THAU"],
        line["SO_DANG_KY"],
        line["HAM_LUONG"],
        line["DUONG_DUNG"],
        line["DANG_BAO_CHE"],
        valid_from="20260101",
    )


def _supply(line: Row) -> Approved:
    return Approved(line["TEN_VAT_TU"], line["DON_VI_TINH"], line["DON_GIA_BV"], line["TT_THAU"], valid_from="20260101")


def _service(line: Row) -> Approved:
    return Approved(
        line["TEN_DICH_VU"],
        "",
        line["DON_GIA_BH"],
        machine=bool(line["MA_MAY"]),
        valid_from="20260101",
        valid_to="20261231",
    )
