"""FHIR resources of one encounter to a claim of the BHYT XML, and to its check-in.

Written: XML1 to 11, 13 to 15, XML0, and XML12 of the minutes of an assessment. Money comes from the Claim, else from
ChargeItem and Invoice (`bhyt/charges.py`); the other columns of the insurance from the Claim alone. What none of them
tells stays empty, and the checks say so: nothing is made up.

Lost on the way BHYT → FHIR → BHYT: spaces around values and between the parts of a name; values that are not of their
column's form; columns that no decision knows.
Source: QĐ 130/QĐ-BYT and its amendments; docs/interfaces/bhyt.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from benhan.mapping.bhyt import encounter as encounters
from benhan.mapping.bhyt.assessment import assessment_to_row
from benhan.mapping.bhyt.charges import total
from benhan.mapping.bhyt.episode import kept_columns
from benhan.mapping.bhyt.papers import PAPERS
from benhan.mapping.bhyt.patient import BIRTH_TIME, GENDER, NATIONALITY
from benhan.mapping.bhyt.results import BODY
from benhan.mapping.bhyt.rows_from_fhir import (
    code_of,
    course_rows,
    digits,
    drug_rows,
    minute,
    paper_rows,
    result_rows,
    service_rows,
    whole,
)
from benhan.mapping.fhir_to_hoso_benh_an import Record, name_of, stay_days
from benhan.mapping.mapped import Json
from benhan.mapping.vn_address import unit_codes
from benhan.vn import systems
from benhan.vn.bhyt.claim import Claim, Row
from benhan.vn.bhyt.tables import Generation, tables_on

_GENDER_CODES = {name: code for code, name in GENDER.items()}
_PAPERS = (systems.CCCD, systems.CMND, systems.PASSPORT, systems.OTHER_PAPER)
_PAIRED = ("MA_THE_BHYT", "MA_DKBD", "GT_THE_TU", "GT_THE_DEN")
CLASS_KINDS = {"IMP": "03", "ACUTE": "03", "NONAC": "03", "SS": "04", "AMB": "01", "EMER": "01", "HH": "12", "VR": "14"}
"""MA_LOAI_KCB of an encounter that does not say it."""


def fhir_to_bhyt(record: Record, generation: Generation | None = None) -> Claim:
    """The claim of an encounter, by the decision that governs the day of its end unless another is given."""
    generation = generation or tables_on(_day(record.encounter))
    ma_lk = _ma_lk(record)
    medicines, services = drug_rows(record), service_rows(record)
    read = {
        "XML1": [{**_totals(record, medicines, services), **_summary(record, ma_lk)}],
        "XML2": medicines,
        "XML3": services,
        "XML4": result_rows(record),
        "XML5": course_rows(record),
        **{table: paper_rows(record, table) for table in PAPERS},
    }
    claim = Claim(ma_lk)
    for name, table in generation.tables.items():
        rows = read.get(name)
        if rows:
            claim.tables[name] = [whole(row, table, ma_lk, number) for number, row in enumerate(rows, 1)]
    return claim


def fhir_to_checkin(record: Record, generation: Generation | None = None) -> Row:
    """The check-in (XML0) of an encounter: its first cost is the first drug or service that was ordered."""
    generation = generation or tables_on(_day(record.encounter))
    ma_lk = _ma_lk(record)
    summary = _summary(record, ma_lk)
    first = min(
        [(row["NGAY_YL"], "XML2", row) for row in drug_rows(record) if row.get("NGAY_YL")]
        + [(row["NGAY_YL"], "XML3", row) for row in service_rows(record) if row.get("NGAY_YL")],
        key=lambda each: each[:2],
        default=("", "", {}),
    )
    names = ("MA_DICH_VU", "TEN_DICH_VU", "MA_THUOC", "TEN_THUOC", "MA_VAT_TU", "TEN_VAT_TU", "NGAY_YL")
    kinds = names[2:4] if first[1] == "XML2" else names[4:6] if first[2].get("MA_VAT_TU") else names[:2]
    cost = {name: first[2].get(name, "") for name in (*kinds, "NGAY_YL")}
    told = kept_columns(record.encounter)
    card = {name: summary[name].split(";")[0] for name in _PAIRED}  # XML0 holds one card
    row = {**summary, **card, **(told if any(told.get(name) for name in names) else {**told, **cost})}
    return whole(row, generation.tables["XML0"], ma_lk, 1)


def fhir_to_assessment(patient: Json, composition: Json) -> Row:
    """XML12 of the minutes of an assessment and the patient they are of."""
    day = date.fromisoformat(composition["date"][:10]) if len(composition.get("date", "")) >= 10 else date.max
    person = person_row(Record("", patient, {}, []), day)
    numbers = {each.get("system", ""): str(each["value"]) for each in patient.get("identifier", []) if "value" in each}
    told = {
        "NGAY_SINH": person["NGAY_SINH"][:8],
        "MA_BHXH": numbers.get(systems.SOCIAL_INSURANCE_NUMBER, ""),
        "MA_THE_BHYT": numbers.get(systems.BHYT_CARD, ""),
    }
    return assessment_to_row({**person, **told}, composition)


def _day(encounter: Json) -> date:
    period = encounter.get("period", {})
    day = (period.get("end") or period.get("start") or "")[:10]
    return date.fromisoformat(day) if len(day) == 10 else date.max


def _ma_lk(record: Record) -> str:
    numbers = (
        each["value"]
        for each in record.encounter.get("identifier", [])
        if each.get("system", "").startswith(systems.encounter_number("")) and "value" in each
    )
    return str(next(numbers, record.encounter["id"]))


def _summary(record: Record, ma_lk: str) -> Row:
    encounter = record.encounter
    claim = (record.of("Claim") or [{}])[0]
    period, stay = encounter.get("period", {}), encounter.get("hospitalization", {})
    kind = code_of((encounter.get("type") or [{}])[0], systems.bhyt_code("MA_LOAI_KCB"))
    leaving = stay.get("dischargeDisposition", {})
    days = encounter.get("length", {}).get("value", "")
    wards = (each.get("location", {}).get("identifier", {}).get("value", "") for each in encounter.get("location", []))
    return {
        "MA_LK": ma_lk,
        **person_row(record, _day(encounter)),
        **_cards(record, claim),
        **_diagnoses(record, claim),
        "LY_DO_VV": (encounter.get("reasonCode") or [{}])[0].get("text", ""),
        "MA_NOI_DI": stay.get("origin", {}).get("identifier", {}).get("value", ""),
        "MA_NOI_DEN": stay.get("destination", {}).get("identifier", {}).get("value", ""),
        "NGAY_VAO": minute(period.get("start", "")),
        "NGAY_RA": minute(period.get("end", "")),
        "SO_NGAY_DTRI": digits(days) if days != "" else stay_days(period.get("start", ""), period.get("end", "")),
        "KET_QUA_DTRI": code_of(leaving, systems.bhyt_code("KET_QUA_DTRI")),
        "MA_LOAI_RV": code_of(leaving, systems.bhyt_code("MA_LOAI_RV")),
        "MA_LOAI_KCB": kind or CLASS_KINDS.get(encounter.get("class", {}).get("code", ""), ""),
        "MA_KHOA": ";".join(filter(None, wards)),
        "MA_CSKCB": encounter.get("serviceProvider", {}).get("identifier", {}).get("value", "") or record.facility,
        **_body(record),
        **kept_columns(claim),
    }


def _totals(record: Record, medicines: list[Row], services: list[Row]) -> Row:
    """The sums of what the lines cost, where charges tell it and no Claim does; each "" where a line does not."""
    if record.of("Claim") or not record.of("ChargeItem"):
        return {}
    supplies = [row for row in services if row.get("MA_VAT_TU")]
    return {
        "T_THUOC": total(medicines) if medicines else "0",
        "T_VTYT": total(supplies) if supplies else "0",
        "T_TONGCHI_BV": total([*medicines, *services]),
    }


def person_row(record: Record, day: date) -> Row:
    """Who the patient is, by the columns of XML1; the place by its codes of `day`."""
    patient = record.patient
    numbers = {each.get("system", ""): str(each["value"]) for each in patient.get("identifier", []) if "value" in each}
    own = numbers.get(systems.patient_number(record.facility)) or next(
        (value for system, value in numbers.items() if system.startswith(systems.patient_number(""))), ""
    )
    extensions = {each["url"]: each for each in patient.get("extension", [])}
    nationality = (extensions.get(NATIONALITY, {}).get("extension") or [{}])[0]
    address = (patient.get("address") or [{}])[0]
    phones = (each.get("value", "") for each in patient.get("telecom", []) if each.get("system") == "phone")
    return {
        "MA_BN": own,
        "HO_TEN": name_of(patient),
        "SO_CCCD": next((numbers[system] for system in _PAPERS if system in numbers), ""),
        "NGAY_SINH": _birth(patient),
        "GIOI_TINH": _GENDER_CODES.get(patient.get("gender", ""), ""),
        "MA_QUOCTICH": code_of(nationality.get("valueCodeableConcept", {}), systems.bhyt_code("QUOCTICH")),
        "MA_DANTOC": _extension_code(extensions, systems.EXTENSION_ETHNIC_GROUP, "DANTOC"),
        "MA_NGHE_NGHIEP": _extension_code(extensions, systems.EXTENSION_OCCUPATION, "NGHENGHIEP"),
        "DIA_CHI": address.get("text", ""),
        **_places(address, day),
        "DIEN_THOAI": next(phones, ""),
    }


def _places(address: Json, day: date) -> Row:
    """The codes of the units: those that came in a claim, else what the address tells for the day of the episode."""
    kept = kept_columns(address)
    if kept or not address:
        return kept
    codes = unit_codes(address, day)
    return {"MATINH_CU_TRU": codes.province, "MAHUYEN_CU_TRU": codes.district, "MAXA_CU_TRU": codes.ward}


def _extension_code(extensions: dict[str, Json], url: str, code_list: str) -> str:
    return code_of(extensions.get(url, {}).get("valueCodeableConcept", {}), systems.bhyt_code(code_list))


def _birth(patient: Json) -> str:
    """NGAY_SINH of 12 digits, what is unknown of it as zeros."""
    told = patient.get("_birthDate", {}).get("extension", [])
    at = next((each.get("valueDateTime", "") for each in told if each.get("url") == BIRTH_TIME), "")
    return minute(at or patient.get("birthDate", "")).ljust(12, "0") if at or patient.get("birthDate") else ""


def _cards(record: Record, claim: Json) -> Row:
    """The four paired columns of the cards, in the order of the Claim, else of the Coverages."""
    held = {f"Coverage/{each['id']}": each for each in record.of("Coverage")}
    named = [each.get("coverage", {}).get("reference", "") for each in claim.get("insurance", [])]
    coverages = [held[each] for each in named if each in held] or sorted(
        held.values(), key=lambda each: (each.get("order", 0), each.get("period", {}).get("start", ""), each["id"])
    )
    return {
        "MA_THE_BHYT": _joined([each.get("subscriberId", "") for each in coverages]),
        "MA_DKBD": _joined([(each.get("class") or [{}])[0].get("value", "") for each in coverages]),
        "GT_THE_TU": _joined([minute(each.get("period", {}).get("start", "")) for each in coverages]),
        "GT_THE_DEN": _joined([minute(each.get("period", {}).get("end", "")) for each in coverages]),
    }


def _joined(values: Sequence[str]) -> str:
    return ";".join(values) if any(values) else ""


def _diagnoses(record: Record, claim: Json) -> Row:
    held = {f"Condition/{each['id']}": each for each in record.of("Condition")}
    named = [each.get("diagnosisReference", {}).get("reference", "") for each in claim.get("diagnosis", [])]
    conditions = [held[each] for each in named if each in held] or sorted(
        held.values(), key=lambda each: (each.get("recordedDate", ""), each["id"])
    )
    of_kind: dict[str, list[Json]] = {}
    roles = _roles(record.encounter)
    for condition in conditions:
        kinds = [code_of(each, encounters.DIAGNOSIS) for each in condition.get("category", [])]
        kinds.append(roles.get(f"Condition/{condition['id']}", ""))
        kind = next(filter(None, kinds), encounters.OTHER if encounters.MAIN in of_kind else encounters.MAIN)
        of_kind.setdefault(kind, []).append(condition.get("code", {}))
    main = (of_kind.get(encounters.MAIN) or [{}])[0]
    others = [code_of(each, systems.ICD10) for each in of_kind.get(encounters.OTHER, [])]
    traditional = [code_of(each, systems.bhyt_code("YHCT")) for each in of_kind.get(encounters.TRADITIONAL, [])]
    return {
        "CHAN_DOAN_VAO": (of_kind.get(encounters.ARRIVAL) or [{}])[0].get("text", ""),
        "CHAN_DOAN_RV": main.get("text", ""),
        "MA_BENH_CHINH": code_of(main, systems.ICD10),
        "MA_BENH_KT": ";".join(filter(None, others)),
        "MA_BENH_YHCT": ";".join(filter(None, traditional)),
    }


def _roles(encounter: Json) -> dict[str, str]:
    """The kinds of the diagnoses whose role an Encounter tells, by reference."""
    kinds = {"AD": encounters.ARRIVAL, "DD": encounters.MAIN, "CC": encounters.OTHER}
    found = {}
    for each in encounter.get("diagnosis", []):
        role = code_of(each.get("use", {}), "http://terminology.hl7.org/CodeSystem/diagnosis-role")
        if role in kinds:
            found[each.get("condition", {}).get("reference", "")] = kinds[role]
    return found


def _body(record: Record) -> Row:
    found = {}
    for column, (loinc, _, _) in BODY.items():
        for each in record.of("Observation"):
            if code_of(each.get("code", {}), systems.LOINC) == loinc and "valueQuantity" in each:
                found[column] = digits(each["valueQuantity"].get("value", ""))
    return found
