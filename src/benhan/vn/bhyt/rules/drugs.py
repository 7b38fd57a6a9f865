"""X: drugs. Source: QĐ 3176/QĐ-BYT, table 2; TT 37/2024/TT-BYT (terms of payment), TT 26/2025/TT-BYT."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from benhan.kernel.texts import Text
from benhan.vn.bhyt.dose import Dose, parse_dose
from benhan.vn.bhyt.rules.lines import Line
from benhan.vn.bhyt.rules.rule import Found, at, rule
from benhan.vn.bhyt.rules.values import parts
from benhan.vn.bhyt.rules.view import OUTPATIENT, View

_FROM_ANOTHER = re.compile(r"(?:C|K|M|H|HC)\.\w{5}", re.ASCII)
LONG_KINDS = ("05", "07", "08", "10")
"""Kinds of care for long diseases, whose drugs may last longer than 30 days."""
LONG_TEXT = 40
"""From this length on, one CACH_DUNG on several drugs is taken for one text of the whole prescription."""


@rule(
    "X01",
    Text("LIEU_DUNG sai: {what}.", "LIEU_DUNG is wrong: {what}."),
    Text(
        "Ghi: số lượng một lần/lần * số lần/ngày * số ngày [tổng/ngày]; tích bằng SO_LUONG, cùng đơn vị tính.",
        "Write: amount/time * times/day * days [total/day]; the product is SO_LUONG, in the same unit.",
    ),
)
def dose(view: View) -> Iterator[Found]:
    for line in view.drugs:
        text = line.row["LIEU_DUNG"]
        if text:
            wrong = _wrong_dose(view, line, text)
            if wrong is not None:
                yield Found(f"{line.at}.LIEU_DUNG", text=wrong)


_PATTERN = Text("LIEU_DUNG không theo mẫu.", "LIEU_DUNG does not follow the pattern.")
_ZERO = Text("Liều bằng 0.", "A dose of zero.")
_DAILY = Text("Tổng mỗi ngày khác số lượng một lần × số lần.", "The day's total is not amount × times.")
_UNITS = Text("Đơn vị trong liều khác DON_VI_TINH.", "The dose's unit is not DON_VI_TINH.")
_PRODUCT = Text("Liều × số lần × số ngày khác SO_LUONG.", "Dose × times × days is not SO_LUONG.")


@lru_cache(maxsize=4096)
def dose_of(text: str) -> Dose | None:
    """The dose of a LIEU_DUNG; one text stands on many lines."""
    return parse_dose(text)


def _wrong_dose(view: View, line: Line, text: str) -> Text | None:
    told = dose_of(text)
    if told is None:
        return _PATTERN
    if 0 in (told.each, told.times, told.days, told.packets):
        return _ZERO
    a_day = told.per_day
    if a_day is None:
        return None  # applied, by flow, or herbal: not a number of the unit
    if a_day == 0:
        return _ZERO
    if told.total_per_day is not None and not _same(told.total_per_day, a_day):
        return _DAILY
    unit = _folded(line.row["DON_VI_TINH"])
    if unit and (_folded(told.unit) != unit or _folded(told.total_unit) not in ("", unit)):
        return _UNITS
    if line.quantity is None:
        return None
    quantity = Decimal(line.quantity) / 1000
    if view.kind in OUTPATIENT:
        return None if told.quantity is None or _same(told.quantity, quantity) else _PRODUCT
    # an inpatient line tells the dose of one day and may bill several days of it
    return None if _same(quantity / a_day, Decimal(round(quantity / a_day))) else _PRODUCT


def _same(one: Decimal, other: Decimal) -> bool:
    """Equal to three decimals, since a third of a tablet has no end."""
    return abs(one - other) < Decimal("0.001")


def _folded(unit: str) -> str:
    return " ".join(unit.casefold().split())


@rule(
    "X02",
    Text("Thuốc ngoại trú quá {days} ngày.", "Outpatient drugs for more than {days} days."),
    Text(
        "Giảm số ngày, hoặc dùng loại KCB cho bệnh dài ngày khi bệnh thuộc danh mục.",
        "Shorten it, or use a kind of care for long diseases where the disease is of the list.",
    ),
    uses=("long_supply",),
)
def days_of_supply(view: View) -> Iterator[Found]:
    if view.kind not in OUTPATIENT:
        return
    policy, listed = view.policy, view.context.long_supply
    is_long = view.kind in LONG_KINDS or (not listed) or view.has_diagnosis(*listed)
    allowed = policy.long_supply_days if is_long else policy.supply_days
    for line in view.drugs:
        told = dose_of(line.row["LIEU_DUNG"])
        if told is not None and told.days is not None and told.days > allowed:
            yield at(f"{line.at}.LIEU_DUNG", days=allowed)


@rule(
    "X03",
    Text("CACH_DUNG chép một lời dặn chung cho nhiều thuốc.", "CACH_DUNG copies one instruction to several drugs."),
    Text("Ghi cách dùng riêng cho từng thuốc.", "Write each drug's own instruction."),
)
def own_instruction(view: View) -> Iterator[Found]:
    first: dict[str, str] = {}
    for line in view.drugs:
        text = line.row["CACH_DUNG"].strip()
        if len(text) > LONG_TEXT and first.setdefault(text, line.code) != line.code:
            yield at(f"{line.at}.CACH_DUNG")


@rule(
    "X04",
    Text(
        "Thuốc ngoài điều kiện hoặc quá tỷ lệ thanh toán ({ratio}%).",
        "The drug is outside its terms, or above its ratio ({ratio} %).",
    ),
    Text(
        "Kiểm tra chỉ định và TYLE_TT_BH theo điều kiện thanh toán.",
        "Check indication and TYLE_TT_BH against the terms of payment.",
    ),
    needs=("drug_terms",),
)
def terms_of_payment(view: View) -> Iterator[Found]:
    for line in view.drugs:
        terms = (view.context.drug_terms or {}).get(line.code)
        if terms is None or line.scope == "2":
            continue
        above = line.ratio is not None and line.ratio > terms.ratio * 1000
        if above or (terms.diagnoses and not view.has_diagnosis(*terms.diagnoses)):
            yield at(f"{line.at}.TYLE_TT_BH", ratio=terms.ratio)


@rule(
    "X05",
    Text(
        "MA_CSKCB_THUOC phải là C., K., M. hoặc H. và 5 ký tự mã cơ sở.",
        "MA_CSKCB_THUOC must be C., K., M. or H. and a facility's 5 characters.",
    ),
    Text(
        "C thuốc chuyển đến, K làm nơi khác, M nơi cấp máu, H hỗ trợ từ xa.",
        "C drug from, K done elsewhere, M blood from, H supported from afar.",
    ),
)
def from_another_facility(view: View) -> Iterator[Found]:
    for line in view.drugs:
        if any(not _FROM_ANOTHER.fullmatch(code) for code in parts(line.row["MA_CSKCB_THUOC"])):
            yield at(f"{line.at}.MA_CSKCB_THUOC")


@rule(
    "X06",
    Text(
        "Thuốc do nguồn khác chi trả (NGUON_CTRA) nhưng T_BHTT khác 0.",
        "Another source pays (NGUON_CTRA), yet T_BHTT is not 0.",
    ),
    Text("Đặt T_BHTT = 0 hoặc NGUON_CTRA = 1.", "Set T_BHTT to 0, or NGUON_CTRA to 1."),
)
def another_payer(view: View) -> Iterator[Found]:
    for line in view.drugs:
        if line.row["NGUON_CTRA"] not in ("", "1") and line.fund:
            yield at(f"{line.at}.T_BHTT")
