"""A line of XML2 or XML3 with its numbers and times read once, and the amounts that follow from them.

Source: QĐ 3176/QĐ-BYT, columns THANH_TIEN_BV … T_BHTT of tables 2 and 3.
"""

from __future__ import annotations

from typing import NamedTuple

from benhan.vn.bhyt.claim import Row
from benhan.vn.bhyt.rules.values import cents_of, milli, minute

WHOLE = 100_000
"""100 % in thousandths."""
SUPPLIES = frozenset(("10", "11"))
BEDS = frozenset(("14", "15", "16"))
_BASE = WHOLE * 1000  # of quantity × price × percent, all in thousandths, what makes thousandths again


class Right(NamedTuple):
    """What the amounts of a line are by its quantity, prices and ratios, before other sources; in thousandths."""

    bv: int
    bh: int
    fund: int
    copay: int
    own: int


class Line:
    """A line; amounts in thousandths of a đồng, times in minutes, None where empty or ill-formed."""

    __slots__ = (
        "at", "benefit", "bh", "bv", "code", "copay", "done", "for_service", "fund", "group", "has_all_money",
        "is_drug", "is_exact", "is_supply", "number", "ordered", "other", "own", "price_bh", "price_bv",
        "quantity", "ratio", "ratio_dv", "result", "right", "right_bv_undiffered", "row", "scope",
    )  # fmt: skip

    def __init__(self, table: str, number: int, row: Row) -> None:
        self.row = row
        self.number = number
        self.at = f"{table}[{number}]"
        self.group = row["MA_NHOM"]
        self.scope = row["PHAM_VI"]
        self.quantity = milli(row["SO_LUONG"])
        self.ratio = milli(row["TYLE_TT_BH"])
        self.benefit = milli(row["MUC_HUONG"])
        self.bv = milli(row["THANH_TIEN_BV"])
        self.bh = milli(row["THANH_TIEN_BH"])
        self.other = milli(row["T_NGUONKHAC"]) or 0
        self.own = milli(row["T_BNTT"])
        self.copay = milli(row["T_BNCCT"])
        self.fund = milli(row["T_BHTT"])
        self.ordered = minute(row["NGAY_YL"])
        self.done = minute(row["NGAY_TH_YL"])
        self.for_service = row["MA_DICH_VU"].strip()
        self.is_drug = table == "XML2"
        if self.is_drug:
            self.code = row["MA_THUOC"].strip()
            self.is_supply = False
            self.price_bv = self.price_bh = milli(row["DON_GIA"])
            self.ratio_dv: int | None = WHOLE
            self.result: int | None = None
        else:
            self.is_supply = self.group in SUPPLIES or bool(row["MA_VAT_TU"])
            self.code = row["MA_VAT_TU"].strip() if self.is_supply else self.for_service
            self.price_bv, self.price_bh = milli(row["DON_GIA_BV"]), milli(row["DON_GIA_BH"])
            self.ratio_dv = milli(row["TYLE_TT_DV"])
            self.result = minute(row["NGAY_KQ"])
        self.right_bv_undiffered = 0
        self.right = self._right()
        written = (self.bv, self.bh, self.fund, self.copay, self.own)
        self.is_exact = written == self.right
        """The amounts are exactly those of no other sources; most lines are, and need no second look."""
        self.has_all_money = self.right is not None and None not in written

    def _right(self) -> Right | None:
        quantity, price_bv, price_bh, ratio, ratio_dv, benefit = (
            self.quantity,
            self.price_bv,
            self.price_bh,
            self.ratio,
            self.ratio_dv,
            self.benefit,
        )
        if (
            quantity is None
            or price_bv is None
            or price_bh is None
            or ratio is None
            or ratio_dv is None
            or benefit is None
        ):
            return None
        of_service = WHOLE if self.is_supply else ratio_dv
        bv = cents_of(quantity * price_bv * ratio_dv, _BASE)
        self.right_bv_undiffered = cents_of(
            quantity * price_bv * WHOLE - quantity * price_bh * (WHOLE - ratio_dv), _BASE
        )
        bh = cents_of(quantity * price_bh * of_service * ratio, _BASE * WHOLE)
        fund = cents_of(bh * benefit, WHOLE) if self.scope != "2" else 0
        written_bv = self.bv if self.bv in (bv, self.right_bv_undiffered) else bv
        return Right(written_bv, bh, fund, bh - fund, written_bv - bh)


def after_other_sources(own: int, copay: int, fund: int, other: int) -> tuple[int, int, int]:
    """What is left of T_BNTT, T_BNCCT, T_BHTT when the other sources are taken off in this order."""
    left = []
    for part in (own, copay, fund):
        taken = min(part, other)
        other -= taken
        left.append(part - taken)
    return left[0], left[1], left[2]
