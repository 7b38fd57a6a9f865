"""MA_CSKCB: five characters that name a facility to the insurer; the first two digits are its province of old.

Where a card names no facility, the province with `000` stands for it (MA_DKBD).
Source: QĐ 384/QĐ-BYT (2019); QĐ 130/QĐ-BYT.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from benhan.kernel.issues import Issue, warning
from benhan.kernel.texts import Text
from benhan.vn import systems
from benhan.vn.identifiers.faults import NOT_A_FACILITY_CODE
from benhan.vn.identifiers.insurance_card import ARMED_FORCES
from benhan.vn.identifiers.kind import Part, compact, misread
from benhan.vn.identifiers.provinces import provinces

LABEL = Text("Mã cơ sở khám chữa bệnh", "Facility code")
SYSTEM = systems.FACILITY_CODE
CLAUSE = "QĐ 384/QĐ-BYT"

FORM = Text(
    "Mã cơ sở phải đủ 5 ký tự: 2 số mã tỉnh và 3 ký tự. Đừng bỏ số 0 ở đầu.",
    "A facility code has 5 characters: 2 digits of the province and 3 more. Keep the zero at the front.",
)
UNKNOWN_PROVINCE = Text(
    "Hai số đầu không phải mã tỉnh nào. Đối chiếu danh mục cơ sở.",
    "The first two digits name no province. Compare the catalogue of facilities.",
)

_FORM = re.compile(r"\d{2}[0-9A-Z]{3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FacilityCode:
    """`province` is two digits, `serial` three characters."""

    province: str
    serial: str

    def __str__(self) -> str:
        return f"{self.province}{self.serial}"

    @property
    def is_whole_province(self) -> bool:
        """Whether it stands for no single facility."""
        return self.serial == "000"


def check(text: str, place: str = "") -> list[Issue]:
    """What is wrong with a code; whether the facility exists is for the catalogue to say."""
    code = compact(text)
    if not _FORM.fullmatch(code):
        return misread(place, FORM, CLAUSE)
    known = code[:2] in provinces() or code[:2] in ARMED_FORCES
    return [] if known else [warning("value", place, UNKNOWN_PROVINCE, CLAUSE)]


def parse(text: str) -> FacilityCode:
    """The code. Raises Incorrect BA-3265."""
    code = compact(text)
    if not _FORM.fullmatch(code):
        raise NOT_A_FACILITY_CODE(*check(text))
    return FacilityCode(code[:2], code[2:])


def explain(text: str) -> list[Part]:
    """The province and the serial in it."""
    code = parse(text)
    unknown = Text("không có trong danh sách tỉnh", "not in the list of provinces")
    province = provinces().get(code.province)
    where = province.told if province else ARMED_FORCES.get(code.province, unknown)
    serial = (
        Text("cả tỉnh, không nêu cơ sở", "the whole province, no facility named")
        if code.is_whole_province
        else Text("số của cơ sở trong tỉnh", "number of the facility in the province")
    )
    return [
        Part(Text("Tỉnh", "Province"), code.province, where),
        Part(Text("Cơ sở", "Facility"), code.serial, serial),
    ]
