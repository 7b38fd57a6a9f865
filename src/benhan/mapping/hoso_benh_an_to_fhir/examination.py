"""Groups II and III to Observations: vital signs, history of the illness, general state, findings by organ."""

from __future__ import annotations

from benhan.mapping.hoso_benh_an_to_fhir.making import (
    Made,
    code,
    concept,
    entries,
    loinc,
    note,
    number_of,
    text,
    time_of,
    words,
)
from benhan.mapping.hoso_terms import (
    EYE,
    EYES,
    GENERAL_STATE,
    OBSERVATION_CATEGORY,
    ORGANS,
    PRESENT_ILLNESS,
    PRESSURE_LISTED,
    PRESSURE_PANEL,
    SIGNS,
    Sign,
)
from benhan.mapping.mapped import Json, without_empty
from benhan.vn import systems
from benhan.vn.hoso_benh_an.fields import ORGANS as ORGANS_FIELD

LIST = "ThongTinDieuTri.danhsachsinhhieu"
ADMISSION = "ThongTinVaoVien"


def make_signs(made: Made) -> None:
    """The list of group III; of group II what that list does not have."""
    listed = entries(made.group("ThongTinDieuTri"), "danhsachsinhhieu")
    known = {(sign.listed, text(entry, sign.listed)) for entry in listed for sign in SIGNS}
    for index, entry in enumerate(listed):
        at = time_of(entry, "thoidiem", made.context.zone)
        _make_entry(made, {sign: text(entry, sign.listed) for sign in SIGNS}, at, f"{LIST}[{index}]")
    told = made.group(ADMISSION)
    at = time_of(told, "denkhambenhluc", made.context.zone)
    values = {sign: text(told, sign.admission) for sign in SIGNS}
    rest = {sign: value for sign, value in values.items() if (sign.listed, value) not in known}
    _make_entry(made, rest, at, ADMISSION)


def _make_entry(made: Made, values: dict[Sign, str], at: str, place: str) -> None:
    pressures = []
    for sign, value in values.items():
        quantity = _quantity(value, sign)
        if not quantity:
            continue
        if sign.listed in PRESSURE_LISTED:
            pressures.append((sign, quantity))
        else:
            one = {"code": loinc(sign.codes[0], sign.display), "valueQuantity": quantity}
            made.add(f"{place}.{sign.listed}", _sign(made, at, one))
    if pressures:
        components = [
            {"code": loinc(sign.codes[0], sign.display), "valueQuantity": quantity} for sign, quantity in pressures
        ]
        told: Json = {"code": loinc(PRESSURE_PANEL, "Huyết áp"), "component": components}
        panel = made.add(f"{place}.{PRESSURE_LISTED[0]}", _sign(made, at, told))
        made.also_at(f"{place}.{PRESSURE_LISTED[1]}", panel)


def _quantity(value: str, sign: Sign) -> Json:
    number = number_of({"value": value}, "value")
    if number is None:
        return {}
    return {"value": number, "unit": sign.unit, "system": systems.UCUM, "code": sign.ucum}


def _sign(made: Made, at: str, told: Json) -> Json:
    return _observation(made, "vital-signs", at, told)


def _observation(made: Made, category: str, at: str, told: Json) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": OBSERVATION_CATEGORY, "code": category}]}],
        "subject": made.patient,
        "encounter": made.encounter,
        "effectiveDateTime": at,
        **told,
    }


def make_findings(made: Made) -> None:
    """An Observation for each text of the admitting doctor's examination."""
    told = made.group(ADMISSION)
    at = time_of(told, "denkhambenhluc", made.context.zone)
    for name, terms in (("quatrinhbenhly", PRESENT_ILLNESS), ("khambenh_toanthan", GENERAL_STATE)):
        value = text(told, name)
        if value:
            part = {"code": loinc(*terms), "valueString": value}
            made.add(f"{ADMISSION}.{name}", _observation(made, "exam", at, part))
    organs = told.get(ORGANS_FIELD) or {}
    for name, terms in ORGANS.items():
        _make_finding(made, f"{ADMISSION}.{ORGANS_FIELD}.{name}", organs.get(name), at, {"code": loinc(*terms)})
    for name, (side, display) in EYES.items():
        site = {"coding": [{"system": systems.SNOMED, "code": side}], "text": display}
        part = {"code": loinc(EYE, "Mắt"), "bodySite": site}
        eye = (organs.get("mat") or {}).get(name)
        _make_finding(made, f"{ADMISSION}.{ORGANS_FIELD}.mat.{name}", eye, at, part)


def _make_finding(made: Made, place: str, finding: Json | None, at: str, part: Json) -> None:
    if not isinstance(finding, dict):
        return
    codes = finding.get("dauchung_ma") or {}
    shown = text(finding, "dauchung")
    coded = concept("", (systems.CLINICAL_TERM, code(codes, "VNCODE")), (systems.SNOMED, code(codes, "SNOMED")))
    remark = note(text(finding, "dauchung_ghichu"))
    if not shown and not coded and not remark:
        return
    value: Json = {"valueCodeableConcept": coded | (words(shown) or {})} if coded else {"valueString": shown}
    made.add(place, _observation(made, "exam", at, {**part, **without_empty(value), "note": remark}))
