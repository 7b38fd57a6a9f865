"""HL7 v2 tables to FHIR codes. Source: HL7 v2-to-FHIR concept maps; HL7 v2 tables named at each."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

GENDER = {"M": "male", "F": "female", "O": "other", "A": "other", "N": "other", "U": "unknown"}
"""Table 0001. Vietnamese senders also write Nam and Nữ in words, and 1 and 2 as QĐ 130 does (1 nam, 2 nữ)."""
GENDER |= {"NAM": "male", "NỮ": "female", "NU": "female", "1": "male", "2": "female", "3": "unknown"}

PATIENT_CLASS = {
    "I": ("IMP", "inpatient encounter"),
    "O": ("AMB", "ambulatory"),
    "E": ("EMER", "emergency"),
    "P": ("PRENC", "pre-admission"),
    "R": ("AMB", "ambulatory"),
    "B": ("IMP", "inpatient encounter"),
    "C": ("AMB", "ambulatory"),
}
"""Table 0004 to http://terminology.hl7.org/CodeSystem/v3-ActCode."""

RESULT_STATUS = {
    "O": "registered", "I": "registered", "S": "registered", "A": "preliminary", "P": "preliminary", "R": "partial",
    "C": "corrected", "F": "final", "X": "cancelled", "Y": "unknown", "Z": "unknown", "M": "partial", "N": "registered",
}  # fmt: skip
"""Table 0123 to DiagnosticReport.status."""

ORDER_CONTROL = {
    **dict.fromkeys(("NW", "RO", "PR"), "active"),
    **dict.fromkeys(("CA", "CR", "OC", "DC", "DR", "OD", "RP", "RQ", "RU"), "revoked"),
    **dict.fromkeys(("HD", "HR", "OH"), "on-hold"),
    **dict.fromkeys(("RL", "OR", "OE"), "active"),
    **dict.fromkeys(("XO", "XR", "XX", "SC", "SN", "NA", "OK", "RE", "PA", "CH"), ""),
}
"""Table 0119 to ServiceRequest.status; "" where the order's own status (ORC-5) tells it. Of a replacement RP and RU
name the order that ends, RO the one in its place. Questions (SS) and refusals (UA, UC, UX) change no order."""

ORDER_STATUS = {
    "A": "active", "IP": "active", "SC": "active", "CM": "completed", "CA": "revoked", "DC": "revoked",
    "RP": "revoked", "HD": "on-hold", "ER": "entered-in-error",
}  # fmt: skip
"""Table 0038 to ServiceRequest.status."""

PRIORITY = {"S": "stat", "A": "asap", "R": "routine", "P": "asap", "C": "routine", "T": "urgent"}
"""Table 0485 to request-priority, by the first letter. `P` (before an operation) and `T` (by a certain time) have no
code of their own there."""

OBSERVATION_STATUS = {
    "C": "corrected", "D": "entered-in-error", "F": "final", "I": "registered", "N": "unknown", "O": "registered",
    "P": "preliminary", "R": "preliminary", "S": "preliminary", "U": "final", "W": "entered-in-error",
    "X": "cancelled", "A": "amended", "B": "final", "V": "final",
}  # fmt: skip
"""Table 0085 to Observation.status."""

INTERPRETATION = {
    "L": "Low", "H": "High", "LL": "Critical low", "HH": "Critical high", "<": "Off scale low", ">": "Off scale high",
    "N": "Normal", "A": "Abnormal", "AA": "Critical abnormal", "U": "Significant change up",
    "D": "Significant change down", "B": "Better", "W": "Worse", "S": "Susceptible", "R": "Resistant",
    "I": "Intermediate", "MS": "Moderately susceptible", "VS": "Very susceptible", "POS": "Positive",
    "NEG": "Negative", "IND": "Indeterminate", "DET": "Detected", "ND": "Not detected",
}  # fmt: skip
"""Table 0078 to http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation."""

