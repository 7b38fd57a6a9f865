"""Mã số BHXH: ten digits that a person insured with Vietnam Social Security has for life.

The first two are the province that gave it. Source: QĐ 595/QĐ-BHXH (2017); MA_BHXH, MA_CHA, MA_ME of QĐ 130/QĐ-BYT.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from benhan.kernel.issues import Issue
from benhan.kernel.texts import Text
from benhan.vn import systems
from benhan.vn.identifiers.faults import NOT_A_SOCIAL_INSURANCE_NUMBER
from benhan.vn.identifiers.kind import Part, compact, misread
from benhan.vn.identifiers.provinces import provinces

LABEL = Text("Mã số bảo hiểm xã hội", "Social insurance number")
SYSTEM = systems.SOCIAL_INSURANCE_NUMBER
CLAUSE = "QĐ 130/QĐ-BYT, MA_BHXH"

FORM = Text(
    "Mã số BHXH phải đủ 10 chữ số, là 10 số cuối của thẻ BHYT 15 ký tự.",
    "A social insurance number has 10 digits, the last ten of the 15-character card.",
)

_FORM = re.compile(r"(?!0{10})\d{10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SocialInsuranceNumber:
    """Ten digits."""

    number: str

    def __str__(self) -> str:
        return self.number


def check(text: str, place: str = "") -> list[Issue]:
    """What is wrong with a number."""
    return [] if _FORM.fullmatch(compact(text)) else misread(place, FORM, CLAUSE)


def parse(text: str) -> SocialInsuranceNumber:
    """The number. Raises Incorrect BA-3264."""
    issues = check(text)
    if issues:
        raise NOT_A_SOCIAL_INSURANCE_NUMBER(*issues)
    return SocialInsuranceNumber(compact(text))


def explain(text: str) -> list[Part]:
    """The province that gave it, and its serial."""
    number = parse(text).number
    province = provinces().get(number[:2])
    where = province.told if province else Text("không có trong danh sách tỉnh", "not in the list of provinces")
    return [
        Part(Text("Nơi cấp mã", "Given by"), number[:2], where),
        Part(Text("Số thứ tự", "Serial"), number[2:], Text("không mang nghĩa", "means nothing")),
    ]
