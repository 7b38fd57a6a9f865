"""Two faces held against each other, field by field: each field's agreement as one of a few levels.

A level is a number; `FIELDS` says what each means. All is symmetric: it does not matter which face comes first.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benhan.hub.identities.matching.birth_dates import BirthAgreement, birth_agreements
from benhan.hub.identities.matching.faces import Faces
from benhan.hub.identities.matching.name_parts import NameParts
from benhan.vn.person_names.agreement import Agreement

SWAPPED, MOTHERS, UNKNOWN = 9, 10, 11
"""Of given names, beyond `Agreement`: the words in another order; both under one mother's name; one of them so."""
DIFFERENT, MISSING, SLIP, SAME = 0, 1, 2, 3
"""Of numbers."""
COMMUNE, HOME = 2, 3
"""Of places."""

FIELDS: dict[str, tuple[str, ...]] = {
    "given": (*(each.name.lower() for each in Agreement), "swapped", "mothers", "unknown"),
    "middle": tuple(each.name.lower() for each in Agreement),
    "family": tuple(each.name.lower() for each in Agreement),
    "birth": tuple(each.name.lower() for each in BirthAgreement),
    "sex": ("different", "missing", "slip", "same"),
    "citizen": ("different", "missing", "slip", "same"),
    "card": ("different", "missing", "slip", "same"),
    "old_card": ("different", "missing", "slip", "same"),
    "paper": ("different", "missing", "slip", "same"),
    "phone": ("different", "missing", "kin", "same"),
    "place": ("different", "missing", "commune", "home"),
}
"""Each field's levels by their number."""
NAMES = tuple(FIELDS)
SILENT = {
    "given": (Agreement.NEITHER.value, UNKNOWN),
    "middle": (Agreement.NEITHER.value,),
    "family": (Agreement.NEITHER.value,),
    "birth": (BirthAgreement.MISSING.value,),
}
"""Levels that say nothing; of the other fields MISSING."""

Levels = npt.NDArray[np.uint8]

_ONE_DIGIT = {digit * 10**place for digit in range(1, 10) for place in range(12)}
_TWO_EXCHANGED = {9 * digit * 10**place for digit in range(1, 10) for place in range(11)}
_SLIPS = np.array(sorted(_ONE_DIGIT | _TWO_EXCHANGED))
"""How far two numbers of twelve digits are apart of which one has a digit wrong, or two neighbours exchanged."""


def levels_of(mine: Faces, theirs: Faces, parts: NameParts) -> Levels:
    """A row a pair, a column a field in the order of `FIELDS`."""
    found = np.empty((len(mine), len(FIELDS)), np.uint8, order="F")
    given, middle, family = (parts.agreements(mine[part], theirs[part]) for part in ("given", "middle", "family"))
    swapped = (given == Agreement.DIFFERENT) & (mine["bag"] == theirs["bag"]) & (mine["bag"] != 0)
    is_mothers, is_other = mine["mothers"] == 1, theirs["mothers"] == 1
    given[swapped] = SWAPPED
    given[is_mothers & is_other & (given >= Agreement.ACCENTS) & (given <= Agreement.SAME)] = MOTHERS
    one_mothers = is_mothers != is_other
    given[one_mothers] = UNKNOWN
    for part in (middle, family):
        part[swapped | one_mothers] = Agreement.NEITHER
    found[:, 0], found[:, 1], found[:, 2] = given, middle, family
    found[:, 3] = birth_agreements(mine["birth"], theirs["birth"])
    found[:, 4] = _numbers(mine["sex"], theirs["sex"])
    found[:, 5] = _numbers(mine["citizen"], theirs["citizen"], has_slips=True)
    found[:, 6] = _numbers(mine["card"], theirs["card"], has_slips=True)
    found[:, 7] = _numbers(mine["old_card"], theirs["old_card"])
    found[:, 8] = _numbers(mine["paper"], theirs["paper"])
    found[:, 9] = _phones(mine, theirs)
    found[:, 10] = _places(mine, theirs)
    return found


def _numbers(
    mine: npt.NDArray[np.generic], theirs: npt.NDArray[np.generic], *, has_slips: bool = False
) -> npt.NDArray[np.uint8]:
    same = mine == theirs
    found = np.where(same, SAME, DIFFERENT).astype(np.uint8)
    found[(mine == 0) | (theirs == 0)] = MISSING
    if has_slips:
        places = np.flatnonzero(found == DIFFERENT)
        if len(places):
            apart = np.abs(mine[places].astype(np.int64) - theirs[places].astype(np.int64))
            at = np.minimum(np.searchsorted(_SLIPS, apart), len(_SLIPS) - 1)
            found[places[_SLIPS[at] == apart]] = SLIP
    return found


def is_slip(number: int, other: int) -> bool:
    """Whether two numbers have but one digit wrong, or two neighbours exchanged."""
    return bool(np.isin(abs(number - other), _SLIPS))


def _phones(mine: Faces, theirs: Faces) -> npt.NDArray[np.uint8]:
    """Where both have one; a mother's phone with the child that names it is kin's."""
    found = _numbers(mine["phone"], theirs["phone"])
    kin = ((mine["phone"] == theirs["kin"]) & (mine["phone"] != 0)) | (
        (theirs["phone"] == mine["kin"]) & (theirs["phone"] != 0)
    )
    kin |= (mine["kin"] == theirs["kin"]) & (mine["kin"] != 0)
    found[kin & (found != SAME)] = SLIP
    return found


def _places(mine: Faces, theirs: Faces) -> npt.NDArray[np.uint8]:
    commune, other = mine["commune"], theirs["commune"]
    same = commune == other
    found = np.where(same, COMMUNE, DIFFERENT).astype(np.uint8)
    found[same & (mine["line"] == theirs["line"]) & (mine["line"] != 0)] = HOME
    found[(commune == 0) | (other == 0)] = MISSING
    return found
