"""Single values of FHIR as the annex writes them; it writes no zone, and its times are read as Vietnam's."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from benhan.kernel.clock import VIETNAM

Json = dict[str, Any]
NOTHING: Json = {}
"""What stands for an element that is not there; never changed."""


def value_text(observation: Json) -> str:
    """The value of an Observation as a person reads it, its digits as they were sent."""
    quantity = observation.get("valueQuantity")
    if quantity is not None:
        return quantity_text(quantity)
    concept = observation.get("valueCodeableConcept")
    if concept is not None:
        return str(concept.get("text") or first(concept.get("coding")).get("display", ""))
    for name in ("valueString", "valueDateTime", "valueInteger", "valueBoolean"):
        if name in observation:
            return str(observation[name])
    return ""


def quantity_text(quantity: Json) -> str:
    """The value of a Quantity without its unit."""
    number = digits(quantity["value"]) if "value" in quantity else ""
    return f"{quantity['comparator']}{number}" if "comparator" in quantity else number


def digits(value: Any) -> str:
    """A number as it is written in JSON."""
    if value.__class__ is not Decimal:
        return str(value)
    text = str(value)
    return text if "E" not in text else format(value, "f")


@lru_cache(maxsize=8_192)
def date_time(text: str) -> str:
    """A FHIR date or dateTime as the annex writes it, in Vietnam's time; a month or a year alone gets its first day."""
    if not text:
        return ""
    if "T" not in text:
        year, month, day = [*text.split("-"), "01", "01"][:3]
        return f"{day}/{month}/{year}"
    at = datetime.fromisoformat(text.replace("Z", "+00:00").replace(":60", ":59"))  # a leap second
    if at.tzinfo is not None and 1 < at.year < 9999:
        at = at.astimezone(VIETNAM)
    return f"{at:%d/%m}/{at.year:04d} {at:%H:%M:%S}.{at.microsecond // 1000:03d}"


@lru_cache(maxsize=8_192)
def day_of(text: str) -> str:
    """The day in Vietnam of a FHIR date or dateTime as YYYY-MM-DD, "" where it is not told to the day."""
    if len(text) < 10:
        return ""
    day, month, year = date_time(text)[:10].split("/")
    return f"{year}-{month}-{day}"


def age(birth: str, on: str) -> str:
    """Whole years from a birth date to a day, "" where one is not known."""
    if len(birth) < 4 or len(on) < 10:
        return ""
    year, month, day = (int(part) for part in [*birth.split("-"), "1", "1"][:3])
    at = date.fromisoformat(day_of(on))
    return str(max(0, at.year - year - ((at.month, at.day) < (month, day))))


def stay_days(start: str, end: str) -> str:
    """The days of treatment: the day out less the day in, and one."""
    if len(start) < 10 or len(end) < 10:
        return ""
    return str((date.fromisoformat(day_of(end)) - date.fromisoformat(day_of(start))).days + 1)


def name_of(patient: Json) -> str:
    """The name as it is read: family, middle, given."""
    name = first(patient.get("name"))
    return str(name.get("text") or " ".join(part for part in (name.get("family"), *name.get("given", [])) if part))


def first(values: Any) -> Json:
    """The first of a repeated element, {} where there is none."""
    return (values[0] or NOTHING) if values else NOTHING


def text_of(concepts: Any) -> str:
    """The words of the first of repeated CodeableConcepts."""
    return words_of(concepts[0]) if concepts else ""


def words_of(concept: Json) -> str:
    """The words of a concept: its text, else what its first coding displays."""
    told: str = concept.get("text", "")
    if told or not (codings := concept.get("coding")):
        return told
    displayed: str = codings[0].get("display", "")
    return displayed


def code_and_text(concept: Json) -> tuple[str, str]:
    """The code of the first coding, and the words: the text, else what the coding displays."""
    codings = concept.get("coding")
    if not codings:
        return "", concept.get("text", "")
    coding = codings[0]
    return coding.get("code", ""), concept.get("text") or coding.get("display", "")


def code_or_text(concept: Json) -> str:
    """The code of the first coding, else the text."""
    code: str = first(concept.get("coding")).get("code") or concept.get("text", "")
    return code


def codes_of(concept: Json, system: str) -> list[str]:
    """The codes of one system in a concept."""
    return [each["code"] for each in concept.get("coding", []) if each.get("system") == system and each.get("code")]


def identifier_of(resource: Json, prefix: str) -> str:
    """The first identifier whose system begins with `prefix`."""
    for each in resource.get("identifier", ()):
        if "value" in each and each.get("system", "").startswith(prefix):
            return str(each["value"])
    return ""


def number_of(resource: Json, part: str) -> str:
    """The first identifier whose system has `part` in it, else the id."""
    for each in resource.get("identifier", ()):
        if "value" in each and part in each.get("system", ""):
            return str(each["value"])
    return str(resource["id"])


def note_of(resource: Json, place: int = 0) -> str:
    """The text of a note."""
    notes = resource.get("note", [])
    return str(notes[place].get("text", "")) if len(notes) > place else ""


def phone_of(person: Json) -> str:
    """The first telephone number."""
    return next((str(each.get("value", "")) for each in person.get("telecom", []) if each.get("system") == "phone"), "")


def who(reference: Json) -> tuple[str, str]:
    """A person or place that is referred to: its name and its number."""
    return reference.get("display", ""), reference.get("identifier", NOTHING).get("value", "")


def reference_to(resource: Json) -> str:
    """How others refer to a resource."""
    return f"{resource['resourceType']}/{resource['id']}"
