"""Vital signs of an encounter: those of admission, and the list of all by their times."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from benhan.mapping.fhir_to_hoso_benh_an.record import Sources
from benhan.mapping.fhir_to_hoso_benh_an.values import NOTHING, Json, date_time, digits
from benhan.mapping.hoso_terms import PRESSURE_PANELS, SIGN_OF, Sign, in_unit
from benhan.vn import systems

LIST = "ThongTinDieuTri.danhsachsinhhieu"


def signs_of(sources: Sources) -> tuple[Json, list[Json]]:
    """The first value of each sign by the names of group II, and the list of group III, one entry a time."""
    first: Json = {}
    entries: list[Json] = []
    entry: Json = {}
    place = ""
    for sign, quantity, observation in _measured(sources):
        text = _in_field_unit(quantity, sign)
        if not text:
            continue
        first.setdefault(sign.admission, text)
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
    for code, each in sources.observed(*SIGN_OF, *PRESSURE_PANELS):
        if code in SIGN_OF:
            yield SIGN_OF[code], each.get("valueQuantity", NOTHING), each
            continue
        for component in each.get("component", ()):
            for coding in component.get("code", NOTHING).get("coding", ()):
                sign = SIGN_OF.get(coding.get("code"))
                if sign is not None and coding.get("system") == systems.LOINC:
                    yield sign, component.get("valueQuantity", NOTHING), each


def _in_field_unit(quantity: Json, sign: Sign) -> str:
    if "value" not in quantity or "comparator" in quantity:
        return ""
    unit = quantity.get("code") or (sign.ucum if quantity.get("unit", sign.unit) == sign.unit else "")
    if unit == sign.ucum:
        return digits(quantity["value"])
    try:
        found = in_unit(Decimal(digits(quantity["value"])), unit, sign.ucum)
    except InvalidOperation:
        return ""
    return format(found, "f") if found is not None else ""
