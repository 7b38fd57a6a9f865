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

CLAUSE = "HL7 v2.5.1 3.4.2 PID"
_CCCD = re.compile(r"\d{12}", re.ASCII)
_BHYT = re.compile(r"[A-Z]{2}\d{13}|\d{10}", re.ASCII)
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
        "identifier": [typed(key) for key in identities],
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
    if _CCCD.fullmatch(national):
        found.append((systems.CCCD, national))
    strong = (systems.CCCD, systems.BHYT_CARD)
    return sorted(dict.fromkeys(found), key=lambda key: key[0] in strong)


def _identity(value: str, authority: str, kind: str, context: Context) -> IdentifierKey:
    named = {kind, authority.upper()}
    if named & _NATIONAL_KINDS and _CCCD.fullmatch(value):
        return systems.CCCD, value
    if named & _CARD_KINDS and _BHYT.fullmatch(value):
        return systems.BHYT_CARD, value
    if kind == "PPN":
        return systems.PASSPORT, value
    return systems.patient_number(_slug(authority) or context.facility), value


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-")


_KINDS = {systems.CCCD: ("NI", "Số định danh cá nhân"), systems.BHYT_CARD: ("HC", "Thẻ bảo hiểm y tế"),
          systems.PASSPORT: ("PPN", "Hộ chiếu")}  # fmt: skip


def typed(key: IdentifierKey) -> Json:
    """The FHIR Identifier of a key of a person, with its kind."""
    code, text = _KINDS.get(key[0], ("MR", "Mã bệnh nhân"))
    coding = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": code}
    return {"type": {"coding": [coding], "text": text}, "system": key[0], "value": key[1]}


def human_name(name: PersonName) -> Json:
    """The HumanName of an XPN: `text` in Vietnamese order, family – middle – given; {} where nothing is written."""
    given = [part for part in (name.middle, name.given) if part] if _is_vietnamese(name) else []
    given = given or [part for part in (name.given, name.middle) if part]
    text = " ".join(part for part in (name.family, *given) if part)
    return without_empty(
        {
            "text": text,
            "family": name.family,
            "given": given,
            "prefix": [name.prefix] if name.prefix else [],
            "suffix": [name.suffix] if name.suffix else [],
        }
    )


def _is_vietnamese(name: PersonName) -> bool:
    """Whether the middle name stands before the given one: so in Vietnam, where family names are few."""
    return name.family.split(" ")[0].casefold() in _FAMILY_NAMES


_FAMILY_NAMES = frozenset(
    (
        "nguyễn", "trần", "lê", "phạm", "hoàng", "huỳnh", "phan", "vũ", "võ", "đặng", "bùi", "đỗ", "hồ", "ngô", "dương",
        "lý", "đào", "đoàn", "vương", "trịnh", "trương", "đinh", "lâm", "phùng", "mai", "tô", "hà", "tạ", "lương",
        "quách", "châu", "thái", "cao", "chu", "nông", "triệu", "giàng", "vàng", "sùng",
    )
)  # fmt: skip


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
