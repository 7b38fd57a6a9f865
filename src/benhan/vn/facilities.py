"""A facility (cơ sở khám bệnh, chữa bệnh): its two codes, its level, where it is; as FHIR's Organization and back.

The insurer's code MA_CSKCB has five characters, the first two those of the province of before 01/07/2025; the
Ministry's is a GLN of thirteen digits. Whether the codes are of the form is not looked at here.
Source: QĐ 384/QĐ-BYT 2019 (MA_CSKCB); QĐ 1551/QĐ-BYT 2026 PL02 (GLN); Luật Khám bệnh, chữa bệnh 15/2023/QH15 Đ104
(levels); QĐ 3276/QĐ-BYT 2025 PL1 (the line of before 01/01/2025 still decides benefits).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from benhan.fhir.folding import fold
from benhan.vn import systems
from benhan.vn.catalogues.catalogue import Entry
from benhan.vn.places.changes import at
from benhan.vn.places.units import CUT_OVER, Place, province

Json = dict[str, Any]

GLN = "urn:benhan:id:gln"
"""The system of Global Location Numbers."""


class Level(Enum):
    """Cấp chuyên môn kỹ thuật, since 01/01/2025."""

    INITIAL = "ban-dau"
    BASIC = "co-ban"
    SPECIALISED = "chuyen-sau"


class Line(Enum):
    """Tuyến, to 31/12/2024."""

    COMMUNE = "xa"
    DISTRICT = "huyen"
    PROVINCE = "tinh"
    CENTRAL = "trung-uong"


@dataclass(frozen=True, slots=True)
class Facility:
    """`code`: MA_CSKCB; `gln` "" where it has none yet; `level` and `former_line` None where that is not told."""

    code: str
    name: str
    gln: str = ""
    level: Level | None = None
    former_line: Line | None = None
    address: str = ""

    def province_on(self, day: date) -> Place | None:
        """The province it is in on a day, by its code; None where the code names none (armed forces, mistakes)."""
        return province_of_code(self.code, day)


_WORDS: dict[str, Level | Line] = {
    "ban dau": Level.INITIAL, "co ban": Level.BASIC, "chuyen sau": Level.SPECIALISED,
    "xa": Line.COMMUNE, "huyen": Line.DISTRICT, "tinh": Line.PROVINCE, "trung uong": Line.CENTRAL, "tw": Line.CENTRAL,
    "4": Line.COMMUNE, "3": Line.DISTRICT, "2": Line.PROVINCE, "1": Line.CENTRAL,
}  # fmt: skip
_FORMER_DAY = date(2025, 6, 30)
_LEVEL_SYSTEM, _LINE_SYSTEM = "urn:benhan:code:cap-cskcb", "urn:benhan:code:tuyen-cskcb"


def province_of_code(code: str, on: date) -> Place | None:
    """The province of a MA_CSKCB on a day: its two digits are of the 63, whatever the day."""
    former = province(code[:2], _FORMER_DAY)
    if former is None or on < CUT_OVER:
        return former
    return at(former, on)[0].place


def facility_of(entry: Entry) -> Facility:
    """The facility that a row of the catalogue CSKCB tells.

    Properties `gln`, `cap` (ban đầu, cơ bản, chuyên sâu), `tuyen` (xã, huyện, tỉnh, trung ương, or 4 to 1), `dia_chi`.
    """
    told = entry.properties
    level, line = _WORDS.get(fold(told.get("cap", ""))), _WORDS.get(fold(told.get("tuyen", "")))
    return Facility(
        entry.code,
        entry.display,
        told.get("gln", ""),
        level if isinstance(level, Level) else None,
        line if isinstance(line, Line) else None,
        told.get("dia_chi", ""),
    )


def facility_to_organization(facility: Facility) -> Json:
    """The Organization of a facility, with both codes."""
    identifiers = [{"system": systems.FACILITY_CODE, "value": facility.code}]
    if facility.gln:
        identifiers.append({"system": GLN, "value": facility.gln})
    types = [
        {"coding": [{"system": system, "code": each.value}]}
        for system, each in ((_LEVEL_SYSTEM, facility.level), (_LINE_SYSTEM, facility.former_line))
        if each is not None
    ]
    return {
        "resourceType": "Organization",
        "identifier": identifiers,
        "active": True,
        **({"type": types} if types else {}),
        "name": facility.name,
        **({"address": [{"text": facility.address}]} if facility.address else {}),
    }


def organization_to_facility(organization: Json) -> Facility | None:
    """The facility of an Organization; None for one without a MA_CSKCB."""
    numbers = {each.get("system"): str(each.get("value", "")) for each in organization.get("identifier") or ()}
    code = numbers.get(systems.FACILITY_CODE, "")
    if not code:
        return None
    codes = {
        coding.get("system"): coding.get("code")
        for kind in organization.get("type") or ()
        for coding in kind.get("coding") or ()
    }
    return Facility(
        code,
        str(organization.get("name", "")),
        numbers.get(GLN, ""),
        next((each for each in Level if each.value == codes.get(_LEVEL_SYSTEM)), None),
        next((each for each in Line if each.value == codes.get(_LINE_SYSTEM)), None),
        str((organization.get("address") or [{}])[0].get("text", "")),
    )
