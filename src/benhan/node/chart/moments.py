"""What happened to a patient, as moments: stays, diagnoses, orders, reports, drugs, papers.

Pure: resources in, moments out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from benhan.fhir.dates import range_of
from benhan.fhir.folding import fold
from benhan.node.records.content import is_external, is_taken_back

Json = dict[str, Any]

_KINDS = {
    "DiagnosticReport": "effectiveDateTime",
    "ServiceRequest": "authoredOn",
    "Condition": "recordedDate",
    "MedicationRequest": "authoredOn",
    "Composition": "date",
}
_TITLES = {"MedicationRequest": "medicationCodeableConcept", "Composition": "type"}
KINDS = ("Encounter", *_KINDS)
ROLES = {"AD": "AD", "DD": "DD", "CC": "CC", "CM": "CC", "pre-op": "pre_op", "post-op": "post_op", "billing": "billing"}
"""HL7's diagnosis-role, in the words of the pages."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something in a patient's life; `until` is the end of a stay."""

    at: datetime | None
    kind: str
    title: str
    detail: str
    id: str
    is_open: bool = False
    until: datetime | None = None
    roles: tuple[str, ...] = ()
    """Of a diagnosis: what it was to the encounter, as `ROLES` has it."""
    facility: str = ""
    """Of a stay: where, "" where it is not told."""
    is_external: bool = False
    """Whether it is of another facility's record, joined out of a package."""


def moments_of(resources: list[Json]) -> list[Moment]:
    """The moments with a time, newest first; what was taken back is none of them."""
    known = [each for each in resources if each["resourceType"] in _KINDS and not is_taken_back(each)]
    found = stays_of(resources)
    found += [_other(each) for each in known if each["resourceType"] != "Condition"]
    found += diagnoses_of(resources)
    return sorted((each for each in found if each.at is not None), key=_place, reverse=True)


def stays_of(resources: list[Json]) -> list[Moment]:
    """The encounters, newest first."""
    stays = [_stay(each) for each in resources if each["resourceType"] == "Encounter" and not is_taken_back(each)]
    return sorted(stays, key=_place, reverse=True)


def diagnoses_of(resources: list[Json]) -> list[Moment]:
    """The diagnoses, each once for an encounter: a stay that came with what it left with has it in both roles."""
    conditions = [each for each in resources if each["resourceType"] == "Condition" and not is_taken_back(each)]
    roles = _roles(resources)
    found: dict[tuple[str, str], list[Json]] = {}
    for each in sorted(conditions, key=lambda one: (one.get("recordedDate", ""), one["id"])):
        encounter = each.get("encounter", {}).get("reference", each["id"])
        codes = [coding.get("code", "") for coding in each.get("code", {}).get("coding", [])]
        names = [name for name in (fold(_title_of(each)), *codes) if name] or [each["id"]]
        same = next((found[encounter, name] for name in names if (encounter, name) in found), [])
        same.append(each)
        found |= {(encounter, name): same for name in names}
    groups = {id(group): group for group in found.values()}
    return sorted((_diagnosis(group, roles) for group in groups.values()), key=_place, reverse=True)


def problems_of(diagnoses: list[Moment]) -> list[tuple[Moment, int]]:
    """Each diagnosis by its name once, the newest of it, and in how many episodes it was made; newest first."""
    found: dict[str, tuple[Moment, int]] = {}
    for each in diagnoses:
        newest, count = found.get(fold(each.title), (each, 0))
        found[fold(each.title)] = (newest, count + 1)
    return list(found.values())


def _place(moment: Moment) -> tuple[str, str]:
    return (moment.at.isoformat() if moment.at is not None else "", moment.id)


def _stay(encounter: Json) -> Moment:
    period = encounter.get("period", {})
    place = (encounter.get("location") or [{}])[-1].get("location", {}).get("display", "")
    reason = (encounter.get("reasonCode") or [{}])[0].get("text", "")
    provider = encounter.get("serviceProvider", {})
    return Moment(
        instant_of(period.get("start", "")),
        "Encounter",
        encounter.get("class", {}).get("code", ""),
        " — ".join(text for text in (place, reason) if text),
        encounter["id"],
        encounter.get("status") not in ("finished", "cancelled") and not is_external(encounter),
        instant_of(period.get("end", "")),
        facility=provider.get("display") or provider.get("identifier", {}).get("value", ""),
        is_external=is_external(encounter),
    )


def _other(resource: Json) -> Moment:
    title = resource.get(_TITLES.get(resource["resourceType"], "code"), {}).get("text", "")
    return Moment(
        instant_of(resource.get(_KINDS[resource["resourceType"]], "")),
        resource["resourceType"],
        title,
        resource.get("status", ""),
        resource["id"],
    )


def _roles(resources: list[Json]) -> dict[str, str]:
    """The role that an Encounter gives each of its diagnoses, by reference."""
    found = {}
    for encounter in resources:
        for each in encounter.get("diagnosis", []) if encounter["resourceType"] == "Encounter" else []:
            role = (each.get("use", {}).get("coding") or [{}])[0].get("code", "")
            if role:
                found[each.get("condition", {}).get("reference", "")] = ROLES.get(role, "unknown")
    return found


def _diagnosis(group: list[Json], roles: dict[str, str]) -> Moment:
    told = dict.fromkeys(roles.get(f"Condition/{each['id']}", "") for each in group)
    title = max((_title_of(each) for each in group), key=len)
    return replace(_other(group[0]), title=title, roles=tuple(filter(None, told)))


def _title_of(condition: Json) -> str:
    """What a diagnosis is called: its words, else its code."""
    code = condition.get("code", {})
    coding = (code.get("coding") or [{}])[0]
    return str(code.get("text", "") or coding.get("display", "") or coding.get("code", ""))


def instant_of(text: str) -> datetime | None:
    """The beginning of a FHIR date or dateTime; None where there is none."""
    found = range_of(text) if text else None
    return found[0] if found is not None else None
