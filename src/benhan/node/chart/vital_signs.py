"""Vital signs as series for small multiples: a sign, its newest value, its way through time. Pure.

Source: FHIR R4 observation-vitalsigns.html (the codes; blood pressure as one panel with components).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from benhan.mapping.form_to_resources import DIASTOLIC, PANEL, SYSTOLIC
from benhan.mapping.result_views import Analyte, Value, value_of
from benhan.vn import systems

Json = dict[str, Any]

CATEGORY = ("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs")
SIGNS = ("8867-4", "8310-5", PANEL, "9279-1", "59408-5", "2708-6", "29463-7", "8302-2", "39156-5", "9843-4")
"""LOINC codes in the order of a nurse's chart: pulse, temperature, pressure, breathing, saturation, weight, height."""


_UNITS = {
    "lần/phút": "/min", "nhịp/phút": "/min", "l/ph": "/min", "bpm": "/min", "{beats}/min": "/min",
    "°C": "Cel", "ºC": "Cel", "C": "Cel", "mmHg": "mm[Hg]", "kg/m²": "kg/m2",
}  # fmt: skip
"""Units as people write them, in UCUM: one sign is one series, whoever measured it."""


@dataclass(slots=True)
class Sign:
    """A vital sign, its unit in UCUM: its values newest first; of blood pressure they are systolic, and `lower` the
    diastolic beside.
    """

    code: str
    name: str
    unit: str
    values: list[Value] = field(default_factory=list)
    lower: list[float | None] = field(default_factory=list)

    @property
    def latest(self) -> Value:
        return self.values[0]

    @property
    def text(self) -> str:
        """The newest value as it is written: `120/80` of blood pressure."""
        lower = self.lower[0]
        return f"{self.latest.text}/{lower:g}" if lower is not None else self.latest.text

    @property
    def analyte(self) -> Analyte:
        """The same as an analyte, for small pictures."""
        return Analyte(self.code, self.name, self.unit, self.values)


def is_sign(observation: Json) -> bool:
    """Whether an observation is a vital sign by its category."""
    codings = [each for category in observation.get("category", []) for each in category.get("coding", [])]
    return any((each.get("system"), each.get("code")) == CATEGORY for each in codings)


def signs_of(observations: list[Json]) -> list[Sign]:
    """The signs among observations (newest first), in the order of SIGNS; others follow by name."""
    found: dict[tuple[str, str], Sign] = {}
    for each in sorted(observations, key=_time, reverse=True):
        read = _read(each)
        if read is None:
            continue
        code, value, lower = read
        name = each.get("code", {}).get("text", "") or code
        unit = _UNITS.get(value.unit, value.unit)
        sign = found.setdefault((code, unit), Sign(code, name, unit))
        sign.values.append(value)
        sign.lower.append(lower)
    order = {code: place for place, code in enumerate(SIGNS)}
    return sorted(found.values(), key=lambda sign: (order.get(sign.code, len(order)), sign.name))


def _time(observation: Json) -> tuple[datetime | str, str]:
    value = value_of(observation)
    return (value.at.isoformat() if value.at is not None else "", observation["id"])


def _read(observation: Json) -> tuple[str, Value, float | None] | None:
    """Code, value, and of a blood pressure the lower one; None where there is no number."""
    code = _loinc(observation.get("code", {}))
    parts = {_loinc(each.get("code", {})): each for each in observation.get("component", [])}
    lower = None
    if SYSTOLIC in parts:
        upper = parts[SYSTOLIC]
        told = {name: upper[name] for name in ("valueQuantity", "interpretation", "referenceRange") if name in upper}
        number = parts.get(DIASTOLIC, {}).get("valueQuantity", {}).get("value")
        lower = float(number) if number is not None else None
        observation = {**observation, **told}
    value = value_of(observation)
    return (code, value, lower) if value.number is not None else None


def _loinc(concept: Json) -> str:
    codings = concept.get("coding") or [{}]
    told = (each.get("code", "") for each in codings if each.get("system") == systems.LOINC)
    return str(next(told, codings[0].get("code", "")))