SYSTEMS = {
    "LN": "http://loinc.org", "SCT": "http://snomed.info/sct", "SNM": "http://snomed.info/sct",
    "I10": "http://hl7.org/fhir/sid/icd-10", "ICD10": "http://hl7.org/fhir/sid/icd-10",
    "I10C": "http://hl7.org/fhir/sid/icd-10-cm", "I9": "http://hl7.org/fhir/sid/icd-9-cm",
    "I9C": "http://hl7.org/fhir/sid/icd-9-cm", "C4": "http://www.ama-assn.org/go/cpt",
    "CPT": "http://www.ama-assn.org/go/cpt", "UCUM": "http://unitsofmeasure.org",
    "RXNORM": "http://www.nlm.nih.gov/research/umls/rxnorm", "CVX": "http://hl7.org/fhir/sid/cvx",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
}  # fmt: skip
"""Table 0396 to FHIR systems."""

UCUM_OF = {
    "g/dl": "g/dL", "g/dL": "g/dL", "g/l": "g/L", "g/L": "g/L", "mg/l": "mg/L", "mg/L": "mg/L", "mg/dl": "mg/dL",
    "mg/dL": "mg/dL", "ug/l": "ug/L", "µg/L": "ug/L", "μg/L": "ug/L", "ng/ml": "ng/mL", "ng/mL": "ng/mL",
    "pg/mL": "pg/mL", "mmol/l": "mmol/L", "mmol/L": "mmol/L", "umol/l": "umol/L", "umol/L": "umol/L",
    "µmol/L": "umol/L", "μmol/L": "umol/L", "pmol/L": "pmol/L", "nmol/L": "nmol/L", "mEq/L": "meq/L", "meq/L": "meq/L",
    "U/l": "U/L", "U/L": "U/L", "IU/L": "[iU]/L", "UI/L": "[iU]/L", "mIU/L": "m[iU]/L", "mUI/L": "m[iU]/L",
    "µIU/mL": "u[iU]/mL", "uIU/mL": "u[iU]/mL", "IU/mL": "[iU]/mL", "%": "%", "fL": "fL", "fl": "fL", "pg": "pg",
    "G/L": "10*9/L", "T/L": "10*12/L", "G/l": "10*9/L", "T/l": "10*12/L", "10^9/L": "10*9/L", "10*9/L": "10*9/L",
    "x10^9/L": "10*9/L", "10^12/L": "10*12/L", "10*12/L": "10*12/L", "10*3/uL": "10*3/uL", "10^3/uL": "10*3/uL",
    "K/uL": "10*3/uL", "K/µL": "10*3/uL", "10*6/uL": "10*6/uL", "10^6/uL": "10*6/uL", "M/uL": "10*6/uL",
    "L/L": "L/L", "l/l": "L/L", "mm/h": "mm/h", "mm/hr": "mm/h", "s": "s", "sec": "s", "giây": "s", "mmHg": "mm[Hg]",
    "mm[Hg]": "mm[Hg]", "kg": "kg", "cm": "cm", "m": "m", "bpm": "/min", "/min": "/min", "lần/phút": "/min",
    "°C": "Cel", "Cel": "Cel", "kg/m2": "kg/m2", "mL/min/1.73m2": "mL/min/{1.73_m2}", "mL/min": "mL/min",
    "mL/min/{1.73_m2}": "mL/min/{1.73_m2}", "copies/mL": "{copies}/mL", "Ct": "{Ct}",
}  # fmt: skip
"""Units as laboratories write them to UCUM; one that is not here keeps its text and gets no code."""


def system_of(name: str) -> str:
    """The FHIR system of a v2 coding system name; an unknown one becomes a name of its own, "" stays ""."""
    known = SYSTEMS.get(name.upper())
    if known or not name:
        return known or ""
    if name.startswith(("urn:", "http://", "https://")) and " " not in name:
        return name
    return "urn:benhan:code:" + "".join(each if each.isalnum() else "-" for each in name.lower())


def interpretation(flag: str) -> Json | None:
    """The CodeableConcept of an abnormal flag, or None for an unknown one."""
    flag = flag.strip().upper()
    if flag not in INTERPRETATION:
        return {"text": flag} if flag else None
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    return {"coding": [{"system": system, "code": flag, "display": INTERPRETATION[flag]}]}
