"""Questions about persons in HL7 v2 and their answers: PDQ (QBP^Q22, RSP^K22) and PIX (QBP^Q23, RSP^K23).

Source: HL7 v2.5.1 5.3.1.2, 5.5 (QPD, RCP, QAK, QRI); IHE ITI TF-2 3.21 (ITI-21), 3.9 (ITI-9). Not supported: wildcards,
continuation (DSC), RCP-5. Namespaces of CX-4 are names of our own (`AUTHORITIES`): no OID is adopted by a legal text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benhan.hl7v2.datatypes import date_time
from benhan.hl7v2.message import Delimiters, Message, Segment, escape
from benhan.kernel.faults import Fault
from benhan.mapping.faults import NO_QUERY
from benhan.mapping.v2_tables import GENDER
from benhan.vn import systems
from benhan.vn.person_names.human_name import human_name_to_name, name_to_human_name
from benhan.vn.person_names.name import Name, parse_name

Json = dict[str, Any]

AUTHORITIES = {
    systems.CCCD: ("CCCD", "NI"),
    systems.CMND: ("CMND", "NI"),
    systems.BHYT_CARD: ("BHYT", "HC"),
    systems.SOCIAL_INSURANCE_NUMBER: ("BHXH", "SB"),
    systems.PASSPORT: ("HOCHIEU", "PPN"),
    systems.TEMPORARY_IDENTITY: ("TAM", "TA"),
}
"""Namespace (CX-4) and kind (CX-5, table 0203) of each system; a member's own numbers stand under its code, as PI."""
COUNT_DEFAULT, COUNT_MAX = 10, 50
_MEMBER = "urn:benhan:member:"
_CRITERION = re.compile(r"@PID\.(\d+)(?:\.(\d+))?(?:\.\d+)?", re.ASCII)
_SYSTEMS = {namespace: system for system, (namespace, _kind) in AUTHORITIES.items()}
_SEXES = {"male": "M", "female": "F", "other": "O", "unknown": "U"}
_ALL = Delimiters()


@dataclass(frozen=True, slots=True)
class PersonQuery:
    """A question: PDQ by what is told of a person (`patient`), PIX by one identifier; `domains` are systems wanted."""

    kind: str
    tag: str
    patient: Json
    source: tuple[str, str] | None
    domains: tuple[str, ...]
    count: int


def message_to_person_query(message: Message) -> PersonQuery:
    """The question of a QBP^Q22 or QBP^Q23. Raises Incorrect BA-6149 where it is neither, or asks nothing."""
    qpd = message.first("QPD")
    event = message.msh.text(9, 2)
    if qpd is None or event not in ("Q22", "Q23"):
        raise NO_QUERY()
    rcp = message.first("RCP")
    limit = rcp.text(2) if rcp is not None else ""
    count = min(int(limit), COUNT_MAX) if limit.isdecimal() and int(limit) else COUNT_DEFAULT
    tag = qpd.text(2)
    if event == "Q23":
        source = _identifier(qpd, qpd.raw(3))
        if source is None:
            raise NO_QUERY()
        return PersonQuery("PIX", tag, {}, source, _domains(qpd, 4), count)
    told = _criteria(qpd)
    if not told:
        raise NO_QUERY()
    return PersonQuery("PDQ", tag, _patient(told), None, _domains(qpd, 8), count)


def person_answer(
    message: Message, found: Sequence[tuple[Json, float]], query: PersonQuery, *, at: str, own_id: str
) -> bytes:
    """The RSP to a question: each Patient with how sure it is; of PIX one Patient with its identifiers, or none."""
    status = "OK" if found else "NF"
    lines = _head(message, "AA", status, query, len(found), at, own_id)
    for number, (patient, score) in enumerate(found, 1):
        lines.append(_pid(number, patient, query))
        if query.kind == "PDQ":
            lines.append(f"QRI|{score:.4f}||FS")
    return ("\r".join(lines) + "\r").encode()


def person_refusal(message: Message, fault: Fault, query: PersonQuery | None, *, at: str, own_id: str) -> bytes:
    """The RSP that says why a question is not answered, in ERR."""
    lines = _head(message, "AE", "AE", query, 0, at, own_id)
    condition = "204" if fault.category == "not_found" else "207"
    error = f"ERR||QPD^1^3^1^1|{condition}^^HL70357|E|{fault.code}^^BENHAN|||{escape(fault.text.vi, _ALL)}"
    return ("\r".join([*lines[:2], error, *lines[2:]]) + "\r").encode()


