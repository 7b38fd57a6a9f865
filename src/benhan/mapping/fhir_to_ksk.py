"""FHIR resources of a check-up to the file of the Ministry's hub.

An Encounter whose `type` tells DOI_TUONG is a check-up. Signs and measures are read by LOINC, results as those of a
claim are; every other field by an Observation whose code names part and field (`systems.CHECK_UP`). What nobody told
stays away, and `check_ksk` says what is missing: nothing is made up. Not written: pictures of signatures (CKDT_*) and
XML10, whose values XML3 and XML4 have. Source: QĐ 1551/QĐ-BYT 2026 PL01.
"""

from __future__ import annotations

from datetime import date

from benhan.mapping.bhyt.rows_from_fhir import minute, result_rows
from benhan.mapping.fhir_to_bhyt import CLASS_KINDS, person_row
from benhan.mapping.fhir_to_hoso_benh_an import Record, name_of, value_text
from benhan.mapping.fhir_to_hoso_benh_an.patient import is_history
from benhan.mapping.fhir_to_hoso_benh_an.record import Sources
from benhan.mapping.fhir_to_hoso_benh_an.signs import signs_of
from benhan.mapping.fhir_to_hoso_benh_an.values import codes_of, first, identifier_of, text_of
from benhan.mapping.mapped import Json, without_empty
from benhan.vn import systems
from benhan.vn.ksk.check import age_group
from benhan.vn.ksk.document import CheckUp, Values
from benhan.vn.ksk.fields import AgeGroup, parts

BODY_MASS_INDEX, HEAD = "39156-5", "9843-4"
NO_OCCUPATION = "99"
RESULT_FIELDS = ("MA_DICH_VU", "MA_CHI_SO", "GIA_TRI", "DON_VI_DO", "MO_TA", "KET_LUAN")


def is_check_up(encounter: Json) -> bool:
    """Whether an encounter is a check-up."""
    return bool(_of_types(encounter, systems.CHECK_UP_GROUP))


def fhir_to_ksk(record: Record, gln: str, made_on: date) -> CheckUp:
    """The file of a check-up of the facility with that GLN, unsigned; `made_on` is the day that the file names."""
    encounter = record.encounter
    sources = Sources(record)
    signs, _ = signs_of(sources)
    person, visit = _person(record), _visit(record, sources, gln)
    group = age_group(person.get("NGAY_SINH", ""), visit.get("NGAY_VAO", ""))
    if group is not None:
        visit["TYPE"] = group.value
        if group is not AgeGroup.ADULT:
            person |= _guardian(record.patient)
    upper, lower = signs.get("huyetap_tamthu", ""), signs.get("huyetap_tamtruong", "")
    found: dict[str, Values] = {
        "XML1": person,
        "XML2": visit,
        "XML3": {
            "NHIET_DO": signs.get("nhietdo", ""),
            "MACH": signs.get("mach", ""),
            "NHIP_THO": signs.get("nhiptho", ""),
            "HUYET_AP": f"{upper}/{lower}" if upper and lower else "",
        },
        "XML4": {
            "CHIEU_CAO": signs.get("chieucao", ""),
            "CAN_NANG": signs.get("cannang", ""),
            "BMI": _measured(sources, BODY_MASS_INDEX),
            "VONG_DAU": _measured(sources, HEAD),
        },
        "XML8": _conclusion(sources),
    }
    for part, name, value in _named(sources):
        found.setdefault(part, {})[name] = value
    facility = facility_of(encounter, record.facility)
    results = [without_empty({name: row.get(name, "") for name in RESULT_FIELDS}) for row in result_rows(record)]
    return CheckUp(
        facility,
        f"{made_on:%Y%m%d}",
        {part: told for part, each in found.items() if (told := without_empty(each))},
        results,
    )


def facility_of(encounter: Json, usual: str) -> str:
    """MA_CSKCB of where the check-up was."""
    return str(encounter.get("serviceProvider", {}).get("identifier", {}).get("value", "")) or usual


