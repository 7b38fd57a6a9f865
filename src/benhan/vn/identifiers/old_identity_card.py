"""Chứng minh nhân dân: nine digits, of the identity card before the personal number; of no use since 01/01/2025.

Old records and the QR code of a new card still carry it, so it is kept as a former number. (The twelve-digit CMND of
2012–2016 is a personal number.) Source: Luật Căn cước 26/2023/QH15 Đ46; NĐ 05/1999/NĐ-CP.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from benhan.kernel.issues import Issue, warning
from benhan.kernel.texts import Text
from benhan.vn import systems
from benhan.vn.identifiers.faults import NOT_AN_OLD_IDENTITY_CARD
from benhan.vn.identifiers.kind import Part, compact, misread

LABEL = Text("Chứng minh nhân dân", "Old identity card")
SYSTEM = systems.CMND
CLAUSE = "Luật Căn cước 26/2023/QH15 Đ46"

FORM = Text("Số chứng minh nhân dân cũ phải đủ 9 chữ số.", "The number of an old identity card has 9 digits.")
OUT_OF_USE = Text(
    "Chứng minh nhân dân hết giá trị từ 01/01/2025. Hỏi số định danh 12 số và giữ số này làm số cũ.",
    "Old identity cards are of no use since 01/01/2025. Ask for the 12-digit number; keep this one as a former number.",
)

_FORM = re.compile(r"\d{9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class OldIdentityCard:
    """Nine digits."""

    number: str

    def __str__(self) -> str:
        return self.number


def check(text: str, place: str = "") -> list[Issue]:
    """An error where it is no such number; else the warning that it is out of use."""
    if not _FORM.fullmatch(compact(text)):
        return misread(place, FORM, CLAUSE)
    return [warning("business-rule", place, OUT_OF_USE, CLAUSE)]


def parse(text: str) -> OldIdentityCard:
    """The number. Raises Incorrect BA-3261."""
    number = compact(text)
    if not _FORM.fullmatch(number):
        raise NOT_AN_OLD_IDENTITY_CARD(*check(text))
    return OldIdentityCard(number)


def explain(text: str) -> list[Part]:
    """The issuing province's block of numbers and the serial; what the blocks were is not published as a list."""
    number = parse(text).number
    return [
        Part(
            Text("Nơi cấp", "Issued by"),
            number[:2],
            Text("dải số của công an tỉnh đã cấp", "block of numbers of the issuing province's police"),
        ),
        Part(Text("Số thứ tự", "Serial"), number[2:], Text("không mang nghĩa", "means nothing")),
    ]
