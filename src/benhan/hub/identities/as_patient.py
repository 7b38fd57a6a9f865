"""A person as one Patient, made of what every member tells; and an answer's entry with its grade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benhan.hub.identities.told import Told
from benhan.store.ids import encode_rid
from benhan.vn.identifiers.fhir_identifier import held_to_identifier, identifier_of
from benhan.vn.identifiers.history import State
from benhan.vn.person_names.human_name import name_to_human_name
from benhan.vn.person_names.name import Name, is_mothers_name, parse_name

Json = dict[str, Any]

GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"


def person_to_patient(identity: int, records: Sequence[Told]) -> Json:
    """The Patient of an identity, records in the order of being told.

    Every number that any member told, each once, a member's own among them; of name, birth and sex what most records
    say, of equally many what says most; telephone and home of the last that has one.
    """
    identifiers: dict[tuple[str, str], Json] = {}
    for record in records:
        for held in record.history:
            if held.state is State.ACTIVE or held.key not in identifiers:
                identifiers[held.key] = held_to_identifier(held)
        identifiers[record.own_key] = identifier_of(*record.own_key)
    found: Json = {
        "resourceType": "Patient",
        "id": encode_rid(identity),
        "identifier": list(identifiers.values()),
        "name": [_human_name(_most([(each.traits.family, each.traits.middle, each.traits.given, each.traits.text)
                                    for each in records]))],
        "gender": _most([(each.traits.sex,) for each in records])[0],
        "birthDate": _most([(each.traits.birth,) for each in records])[0],
    }  # fmt: skip
    phone = next((each.traits.phone for each in reversed(records) if each.traits.phone), "")
    if phone:
        found["telecom"] = [{"system": "phone", "value": phone}]
    return {name: value for name, value in found.items() if value}


def _most(told: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """What most say, of equally many the longest in UTF-8, which has the accents; never what says nothing."""
    saying = [each for each in told if any(each)] or [("",) * 4]
    return max(saying, key=lambda each: (saying.count(each), len("".join(each).encode())))


def _human_name(told: tuple[str, ...]) -> Json:
    family, middle, given, text = told
    if is_mothers_name(text) or not family:
        return {"use": "temp", "text": text} if is_mothers_name(text) else name_to_human_name(parse_name(text))
    return name_to_human_name(Name(family, middle, given))
