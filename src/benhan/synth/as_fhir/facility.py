"""A facility with its departments and staff: Organization, Location, Practitioner, PractitionerRole."""

from __future__ import annotations

from collections.abc import Iterator

from benhan.synth.as_fhir.names import Json, Names, coded
from benhan.synth.facilities import DOCTOR, NURSE, Department, Facility, Staff
from benhan.vn import systems

_ROLES = {DOCTOR: ("doctor", "Bác sĩ"), NURSE: ("nurse", "Điều dưỡng")}


def facility_resources(facility: Facility, names: Names) -> Iterator[Json]:
    """The facility first, then each department with who works there."""
    yield {
        "resourceType": "Organization",
        "id": names.facility_id(facility),
        "identifier": [{"system": systems.FACILITY_CODE, "value": facility.code}],
        "active": True,
        "type": [coded("organization-type", "prov", "Healthcare Provider")],
        "name": facility.name,
        "address": [{"text": facility.province.name, "state": facility.province.name, "country": "VN"}],
    }
    for department in facility.departments.values():
        yield {
            "resourceType": "Location",
            "id": names.department_id(facility, department),
            "identifier": [{"system": systems.DEPARTMENT, "value": department.code}],
            "status": "active",
            "name": department.name,
            "mode": "instance",
            "physicalType": coded("location-physical-type", "wa", "Ward"),
            "managingOrganization": names.facility(facility),
        }
        for staff in department.staff:
            yield _practitioner(staff, names)
            yield _role(facility, department, staff, names)


def _practitioner(staff: Staff, names: Names) -> Json:
    name = staff.name
    return {
        "resourceType": "Practitioner",
        "id": names.staff_id(staff),
        "identifier": [{"system": systems.PRACTITIONER_LICENCE, "value": staff.licence}],
        "active": True,
        "name": [
            {
                "text": name.text,
                "family": name.family,
                "given": [part for part in (name.middle, name.given) if part],
                "prefix": [f"{staff.role}."],
            }
        ],
        "gender": "male" if staff.sex == "M" else "female",
        "qualification": [{"code": {"text": _ROLES.get(staff.role, ("", "Kỹ thuật viên xét nghiệm"))[1]}}],
    }


def _role(facility: Facility, department: Department, staff: Staff, names: Names) -> Json:
    code, text = _ROLES.get(staff.role, ("", "Kỹ thuật viên xét nghiệm"))
    return {
        "resourceType": "PractitionerRole",
        "id": f"{names.staff_id(staff)}-vt",
        "active": True,
        "practitioner": {"reference": f"Practitioner/{names.staff_id(staff)}", "display": staff.display},
        "organization": names.facility(facility),
        "code": [{**coded("practitioner-role", code), "text": text} if code else {"text": text}],
        "location": [{"reference": f"Location/{names.department_id(facility, department)}"}],
    }
