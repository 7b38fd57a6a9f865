"""Group I to Patient, Coverage, blood group, allergies, traits, past and family history."""

from __future__ import annotations

from benhan.mapping.hoso_benh_an_to_fhir.making import Made, code, concept, entries, loinc, note, text, time_of, words
from benhan.mapping.hoso_terms import (
    ALLERGY_TRAIT,
    BLOOD_GROUP,
    CONDITION_CATEGORY,
    EMPLOYER,
    GENDER_OF,
    HL7,
    INSURED,
    NATIONALITY,
    OBSERVATION_CATEGORY,
    RHESUS,
    TRAITS,
    system_of_diagnosis,
)
from benhan.mapping.mapped import IdentifierKey, Json, Policy, without_empty
from benhan.vn import systems
from benhan.vn.identifiers.fhir_identifier import identifier_of

PLACE = "ThongTinBenhNhan"


def make_patient(made: Made) -> None:
    """The Patient; what it says is laid over what is known of the person."""
    told = made.group(PLACE)
    keys = _identities(told, made.context.facility)
    resource = {
        "resourceType": "Patient",
        "extension": _extensions(told),
        "identifier": [identifier_of(*key) for key in keys],
        "name": [_name(text(told, "hoten"))] if text(told, "hoten") else [],
        "telecom": _phone(text(told, "sodienthoai")),
        "gender": GENDER_OF.get(text(told, "gioitinh").casefold()),
        "birthDate": time_of(told, "ngaysinh", "")[:10],
        "address": _address(told),
        "contact": _contacts(told),
        "generalPractitioner": _registered_at(text(told, "noidangkykcbbd")),
    }
    made.add(PLACE, resource, keys, Policy.MERGE)


def _identities(told: Json, facility: str) -> list[IdentifierKey]:
    keys = [
        (systems.patient_number(facility), code(told, "mabenhnhan")),
        (systems.CCCD, code(told, "cccd_so")),
        (systems.PASSPORT, code(told, "hochieu_so")),
        (systems.BHYT_CARD, code(told, "mabhyt")),
    ]
    return [key for key in keys if key[1]]


def _name(written: str) -> Json:
    """The name in its order: the first word is the family's, the last is given, those between are middle names."""
    parts = written.split()
    given = [" ".join(parts[1:-1]), parts[-1]] if len(parts) > 1 else []
    return without_empty({"text": written, "family": parts[0], "given": [each for each in given if each]})


def _phone(number: str) -> list[Json]:
    return [{"system": "phone", "value": number}] if number else []


def _extensions(told: Json) -> list[Json]:
    found: list[Json] = []
    for url, name, own in (
        (systems.EXTENSION_OCCUPATION, "nghenghiep", systems.OCCUPATION),
        (systems.EXTENSION_ETHNIC_GROUP, "dantoc", systems.ETHNIC_GROUP),
    ):
        value = concept(text(told, name), (own, code(told, f"{name}_ma")))
        if value:
            found.append({"url": url, "valueCodeableConcept": value})
    nationality = concept(text(told, "ngoaikieu"), ("urn:iso:std:iso:3166", code(told, "ngoaikieu_ma")))
    if nationality:
        found.append({"url": NATIONALITY, "extension": [{"url": "code", "valueCodeableConcept": nationality}]})
    return found


def _address(told: Json) -> list[Json]:
    house, hamlet = text(told, "sonha"), text(told, "thonpho")
    found = without_empty(
        {
            "text": text(told, "diachi"),
            "line": [each for each in (house, hamlet) if each],
            "city": text(told, "xaphuong"),
            "district": text(told, "quanhuyen"),
            "state": text(told, "tinhthanh"),
        }
    )
    return [found] if found else []


def _contacts(told: Json) -> list[Json]:
    person = without_empty(
        {
            "name": words(text(told, "hotennguoithan")),
            "telecom": _phone(text(told, "sodienthoainguoithan")),
            "address": words(text(told, "diachinguoithan")),
        }
    )
    work = text(told, "noilamviec")
    coding = {"system": f"{HL7}/v2-0131", "code": EMPLOYER}
    employer = {"relationship": [{"coding": [coding]}], "organization": {"display": work}}
    return [person] * bool(person) + [employer] * bool(work)


