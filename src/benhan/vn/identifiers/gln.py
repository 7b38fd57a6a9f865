"""GLN: thirteen digits with a check digit, the facility's name towards the Ministry's hub (MA_GTIN_CSKCB, sender_id).

Source: GS1 General Specifications 7.9 (check digit); QĐ 1551/QĐ-BYT (2026) PL02.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from benhan.kernel.issues import Issue, warning
from benhan.kernel.texts import Text
from benhan.vn import systems
from benhan.vn.identifiers.faults import NOT_A_GLN
from benhan.vn.identifiers.kind import Part, compact, misread

LABEL = Text("Mã địa điểm toàn cầu (GLN)", "Global Location Number (GLN)")
SYSTEM = systems.GLN
CLAUSE = "GS1 General Specifications 7.9"

FORM = Text("Mã GLN phải đủ 13 chữ số.", "A GLN has 13 digits.")
WRONG_CHECK = Text(
    "Số kiểm tra ở cuối mã GLN không khớp: có chữ số bị nhập sai. Chép lại từ trang đăng ký hành nghề.",
    "The check digit of the GLN does not fit: a digit is wrong. Copy it again from the registration.",
)
NOT_OF_VIETNAM = Text(
    "Mã GLN không bắt đầu bằng 893 của Việt Nam. Đối chiếu lại.",
    "The GLN does not begin with Vietnam's 893. Compare it again.",
)

_FORM = re.compile(r"\d{13}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Gln:
    """Thirteen digits whose check digit fits."""

    number: str

    def __str__(self) -> str:
        return self.number


def check_digit(digits: str) -> str:
    """The check digit of the twelve digits before it."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return str(-total % 10)


def check(text: str, place: str = "") -> list[Issue]:
    """What is wrong with a GLN."""
    number = compact(text)
    if not _FORM.fullmatch(number):
        return misread(place, FORM, CLAUSE)
    if check_digit(number[:12]) != number[12]:
        return misread(place, WRONG_CHECK, CLAUSE)
    return [] if number.startswith("893") else [warning("value", place, NOT_OF_VIETNAM, CLAUSE)]


def parse(text: str) -> Gln:
    """The GLN. Raises Incorrect BA-3266."""
    issues = check(text)
    if any(issue.is_error for issue in issues):
        raise NOT_A_GLN(*issues)
    return Gln(compact(text))


def explain(text: str) -> list[Part]:
    """The country's prefix, the number, the check digit."""
    number = parse(text).number
    country = Text("Việt Nam", "Vietnam") if number.startswith("893") else Text("nước khác", "another country")
    return [
        Part(Text("Tiền tố GS1", "GS1 prefix"), number[:3], country),
        Part(Text("Số", "Number"), number[3:12], Text("tổ chức và địa điểm", "organisation and location")),
        Part(Text("Số kiểm tra", "Check digit"), number[12], Text("khớp", "fits")),
    ]
