"""What resources are called and how they point to each other: ids from the country's own keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from benhan.synth.facilities import Department, Facility, Staff
from benhan.synth.registration import Registration
from benhan.synth.visit import Visit
from benhan.vn import systems

Json = dict[str, Any]

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
ATC = "http://www.whocc.no/atc"
SERVICE = systems.bhyt_code("DVKT")
"""Codes of what facilities order and do."""


class Names:
    """The ids of one country: `prefix` keeps two countries in one store apart."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._known: dict[str, Json] = {}
        """References to what is the same for many: by the id of what they point to."""

    def patient_id(self, registration: Registration) -> str:
        return f"{self.prefix}-{registration.key}"

    def visit_id(self, visit: Visit) -> str:
        return f"{self.prefix}-{visit.key}"

    def facility_id(self, facility: Facility) -> str:
        return f"{self.prefix}-f{facility.number}"

    def department_id(self, facility: Facility, department: Department) -> str:
        return f"{self.prefix}-f{facility.number}-{department.code.lower()}"

    def staff_id(self, staff: Staff) -> str:
        return f"{self.prefix}-s{staff.licence.partition('/')[0]}"

    def patient(self, registration: Registration) -> Json:
        return {"reference": f"Patient/{self.patient_id(registration)}"}

    def visit(self, visit: Visit) -> Json:
        return {"reference": f"Encounter/{self.visit_id(visit)}"}

    def staff(self, staff: Staff) -> Json:
        """A reference to a member of staff that also says who it is."""
        found = self._known.get(staff.licence)
        if found is None:
            found = self._known[staff.licence] = {
                "reference": f"Practitioner/{self.staff_id(staff)}",
                "type": "Practitioner",
                "identifier": {"system": systems.PRACTITIONER_LICENCE, "value": staff.licence},
                "display": staff.display,
            }
        return found

    def department(self, facility: Facility, department: Department) -> Json:
        """A reference to a department by its id and its code."""
        return {
            "reference": f"Location/{self.department_id(facility, department)}",
            "identifier": {"system": systems.DEPARTMENT, "value": department.code},
            "display": department.name,
        }

    def facility(self, facility: Facility) -> Json:
        """A reference to a facility that also says which it is."""
        found = self._known.get(facility.code)
        if found is None:
            found = self._known[facility.code] = {
                "reference": f"Organization/{self.facility_id(facility)}",
                "identifier": {"system": systems.FACILITY_CODE, "value": facility.code},
                "display": facility.name,
            }
        return found


def when(at: datetime) -> str:
    return at.isoformat()


def coded(name: str, code: str, display: str = "") -> Json:
    """A CodeableConcept of one of HL7's own code systems."""
    coding = {"system": TERMINOLOGY + name, "code": code}
    return {"coding": [{**coding, "display": display} if display else coding]}


def decimal(text: str) -> orjson.Fragment:
    """A decimal with the digits it is printed with."""
    return orjson.Fragment(text)


def plain(amount: float) -> int | float:
    """A number without a point where it is whole."""
    return int(amount) if amount == int(amount) else amount
