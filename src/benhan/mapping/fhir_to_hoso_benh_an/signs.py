"""Vital signs of an encounter: those of admission, and the list of all by their times."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from benhan.mapping.fhir_to_hoso_benh_an.record import Sources
from benhan.mapping.fhir_to_hoso_benh_an.values import Json, codes_of, date_time, digits
from benhan.mapping.hoso_terms import PRESSURE_PANELS, SIGN_OF, Sign, in_unit
from benhan.vn import systems

LIST = "ThongTinDieuTri.danhsachsinhhieu"


class Measured(NamedTuple):
    """One value of one sign, as text in the unit of its field."""

    sign: Sign
    text: str
    at: str
    observation: Json


def signs_of(sources: Sources) -> tuple[Json, list[Json]]:
    """The first value of each sign by the names of group II, and the list of group III, one entry a time."""
    first: Json = {}
    entries: list[Json] = []
    for each in _measured(sources):
        first.setdefault(each.sign.admission, each.text)
        name, at = each.sign.listed, date_time(each.at)
        if not entries or entries[-1]["thoidiem"] != at or name in entries[-1]:
            entries.append({"thoidiem": at})
        entries[-1][name] = each.text
        sources.stands(each.observation, f"{LIST}[{len(entries) - 1}].{name}")
    return first, entries


def _measured(sources: Sources) -> list[Measured]:
    found = []
    for code, each in sources.observed(*SIGN_OF, *PRESSURE_PANELS):
        if code in SIGN_OF:
            found += _one(SIGN_OF[code], each, each)
            continue
        for component in each.get("component", []):
            for own in codes_of(component.get("code", {}), systems.LOINC):
                if own in SIGN_OF:
                    found += _one(SIGN_OF[own], component, each)
    return found


def _one(sign: Sign, measure: Json, observation: Json) -> list[Measured]:
    """The value of an Observation or of a component, where its unit can be brought to that of the field."""
    text = _in_field_unit(measure.get("valueQuantity", {}), sign)
    at = observation.get("effectiveDateTime") or observation.get("issued", "")
    return [Measured(sign, text, at, observation)] if text else []


def _in_field_unit(quantity: Json, sign: Sign) -> str:
    unit = quantity.get("code") or (sign.ucum if quantity.get("unit", sign.unit) == sign.unit else "")
    if "value" not in quantity or "comparator" in quantity:
        return ""
    if unit == sign.ucum:
        return digits(quantity["value"])
    try:
        found = in_unit(Decimal(digits(quantity["value"])), unit, sign.ucum)
    except InvalidOperation:
        return ""
    return format(found, "f") if found is not None else ""
