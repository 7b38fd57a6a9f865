"""Group I, ThongTinBenhNhan: Patient, Coverage, what is known of the person before this encounter."""

from __future__ import annotations

from datetime import date

from benhan.mapping.fhir_to_hoso_benh_an.record import Sources
from benhan.mapping.fhir_to_hoso_benh_an.values import (
    Json,
    age,
    code_and_text,
    date_time,
    day_of,
    first,
    identifier_of,
    name_of,
    note_of,
    phone_of,
    text_of,
    value_text,
)
from benhan.mapping.hoso_terms import (
    ALLERGY_TRAIT,
    BLOOD_GROUP,
    BLOOD_GROUP_BOTH,
    CLASSES,
    EMPLOYER,
    GENDERS,
    NATIONALITY,
    RHESUS,
    TRAITS,
)
from benhan.mapping.vn_address import UnitCodes, unit_codes
from benhan.vn import systems
from benhan.vn.hoso_benh_an.check import NO_DISTRICTS_SINCE

PLACE = "ThongTinBenhNhan"
_TRAITS = sorted(TRAITS)
VIETNAMESE = frozenset({"VN", "VNM", "000"})


def patient_group(sources: Sources) -> Json:
    """Group I of the document."""
    patient, encounter = sources.patient, sources.encounter
    sources.stands(patient, PLACE)
    coverage = first(sources.of("Coverage"))
    if coverage:
        sources.stands(coverage, f"{PLACE}.mabhyt")
    stay = sources.stays[-1]
    start = sources.start
    return {
        "loaiba": _kind_of_record(encounter),
        "sovaovien": sources.visit,
        "soba": identifier_of(encounter, systems.RECORD_NUMBER) or sources.visit,
        "soluutru": identifier_of(encounter, systems.STORAGE_NUMBER),
        "makhoa": stay.code,
        "tenkhoa": stay.ward,
        "thoigianvaovien": date_time(start),
        "mabenhnhan": identifier_of(patient, systems.patient_number("")),
        "buong": stay.room,
        "giuong": stay.bed,
        "cccd_so": identifier_of(patient, systems.CCCD),
        "hochieu_so": identifier_of(patient, systems.PASSPORT),
        "hoten": name_of(patient),
        "ngaysinh": date_time(patient.get("birthDate", "")),
        "tuoi": age(patient.get("birthDate", ""), start),
        "gioitinh": GENDERS.get(patient.get("gender", ""), ""),
        **_extensions(patient),
        "tungaybhyt": date_time(coverage.get("period", {}).get("start", "")),
        "denngaybhyt": date_time(coverage.get("period", {}).get("end", "")),
        "mabhyt": coverage.get("subscriberId", "") or identifier_of(patient, systems.BHYT_CARD),
        "noidangkykcbbd": first(patient.get("generalPractitioner")).get("identifier", {}).get("value", ""),
        **_address(patient, start),
        "sodienthoai": phone_of(patient),
        **_blood(sources),
        "doituongbn_loai": sources.coverage_kind,
        **_contacts(patient),
        "lydotiepnhan": text_of(encounter.get("reasonCode")),
        "noigioithieu_loai": encounter.get("hospitalization", {}).get("admitSource", {}).get("text", ""),
        "tiensubenhtatcuabanthan": _own_history(sources),
        "tiensubenhtatcuagiadinh": _family_history(sources),
    }


def _kind_of_record(encounter: Json) -> str:
    """The kind of record the encounter names, else what its class is called."""
    class_ = encounter.get("class", {})
    return text_of(encounter.get("type")) or CLASSES.get(class_.get("code", ""), class_.get("display", ""))


def _extensions(patient: Json) -> Json:
    """Occupation, ethnic group, and of a foreigner the nationality."""
    found: Json = dict.fromkeys(("nghenghiep", "nghenghiep_ma", "dantoc", "dantoc_ma", "ngoaikieu", "ngoaikieu_ma"), "")
    for each in patient.get("extension", []):
        url = each.get("url")
        if url == systems.EXTENSION_OCCUPATION:
            found["nghenghiep_ma"], found["nghenghiep"] = code_and_text(each.get("valueCodeableConcept", {}))
        elif url == systems.EXTENSION_ETHNIC_GROUP:
            found["dantoc_ma"], found["dantoc"] = code_and_text(each.get("valueCodeableConcept", {}))
        elif url == NATIONALITY:
            inner: Json = next((one for one in each.get("extension", []) if one.get("url") == "code"), {})
            code, text = code_and_text(inner.get("valueCodeableConcept", {}))
            if code not in VIETNAMESE:
                found["ngoaikieu_ma"], found["ngoaikieu"] = code, text
    return found


