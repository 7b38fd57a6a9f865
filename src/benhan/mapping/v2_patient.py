"""PID, NK1 and IN1 to Patient and Coverage. Source: HL7 v2-to-FHIR segment maps PID, NK1, IN1."""

from __future__ import annotations

import re

from benhan.hl7v2.datatypes import PersonName, date_time, identifier, person_name
from benhan.hl7v2.message import Message, Segment
from benhan.kernel.issues import Issue, error, warning
from benhan.mapping import faults
from benhan.mapping.mapped import Context, IdentifierKey, Json, Mapped, Policy, without_empty
from benhan.mapping.v2_tables import GENDER
from benhan.vn import systems
from benhan.vn.identifiers import citizen_number, insurance_card
from benhan.vn.identifiers.fhir_identifier import identifier_of
from benhan.vn.identifiers.registry import is_well_formed
from benhan.vn.identifiers.temporary import is_temporary
from benhan.vn.person_names.family_names import is_family_name
from benhan.vn.person_names.human_name import name_to_human_name
from benhan.vn.person_names.name import is_mothers_name, parse_name

CLAUSE = "HL7 v2.5.1 3.4.2 PID"
_NATIONAL_KINDS = {"NI", "NNVNM", "NNVN", "CCCD", "SB"}
_CARD_KINDS = {"BHYT", "BHXH", "HC", "MB", "SN"}


def patient(message: Message, context: Context, issues: list[Issue], policy: Policy) -> Mapped | None:
    """The Patient of a message, or None with an issue that says what is missing."""
    pid = message.first("PID")
    if pid is None:
        issues.append(error("required", "PID", faults.NO_PID, CLAUSE))
        return None
    identities = _identities(pid, context)
    if not identities:
        issues.append(error("required", "PID-3", faults.NO_PATIENT_NUMBER, CLAUSE))
        return None
    resource = {
        "resourceType": "Patient",
        "identifier": [identifier_of(*key) for key in identities],
        "name": [name for repetition in pid.repetitions(5) if (name := human_name(person_name(pid, repetition)))],
        "telecom": _telecom(pid),
        "gender": GENDER.get(pid.text(8).upper()),
        "birthDate": _birth_date(pid, issues),
        "deceasedDateTime": date_time(pid.text(29), context.zone) if pid.text(29) else None,
        "address": [address for repetition in pid.repetitions(11) if (address := _address(pid, repetition))],
        "contact": [contact for nk1 in message.all("NK1") if (contact := _contact(nk1))],
    }
    return Mapped("patient", without_empty(resource), identities, policy)


def _identities(pid: Segment, context: Context) -> list[IdentifierKey]:
    """The identifiers of PID-3 (PID-2 where it is empty), the facility's own number first."""
    found: list[IdentifierKey] = []
    for field in (3, 2):
        for repetition in pid.repetitions(field):
            one = identifier(pid, repetition)
            if one.value:
                found.append(_identity(one.value, one.authority, one.kind.upper(), context))
        if found:
            break
    national = pid.text(19)
    if is_well_formed("cccd", national):
        found.append((systems.CCCD, str(citizen_number.parse(national))))
    strong = (systems.CCCD, systems.BHYT_CARD)
    return sorted(dict.fromkeys(found), key=lambda key: key[0] in strong)


def _identity(value: str, authority: str, kind: str, context: Context) -> IdentifierKey:
    named = {kind, authority.upper()}
    if named & _NATIONAL_KINDS and is_well_formed("cccd", value):
        return systems.CCCD, str(citizen_number.parse(value))
    if named & _CARD_KINDS and is_well_formed("bhyt", value):
        card = insurance_card.parse(value)
        return (systems.CCCD, card.number) if card.citizen_number else (systems.BHYT_CARD, card.number)
    if is_temporary(value) and is_well_formed("tam", value):
        return systems.TEMPORARY_IDENTITY, value.strip().upper()
    if kind == "PPN":
        return systems.PASSPORT, value
    return systems.patient_number(_slug(authority) or context.facility), value


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-")


def human_name(name: PersonName) -> Json:
    """The HumanName of an XPN: `text` in Vietnamese order, family – middle – given; {} where nothing is written.

    A sender that puts the whole name into the family name has it taken apart; a newborn under its mother's name (`CB`)
    does not get hers.
    """
    is_whole = " " in name.family.strip() and not name.given and not name.middle
    if is_whole or is_mothers_name(name.family):
        taken = parse_name(" ".join((name.family, name.middle, name.given)))
        found = {**name_to_human_name(taken), "prefix": [part for part in (name.prefix, taken.title) if part]}
    else:
        given = [name.middle, name.given] if is_family_name(name.family) else [name.given, name.middle]
        text = " ".join(part for part in (name.family, *given) if part)
        found = {"text": text, "family": name.family, "given": [part for part in given if part]}
        found["prefix"] = [name.prefix] if name.prefix else []
    return without_empty({**found, "suffix": [name.suffix] if name.suffix else []})


def _birth_date(pid: Segment, issues: list[Issue]) -> str | None:
    written = pid.text(7)
    if not written:
        return None
    day = date_time(written)
    if day is None or not _is_real(day[:10]):
        issues.append(warning("value", "PID-7", faults.NOT_A_DATE, CLAUSE))
        return None
    return day[:10]


def _is_real(day: str) -> bool:
    from benhan.fhir.dates import range_of

    return range_of(day) is not None


def _telecom(pid: Segment) -> list[Json]:
    found = []
    for field, use in ((13, "home"), (14, "work")):
        for repetition in pid.repetitions(field):
            email = pid.part(repetition, 4)
            number = (
                pid.part(repetition, 1) or pid.part(repetition, 12) or "".join(pid.part(repetition, n) for n in (6, 7))
            )
            if number:
                found.append({"system": "phone", "value": number, "use": use})
            if email:
                found.append({"system": "email", "value": email, "use": use})
    return found


def _address(segment: Segment, repetition: str) -> Json:
    """An XAD: street, other, city (district), province, zip, country, county (commune)."""
    part = segment.part
    line = [text for text in (part(repetition, 1), part(repetition, 2), part(repetition, 9)) if text]
    found = without_empty(
        {
            "line": line,
            "district": part(repetition, 3),
            "state": part(repetition, 4),
            "postalCode": part(repetition, 5),
            "country": part(repetition, 6),
        }
    )
    if not found:
        return {}
    places = [*line, part(repetition, 3), part(repetition, 4)]
    return {"text": ", ".join(text for text in places if text) or part(repetition, 6), **found}


def _contact(nk1: Segment) -> Json:
    names = nk1.repetitions(2)
    name = human_name(person_name(nk1, names[0])) if names else {}
    relation = nk1.text(3, 2) or nk1.text(3, 1)
    phones = [{"system": "phone", "value": nk1.part(each, 1)} for each in nk1.repetitions(5) if nk1.part(each, 1)]
    addresses = [address for each in nk1.repetitions(4) if (address := _address(nk1, each))]
    return without_empty(
        {
            "relationship": [{"text": relation}] if relation else [],
            "name": name,
            "telecom": phones,
            "address": addresses[0] if addresses else None,
        }
    )
