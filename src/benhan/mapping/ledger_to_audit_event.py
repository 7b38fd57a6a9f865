"""An entry of the ledger as an AuditEvent.

Source: FHIR R4 auditevent.html; IHE BALP 1.1.3, Basic Audit Patterns (RESTful create, read, update, delete, query; user
authentication; export and import); DICOM PS3.16 CID 400-405.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from benhan.fhir.resource import instant

Json = dict[str, Any]

DCM = "http://dicom.nema.org/resources/ontology/DCM"
EVENT_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type"
INTERACTION = "http://hl7.org/fhir/restful-interaction"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
OBJECT_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
SOURCE_TYPE = "http://terminology.hl7.org/CodeSystem/security-source-type"
BALP_ENTITY = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
EVENT_SYSTEM = "urn:benhan:code:su-kien"
ACTOR_SYSTEM = "urn:benhan:id:nguoi-thuc-hien"
RID_SYSTEM = "urn:benhan:id:rid"
ROLE_SYSTEM = "urn:benhan:code:vai-tro"
ID_PREFIX = "ledger-"

SUCCESS, MINOR_FAILURE = "0", "4"


@dataclass(frozen=True, slots=True)
class Kind:
    """What an event is in the words of the standards: type, subtype, action, outcome, and BALP's pattern of it."""

    type: tuple[str, str, str]
    subtype: tuple[str, str, str] | None = None
    action: str = "E"
    outcome: str = SUCCESS
    profile: str = ""


_REST = (EVENT_TYPE, "rest", "RESTful Operation")


def _rest(code: str, action: str, profile: str) -> Kind:
    return Kind(_REST, (INTERACTION, code, code), action, SUCCESS, profile)


def _dicom(code: str, name: str, action: str = "E") -> Kind:
    return Kind((DCM, code, name), None, action)


_APPLICATION = _dicom("110100", "Application Activity")
_RECORD = _dicom("110110", "Patient Record", "R")
_EXPORT, _IMPORT = _dicom("110106", "Export", "R"), _dicom("110107", "Import", "C")
_AUTHENTICATION = (DCM, "110114", "User Authentication")
_LOGIN, _LOGOUT = (DCM, "110122", "Login"), (DCM, "110123", "Logout")
_SECURITY = (DCM, "110113", "Security Alert")
_ATTRIBUTES = (DCM, "110137", "User Security Attributes Changed")
_KEYS = (DCM, "110132", "Use of Restricted Function")

KINDS: dict[str, Kind] = {
    "resource:content:create": _rest("create", "C", "Create"),
    "resource:content:update": _rest("update", "U", "Update"),
    "resource:content:delete": _rest("delete", "D", "Delete"),
    "resource:content:view": _rest("read", "R", "Read"),
    "resource:content:history": _rest("history-instance", "R", "Read"),
    "resource:content:search": _rest("search-type", "E", "Query"),
    "patient:page": _RECORD,
    "book:page": _RECORD,
    "record:export": _EXPORT,
    "message:hl7v2:receive": _IMPORT,
    "message:hl7v2:apply": _IMPORT,
    "delivery:repository:put": _EXPORT,
    "delivery:repository:ingest": _IMPORT,
    "account:session:open": Kind(_AUTHENTICATION, _LOGIN),
    "account:session:fail": Kind(_AUTHENTICATION, _LOGIN, outcome=MINOR_FAILURE),
    "account:session:lock": Kind(_AUTHENTICATION, _LOGIN, outcome=MINOR_FAILURE),
    "account:session:close": Kind(_AUTHENTICATION, _LOGOUT),
    "account": Kind(_SECURITY, _ATTRIBUTES),
    "smart:token:issue": Kind(_AUTHENTICATION, _LOGIN),
    "smart:token:refresh": Kind(_AUTHENTICATION, _LOGIN),
    "smart:token:refuse": Kind(_AUTHENTICATION, _LOGIN, outcome=MINOR_FAILURE),
    "smart:token:reuse": Kind(_SECURITY, (DCM, "110126", "Node Authentication"), outcome=MINOR_FAILURE),
    "smart:grant:refuse": Kind(_SECURITY, _ATTRIBUTES, outcome=MINOR_FAILURE),
    "smart": Kind(_SECURITY, _ATTRIBUTES),
    "keys": Kind(_SECURITY, _KEYS),
    "exchange:record:ask": Kind((DCM, "110112", "Query")),
    "exchange:record:give": _EXPORT,
    "exchange:record:refuse": Kind((DCM, "110112", "Query"), outcome=MINOR_FAILURE),
    "exchange:record:keep": _IMPORT,
    "hub:message:refuse": Kind(_SECURITY, (DCM, "110126", "Node Authentication"), outcome=MINOR_FAILURE),
    "hub:member": Kind(_SECURITY, _ATTRIBUTES),
    "hub:configuration": Kind(_SECURITY, _ATTRIBUTES),
    "store:bulk:import": _IMPORT,
    "store:bulk:export": _EXPORT,
}
"""By label, or by how it begins; the longest wins. What is not here is application activity."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What is told of an entry: its number, label and fields, and what its rids are called outside.

    `patient` and `resource` are references (`Patient/1`, `Observation/2`), "" for none; where the id is not known any
    more, the rid stands in `patient_rid` and `resource_rid` instead.
    """

    seq: int
    at: datetime
    label: str
    actor: str
    role: str
    trace: str
    type: str = ""
    version: int = 0
    patient: str = ""
    patient_rid: str = ""
    resource: str = ""
    resource_rid: str = ""
    detail: Mapping[str, str | int] = field(default_factory=dict)


