"""The code systems that nearly every code of an element is of: such a code is found without a term of its own.

A coding has two index terms, of its code and of its code within its system. Where the system is one of these the first
is left out, and whoever asks for a code of any system is answered by the other: exactly, since all of them are asked.
Source: the bindings of FHIR R4 and what laboratories and registries use; each system costs a look into the index for
each question that names none, so that an element has two at the most.
"""

from __future__ import annotations

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
ICD_10 = "http://hl7.org/fhir/sid/icd-10"
_HL7 = "http://terminology.hl7.org/CodeSystem/"

USUAL_SYSTEMS: dict[str, tuple[str, ...]] = {
    "AllergyIntolerance.clinicalStatus": (f"{_HL7}allergyintolerance-clinical",),
    "AllergyIntolerance.code": (SNOMED,),
    "AllergyIntolerance.verificationStatus": (f"{_HL7}allergyintolerance-verification",),
    "Condition.category": (f"{_HL7}condition-category",),
    "Condition.clinicalStatus": (f"{_HL7}condition-clinical",),
    "Condition.code": (ICD_10, SNOMED),
    "Condition.verificationStatus": (f"{_HL7}condition-ver-status",),
    "DiagnosticReport.category": (f"{_HL7}v2-0074", LOINC),
    "DiagnosticReport.code": (LOINC,),
    "Encounter.class": (f"{_HL7}v3-ActCode",),
    "Encounter.reasonCode": (ICD_10, SNOMED),
    "Encounter.type": (SNOMED,),
    "Immunization.vaccineCode": ("http://hl7.org/fhir/sid/cvx",),
    "MedicationRequest.medication": ("http://www.nlm.nih.gov/research/umls/rxnorm",),
    "Observation.category": (f"{_HL7}observation-category",),
    "Observation.code": (LOINC,),
    "Observation.component.code": (LOINC,),
    "Observation.value": (SNOMED,),
    "Procedure.code": (SNOMED,),
}
"""By the path of the element."""


def usual_systems(path: str) -> tuple[str, ...]:
    """The systems whose codes at `path` have no term of the code alone."""
    return USUAL_SYSTEMS.get(path, ())
