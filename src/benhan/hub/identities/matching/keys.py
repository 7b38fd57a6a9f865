"""By which keys a face is found: what two records of one person share although the rest was written wrongly.

A key of a kind is a hash of some fields; 0 where one of them is not told. Together they find who has a wrong number, a
wrong year, day and month exchanged, a name without accents, shortened, swapped or misspelt, or has moved.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benhan.hub.identities.matching.faces import Faces
from benhan.hub.identities.matching.hashing import mixed

Keys = npt.NDArray[np.uint64]

KINDS = (
    "citizen", "card", "old_card", "paper", "citizen_without_year", "phone_and_given", "name_and_year",
    "birth_and_given", "name_and_commune", "birth_and_commune", "given_family_year_commune", "given_day_commune",
    "birth_and_family", "kin_and_birth",
)  # fmt: skip
CHILDREN_SINCE = 2000
"""Whose own telephone may be their mother's."""
_FIELDS_MAX = 4


def keys_of(faces: Faces) -> Keys:
    """A row a face, a column a kind."""
    year, day = np.divmod(faces["birth"], 10_000)
    month, day_of = np.divmod(day, 100)
    is_day = (day_of != 0) & (day != 101)
    either_way = np.where((day_of <= 12) & (day_of < month), day_of * 100 + month, day)
    birth = np.where(is_day, year * 10_000 + either_way, 0)
    either_day = np.where(is_day, either_way, 0)
    citizen = faces["citizen"]
    without_year = np.where(citizen != 0, citizen // 10**8 * 10**6 + citizen % 10**6 + 1, 0)
    given, family, commune, bag = faces["given_sound"], faces["family_sound"], faces["commune"], faces["bag"]
    kin = np.where(faces["kin"] != 0, faces["kin"], np.where(year > CHILDREN_SINCE, faces["phone"], 0))
    told: tuple[tuple[npt.NDArray[np.generic], ...], ...] = (
        (citizen,),
        (faces["card"],),
        (faces["old_card"],),
        (faces["paper"],),
        (without_year,),
        (faces["phone"], given),
        (bag, year),
        (birth, given),
        (bag, commune),
        (birth, commune),
        (given, family, year, commune),
        (given, either_day, commune),
        (birth, family, faces["sex"]),
        (kin, birth),
    )
    values = np.ones((_FIELDS_MAX, len(faces), len(KINDS)), np.uint64)
    for kind, columns in enumerate(told):
        for place, column in enumerate(columns):
            values[place, :, kind] = column
    found = mixed(values)
    found[(values == 0).any(axis=0)] = 0
    return found


def key_of_record(records: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """A key that the face of one record alone has."""
    values = np.zeros((1, len(records), len(KINDS) + 1), np.uint64)
    values[0, :, -1] = records
    return mixed(values)[:, -1]