def _registered_at(facility: str) -> list[Json]:
    """Nơi đăng ký khám chữa bệnh ban đầu: the facility that looks after the person first."""
    return [{"identifier": {"system": systems.FACILITY_CODE, "value": facility}}] if facility else []


def make_coverage(made: Made) -> None:
    """The card and its times, where there is one."""
    told = made.group(PLACE)
    card, kind = code(told, "mabhyt"), text(told, "doituongbn_loai")
    period = without_empty(
        {
            "start": time_of(told, "tungaybhyt", made.context.zone),
            "end": time_of(told, "denngaybhyt", made.context.zone),
        }
    )
    if not card and not period and kind in ("", INSURED):
        return
    resource = {
        "resourceType": "Coverage",
        "status": "active",
        "type": words(kind if kind != INSURED else ""),
        "subscriberId": card,
        "beneficiary": made.patient,
        "period": period,
        "payor": [{"display": "Bảo hiểm xã hội Việt Nam" if card else kind or "–"}],
    }
    made.add(f"{PLACE}.mabhyt", resource)


def make_blood_group(made: Made) -> None:
    """An Observation each for ABO and Rh."""
    told = made.group(PLACE)
    for name, terms in (("nhommau", BLOOD_GROUP), ("yeutorh", RHESUS)):
        value = text(told, name)
        if value:
            resource = {
                "resourceType": "Observation",
                "status": "final",
                "category": [{"coding": [{"system": OBSERVATION_CATEGORY, "code": "laboratory"}]}],
                "code": loinc(*terms),
                "subject": made.patient,
                "valueCodeableConcept": words(value),
            }
            made.add(f"{PLACE}.{name}", resource)


def make_history(made: Made) -> None:
    """Allergies and traits by the codes of the forms, everything else a Condition of the list of problems."""
    told = made.group(PLACE)
    for index, row in enumerate(entries(told, "tiensubenhtatcuabanthan")):
        place = f"{PLACE}.tiensubenhtatcuabanthan[{index}]"
        trait, is_so = code(row, "thongtin_ma"), text(row, "thongtin_giatri") != "0"
        if trait == ALLERGY_TRAIT[0] and is_so:
            made.add(place, _allergy(made, row))
        elif trait in TRAITS:
            made.add(place, _trait(made, row, trait, is_so=is_so))
        elif text(row, "thongtin_noidung") or trait:
            made.add(place, _problem(made, row, is_so=is_so))
    for index, row in enumerate(entries(told, "tiensubenhtatcuagiadinh")):
        made_of = _family(made, row)
        if made_of:
            made.add(f"{PLACE}.tiensubenhtatcuagiadinh[{index}]", made_of)


def _allergy(made: Made, row: Json) -> Json:
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"system": f"{HL7}/allergyintolerance-clinical", "code": "active"}]},
        "code": {"text": text(row, "thongtin_ghichu") or text(row, "thongtin_noidung") or ALLERGY_TRAIT[1]},
        "patient": made.patient,
    }


def _trait(made: Made, row: Json, trait: str, *, is_so: bool) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": OBSERVATION_CATEGORY, "code": "social-history"}]}],
        "code": concept(text(row, "thongtin_noidung"), (systems.RELATED_TRAIT, trait)),
        "subject": made.patient,
        "valueBoolean": is_so,
        "note": note(text(row, "thongtin_ghichu")),
    }


def _problem(made: Made, row: Json, *, is_so: bool) -> Json:
    written = code(row, "thongtin_ma")
    verification = "confirmed" if is_so else "refuted"
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"system": f"{HL7}/condition-clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": f"{HL7}/condition-ver-status", "code": verification}]},
        "category": [{"coding": [{"system": CONDITION_CATEGORY, "code": "problem-list-item"}]}],
        "code": concept(text(row, "thongtin_noidung"), (system_of_diagnosis(written), written)),
        "subject": made.patient,
        "note": note(text(row, "thongtin_ghichu")),
    }


def _family(made: Made, row: Json) -> Json:
    written = code(row, "thongtin_ma")
    condition = concept(text(row, "thongtin_noidung"), (system_of_diagnosis(written), written))
    if not condition or text(row, "thongtin_giatri") == "0":
        return {}
    return {
        "resourceType": "FamilyMemberHistory",
        "status": "partial",
        "patient": made.patient,
        "relationship": {"text": text(row, "thongtin_ghichu") or "Gia đình"},
        "condition": [{"code": condition}],
    }
