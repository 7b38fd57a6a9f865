"""Số định danh cá nhân: twelve digits that a citizen has for life; the nation's health identifier since 01/07/2025.

Three digits of the province (or country) where the birth was registered, one of century and sex, two of the year of
birth, six at random. There is no check digit, so a slip of the pen shows only where a part contradicts what is known.
Source: NĐ 137/2015/NĐ-CP Đ13, kept by Luật Căn cước 26/2023/QH15; NĐ 102/2025/NĐ-CP Đ6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from benhan.kernel.issues import Issue, warning
from benhan.kernel.texts import Text
from benhan.vn import systems
from benhan.vn.identifiers.faults import NOT_A_CITIZEN_NUMBER
from benhan.vn.identifiers.kind import Part, compact, misread, same
from benhan.vn.identifiers.provinces import provinces

LABEL = Text("Số định danh cá nhân", "Personal number")
SYSTEM = systems.CCCD
CLAUSE = "NĐ 137/2015/NĐ-CP Đ13"

FORM = Text(
    "Số định danh phải đủ 12 chữ số. Đối chiếu căn cước hoặc quét mã QR.",
    "A personal number has 12 digits. Compare the card, or scan its QR code.",
)
SAME_DIGIT = Text(
    "Số này chỉ lặp lại một chữ số. Đừng điền số giả; để trống và ghi lý do.",
    "The number repeats one digit. Do not invent one; leave it empty and say why.",
)
NO_SUCH_PROVINCE = Text(
    "Ba số đầu không phải mã tỉnh nào. Chỉ đúng với người khai sinh ở nước ngoài; đối chiếu lại căn cước.",
    "The first three digits name no province: right only where the birth was registered abroad. Compare the card.",
)
OTHER_SEX = Text(
    "Giới tính khác với giới tính mà số định danh cho biết. Đối chiếu lại căn cước.",
    "The sex differs from what the number says. Compare the card.",
)
OTHER_YEAR = Text(
    "Năm sinh khác với năm sinh mà số định danh cho biết. Đối chiếu lại căn cước.",
    "The year of birth differs from what the number says. Compare the card.",
)

_FORM = re.compile(r"\d{12}", re.ASCII)
_SEXES = {"male": Text("nam", "male"), "female": Text("nữ", "female")}


@dataclass(frozen=True, slots=True)
class CitizenNumber:
    """`place` is three digits; `sex` is FHIR's word; `year` the year of birth; `serial` six digits."""

    place: str
    sex: str
    year: int
    serial: str

    def __str__(self) -> str:
        century_and_sex = (self.year // 100 - 19) * 2 + (self.sex == "female")
        return f"{self.place}{century_and_sex}{self.year % 100:02d}{self.serial}"


def check(text: str, place: str = "", *, sex: str = "", born: date | None = None) -> list[Issue]:
    """What is wrong with a number; with `sex` (FHIR) and `born`, also what they contradict."""
    number = compact(text)
    if not _FORM.fullmatch(number):
        return misread(place, FORM, CLAUSE)
    if len(set(number)) == 1:
        return misread(place, SAME_DIGIT, CLAUSE)
    read = _read(number)
    doubts = []
    if read.place[0] != "0" or read.place[1:] not in provinces():
        doubts.append(NO_SUCH_PROVINCE)
    if sex in _SEXES and sex != read.sex:
        doubts.append(OTHER_SEX)
    if born is not None and born.year != read.year:
        doubts.append(OTHER_YEAR)
    return [warning("value", place, doubt, CLAUSE) for doubt in doubts]


def parse(text: str) -> CitizenNumber:
    """The number. Raises Incorrect BA-3260."""
    issues = check(text)
    if any(issue.is_error for issue in issues):
        raise NOT_A_CITIZEN_NUMBER(*issues)
    return _read(compact(text))


def explain(text: str) -> list[Part]:
    """Where, when and as whom a person was registered."""
    number = parse(text)
    province = provinces().get(number.place[1:]) if number.place[0] == "0" else None
    where = province.told if province else Text("không có trong danh sách tỉnh", "not in the list of provinces")
    sex = _SEXES[number.sex]
    century = number.year // 100 + 1
    return [
        Part(Text("Nơi đăng ký khai sinh", "Place where the birth was registered"), number.place, where),
        Part(
            Text("Thế kỷ sinh và giới tính", "Century of birth and sex"),
            str(number)[3],
            Text(f"thế kỷ {century}, {sex.vi}", f"century {century}, {sex.en}"),
        ),
        Part(Text("Năm sinh", "Year of birth"), str(number)[4:6], same(str(number.year))),
        Part(Text("Số ngẫu nhiên", "Random digits"), number.serial, Text("không mang nghĩa", "mean nothing")),
    ]


def _read(number: str) -> CitizenNumber:
    century_and_sex = int(number[3])
    year = 1900 + century_and_sex // 2 * 100 + int(number[4:6])
    return CitizenNumber(number[:3], "female" if century_and_sex % 2 else "male", year, number[6:])
