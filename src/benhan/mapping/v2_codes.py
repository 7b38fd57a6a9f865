"""CE and CWE to CodeableConcept. Source: HL7 v2-to-FHIR datatype map CWE."""

from __future__ import annotations

from benhan.hl7v2.datatypes import Coded
from benhan.mapping.mapped import Json, without_empty
from benhan.mapping.v2_tables import system_of


def codeable_concept(coded: Coded, default_system: str = "") -> Json | None:
    """The CodeableConcept of a code and its alternate, or None where nothing is written.

    A code without a system of its own gets `default_system`.
    """
    codings = [
        without_empty({"system": system_of(system.strip()) or default_system, "code": code.strip(), "display": text})
        for code, text, system in (
            (coded.code, coded.text, coded.system),
            (coded.alternate_code, coded.alternate_text, coded.alternate_system),
        )
        if code.strip()
    ]
    text = coded.text or coded.alternate_text
    if not codings and not text:
        return None
    return without_empty({"coding": codings, "text": text or codings[0]["code"]})
