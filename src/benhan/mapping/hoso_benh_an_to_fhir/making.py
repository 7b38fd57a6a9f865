"""What is made of a document while it is read: resources by the place they come from."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from benhan.mapping.mapped import (
    Context,
    IdentifierKey,
    Json,
    Mapped,
    MappedMessage,
    Policy,
    identifier,
    source_key,
    without_empty,
)
from benhan.vn import systems
from benhan.vn.hoso_benh_an.kinds import moment

_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?", re.ASCII)
_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


class Made:
    """The resources of one document; `at` finds them by place, and by a second place of the same thing."""

    def __init__(self, document: Json, context: Context) -> None:
        self.document = document
        self.context = context
        self.message = MappedMessage()
        self.at: dict[str, Mapped] = {}
        self.visit: str = text(self.group("ThongTinBenhNhan"), "sovaovien")

    def group(self, name: str) -> Json:
        """A group of the document, {} where it is missing."""
        found = self.document.get(name)
        return found if isinstance(found, dict) else {}

    def add(
        self, place: str, resource: Json, identities: list[IdentifierKey] | None = None, policy: Policy = Policy.REPLACE
    ) -> Mapped:
        """Keep a resource under its place; without identities of its own it is known by place and visit."""
        keys = identities
        if not keys:
            keys = [source_key("HoSoBenhAn", self.context.facility, self.visit, place)]
            resource = {**resource, "identifier": [*resource.get("identifier", []), identifier(keys[0])]}
        made = self.message.add(Mapped(place, without_empty(resource), keys, policy))
        self.at[place] = made
        return made

    def also_at(self, place: str, made: Mapped) -> None:
        """Say that `place` tells of a thing that was made already."""
        self.at.setdefault(place, made)

    @property
    def patient(self) -> Json:
        """A reference to the person."""
        return self.at["ThongTinBenhNhan"].reference

    @property
    def encounter(self) -> Json:
        """A reference to the encounter: made last, its place is known."""
        return {"reference": "urn:mapped:ThongTinDieuTri"}


def text(part: Json, name: str) -> str:
    """A value of a part, "" where there is none or it is blank."""
    value = part.get(name)
    return value if isinstance(value, str) and value.strip() else ""


def code(part: Json, name: str) -> str:
    """A value that is a code: white space inside it is one space. Source: FHIR R4 datatypes.html#code."""
    return " ".join(text(part, name).split())


def entries(part: Json, name: str = "danhsach") -> list[Json]:
    """The entries of a list."""
    found = part.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def time_of(part: Json, name: str, zone: str) -> str:
    """A date or date and time as FHIR writes it, "" where it is none; thousandths only where there are some."""
    found = moment(text(part, name)) or ""
    if len(found) <= 10:
        return found
    return f"{found[:10]}T{found[11:].removesuffix('.000')}{zone}"


def instant_of(part: Json, name: str, zone: str) -> str:
    """A date and time, "" for a day alone. Source: FHIR R4 datatypes.html#instant."""
    found = time_of(part, name, zone)
    return found if len(found) > 10 else ""


def number_of(part: Json, name: str) -> Decimal | None:
    """A number in its digits, None where the value is none."""
    found = text(part, name)
    return Decimal(found) if _DECIMAL.fullmatch(found) else None


def whole_of(part: Json, name: str) -> int | None:
    """A whole number that is not negative, None where the value is none."""
    found = text(part, name)
    return int(found) if _WHOLE.fullmatch(found) else None


def concept(text_: str, *codings: tuple[str, str]) -> Json:
    """A CodeableConcept: (system, code) of each coding that has a code, and the words, which each coding displays."""
    found = [without_empty({"system": system, "code": code_, "display": text_}) for system, code_ in codings if code_]
    return without_empty({"coding": found, "text": text_})


def loinc(code_: str, text_: str) -> Json:
    """A LOINC code with our words for it."""
    return {"coding": [{"system": systems.LOINC, "code": code_}], "text": text_}


def words(text_: str) -> Any:
    """A concept that is only words, None where there are none."""
    return {"text": text_} if text_ else None


def person(name: str, licence: str = "") -> Json:
    """A reference to somebody who treats, by name and licence; {} where neither is known."""
    logical = {"system": systems.PRACTITIONER_LICENCE, "value": licence} if licence else None
    return without_empty({"type": "Practitioner", "identifier": logical, "display": name}) if name or licence else {}


def note(*texts: str) -> list[Json]:
    """Annotations of the texts as far as they go: one that is missing before another stands as a dash."""
    last = max((place for place, each in enumerate(texts) if each), default=-1)
    return [{"text": each or "–"} for each in texts[: last + 1]]
