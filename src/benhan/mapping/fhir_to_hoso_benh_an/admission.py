"""Group II, ThongTinVaoVien: who received the patient, what was found."""

from __future__ import annotations

from benhan.mapping.fhir_to_hoso_benh_an.diagnoses import Diagnoses
from benhan.mapping.fhir_to_hoso_benh_an.record import Sources
from benhan.mapping.fhir_to_hoso_benh_an.values import (
    Json,
    code_and_text,
    codes_of,
    date_time,
    first,
    note_of,
    text_of,
    value_text,
    who,
)
from benhan.mapping.hoso_terms import EYE, EYES, GENERAL_STATE, ORGAN_OF, PRESENT_ILLNESS
from benhan.vn import systems
from benhan.vn.hoso_benh_an.fields import ORGANS

PLACE = "ThongTinVaoVien"
EXAMINED = (PRESENT_ILLNESS[0], GENERAL_STATE[0], EYE, *ORGAN_OF)
OUTPATIENT = frozenset({"AMB", "EMER", "VR", "HH"})


def admission_group(sources: Sources, diagnoses: Diagnoses, signs: Json) -> Json:
    """Group II of the document; `signs` are the first vital signs by its field names."""
    encounter = sources.encounter
    doctor, licence = participant(encounter, ("ADM", "ATND"))
    code, text = code_and_text(diagnoses.admission.get("code", {}))
    first_stay = sources.stays[0]
    is_outpatient = encounter.get("class", {}).get("code") in OUTPATIENT
    return {
        "sovaovien": sources.visit,
        "phongkham": first_stay.ward if is_outpatient else "",
        "maphongkham": first_stay.code if is_outpatient else "",
        "bacsikhambenh": doctor,
        "mabacsikhambenh": licence,
        "chandoancuanoigioithieu": code_and_text(diagnoses.referral.get("code", {}))[1],
        "chandoansobo": code_and_text(diagnoses.preliminary.get("code", {}))[1],
        "chandoanvaovien": text,
        "khambenh_chandoanvaovienmaicd": code,
        "dieutritaikhoa": first_stay.ward,
        "madieutritaikhoa": first_stay.code,
        "chuky_hoten": doctor,
        "denkhambenhluc": date_time(sources.start),
        "lydovaovien": text_of(encounter.get("reasonCode")),
        **signs,
        **_examination(sources),
    }


def participant(encounter: Json, kinds: tuple[str, ...]) -> tuple[str, str]:
    """Name and licence of the first of `kinds` that takes part."""
    by_kind: dict[str, Json] = {}
    for each in encounter.get("participant", []):
        code = first(first(each.get("type")).get("coding")).get("code", "")
        by_kind.setdefault(code, each.get("individual", {}))
    return who(next((by_kind[kind] for kind in kinds if kind in by_kind), {}))


def _examination(sources: Sources) -> Json:
    """What the admitting doctor writes: history of the illness, general state, each organ; the first of each."""
    found: Json = {}
    organs: Json = {}
    for code, each in sources.observed(*EXAMINED):
        if code == PRESENT_ILLNESS[0]:
            _first_text(sources, found, "quatrinhbenhly", each)
        elif code == GENERAL_STATE[0]:
            _first_text(sources, found, "khambenh_toanthan", each)
        elif code == EYE:
            _add_eye(sources, organs.setdefault("mat", {}), each)
        elif (name := ORGAN_OF[code]) not in organs:
            organs[name] = _finding(each)
            sources.stands(each, f"{PLACE}.{ORGANS}.{name}")
    return {**found, ORGANS: organs} if organs else found


def _first_text(sources: Sources, found: Json, name: str, observation: Json) -> None:
    if name not in found:
        found[name] = value_text(observation)
        sources.stands(observation, f"{PLACE}.{name}")


def _add_eye(sources: Sources, eyes: Json, finding: Json) -> None:
    """A finding of one eye; one without a side is of both."""
    body_site = finding.get("bodySite", {})
    codes, text = codes_of(body_site, systems.SNOMED), code_and_text(body_site)[1].casefold()
    sides = [name for name, (code, side) in EYES.items() if code in codes or side.casefold() == text]
    for name in sides or list(EYES):
        if name not in eyes:
            eyes[name] = _finding(finding)
            sources.stands(finding, f"{PLACE}.{ORGANS}.mat.{name}")


def _finding(observation: Json) -> Json:
    term = snomed = ""
    if "valueCodeableConcept" in observation:
        concept = observation["valueCodeableConcept"]
        term = next(iter(codes_of(concept, systems.CLINICAL_TERM)), "")
        snomed = next(iter(codes_of(concept, systems.SNOMED)), "")
    return {
        "dauchung_ma": {"VNCODE": term, "SNOMED": snomed},
        "dauchung": value_text(observation),
        "dauchung_ghichu": note_of(observation) if "note" in observation else "",
    }
