"""The resources of another facility's record as they stand beside our own: marked, under names of their own. Pure.

Each keeps where it came from (`meta.source`, `meta.tag`) and one identifier made of the sender's own name of it, so
that a later package of the same record is known again; other identifiers stay in the package alone, since a number
there may be another thing's here. What is not clinical (money, consents, definitions, people) is not joined.
Source: FHIR R4 resource.html#Meta, references.html#logical.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benhan.node.packages.contents import Contents
from benhan.node.packages.format import Sender
from benhan.store.identities import IdentityKey
from benhan.vn import systems

Json = dict[str, Any]

JOINED = (
    "AllergyIntolerance",
    "CarePlan",
    "ClinicalImpression",
    "Composition",
    "Condition",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "FamilyMemberHistory",
    "ImagingStudy",
    "Immunization",
    "Media",
    "MedicationAdministration",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Procedure",
    "QuestionnaireResponse",
    "ServiceRequest",
    "Specimen",
)
_ONE_IDENTIFIER = ("Composition", "QuestionnaireResponse")
EXTERNAL_TAG = {"system": systems.SOURCE_TAG, "code": "external"}


def joined_references(contents: Contents) -> list[str]:
    """The resources that are joined, by `Type/id` as the sender calls them."""
    found = [f"{each['resourceType']}/{each['id']}" for each in contents.resources]
    return [each for each in found if each.partition("/")[0] in JOINED]


def external_key(sender: Sender, reference: str) -> IdentityKey:
    """Under which identifier a resource of a sender is found here."""
    return reference.partition("/")[0], systems.EXTERNAL, f"{sender.code}/{reference}"


def external_resources(
    contents: Contents, sender: Sender, digest: str, local: Mapping[str, str]
) -> list[tuple[str, Json]]:
    """What is joined, by what the sender calls it; `local` are our references of these, of the patient too.

    `digest` is the SHA-256 of the package in hexadecimal digits.
    """
    found = []
    wanted = set(joined_references(contents))
    for each in contents.resources:
        reference = f"{each['resourceType']}/{each['id']}"
        if reference not in wanted:
            continue
        _, system, value = external_key(sender, reference)
        identifier = {"system": system, "value": value}
        own = {
            **_pointed(each, contents.calls, local),
            "id": local[reference].partition("/")[2],
            "identifier": identifier if each["resourceType"] in _ONE_IDENTIFIER else [identifier],
            "meta": _meta(each, sender, digest),
        }
        found.append((reference, own))
    return found


def _meta(resource: Json, sender: Sender, digest: str) -> Json:
    """Where it is from; labels of secrecy and profiles stay, tags and times are ours."""
    said = resource.get("meta", {})
    kept = {name: said[name] for name in ("security", "profile") if name in said}
    tag = {**EXTERNAL_TAG, "display": sender.name or sender.code}
    return {"source": f"urn:benhan:co-so:{sender.code}#{digest[:32]}", **kept, "tag": [tag]}


def _pointed(value: Any, calls: Mapping[str, str], local: Mapping[str, str]) -> Any:
    """A resource whose references point to what stands here; what does not is named, not pointed to."""
    if isinstance(value, list):
        return [_pointed(each, calls, local) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: _pointed(each, calls, local) for name, each in value.items()}
    reference = value.get("reference")
    if not isinstance(reference, str) or reference.startswith("#"):
        return found
    called = calls.get(reference, reference)
    if called in local:
        return {**found, "reference": local[called]}
    del found["reference"]
    found.setdefault("display", called.partition("/")[0])
    return found
