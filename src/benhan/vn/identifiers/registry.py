"""Every kind of identifier, by the name that the formats and the code use for it."""

from __future__ import annotations

from benhan.kernel.issues import Issue
from benhan.vn.identifiers import (
    birth_notice,
    citizen_number,
    facility_code,
    gln,
    insurance_card,
    old_identity_card,
    passport,
    practice_licence,
    record_numbers,
    social_insurance_number,
    temporary,
)
from benhan.vn.identifiers.kind import IdentifierKind

KINDS: dict[str, IdentifierKind] = {
    "cccd": citizen_number,
    "cmnd": old_identity_card,
    "ho-chieu": passport,
    "bhyt": insurance_card,
    "bhxh": social_insurance_number,
    "ma-cskcb": facility_code,
    "gln": gln,
    "gphn": practice_licence,
    "giay-chung-sinh": birth_notice,
    "ma-hsba": record_numbers.MEDICAL_RECORD,
    "so-luu-tru": record_numbers.STORAGE,
    "ma-lk": record_numbers.VISIT,
    "tam": temporary,
}
PERSONAL = ("cccd", "bhyt", "bhxh", "cmnd", "ho-chieu", "tam")
"""Those that a person may show at the desk, the likeliest first."""

_BY_SYSTEM = {kind.SYSTEM: kind for kind in KINDS.values()}


def kind_of(system: str) -> IdentifierKind | None:
    """The kind of identifiers of a FHIR system, None for one that is not of this list."""
    return _BY_SYSTEM.get(system)


def is_well_formed(name: str, text: str) -> bool:
    """Whether `text` can be of the kind."""
    return not any(issue.is_error for issue in KINDS[name].check(text))


def recognised(text: str) -> list[str]:
    """The names of the personal kinds that `text` could be, the likeliest first; none where it is none.

    Ten digits may be a card or the BHXH number, twelve the citizen's number or the card that is the same number.
    """
    return [name for name in PERSONAL if is_well_formed(name, text)]


def check_identifier(system: str, value: str, place: str = "") -> list[Issue]:
    """What is wrong with a FHIR identifier's value; nothing for a system that is not of this list."""
    kind = kind_of(system)
    return kind.check(value, place) if kind else []