def kind_of(label: str) -> Kind:
    """What an event of the label is."""
    parts = label.split(":")
    for length in range(len(parts), 0, -1):
        found = KINDS.get(":".join(parts[:length]))
        if found is not None:
            return found
    return _APPLICATION


def ledger_to_audit_event(entry: LedgerEntry, observer: str) -> Json:
    """The AuditEvent of an entry. `observer` is the address of the system that recorded it."""
    kind = kind_of(entry.label)
    event: Json = {
        "resourceType": "AuditEvent",
        "id": f"{ID_PREFIX}{entry.seq}",
        "meta": {"versionId": "1", "lastUpdated": instant(entry.at)},
        "type": _coding(*kind.type),
        "subtype": [*([_coding(*kind.subtype)] if kind.subtype else []), _coding(EVENT_SYSTEM, entry.label)],
        "action": kind.action,
        "recorded": instant(entry.at),
        "outcome": kind.outcome,
        "agent": _agents(entry, kind, observer),
        "source": {
            "observer": _system(observer),
            "type": [_coding(SOURCE_TYPE, "4", "Application Server")],
        },
    }
    if kind.profile:
        is_patients = bool(entry.patient or entry.patient_rid)
        event["meta"]["profile"] = [f"{BALP}{'Patient' if is_patients else ''}{kind.profile}"]
    if "fault" in entry.detail:
        event["outcomeDesc"] = str(entry.detail["fault"])
    entities = _entities(entry, kind)
    if entities:
        event["entity"] = entities
    return event


def _agents(entry: LedgerEntry, kind: Kind, observer: str) -> list[Json]:
    """Who asked, through which app, of whom."""
    app = str(entry.detail.get("client", ""))
    is_machine = not entry.actor.startswith("account:")
    source = _concept(DCM, "110153", "Source Role ID")
    asked = source if is_machine else _concept(PARTICIPATION, "IRCP", "information recipient")
    agents = [
        {
            "type": asked,
            "role": [_concept(ROLE_SYSTEM, entry.role)],
            "who": {"identifier": {"system": ACTOR_SYSTEM, "value": entry.actor}},
            "altId": entry.actor,
            "requestor": True,
        }
    ]
    if app and entry.actor != f"machine:{app}":
        who = {"identifier": {"system": ACTOR_SYSTEM, "value": f"machine:{app}"}}
        agents.append({"type": source, "who": who, "altId": app, "requestor": False})
    if kind.type == _REST:
        destination = _concept(DCM, "110152", "Destination Role ID")
        agents.append({"type": destination, "who": _system(observer), "requestor": False})
    return agents


def _entities(entry: LedgerEntry, kind: Kind) -> list[Json]:
    found: list[Json] = []
    if entry.patient or entry.patient_rid:
        found.append(
            {
                "what": _what(entry.patient, entry.patient_rid),
                "type": _coding(ENTITY_TYPE, "1", "Person"),
                "role": _coding(OBJECT_ROLE, "1", "Patient"),
            }
        )
    if entry.resource or entry.resource_rid:
        found.append(
            {
                "what": _what(entry.resource, entry.resource_rid, entry.version),
                "type": _coding(ENTITY_TYPE, "2", "System Object"),
                "role": _coding(OBJECT_ROLE, "4", "Domain Resource"),
            }
        )
    if kind.profile == "Query":
        names = str(entry.detail.get("parameters", ""))
        asked = f"{entry.type}?{names}"
        found.append(
            {
                "type": _coding(ENTITY_TYPE, "2", "System Object"),
                "role": _coding(OBJECT_ROLE, "24", "Query"),
                "query": base64.b64encode(asked.encode()).decode(),
            }
        )
    found += _details(entry)
    if entry.trace.strip("0"):
        found.append(
            {
                "what": {"identifier": {"value": entry.trace}},
                "type": _coding(BALP_ENTITY, "XrequestId"),
            }
        )
    return found


def _details(entry: LedgerEntry) -> list[Json]:
    """The fields of the event that stand nowhere else."""
    told = {name: value for name, value in entry.detail.items() if name not in ("client", "fault", "parameters")}
    if not told:
        return []
    details = [{"type": name, "valueString": str(value)} for name, value in sorted(told.items()) if str(value)]
    return [{"type": _coding(ENTITY_TYPE, "4", "Other"), "detail": details}] if details else []


def _what(reference: str, rid: str, version: int = 0) -> Json:
    if not reference:
        return {"identifier": {"system": RID_SYSTEM, "value": rid}}
    return {"reference": f"{reference}/_history/{version}" if version else reference}


def _system(address: str) -> Json:
    return {"identifier": {"system": "urn:ietf:rfc:3986", "value": address}, "display": "benhan"}


def _concept(system: str, code: str, display: str = "") -> Json:
    return {"coding": [_coding(system, code, display)]}


def _coding(system: str, code: str, display: str = "") -> Json:
    return {"system": system, "code": code, **({"display": display} if display else {})}