def _address(patient: Json, start: str) -> Json:
    address = first(patient.get("address"))
    line = [each or "" for each in address.get("line", [])] + ["", "", ""]
    day = day_of(start)
    has_district = day < NO_DISTRICTS_SINCE
    codes = unit_codes(address, date.fromisoformat(day)) if address and day else UnitCodes("", "", "")
    return {
        "diachi": address.get("text", ""),
        "sonha": line[0],
        "thonpho": line[1],
        "xaphuong": address.get("city", "") or line[2],
        "quanhuyen": address.get("district", "") if has_district else "",
        "quanhuyen_ma": codes.district,
        "tinhthanh": address.get("state", ""),
        "tinhthanh_ma": codes.province,
    }


def _contacts(patient: Json) -> Json:
    contacts = patient.get("contact", [])
    employer: Json = next((each for each in contacts if _is_employer(each)), {})
    person: Json = next((each for each in contacts if not _is_employer(each)), {})
    return {
        "noilamviec": employer.get("organization", {}).get("display", ""),
        "hotennguoithan": name_of({"name": [person.get("name", {})]}),
        "diachinguoithan": person.get("address", {}).get("text", ""),
        "sodienthoainguoithan": phone_of(person),
    }


def _is_employer(contact: Json) -> bool:
    return any(
        coding.get("code") == EMPLOYER
        for concept in contact.get("relationship", [])
        for coding in concept.get("coding", [])
    )


def _blood(sources: Sources) -> Json:
    """ABO and Rh, the newest of each; told apart, or in one (`A Rh(+)`)."""
    found: Json = {}
    for code, each in sources.observed(BLOOD_GROUP[0], RHESUS[0], BLOOD_GROUP_BOTH):
        if code == BLOOD_GROUP[0]:
            found["nhommau"] = value_text(each)
            sources.stands(each, f"{PLACE}.nhommau")
        elif code == RHESUS[0]:
            found["yeutorh"] = value_text(each)
            sources.stands(each, f"{PLACE}.yeutorh")
        else:
            group, _, rhesus = value_text(each).partition(" ")
            found["nhommau"], found["yeutorh"] = group, rhesus.removeprefix("Rh").strip("() ")
            sources.stands(each, f"{PLACE}.nhommau")
    return found


def is_history(condition: Json) -> bool:
    """Whether a Condition is of the list of problems, and not a diagnosis of the encounter."""
    return any(
        coding.get("code") == "problem-list-item"
        for concept in condition.get("category", [])
        for coding in concept.get("coding", [])
    )


def _own_history(sources: Sources) -> list[Json]:
    rows: list[tuple[Json, Json]] = []
    for each in sources.in_order("AllergyIntolerance", "recordedDate"):
        text = code_and_text(each.get("code", {}))[1]
        rows.append((each, _row(*ALLERGY_TRAIT, note=text)))
    for trait, each in sources.observed(*_TRAITS):
        text = code_and_text(each["code"])[1]
        rows.append((each, _row(trait, text, is_so=each.get("valueBoolean", True), note=note_of(each))))
    for each in sources.in_order("Condition", "recordedDate"):
        if is_history(each):
            code, text = code_and_text(each.get("code", {}))
            refuted = first(each.get("verificationStatus", {}).get("coding")).get("code") == "refuted"
            rows.append((each, _row(code, text, is_so=not refuted, note=note_of(each))))
    return _placed(sources, rows, "tiensubenhtatcuabanthan")


def _family_history(sources: Sources) -> list[Json]:
    rows = []
    for each in sources.in_order("FamilyMemberHistory", "date"):
        code, text = code_and_text(first(each.get("condition")).get("code", {}))
        relation = code_and_text(each.get("relationship", {}))[1]
        rows.append((each, _row(code, text, note=relation)))
    return _placed(sources, rows, "tiensubenhtatcuagiadinh")


def _row(code: str, text: str, *, is_so: bool = True, note: str = "") -> Json:
    return {
        "thongtin_ma": code,
        "thongtin_noidung": text,
        "thongtin_giatri": "1" if is_so else "0",
        "thongtin_ghichu": note,
    }


def _placed(sources: Sources, rows: list[tuple[Json, Json]], name: str) -> list[Json]:
    sources.stand([resource for resource, _ in rows], f"{PLACE}.{name}")
    return [row for _, row in rows]
