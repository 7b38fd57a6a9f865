"""An encounter's record as a FHIR document, a Bundle led by its Composition. Source: FHIR R4 documents.html."""

from __future__ import annotations

from typing import Any

from benhan.mapping.mapped import without_empty
from benhan.vn import systems

Json = dict[str, Any]

SECTIONS = (
    ("Condition", "Chẩn đoán", "11450-4"),
    ("ServiceRequest", "Chỉ định", "46209-3"),
    ("DiagnosticReport", "Kết quả cận lâm sàng", "30954-2"),
    ("Observation", "Chỉ số", "30954-2"),
    ("AllergyIntolerance", "Dị ứng", "48765-2"),
)
"""Resource type, title, LOINC code of each section."""


def composition(
    facility: str, facility_name: str, patient: Json, encounter: Json, resources: list[Json], at: str
) -> Json:
    """The Composition of a record: who, which encounter, sections that point to what is in the Bundle."""
    sections = []
    for type_, title, code in SECTIONS:
        entries = [{"reference": f"{type_}/{each['id']}"} for each in resources if each["resourceType"] == type_]
        if entries:
            sections.append(
                {"title": title, "code": {"coding": [{"system": systems.LOINC, "code": code}]}, "entry": entries}
            )
    author = {"identifier": {"system": systems.FACILITY_CODE, "value": facility}, "display": facility_name}
    return without_empty(
        {
            "resourceType": "Composition",
            "id": f"composition-{encounter['id']}",
            "status": "final" if encounter.get("status") == "finished" else "preliminary",
            "type": {"coding": [{"system": systems.LOINC, "code": "34133-9"}], "text": "Hồ sơ bệnh án"},
            "subject": {"reference": f"Patient/{patient['id']}"},
            "encounter": {"reference": f"Encounter/{encounter['id']}"},
            "date": at,
            "author": [author],
            "title": "Hồ sơ bệnh án điện tử",
            "custodian": author,
            "section": sections,
        }
    )


def document(identifier: str, at: str, base_url: str, head: Json, resources: list[Json]) -> Json:
    """The document Bundle: Composition first, then every resource once, each with its fullUrl."""
    return {
        "resourceType": "Bundle",
        "identifier": {"system": systems.SOURCE_KEY, "value": identifier},
        "type": "document",
        "timestamp": at,
        "entry": [
            {"fullUrl": f"{base_url}/{each['resourceType']}/{each['id']}", "resource": each}
            for each in [head, *resources]
        ],
    }
