"""Vital signs and fluids: what was typed into a cell, within what a living person can have, as Observations. Pure.

Bounds and codes are those of the forms (`vn/forms/data/measures.toml`): slips of the pen are refused, not illness.
Source: FHIR R4 observation-vitalsigns.html (blood pressure as one panel); LOINC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from benhan.fhir.dates import range_of
from benhan.kernel.texts import Text
from benhan.mapping.form_to_resources import DIASTOLIC, PANEL, SYSTOLIC
from benhan.mapping.mapped import identifier, source_key, without_empty
from benhan.vn import systems
from benhan.vn.forms.load import measures

Json = dict[str, Any]

PRESSURE = "huyet_ap"
SIGNS = ("mach", "nhiet_do", PRESSURE, "nhip_tho", "spo2", "can_nang")
"""The columns of the grid, by the names of the measures."""
FLUID = "urn:benhan:code:dich-vao-ra"
"""The system of the ways that fluids go in and out."""
INS = ("uong", "an_sonde", "truyen", "mau")
OUTS = ("nuoc_tieu", "non", "dan_luu", "phan", "khac_ra")
FLUID_WORDS = {
    "uong": Text("Uống", "Drunk"), "an_sonde": Text("Ăn qua ống thông", "Tube feed"),
    "truyen": Text("Truyền dịch", "Infused"), "mau": Text("Máu và chế phẩm", "Blood and its products"),
    "nuoc_tieu": Text("Nước tiểu", "Urine"), "non": Text("Nôn", "Vomit"), "dan_luu": Text("Dẫn lưu", "Drains"),
    "phan": Text("Phân lỏng", "Loose stool"), "khac_ra": Text("Ra khác", "Other out"),
}  # fmt: skip
FLUID_MAX = Decimal(10_000)
WORDS = {
    "mach": Text("Mạch", "Pulse"), "nhiet_do": Text("Nhiệt độ", "Temperature"),
    PRESSURE: Text("Huyết áp", "Blood pressure"), "nhip_tho": Text("Nhịp thở", "Breaths"),
    "spo2": Text("SpO₂", "SpO₂"), "can_nang": Text("Cân nặng", "Weight"),
}  # fmt: skip
_PAIR = re.compile(r"([0-9]{1,3})\s*[/\-]\s*([0-9]{1,3})")

BETWEEN = Text("Phải là số từ {low} đến {high} {unit}.", "A number from {low} to {high} {unit}.")
PAIR = Text("Gõ tâm thu/tâm trương, ví dụ 120/80.", "Type systolic/diastolic, such as 120/80.")
UPSIDE_DOWN = Text("Tâm thu phải lớn hơn tâm trương.", "The systolic must be above the diastolic.")


class Impossible(Exception):  # noqa: N818  # it is told beside its cell and goes no further
    """What was typed cannot be."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Bounds(NamedTuple):
    """What a sign is between, in a UCUM unit, with its LOINC code."""

    low: Decimal
    high: Decimal
    unit: str
    loinc: str


def bounds_of(sign: str) -> Bounds:
    """The bounds of a sign; those of the systolic for the pressure."""
    told = measures()["huyet_ap_tam_thu" if sign == PRESSURE else sign]
    return Bounds(Decimal(str(told.low)), Decimal(str(told.high)), told.unit, told.loinc)


def read_sign(sign: str, text: str) -> tuple[Decimal, ...]:
    """The number of a cell, two of a pressure. Raises Impossible."""
    if sign == PRESSURE:
        return _pressure(text)
    bounds = bounds_of(sign)
    return (_between(text, bounds.low, bounds.high, bounds.unit),)


def _pressure(text: str) -> tuple[Decimal, Decimal]:
    found = _PAIR.fullmatch(text.strip())
    if found is None:
        raise Impossible(PAIR)
    upper, lower = bounds_of(PRESSURE), measures()["huyet_ap_tam_truong"]
    high = _between(found[1], upper.low, upper.high, "mmHg")
    low = _between(found[2], Decimal(str(lower.low)), Decimal(str(lower.high)), "mmHg")
    if high <= low:
        raise Impossible(UPSIDE_DOWN)
    return high, low


def read_volume(text: str) -> Decimal:
    """A volume in ml. Raises Impossible."""
    return _between(text, Decimal(1), FLUID_MAX, "ml")


def _between(text: str, low: Decimal, high: Decimal, unit: str) -> Decimal:
    told = BETWEEN.filled(
        low=f"{low:f}".replace(".", ","), high=f"{high:f}".replace(".", ","), unit=_UNITS.get(unit, unit)
    )
    plain = text.strip().replace(",", ".")
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,2})?", plain):
        raise Impossible(told)
    try:
        number = Decimal(plain)
    except InvalidOperation as cause:
        raise Impossible(told) from cause
    if not low <= number <= high:
        raise Impossible(told)
    return number


_UNITS = {"/min": "/phút", "Cel": "°C", "mm[Hg]": "mmHg"}


@dataclass(frozen=True, slots=True)
class Measured:
    """Whose sign was measured, when and by whom: references, an instant; `author` has the name."""

    subject: Json
    encounter: Json
    at: str
    author: Json


