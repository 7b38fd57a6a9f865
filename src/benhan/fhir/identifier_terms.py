"""By which terms an identifier is found.

An identifier that nobody else has is the dearest there is in the index: 45 bytes a term, for a single row. Of what is
in a patient's compartment (orders, specimens, reports, stays: nearly all there is) an identifier has one term, of its
value; whether its system is the one that was asked for is told by the opened resource, since few others share a value.
Patients and what belongs to nobody are few and are asked for most, through chains too: theirs have a second term, of
system and value together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benhan.fhir.main_values import PATIENT_ELEMENTS
from benhan.fhir.terms import SOURCE_KEY, code_term, system_code_term


def is_told_by_value(path: str, system: str) -> bool:
    """Whether the index tells of an identifier at `path` (`ServiceRequest.identifier`) nothing but its value."""
    return system != SOURCE_KEY and path.partition(".")[0] in PATIENT_ELEMENTS


def identifier_terms(path: str, system: str, value: str) -> tuple[str, ...]:
    """What an identifier gives to the index; `system` "" where it has none."""
    if system == SOURCE_KEY:
        return (system_code_term(path, system, value),)
    if is_told_by_value(path, system):
        return (code_term(path, value),)
    return system_code_term(path, system, value), code_term(path, value)


def asked_term(path: str, system: str, value: str) -> str:
    """The term of every resource with this identifier; where `is_told_by_value`, of others with the same value too."""
    if is_told_by_value(path, system):
        return code_term(path, value)
    return system_code_term(path, system, value)


def has_identifier(identifiers: Iterable[Any], system: str, value: str) -> bool:
    """Whether one of `identifiers` of an opened resource has this system ("": none) and value."""
    return any(
        isinstance(each, dict) and each.get("value") == value and each.get("system", "") == system
        for each in identifiers
    )
