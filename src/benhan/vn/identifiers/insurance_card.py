"""Số thẻ BHYT in its three forms: fifteen characters, ten digits, twelve digits.

Fifteen: two letters of the object, one digit of the benefit, two of the province, the ten of the BHXH number. Ten: that
number alone. Twelve: the personal number, a card since 15/08/2025. A newborn's temporary card is `TE1`, the province
and ten characters. Source: QĐ 1351/QĐ-BHXH (2015); NĐ 188/2025/NĐ-CP; rules K02, K06 of the BHYT checker.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from benhan.kernel.issues import Issue, warning
from benhan.kernel.texts import Text
from benhan.vn import systems
from benhan.vn.identifiers import citizen_number, social_insurance_number
from benhan.vn.identifiers.faults import NOT_AN_INSURANCE_CARD
from benhan.vn.identifiers.kind import Part, compact, misread, same
from benhan.vn.identifiers.provinces import provinces

LABEL = Text("Thẻ bảo hiểm y tế", "Health insurance card")
SYSTEM = systems.BHYT_CARD
CLAUSE = "NĐ 188/2025/NĐ-CP; QĐ 1351/QĐ-BHXH"

FORM = Text(
    "Số thẻ BHYT có 15 ký tự (2 chữ, 13 số), hoặc 10 số BHXH, hoặc 12 số định danh. Đối chiếu thẻ hoặc VssID, VNeID.",
    "A card number has 15 characters (2 letters, 13 digits), or 10 digits (BHXH), or the 12-digit personal number.",
)
NO_BENEFIT = Text(
    "Ký tự thứ ba phải là mức hưởng từ 1 đến 5. Đối chiếu lại thẻ.",
    "The third character is the benefit, 1 to 5. Compare the card.",
)
UNKNOWN_OBJECT = Text(
    "Hai chữ đầu không có trong danh sách đối tượng. Đối chiếu lại thẻ.",
    "The first two letters are not in the list of objects. Compare the card.",
)
UNKNOWN_PROVINCE = Text(
    "Hai số sau mức hưởng không phải mã tỉnh nào. Đối chiếu lại thẻ.",
    "The two digits after the benefit name no province. Compare the card.",
)

BENEFITS = {
    "1": Text("100 %, không giới hạn tỷ lệ", "100 %, without limits of rate"),
    "2": Text("100 %, có giới hạn tỷ lệ", "100 %, with limits of rate"),
    "3": Text("95 %", "95 %"),
    "4": Text("80 %", "80 %"),
    "5": Text("100 %, cả chi phí ngoài phạm vi", "100 %, also of costs outside the scope"),
}
"""By the third character. The rate of one visit depends on its route too (QĐ 3276/QĐ-BYT)."""
ARMED_FORCES = {
    "97": Text("Bảo hiểm xã hội Bộ Quốc phòng", "Social Security of the Ministry of Defence"),
    "98": Text("Bảo hiểm xã hội Công an nhân dân", "Social Security of the Public Security Forces"),
}

_FIFTEEN = re.compile(r"[A-Z]{2}\d{13}|TE1\d{2}[A-Z]{2}\d{8}", re.ASCII)
_TABLE = Path(__file__).parent / "data" / "insurance_objects.csv"


class CardForm(Enum):
    """How a card is numbered."""

    FIFTEEN = "fifteen characters"
    SOCIAL_INSURANCE = "social insurance number"
    CITIZEN = "personal number"


@dataclass(frozen=True, slots=True)
class InsuranceCard:
    """A card; `object_code`, `benefit` and `province` only stand in the long form ("" else)."""

    form: CardForm
    number: str
    object_code: str = ""
    benefit: str = ""
    province: str = ""

    def __str__(self) -> str:
        return self.number

    @property
    def social_insurance_number(self) -> str:
        """The BHXH number in the card, "" where it has none."""
        if self.form is CardForm.CITIZEN or not self.number[-10:].isdigit():
            return ""
        return self.number[-10:]

    @property
    def citizen_number(self) -> str:
        """The personal number that is the card, "" where it is not."""
        return self.number if self.form is CardForm.CITIZEN else ""


def check(text: str, place: str = "") -> list[Issue]:
    """What is wrong with a card number."""
    card = _read(compact(text))
    if card is None:
        return misread(place, FORM, CLAUSE)
    if card.form is CardForm.CITIZEN:
        return citizen_number.check(card.number, place)
    if card.form is CardForm.SOCIAL_INSURANCE:
        return []
    if card.benefit not in BENEFITS:
        return misread(place, NO_BENEFIT, CLAUSE)
    doubts = []
    if card.object_code not in insurance_objects():
        doubts.append(UNKNOWN_OBJECT)
    if card.province not in provinces() and card.province not in ARMED_FORCES:
        doubts.append(UNKNOWN_PROVINCE)
    return [warning("value", place, doubt, CLAUSE) for doubt in doubts]


def parse(text: str) -> InsuranceCard:
    """The card. Raises Incorrect BA-3263."""
    card = _read(compact(text))
    issues = check(text)
    if card is None or any(issue.is_error for issue in issues):
        raise NOT_AN_INSURANCE_CARD(*issues)
    return card


def explain(text: str) -> list[Part]:
    """Whose card it is, what it pays, who gave it."""
    card = parse(text)
    if card.form is CardForm.CITIZEN:
        return citizen_number.explain(card.number)
    if card.form is CardForm.SOCIAL_INSURANCE:
        return social_insurance_number.explain(card.number)
    unknown = Text("không có trong danh sách", "not in the list")
    name = insurance_objects().get(card.object_code)
    province = provinces().get(card.province)
    where = province.told if province else ARMED_FORCES.get(card.province, unknown)
    number = Text("không mang nghĩa", "means nothing")
    return [
        Part(Text("Đối tượng", "Object"), card.object_code, same(name) if name else unknown),
        Part(Text("Mức hưởng", "Benefit"), card.benefit, BENEFITS[card.benefit]),
        Part(Text("Nơi cấp thẻ", "Given by"), card.province, where),
        Part(Text("Mã số BHXH", "Social insurance number"), card.number[5:], number),
    ]


@cache
def insurance_objects() -> dict[str, str]:
    """The object codes with their Vietnamese names."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


def _read(number: str) -> InsuranceCard | None:
    if _FIFTEEN.fullmatch(number):
        return InsuranceCard(CardForm.FIFTEEN, number, number[:2], number[2], number[3:5])
    if number.isascii() and number.isdigit():
        forms = {10: CardForm.SOCIAL_INSURANCE, 12: CardForm.CITIZEN}
        form = forms.get(len(number))
        return InsuranceCard(form, number) if form else None
    return None
