"""Số giấy chứng sinh: `XXXXX.GCS.ZZZZZ.YY`, facility, serial in the year, year; kept when the paper is issued anew.

Source: TT 22/2025/TT-BYT (from 01/10/2025).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from benhan.kernel.issues import Issue
from benhan.kernel.texts import Text
from benhan.vn import systems
from benhan.vn.identifiers import facility_code
from benhan.vn.identifiers.faults import NOT_A_BIRTH_NOTICE
from benhan.vn.identifiers.kind import Part, misread, same

LABEL = Text("Giấy chứng sinh", "Birth notice")
SYSTEM = systems.BIRTH_NOTICE
CLAUSE = "TT 22/2025/TT-BYT"

FORM = Text(
    "Số giấy chứng sinh có dạng mã cơ sở.GCS.số thứ tự.năm, đủ 18 ký tự, ví dụ 01901.GCS.00012.26.",
    "A birth notice is numbered facility.GCS.serial.year in 18 characters, such as 01901.GCS.00012.26.",
)

_FORM = re.compile(r"(?P<facility>\d{2}[0-9A-Z]{3})\.GCS\.(?P<serial>\d{5})\.(?P<year>\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class BirthNotice:
    """`serial` from 1 to 99999 within `year`, four digits."""

    facility: str
    serial: int
    year: int

    def __str__(self) -> str:
        return f"{self.facility}.GCS.{self.serial:05d}.{self.year % 100:02d}"


def check(text: str, place: str = "") -> list[Issue]:
    """What is wrong with a number."""
    match = _FORM.fullmatch(text.strip().upper())
    if match is None or match["serial"] == "00000":
        return misread(place, FORM, CLAUSE)
    return facility_code.check(match["facility"], place)


def parse(text: str) -> BirthNotice:
    """The number; its year is of this century. Raises Incorrect BA-3268."""
    match = _FORM.fullmatch(text.strip().upper())
    if match is None or match["serial"] == "00000":
        raise NOT_A_BIRTH_NOTICE(*check(text))
    return BirthNotice(match["facility"], int(match["serial"]), 2000 + int(match["year"]))


def explain(text: str) -> list[Part]:
    """Who issued it, as which of the year."""
    notice = parse(text)
    in_year = Text(f"giấy thứ {notice.serial} trong năm", f"number {notice.serial} of the year")
    facility = facility_code.explain(notice.facility)[0].meaning
    return [
        Part(Text("Cơ sở cấp", "Issued by"), notice.facility, facility),
        Part(Text("Loại giấy", "Paper"), "GCS", LABEL),
        Part(Text("Số thứ tự", "Serial"), f"{notice.serial:05d}", in_year),
        Part(Text("Năm cấp", "Year"), f"{notice.year % 100:02d}", same(str(notice.year))),
    ]
