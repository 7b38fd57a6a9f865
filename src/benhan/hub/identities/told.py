"""What a member tells of a person, out of its FHIR Patient; and how a later word joins an earlier one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import date, datetime
from typing import Any

import orjson

from benhan.hub.identities.faults import NO_OWN_NUMBER, NOT_ENOUGH
from benhan.hub.identities.matching.traits import Traits
from benhan.mapping.vn_address import unit_codes
from benhan.vn import systems
from benhan.vn.identifiers.fhir_identifier import held_to_identifier, history_of, identifier_to_held
from benhan.vn.identifiers.history import Held, History, State
from benhan.vn.person_names.human_name import human_name_to_name
from benhan.vn.person_names.name import is_mothers_name

Json = dict[str, Any]

PEOPLES = (
    systems.CCCD,
    systems.CMND,
    systems.BHYT_CARD,
    systems.SOCIAL_INSURANCE_NUMBER,
    systems.PASSPORT,
    systems.TEMPORARY_IDENTITY,
)
"""Systems whose numbers are one person's, wherever they are told."""
IDENTIFIERS_MAX = 64
"""Of one record, former ones too."""


@dataclass(frozen=True, slots=True)
class Told:
    """One record of a member: its number there, the traits, the identifiers with their history, the mother's number."""

    member: str
    number: str
    traits: Traits
    history: History
    mother: tuple[str, str] | None = None

    @property
    def own_key(self) -> tuple[str, str]:
        """The member's own number as an identifier."""
        return member_system(self.member), self.number

    def bears(self, identifier: tuple[str, str]) -> bool:
        """Whether the record has or had an identifier."""
        return identifier == self.own_key or any(held.key == identifier for held in self.history)


def member_system(member: str) -> str:
    """The system under which a member's own numbers of persons stand at the hub."""
    return f"urn:benhan:member:{member}"


def as_kept(identifier: tuple[str, str]) -> tuple[str, str]:
    """An identifier as the index keeps it: a facility's patient number stands under the member."""
    system, value = identifier
    prefix = systems.patient_number("")
    return (member_system(system.removeprefix(prefix)), value) if system.startswith(prefix) else identifier


def patient_to_told(patient: Json, member: str, on: date) -> Told:
    """What a Patient of a member tells. Raises Incorrect BA-6100 without the member's own number."""
    own = (systems.patient_number(member), member_system(member))
    history = history_of(patient)[:IDENTIFIERS_MAX]
    number = next((each.value for each in history if each.system in own), "")
    if not number:
        raise NO_OWN_NUMBER(system=own[0])
    kept = tuple(each for each in history if each.system in PEOPLES)
    return Told(member, number, patient_to_traits(patient, on), kept, _mother(patient))


def patient_to_traits(patient: Json, on: date) -> Traits:
    """The traits of a Patient; `on` is the day whose communes its address is brought to."""
    numbers: dict[str, str] = {}
    for each in history_of(patient):
        if each.state is not State.CORRECTED:
            numbers.setdefault(each.system, each.value)
    address: Json = next(iter(patient.get("address", [])), {})
    return Traits(
        **_name(patient),
        birth=patient.get("birthDate", ""),
        sex=patient.get("gender", ""),
        citizen_number=numbers.get(systems.CCCD, ""),
        card=numbers.get(systems.BHYT_CARD, "") or numbers.get(systems.SOCIAL_INSURANCE_NUMBER, ""),
        old_identity_card=numbers.get(systems.CMND, ""),
        paper=numbers.get(systems.PASSPORT, "") or numbers.get(systems.TEMPORARY_IDENTITY, ""),
        phone=_phone(patient.get("telecom", [])),
        kin_phone=_phone(each for contact in patient.get("contact", []) for each in contact.get("telecom", [])),
        commune=unit_codes(address, on).ward if address else "",
        line=", ".join(address.get("line", [])),
    )


def hold_enough(traits: Traits) -> None:
    """Raises Incorrect BA-6106 where traits can find nobody."""
    has_number = any((traits.citizen_number, traits.card, traits.old_identity_card, traits.paper))
    if not has_number and not ((traits.given or traits.text) and traits.birth):
        raise NOT_ENOUGH()


def succeeded(before: History, now: History, at: datetime) -> History:
    """The history of a record told again: what is told no more was replaced then, by the number told in its place."""
    told = {each.key for each in now}
    by_system = {each.system: each.key for each in now if each.state is State.ACTIVE}
    former = tuple(
        _ended(each, by_system, at) if each.state is State.ACTIVE else each for each in before if each.key not in told
    )
    return (*former, *now)[-IDENTIFIERS_MAX:]


def _ended(held: Held, by_system: dict[str, tuple[str, str]], at: datetime) -> Held:
    """A number that is told no more: by the new one of its kind, an old identity card by the citizen number."""
    successor = by_system.get(held.system) or by_system.get(systems.CCCD)
    return changed(held, state=State.REPLACED, until_at=at, successor=successor)


def told_to_bytes(told: Told) -> bytes:
    """As it is sealed."""
    identifiers = [held_to_identifier(each) for each in told.history]
    return orjson.dumps([told.member, told.number, list(told.traits), identifiers])


def traits_of_bytes(content: bytes) -> Traits:
    """The traits alone: what the index reads of each record."""
    return Traits(*orjson.loads(content)[2])


def told_of_bytes(content: bytes) -> Told:
    member, number, traits, identifiers = orjson.loads(content)
    history = tuple(held for each in identifiers if (held := identifier_to_held(each)) is not None)
    return Told(member, number, Traits(*traits), history)


def _name(patient: Json) -> dict[str, str]:
    """The official name, else the first; a newborn's under the mother's whole."""
    names = [each for each in patient.get("name", []) if each.get("use") != "old"]
    human: Json = next((each for each in names if each.get("use") == "official"), names[0] if names else {})
    text = human.get("text", "") or " ".join(filter(None, [human.get("family", ""), *human.get("given", [])]))
    if not text or is_mothers_name(text) or not human.get("family"):
        return {"text": text}
    name = human_name_to_name(human)
    return {"family": name.family, "middle": name.middle, "given": name.given, "text": text}


def _phone(telecom: Iterable[Json]) -> str:
    return next((str(each["value"]) for each in telecom if each.get("system") == "phone" and each.get("value")), "")


def _mother(patient: Json) -> tuple[str, str] | None:
    """The mother's number in a newborn's temporary identity."""
    for identifier in patient.get("identifier", []):
        for extension in identifier.get("extension", []):
            for each in extension.get("extension", []):
                told = each.get("valueIdentifier") or {}
                if each.get("url") == "mother" and told.get("system") and told.get("value"):
                    return str(told["system"]), str(told["value"])
    return None
