"""Hộ chiếu: of Vietnam (a letter and seven or eight digits) or of another country (up to nine letters and digits).

The form alone does not tell the country: others write a letter and seven digits too.
Source: ICAO Doc 9303-4 (nine characters); the check of SO_CCCD in the BHYT portal's sheet for QĐ 4750/QĐ-BYT.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from benhan.kernel.issues import Issue, warning
from benhan.kernel.texts import Text
from benhan.vn import systems
from benhan.vn.identifiers.faults import NOT_A_PASSPORT
from benhan.vn.identifiers.kind import Part, compact, misread, same

LABEL = Text("Hộ chiếu", "Passport")
SYSTEM = systems.PASSPORT
CLAUSE = "ICAO Doc 9303-4"

FORM = Text(
    "Số hộ chiếu gồm 5 đến 15 chữ cái không dấu và chữ số. Nhập đúng như in trên hộ chiếu.",
    "A passport number has 5 to 15 letters and digits. Write it as printed.",
)
LONG = Text(
    "Số hộ chiếu dài hơn 9 ký tự là hiếm. Đối chiếu lại với hộ chiếu.",
    "Passport numbers longer than 9 characters are rare. Compare the passport.",
)

_FORM = re.compile(r"(?=.*\d)[A-Z0-9]{5,15}", re.ASCII)
_VIETNAMESE = re.compile(r"[A-Z]\d{7,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Passport:
    """A number, and whether it has the form of Vietnam's own passports."""

    number: str
    has_vietnamese_form: bool

    def __str__(self) -> str:
        return self.number


def check(text: str, place: str = "") -> list[Issue]:
    """What is wrong with a passport number."""
    number = compact(text)
    if not _FORM.fullmatch(number):
        return misread(place, FORM, CLAUSE)
    return [warning("value", place, LONG, CLAUSE)] if len(number) > 9 else []


def parse(text: str) -> Passport:
    """The number. Raises Incorrect BA-3262."""
    number = compact(text)
    if not _FORM.fullmatch(number):
        raise NOT_A_PASSPORT(*check(text))
    return Passport(number, _VIETNAMESE.fullmatch(number) is not None)


def explain(text: str) -> list[Part]:
    """The series and serial where it has Vietnam's form, else the number as one."""
    passport = parse(text)
    if not passport.has_vietnamese_form:
        return [Part(LABEL, passport.number, Text("hộ chiếu của nước khác", "another country's passport"))]
    series = Text("loại và loạt hộ chiếu", "kind and series of the passport")
    return [
        Part(Text("Ký hiệu", "Letter"), passport.number[0], series),
        Part(Text("Số thứ tự", "Serial"), passport.number[1:], same("–")),
    ]
