"""The record of an encounter as the store holds it: the patient, the encounter, all that belongs to it."""

from __future__ import annotations

from typing import Any

from benhan.kernel.actors import Actor, outgoing
from benhan.mapping.fhir_to_hoso_benh_an import Record
from benhan.store.compartment import read_compartment
from benhan.store.faults import NO_SUCH_RESOURCE
from benhan.store.store import Store
from benhan.vn import systems

Json = dict[str, Any]

CONTENT_TYPES = (
    "AllergyIntolerance",
    "CarePlan",
    "ChargeItem",
    "Claim",
    "ClinicalImpression",
    "Composition",
    "Condition",
    "Coverage",
    "DiagnosticReport",
    "DocumentReference",
    "FamilyMemberHistory",
    "Invoice",
    "MedicationAdministration",
    "MedicationRequest",
    "Observation",
    "Procedure",
    "ServiceRequest",
    "Specimen",
)
ANY_ENCOUNTER = frozenset({"AllergyIntolerance", "Coverage", "FamilyMemberHistory"})
"""What belongs to the patient, whichever the encounter."""


async def read_record(store: Store, facility: str, encounter_id: str, actor: Actor | None = None) -> Record:
    """The record of an encounter. Reading the encounter is a view of `actor`'s, a task of the system's where None.

    What is of special secrecy is not in it but for an actor who may see that.

    Raises NotFound BA-0401, BA-0402, BA-0503.
    """
    actor = actor or outgoing("records")
    encounter = await store.resources.read("Encounter", encounter_id, actor)
    if not encounter.patient:
        raise NO_SUCH_RESOURCE(type="Patient", id="?")
    found = await read_compartment(store, actor, encounter.patient, ("Patient", *CONTENT_TYPES))
    contents = [each.read() for each in found]
    patients = [each for each in contents if each["resourceType"] == "Patient"]
    if not patients:
        raise NO_SUCH_RESOURCE(type="Patient", id="?")
    return Record(
        facility,
        patients[0],
        encounter.read(),
        belonging([each for each in contents if each["resourceType"] != "Patient"], encounter_id),
        {f"{each.type}/{each.id}": each.content for each in (encounter, *found)},
    )


def belonging(resources: list[Json], encounter_id: str) -> list[Json]:
    """The resources of an encounter but those taken back; specimens by the results that point to them, invoices by the
    charges that they name.
    """
    reference = f"Encounter/{encounter_id}"
    own: list[Json] = []
    others: list[Json] = []
    for each in resources:
        if is_taken_back(each):
            continue
        is_own = each["resourceType"] in ANY_ENCOUNTER or reference in encounters_of(each)
        (own if is_own else others).append(each)
    named = {link.get("reference") for each in own for link in _specimens(each)}
    charges = {f"ChargeItem/{each['id']}" for each in own if each["resourceType"] == "ChargeItem"}
    own += [each for each in others if f"{each['resourceType']}/{each['id']}" in named]
    return own + [each for each in others if not charges.isdisjoint(_lines(each))]


def _lines(invoice: Json) -> list[str]:
    """The charges that an invoice names."""
    if invoice["resourceType"] != "Invoice":
        return []
    return [each.get("chargeItemReference", {}).get("reference", "") for each in invoice.get("lineItem", [])]


def is_taken_back(resource: Json) -> bool:
    """Whether a resource was entered in error: it is kept and shown to nobody as a fact."""
    verified = resource.get("verificationStatus", {}).get("coding", [{}])[0].get("code", "")
    return "entered-in-error" in (resource.get("status"), verified)


def is_external(resource: Json) -> bool:
    """Whether a resource is of another facility's record, joined out of a package."""
    tags = resource.get("meta", {}).get("tag", [])
    return any(each.get("system") == systems.SOURCE_TAG and each.get("code") == "external" for each in tags)


def encounters_of(resource: Json) -> list[str]:
    """The encounters of a resource: its own, its context's, those of the items of a claim."""
    context = resource.get("context", {})
    links = [resource.get("encounter", {}), context]
    if isinstance(context, dict) and isinstance(context.get("encounter"), list):
        links += context["encounter"]
    for item in resource.get("item", []):
        links += item.get("encounter", [])
    return [link.get("reference", "") for link in links if isinstance(link, dict)]


def _specimens(resource: Json) -> list[Json]:
    """`specimen` of a report is a list, of an observation one reference."""
    found = resource.get("specimen", [])
    return found if isinstance(found, list) else [found]
