"""Numbers and their history as FHIR Identifiers, and back without loss.

A former number has use `old` and the end of its period, so that any reader understands it; what FHIR has no place for
(state, source, successor) stands in one extension. Source: FHIR R4 datatypes.html#Identifier; identifier-use.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from benhan.fhir.dates import range_of
from benhan.vn import systems
from benhan.vn.identifiers.history import Held, History, State
from benhan.vn.identifiers.temporary import Newborn

Json = dict[str, Any]

_TYPES = {
    systems.CCCD: ("NI", "Số định danh cá nhân"),
    systems.CMND: ("NI", "Chứng minh nhân dân"),
    systems.BHYT_CARD: ("HC", "Thẻ bảo hiểm y tế"),
    systems.SOCIAL_INSURANCE_NUMBER: ("SB", "Mã số bảo hiểm xã hội"),
    systems.PASSPORT: ("PPN", "Hộ chiếu"),
    systems.TEMPORARY_IDENTITY: ("", "Mã tạm"),
}
_PATIENT_NUMBER = ("MR", "Mã bệnh nhân")
_V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"


def identifier_of(system: str, value: str) -> Json:
    """The Identifier of a person's number, with its type in words and, where HL7 table 0203 has it, as a code."""
    code, text = _TYPES.get(system, _PATIENT_NUMBER)
    coding = {"coding": [{"system": _V2_0203, "code": code}]} if code else {}
    return {"type": {**coding, "text": text}, "system": system, "value": value}


def held_to_identifier(held: Held) -> Json:
    """The Identifier of one entry of a history."""
    found = identifier_of(held.system, held.value)
    if held.state is not State.ACTIVE or held.until_at is not None:
        found["use"] = "old"
    elif held.system == systems.TEMPORARY_IDENTITY:
        found["use"] = "temp"
    period = {"start": held.from_at, "end": held.until_at}
    if any(period.values()):
        found["period"] = {name: at.isoformat() for name, at in period.items() if at is not None}
    told: list[Json] = []
    if held.state is not State.ACTIVE:
        told.append({"url": "state", "valueCode": held.state.value})
    if held.source:
        told.append({"url": "source", "valueString": held.source})
    if held.before_correction is not None:
        told.append({"url": "before-correction", "valueCode": held.before_correction.value})
    for url, number in (("marked-by", held.marked_by), ("made-by", held.made_by)):
        if number:
            told.append({"url": url, "valuePositiveInt": number})
    if held.successor is not None:
        system, value = held.successor
        told.append({"url": "successor", "valueIdentifier": {"system": system, "value": value}})
    if told:
        found["extension"] = [{"url": systems.EXTENSION_IDENTIFIER_HISTORY, "extension": told}]
    return found


def identifier_to_held(identifier: Json) -> Held | None:
    """The entry of an Identifier, None where it has no system or no value.

    One of others, without our extension, is active, or replaced where its use is `old`.
    """
    system, value = identifier.get("system"), identifier.get("value")
    if not system or not value:
        return None
    told = _told(identifier)
    former = State.REPLACED if identifier.get("use") == "old" else State.ACTIVE
    period = identifier.get("period", {})
    before = told.get("before-correction")
    return Held(
        system,
        value,
        told.get("source", ""),
        _instant(period.get("start"), is_end=False),
        _instant(period.get("end"), is_end=True),
        State(told["state"]) if "state" in told else State.ACTIVE if told else former,
        _key(told.get("successor")),
        State(before) if before else None,
        told.get("marked-by", 0),
        told.get("made-by", 0),
    )


def history_of(patient: Json) -> History:
    """The history that a Patient carries in its identifiers."""
    return tuple(held for each in patient.get("identifier", []) if (held := identifier_to_held(each)) is not None)


def current_value(resource: Json, prefix: str) -> str:
    """The value of a resource's first identifier that is not a former one, of a system that begins so; "" for none."""
    return next(
        (
            str(each["value"])
            for each in resource.get("identifier", [])
            if each.get("system", "").startswith(prefix) and each.get("value") and each.get("use") != "old"
        ),
        "",
    )


def newborn_to_identifier(newborn: Newborn) -> Json:
    """The Identifier of a newborn's temporary identity, with the mother's number and the order of birth."""
    system, value = newborn.mother
    told = [
        {"url": "mother", "valueIdentifier": {"system": system, "value": value}},
        {"url": "birth-order", "valuePositiveInt": newborn.birth_order},
    ]
    return {
        **identifier_of(systems.TEMPORARY_IDENTITY, str(newborn.identity)),
        "use": "temp",
        "period": {"start": newborn.identity.given_on.isoformat()},
        "extension": [{"url": systems.EXTENSION_IDENTIFIER_HISTORY, "extension": told}],
    }


def _told(identifier: Json) -> dict[str, Any]:
    """What our extension says, by its name."""
    for extension in identifier.get("extension", []):
        if extension.get("url") == systems.EXTENSION_IDENTIFIER_HISTORY:
            return {
                each["url"]: next(value for name, value in each.items() if name.startswith("value"))
                for each in extension.get("extension", [])
            }
    return {}


def _key(identifier: Json | None) -> tuple[str, str] | None:
    return (identifier["system"], identifier["value"]) if identifier else None


def _instant(written: str | None, *, is_end: bool) -> datetime | None:
    """The instant of a dateTime; a date is its first instant in Vietnam, or the one after it where a period ends."""
    covered = range_of(written) if written else None
    if covered is None or written is None:
        return None
    return datetime.fromisoformat(written) if "T" in written else covered[is_end]