def _person(record: Record) -> Values:
    start = record.encounter.get("period", {}).get("start", "")[:10]
    row = person_row(record, date.fromisoformat(start) if len(start) == 10 else date.max)
    return {
        "HO_TEN": row["HO_TEN"].upper(),
        "GIOI_TINH": row["GIOI_TINH"],
        "NGAY_SINH": row["NGAY_SINH"],
        "MA_DAN_TOC": row["MA_DANTOC"],
        "SO_CCCD": identifier_of(record.patient, systems.CCCD),
        "DIA_CHI": row["DIA_CHI"],
        "MATINH_CU_TRU": row.get("MATINH_CU_TRU", ""),
        "MAXA_CU_TRU": row.get("MAXA_CU_TRU", ""),
        "MA_NGHE_NGHIEP": row["MA_NGHE_NGHIEP"] or NO_OCCUPATION,
        "DIEN_THOAI": row["DIEN_THOAI"],
    }


def _guardian(patient: Json) -> Values:
    return {"NGUOI_GIAM_HO": name_of({"name": [first(patient.get("contact")).get("name", {})]}).upper()}


def _visit(record: Record, sources: Sources, gln: str) -> Values:
    encounter = record.encounter
    kinds = _of_types(encounter, systems.bhyt_code("MA_LOAI_KCB"))
    return {
        "MA_LK": sources.visit,
        "MA_CSKCB": facility_of(encounter, record.facility),
        "MA_GTIN_CSKCB": gln,
        "DOI_TUONG": ";".join(_of_types(encounter, systems.CHECK_UP_GROUP)),
        "NGUON_CHI_TRA": next(iter(_of_types(encounter, systems.CHECK_UP_PAYER)), ""),
        "MA_LOAI_KCB": next(iter(kinds), "") or CLASS_KINDS.get(encounter.get("class", {}).get("code", ""), ""),
        "LY_DO_VV": text_of(encounter.get("reasonCode")),
        "NGAY_VAO": minute(sources.start),
        "NGAY_RA": minute(sources.end),
    }


def _of_types(encounter: Json, system: str) -> list[str]:
    return [code for each in encounter.get("type", []) for code in codes_of(each, system)]


def _measured(sources: Sources, loinc: str) -> str:
    """The last value of a measure."""
    found = [each for each in _in_order(sources) if loinc in codes_of(each.get("code", {}), systems.LOINC)]
    return value_text(found[-1]) if found else ""


def _in_order(sources: Sources) -> list[Json]:
    return sources.in_order("Observation", "effectiveDateTime", "issued")


def _conclusion(sources: Sources) -> Values:
    diagnoses = [each for each in sources.in_order("Condition", "recordedDate") if not is_history(each)]
    codes = [code for each in diagnoses for code in codes_of(each.get("code", {}), systems.ICD10)[:1]]
    notes = [each.get("summary", "") for each in sources.in_order("ClinicalImpression", "effectiveDateTime", "date")]
    return {
        "KET_LUAN_BENH": ";".join(dict.fromkeys(codes)),
        "CAC_VAN_DE_SUC_KHOE": "\n".join(filter(None, notes)),
    }


def _named(sources: Sources) -> list[tuple[str, str, str]]:
    """Part, field and value of the Observations that name a field; the last of each holds."""
    found = []
    for each in _in_order(sources):
        for code in codes_of(each.get("code", {}), systems.CHECK_UP):
            part, _, name = code.partition(".")
            if part in parts() and name:
                found.append((part, name, _value(each)))
    return found


def _value(observation: Json) -> str:
    """A value as the file writes it: yes and no as 1 and 0, a code as itself."""
    if "valueBoolean" in observation:
        return "1" if observation["valueBoolean"] else "0"
    coding = first(observation.get("valueCodeableConcept", {}).get("coding"))
    return str(coding.get("code") or value_text(observation))