def _head(
    message: Message, code: str, status: str, query: PersonQuery | None, count: int, at: str, own_id: str
) -> list[str]:
    msh, qpd = message.msh, message.first("QPD")
    event = "K23" if msh.text(9, 2) == "Q23" else "K22"
    sender, receiver = (f"{escape(msh.text(app), _ALL)}|{escape(msh.text(app + 1), _ALL)}" for app in (5, 3))
    structure = "RSP_K23" if event == "K23" else "RSP_K21"
    version = escape(msh.text(12), _ALL) or "2.5.1"
    processing = escape(msh.text(11), _ALL) or "P"
    head = f"MSH|^~\\&|{sender}|{receiver}|{at}||RSP^{event}^{structure}|{own_id}|{processing}|{version}"
    name = "IHE PIX Query" if event == "K23" else "IHE PDQ Query"
    tag = escape(query.tag if query is not None else "", _ALL)
    echoed = "|".join(qpd.fields) if qpd is not None and qpd.delimiters == _ALL else f"QPD|{name}|{tag}"
    return [
        f"{head}||||||UNICODE UTF-8",
        f"MSA|{code}|{escape(message.control_id, _ALL)}",
        f"QAK|{tag}|{status}|{name}|{count}|{count}|0",
        echoed,
    ]


def _criteria(qpd: Segment) -> dict[tuple[int, int], str]:
    """Value by field and component of PID."""
    found = {}
    for repetition in qpd.repetitions(3):
        match = _CRITERION.fullmatch(qpd.part(repetition, 1))
        value = qpd.part(repetition, 2)
        if match is not None and value:
            found[int(match[1]), int(match[2] or 1)] = value
    return found


def _patient(told: dict[tuple[int, int], str]) -> Json:
    """What the criteria tell as a Patient."""
    found: Json = {"resourceType": "Patient"}
    family, given, middle = (told.get((5, component), "") for component in (1, 2, 3))
    if family and given:
        words = given.split()
        name = Name(family, middle or " ".join(words[:-1]), given if middle else words[-1])
        found["name"] = [name_to_human_name(name)]
    elif family or given:
        found["name"] = [name_to_human_name(parse_name(" ".join(filter(None, (family, middle, given)))))]
    birth = date_time(told.get((7, 1), ""))
    if birth:
        found["birthDate"] = birth[:10]
    if (8, 1) in told:
        found["gender"] = GENDER.get(told[8, 1].upper(), "unknown")
    if (3, 1) in told:
        found["identifier"] = [{"system": _system(told.get((3, 4), "CCCD")), "value": told[3, 1]}]
    phone = told.get((13, 1)) or told.get((13, 12))
    if phone:
        found["telecom"] = [{"system": "phone", "value": phone}]
    parts = {"city": told.get((11, 3), ""), "state": told.get((11, 4), "")}
    line = told.get((11, 1), "")
    if line or any(parts.values()):
        text = ", ".join(filter(None, (line, *parts.values())))
        found["address"] = [{"text": text, **({"line": [line]} if line else {}), **parts}]
    return found


def _identifier(segment: Segment, written: str) -> tuple[str, str] | None:
    value, namespace = segment.part(written, 1), segment.part(written, 4)
    return (_system(namespace), value) if value and namespace else None


def _domains(qpd: Segment, field: int) -> tuple[str, ...]:
    return tuple(_system(name) for each in qpd.repetitions(field) if (name := qpd.part(each, 4)))


def _system(namespace: str) -> str:
    return _SYSTEMS.get(namespace.upper()) or f"{_MEMBER}{namespace}"


def _pid(number: int, patient: Json, query: PersonQuery) -> str:
    identifiers = [
        _cx(each) for each in patient.get("identifier", []) if not query.domains or each["system"] in query.domains
    ]
    if query.kind == "PIX":
        return f"PID|||{'~'.join(identifiers)}||~^^^^^^S"
    name = human_name_to_name(patient["name"][0]) if patient.get("name") else Name("", "", "")
    xpn = "^".join(escape(part, _ALL) for part in (name.family, name.given, name.middle)) + "^^^^L"
    birth = patient.get("birthDate", "").replace("-", "")
    sex = _SEXES.get(patient.get("gender", ""), "")
    phone = next((escape(each["value"], _ALL) for each in patient.get("telecom", [])), "")
    return f"PID|{number}||{'~'.join(identifiers)}||{xpn}||{birth}|{sex}|||||{phone}".rstrip("|")


def _cx(identifier: Json) -> str:
    system = identifier["system"]
    namespace, kind = AUTHORITIES.get(system) or (system.removeprefix(_MEMBER), "PI")
    return f"{escape(identifier['value'], _ALL)}^^^{escape(namespace, _ALL)}^{kind}"
