"""Faces: one row of numbers for what a record tells of who somebody is, 88 bytes; 0 where it tells nothing.

Numbers of papers that cannot be right (too short, one digit repeated) count as not told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from benhan.fhir.folding import fold
from benhan.hub.identities.matching.hashing import hash32, hash64
from benhan.hub.identities.matching.name_parts import NameParts, NameRow
from benhan.hub.identities.matching.traits import Traits

FACE = np.dtype(
    [
        ("family", np.uint32),
        ("middle", np.uint32),
        ("given", np.uint32),
        ("family_sound", np.uint32),
        ("given_sound", np.uint32),
        ("birth", np.int32),  # yyyymmdd, mm and dd 0 where they are not told
        ("bag", np.int64),
        ("citizen", np.int64),
        ("card", np.int64),
        ("paper", np.int64),
        ("phone", np.int64),
        ("kin", np.int64),
        ("old_card", np.int32),
        ("commune", np.int32),
        ("line", np.int32),
        ("sex", np.uint8),  # 1 male, 2 female
        ("mothers", np.uint8),  # the name is the mother's
    ]
)
Faces = npt.NDArray[np.void]

_NAME = np.dtype([(field, FACE[field]) for field in NameRow._fields])

_SEXES = {"male": 1, "female": 2, "M": 1, "F": 2}
_NOT_A_DIGIT = {ord(each): None for each in " .-()+/\u00a0"}


def faces_of(records: Iterable[Traits], parts: NameParts) -> Faces:
    """The rows of records, in their order."""
    columns: Sequence[tuple[str, ...]] = list(zip(*records, strict=True))
    if not columns:
        return np.zeros(0, FACE)
    family, middle, given, text, birth, sex, citizen, card, old_card, paper, phone, kin, commune, line = columns
    found = np.zeros(len(family), FACE)
    numbers: dict[tuple[str, ...], int] = {}
    places = [numbers.setdefault(name, len(numbers)) for name in zip(family, middle, given, text, strict=True)]
    names = np.array([parts.row(*name) for name in numbers], _NAME)[places]
    for field in _NAME.fields or ():
        found[field] = names[field]
    found["birth"] = _each(birth_number, birth)
    found["sex"] = [_SEXES.get(each, 0) for each in sex]
    found["citizen"] = list(map(citizen_of, citizen, card))
    found["card"] = list(map(card_number, card))
    found["old_card"] = list(map(old_card_number, old_card))
    found["paper"] = _each(paper_number, paper)
    found["phone"] = list(map(phone_number, phone))
    found["kin"] = list(map(phone_number, kin))
    found["commune"] = [int(each) if each.isdecimal() else 0 for each in commune]
    found["line"] = _each(_line_number, line)
    return found


def _each(made: Callable[[str], int], texts: Sequence[str]) -> list[int]:
    """`made` of each text, of equal ones once."""
    known = {text: made(text) for text in set(texts)}
    return [known[text] for text in texts]


def birth_number(text: str) -> int:
    """20260131 of 2026-01-31, 20260100 of 2026-01, 20260000 of 2026."""
    digits = text[:10].replace("-", "")
    return int(digits.ljust(8, "0")) if digits.isdecimal() and len(digits) in (4, 6, 8) else 0


def citizen_of(number: str, card: str) -> int:
    """The citizen number told, or the one that is the card (NĐ 188/2025/NĐ-CP)."""
    return citizen_number(number) or citizen_number(card)


def citizen_number(text: str) -> int:
    if not text:
        return 0
    digits = text if text.isdecimal() else text.translate(_NOT_A_DIGIT)
    if len(digits) != 12 or not digits.isdecimal() or digits == digits[0] * 12:
        return 0
    return int(digits)


def card_number(text: str) -> int:
    """The ten digits of the mã số BHXH; a newborn's card with letters as a hash."""
    if not text:
        return 0
    number = text if text.isalnum() else text.translate(_NOT_A_DIGIT)
    last = number[-10:]
    if len(number) not in (10, 15) or last == last[0] * 10:
        return 0
    return int(last) if last.isdecimal() else hash64(number.upper())


def old_card_number(text: str) -> int:
    if not text:
        return 0
    digits = text if text.isdecimal() else text.translate(_NOT_A_DIGIT)
    return int(digits) if len(digits) == 9 and digits.isdecimal() and digits != digits[0] * 9 else 0


def paper_number(text: str) -> int:
    number = text.translate(_NOT_A_DIGIT).upper()
    return hash64(number) if len(number) > 4 else 0


def phone_number(text: str) -> int:
    """The digits after the country's code or the leading 0."""
    if not text:
        return 0
    digits = text if text.isdecimal() else text.translate(_NOT_A_DIGIT)
    if not digits.isdecimal() or len(digits) < 9:
        return 0
    last = digits[-9:]
    return 0 if last == last[0] * 9 else int(last)


def _line_number(text: str) -> int:
    folded = fold(text)
    return hash32(folded) if folded else 0
