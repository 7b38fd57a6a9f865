"""What a record tells of who somebody is, as written: the words that are made numbers in `faces`."""

from __future__ import annotations

from typing import NamedTuple


class Traits(NamedTuple):
    """Texts as a member wrote them, "" where nothing is told."""

    family: str = ""
    middle: str = ""
    given: str = ""
    """The last part of the name; all of it where it was not written in parts (`text`)."""
    text: str = ""
    """The whole name where its parts are not told, among them the name of a newborn's mother (`Con bà …`)."""
    birth: str = ""
    """A FHIR date: of a day, a month, a year."""
    sex: str = ""
    """FHIR's word."""
    citizen_number: str = ""
    card: str = ""
    """BHYT card: 15 characters, 10 digits, or the citizen number."""
    old_identity_card: str = ""
    paper: str = ""
    """A passport's number, or a temporary identity."""
    phone: str = ""
    kin_phone: str = ""
    """Of the mother, or who else is to be called."""
    commune: str = ""
    """Code of the commune as it is since 01/07/2025."""
    line: str = ""
    """House and street, or hamlet."""
