"""A person as facilities hold them: Patient of each registration, Coverage, AllergyIntolerance."""

from __future__ import annotations

from collections.abc import Iterator

from benhan.synth.as_fhir.names import Json, Names, coded, when
from benhan.synth.life import Life
from benhan.synth.people import EPOCH
from benhan.synth.registration import Registration
from benhan.vn import systems
from benhan.vn.catalogues.shipped import catalogue

_KINDS = {
    systems.CCCD: ("NI", "Số định danh cá nhân"),
    systems.BHYT_CARD: ("HC", "Thẻ bảo hiểm y tế"),
    systems.CMND: ("NI", "Chứng minh nhân dân"),
}


def person_resources(life: Life, names: Names) -> Iterator[Json]:
    """What all facilities hold of a person that belongs to no visit."""
    for registration in life.registrations:
        yield _patient(life, registration, names)
        if registration.card:
            yield _coverage(registration, names)
        if life.being.allergy:
            yield _allergy(life.being.allergy, registration, names)


def _patient(life: Life, registration: Registration, names: Names) -> Json:
    person = life.person
    patient: Json = {
        "resourceType": "Patient",
        "id": names.patient_id(registration),
        "extension": [
            _extension(systems.EXTENSION_ETHNIC_GROUP, systems.ETHNIC_GROUP, person.ethnic_group,
                       catalogue("DANTOC").display(person.ethnic_group, EPOCH)),
            _extension(systems.EXTENSION_OCCUPATION, systems.OCCUPATION, person.occupation,
                       catalogue("NGHENGHIEP").display(person.occupation, EPOCH)),
        ],
        "identifier": _identifiers(registration),
        "name": [_name(registration)],
        "gender": "male" if registration.sex == "M" else "female",
        "birthDate": registration.birth,
    }  # fmt: skip
    if registration.phone:
        patient["telecom"] = [{"system": "phone", "value": registration.phone, "use": "mobile"}]
    last = life.visits[-1]
    if life.died_at and last.died_here and registration is last.registration:  # elsewhere nobody knows
        patient["deceasedDateTime"] = when(life.died_at)
    if registration.address:
        home = person.home
        patient["address"] = [
            {
                "use": "home",
                "text": home.text,
                "line": [home.line],
                "city": home.commune.name,
                "state": home.province.name,
                "country": "VN",
            }
        ]
    if person.is_newborn or (person.mother is not None and person.age(EPOCH) < 16):
        patient["contact"] = [
            {"relationship": [{"text": "Mẹ"}], "telecom": [{"system": "phone", "value": person.phone}]}
        ]
    if registration.card:
        patient["generalPractitioner"] = [names.facility(registration.facility)]
    patient["managingOrganization"] = names.facility(registration.facility)
    return patient


def _name(registration: Registration) -> Json:
    """A newborn's is its mother's until it is registered: words, in no parts."""
    name = registration.name
    if registration.person.is_newborn:
        return {"use": "temp", "text": name.text}
    given = [part for part in (name.middle, name.given) if part]
    return {"text": name.text, "family": name.family, "given": given}


def _identifiers(registration: Registration) -> list[Json]:
    own = (systems.patient_number(registration.facility.code), registration.number)
    found = [_identifier(own[0], own[1], "MR", "Mã bệnh nhân")]
    for system, value in (
        (systems.CCCD, registration.citizen_number),
        (systems.CMND, registration.old_identity_card),
        (systems.BHYT_CARD, registration.card),
    ):
        if value:
            found.append(_identifier(system, value, *_KINDS[system]))
    return found


def _identifier(system: str, value: str, code: str, text: str) -> Json:
    return {"type": {**coded("v2-0203", code), "text": text}, "system": system, "value": value}


def _extension(url: str, system: str, code: str, display: str) -> Json:
    coding = {"system": system, "code": code, "display": display}
    return {"url": url, "valueCodeableConcept": {"coding": [coding], "text": display}}


def _coverage(registration: Registration, names: Names) -> Json:
    return {
        "resourceType": "Coverage",
        "id": f"{names.patient_id(registration)}-bh",
        "identifier": [{"system": systems.BHYT_CARD, "value": registration.card}],
        "status": "active",
        "subscriberId": registration.card,
        "beneficiary": names.patient(registration),
        "period": {"start": f"{EPOCH.year}-01-01", "end": f"{EPOCH.year}-12-31"},
        "payor": [{"display": "Bảo hiểm xã hội Việt Nam"}],
    }


def _allergy(substance: str, registration: Registration, names: Names) -> Json:
    return {
        "resourceType": "AllergyIntolerance",
        "id": f"{names.patient_id(registration)}-du",
        "clinicalStatus": coded("allergyintolerance-clinical", "active"),
        "verificationStatus": coded("allergyintolerance-verification", "confirmed"),
        "type": "allergy",
        "category": ["medication"],
        "criticality": "high",
        "code": {"text": substance},
        "patient": names.patient(registration),
        "reaction": [{"manifestation": [{"text": "Ban đỏ, mày đay"}], "severity": "moderate"}],
    }
