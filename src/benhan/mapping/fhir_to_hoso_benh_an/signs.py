"""Vital signs of an encounter: those of admission, and the list of all by their times."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from benhan.mapping.fhir_to_hoso_benh_an.record import Sources
from benhan.mapping.fhir_to_hoso_benh_an.values import NOTHING, Json, date_time, digits
from benhan.mapping.hoso_terms import PRESSURE_PANELS, SIGN_OF, Sign, in_unit
from benhan.vn import systems

LIST = "ThongTinDieuTri.danhsachsinhhieu"
MEASURED = (*SIGN_OF, *PRESSURE_PANELS)


def signs_of(sources: Sources) -> tuple[Json, list[Json]]:
    """The first value of each sign by the names of group II, and the list of group III, one entry a time."""
    first: Json = {}
    entries: list[Json] = []
    entry: Json = {}
    place = ""
    for sign, quantity, observation in _measured(sources):
        if "value" not in quantity or "comparator" in quantity:
            continue
        value, unit = quantity["value"], quantity.get("code")
        text = digits(value) if unit == sign.ucum else _in_field_unit(value, unit, quantity, sign)
        if not text:
            continue
        if sign.admission not in first:
            first[sign.admission] = text
        name, at = sign.listed, date_time(observation.get("effectiveDateTime") or observation.get("issued") or "")
        if not entries or entry["thoidiem"] != at or name in entry:
            place = f"{LIST}[{len(entries)}]."
            entry = {"thoidiem": at}
            entries.append(entry)
        entry[name] = text
        sources.stands(observation, place + name)
    return first, entries


def _measured(sources: Sources) -> Iterator[tuple[Sign, Json, Json]]:
    """Each sign with its Quantity and its Observation, by time; the two of a blood pressure are components."""
    for code, each in sources.observed(*MEASURED):
        if code not in PRESSURE_PANELS:
            yield SIGN_OF[code], each.get("valueQuantity", NOTHING), each
            continue
        for component in each.get("component", ()):
            for coding in component.get("code", NOTHING).get("coding", ()):
                sign = SIGN_OF.get(coding.get("code"))
                if sign is not None and coding.get("system") == systems.LOINC:
                    yield sign, component.get("valueQuantity", NOTHING), each


def _in_field_unit(value: Any, code: str | None, quantity: Json, sign: Sign) -> str:
    """A value in the unit of its field, "" where it cannot be brought to it; without a code the unit's words count."""
    unit = code or (sign.ucum if quantity.get("unit", sign.unit) == sign.unit else "")
    if unit == sign.ucum:
        return digits(value)
    try:
        found = in_unit(Decimal(digits(value)), unit, sign.ucum)
    except InvalidOperation:
        return ""
    return format(found, "f") if found is not None else ""
