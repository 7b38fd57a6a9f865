"""The vital signs packed into a course note: `CSST<M75_T37_HA120/70_NT18_SP98_HL2>`.

Source: QĐ 4750/QĐ-BYT, bảng 5, DIEN_BIEN_LS: mạch (M), nhiệt độ (T), huyết áp (HA), nhịp thở (NT), SpO2 (SP), chế độ hộ
lý (HL). Spaces, a decimal comma and a bracket escaped twice are tolerated, since they are met.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_BLOCK = re.compile(r"CSST\s*(?:<([^<>]{0,200})>|&lt;([^<>]{0,200}?)&gt;)", re.IGNORECASE)
_ITEM = re.compile(
    r"(NT|SP|HA|HL|M|T)\s*:?\s*([0-9]{1,3}(?:[.,][0-9]{1,2})?)(?:\s*/\s*([0-9]{1,3}))?\s*(?:%|°C)?", re.I
)
_BOUNDS = {"M": (0, 400), "T": (20, 45), "HA": (0, 400), "NT": (0, 150), "SP": (0, 100)}
_ORDER = ("M", "T", "HA", "NT", "SP", "HL")


@dataclass(frozen=True, slots=True)
class VitalSigns:
    """One set of signs: pulse and breaths a minute, °C, mmHg, % saturation, the grade of care; what was not read."""

    pulse: Decimal | None = None
    temperature: Decimal | None = None
    systolic: Decimal | None = None
    diastolic: Decimal | None = None
    respiration: Decimal | None = None
    saturation: Decimal | None = None
    care_grade: str = ""
    unread: tuple[str, ...] = ()


def parse_vital_signs(note: str) -> list[VitalSigns]:
    """The sets of signs in a note, in its order; none where it has no `CSST<…>`.

    A value that no living person has, and an item of another form, stay among `unread`.
    """
    return [_signs(block[1] if block[1] is not None else block[2]) for block in _BLOCK.finditer(note)]


def without_vital_signs(note: str) -> str:
    """The note without its sets of signs."""
    return _BLOCK.sub("", note).strip()


def vital_signs_text(signs: VitalSigns) -> str:
    """`CSST<…>` of the signs, "" where there are none."""
    pressure = f"{_digits(signs.systolic)}/{_digits(signs.diastolic)}" if signs.systolic is not None else ""
    written = {
        "M": _digits(signs.pulse),
        "T": _digits(signs.temperature),
        "HA": pressure,
        "NT": _digits(signs.respiration),
        "SP": _digits(signs.saturation),
        "HL": signs.care_grade,
    }
    items = [f"{name}{written[name]}" for name in _ORDER if written[name]] + list(signs.unread)
    return f"CSST<{'_'.join(items)}>" if items else ""


def _signs(block: str) -> VitalSigns:
    found: dict[str, Decimal] = {}
    second: Decimal | None = None
    unread = []
    for item in (each.strip() for each in block.split("_")):
        match = _ITEM.fullmatch(item)
        name = match[1].upper() if match else ""
        if match is None or name in found or not _is_likely(name, match[2], match[3]):
            unread += [item] if item else []
            continue
        found[name] = Decimal(match[2].replace(",", "."))
        second = Decimal(match[3]) if match[3] else second
    care = found.get("HL")
    return VitalSigns(
        found.get("M"),
        found.get("T"),
        found.get("HA"),
        second,
        found.get("NT"),
        found.get("SP"),
        _digits(care),
        tuple(unread),
    )


def _is_likely(name: str, value: str, second: str | None) -> bool:
    if (name == "HA") is (second is None):
        return False
    if name == "HL":
        return value.isdigit()
    low, high = _BOUNDS[name]
    return low <= Decimal(value.replace(",", ".")) <= high and (second is None or Decimal(second) <= high)


def _digits(value: Decimal | None) -> str:
    return "" if value is None else format(value, "f")