def sign_to_observation(sign: str, values: tuple[Decimal, ...], measured: Measured) -> Json:
    """The Observation of a sign. The same sign at the same time by the same person is the same."""
    bounds = bounds_of(sign)
    base = _observed("vital-signs", sign, measured)
    if sign == PRESSURE:
        parts = [(SYSTOLIC, "Tâm thu", values[0]), (DIASTOLIC, "Tâm trương", values[1])]
        return {
            **base,
            "code": {"coding": [{"system": systems.LOINC, "code": PANEL}], "text": WORDS[sign].vi},
            "component": [
                {"code": {"coding": [{"system": systems.LOINC, "code": code}], "text": words}}
                | {"valueQuantity": _quantity(value, "mm[Hg]")}
                for code, words, value in parts
            ],
        }
    code = {"coding": [{"system": systems.LOINC, "code": bounds.loinc}], "text": WORDS[sign].vi}
    return {**base, "code": code, "valueQuantity": _quantity(values[0], bounds.unit)}


def fluid_to_observation(way: str, volume: Decimal, measured: Measured) -> Json:
    """The Observation of a volume that went in or out."""
    code = {"coding": [{"system": FLUID, "code": way}], "text": FLUID_WORDS[way].vi}
    return {**_observed("activity", f"fluid-{way}", measured), "code": code, "valueQuantity": _quantity(volume, "mL")}


def _observed(category: str, name: str, measured: Measured) -> Json:
    key = source_key(
        "bedside", measured.encounter["reference"], name, measured.at, str(measured.author.get("identifier"))
    )
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return without_empty(
        {
            "resourceType": "Observation",
            "identifier": [identifier(key)],
            "status": "final",
            "category": [{"coding": [{"system": system, "code": category}]}],
            "subject": measured.subject,
            "encounter": measured.encounter,
            "effectiveDateTime": measured.at,
            "performer": [measured.author],
        }
    )


def _quantity(value: Decimal, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": systems.UCUM, "code": unit}


def sign_of(observation: Json) -> tuple[str, str]:
    """Which sign an observation is of and how it is written (`37,5`, `120/80`); "" for what is none of the grid."""
    codes = {each.get("code") for each in observation.get("code", {}).get("coding", [])}
    if PANEL in codes:
        found: dict[str, Any] = {}
        for part in observation.get("component", []):
            for each in part.get("code", {}).get("coding", []):
                found[each.get("code")] = part.get("valueQuantity", {}).get("value")
        if found.get(SYSTOLIC) is not None and found.get(DIASTOLIC) is not None:
            return PRESSURE, f"{found[SYSTOLIC]}/{found[DIASTOLIC]}"
        return "", ""
    value = observation.get("valueQuantity", {}).get("value")
    for sign in SIGNS:
        if sign != PRESSURE and bounds_of(sign).loinc in codes and value is not None:
            return sign, str(value).replace(".", ",")
    return "", ""


@dataclass(frozen=True, slots=True)
class FluidDay:
    """What went in and out on a day, in ml, by way; `day` in Vietnam, `2026-11-26`."""

    day: str
    ways: Mapping[str, Decimal]

    @property
    def taken(self) -> Decimal:
        return sum((self.ways.get(each, Decimal(0)) for each in INS), Decimal(0))

    @property
    def lost(self) -> Decimal:
        return sum((self.ways.get(each, Decimal(0)) for each in OUTS), Decimal(0))

    @property
    def balance(self) -> Decimal:
        """In less out."""
        return self.taken - self.lost


def fluid_days(observations: Iterable[Json], day_of: Any) -> list[FluidDay]:
    """The fluids by day, newest first; `day_of` gives the day of an instant."""
    days: dict[str, dict[str, Decimal]] = {}
    for each in observations:
        way = next(
            (one.get("code") for one in each.get("code", {}).get("coding", []) if one.get("system") == FLUID), ""
        )
        when = range_of(each.get("effectiveDateTime", ""))
        value = each.get("valueQuantity", {}).get("value")
        if way in FLUID_WORDS and when is not None and value is not None:
            ways = days.setdefault(day_of(when[0]).isoformat(), {})
            ways[way] = ways.get(way, Decimal(0)) + Decimal(str(value))
    return [FluidDay(day, ways) for day, ways in sorted(days.items(), reverse=True)]


@dataclass(frozen=True, slots=True)
class SignsAt:
    """The signs of one time, by sign, and who measured."""

    at: datetime
    signs: Mapping[str, str]
    by: str


def signs_by_time(observations: Iterable[Json]) -> list[SignsAt]:
    """The signs of the grid, a line for each time and person, newest first."""
    lines: dict[tuple[datetime, str], dict[str, str]] = {}
    for each in observations:
        sign, text = sign_of(each)
        when = range_of(each.get("effectiveDateTime", ""))
        if sign and when is not None:
            by = str((each.get("performer") or [{}])[0].get("display", ""))
            lines.setdefault((when[0], by), {})[sign] = text
    return [SignsAt(at, signs, by) for (at, by), signs in sorted(lines.items(), reverse=True)]
