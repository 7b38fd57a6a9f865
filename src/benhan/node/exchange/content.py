"""What is given of a patient: a FHIR document of the kinds that are allowed, and nothing else. Pure.

What came from elsewhere is not given on: whoever holds it gives it. Source: FHIR R4 documents.html; LOINC 60591-5.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benhan.fhir.references import references_in
from benhan.network.kinds import data_kinds, kind_of
from benhan.node.records.content import is_external, is_taken_back
from benhan.vn import systems
from benhan.vn.secrecy.kinds import CONFIDENTIALITY, has_label, secrecy_kinds

Json = dict[str, Any]
_SECRET = ("R", "V")


def given(resources: Iterable[Json], kinds: Iterable[str], secrets: Iterable[str]) -> list[Json]:
    """The resources of some kinds; of special secrecy only what bears labels of `secrets` alone."""
    wanted, opened = set(kinds), set(secrets)
    return [
        each
        for each in resources
        if kind_of(each) in wanted and not is_taken_back(each) and not is_external(each) and _is_open(each, opened)
    ]


def _is_open(resource: Json, opened: set[str]) -> bool:
    """Whether nothing in a resource is of another special secrecy than `opened`; a bare R or V is never open."""
    own = {name for name, kind in secrecy_kinds().items() if has_label(resource, kind)}
    named = {name for name in own if any(system != CONFIDENTIALITY for system, _ in secrecy_kinds()[name].labels)}
    if named:
        return named <= opened
    security = resource.get("meta", {}).get("security", ())
    return not any(each.get("system") == CONFIDENTIALITY and each.get("code") in _SECRET for each in security)


def document(
    patient: Json, resources: list[Json], facility: tuple[str, str], base_url: str, number: str, at: str
) -> Json:
    """The document Bundle: who gives it (code and name), of whom, a section for each kind."""
    author = {"identifier": {"system": systems.FACILITY_CODE, "value": facility[0]}, "display": facility[1]}
    sections = []
    for kind in data_kinds().values():
        entries = [
            {"reference": f"{each['resourceType']}/{each['id']}"} for each in resources if kind_of(each) == kind.id
        ]
        if entries:
            sections.append({"title": kind.name.vi, "entry": entries})
    head = {
        "resourceType": "Composition",
        "id": number,
        "status": "final",
        "type": {"coding": [{"system": systems.LOINC, "code": "60591-5"}], "text": "Hồ sơ trao đổi giữa cơ sở"},
        "subject": {"reference": f"Patient/{patient['id']}"},
        "date": at,
        "author": [author],
        "custodian": author,
        "title": "Hồ sơ trao đổi giữa cơ sở khám bệnh, chữa bệnh",
        "section": sections,
    }
    return {
        "resourceType": "Bundle",
        "identifier": {"system": systems.EXTERNAL, "value": f"{facility[0]}/{number}"},
        "type": "document",
        "timestamp": at,
        "entry": [
            {"fullUrl": f"{base_url}/{each['resourceType']}/{each['id']}", "resource": each}
            for each in (head, patient, *resources)
        ],
    }


def is_of_one_person(bundle: Json) -> bool:
    """Whether a Bundle is a document of exactly one patient, to whom alone everything in it refers."""
    entries = bundle.get("entry")
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "document" or not isinstance(entries, list):
        return False
    resources: list[Any] = [each.get("resource") for each in entries if isinstance(each, dict)]
    if len(resources) != len(entries) or not all(
        isinstance(each, dict) and isinstance(each.get("resourceType"), str) for each in resources
    ):
        return False
    patients = [each for each in resources if each["resourceType"] == "Patient"]
    if len(patients) != 1 or resources[0]["resourceType"] != "Composition":
        return False
    own = f"Patient/{patients[0].get('id')}"
    about = (reference for each in resources if each is not patients[0] for reference in references_in(each))
    return all(reference == own for reference in about if reference.startswith("Patient/") or "/Patient/" in reference)


def identifiers_of(patient: Json) -> set[tuple[str, str]]:
    """System and value of each identifier of a Patient."""
    return {(str(each.get("system")), str(each.get("value"))) for each in patient.get("identifier", ())}
