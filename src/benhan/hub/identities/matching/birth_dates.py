"""How two dates of birth agree: mistyped years, day and month exchanged, only the year known.

Many registers write the first of January where only the year is known, so that day says no more than the year.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

Dates = npt.NDArray[np.int32]


class BirthAgreement(IntEnum):
    """Levels, DIFFERENT first; MISSING says nothing."""

    DIFFERENT = 0
    MISSING = 1
    SAME_YEAR = 2
    YEAR_WRONG = 3
    """The same day and month; the years one or ten apart, or but for one digit or two exchanged."""
    PART_WRONG = 4
    """The same year, and of day and month one."""
    YEAR_ALONE = 5
    """The same year, of which one of them tells no more."""
    EXCHANGED = 6
    """Day and month in each other's place."""
    SAME = 7


def birth_agreements(mine: Dates, theirs: Dates) -> npt.NDArray[np.uint8]:
    """How each two dates (yyyymmdd, 0 for what is not told) agree; the same whichever comes first."""
    year, day = np.divmod(mine, 10_000)
    other_year, other_day = np.divmod(theirs, 10_000)
    is_year_alone = (day % 100 == 0) | (day == 101)
    is_other_alone = (other_day % 100 == 0) | (other_day == 101)
    same_year = year == other_year
    same_day = (day == other_day) & ~is_year_alone
    month, day_of = np.divmod(day, 100)
    other_month, other_day_of = np.divmod(other_day, 100)
    found = np.where(same_year, BirthAgreement.SAME_YEAR, BirthAgreement.DIFFERENT).astype(np.uint8)
    found[same_day & ~same_year & _one_slip(year, other_year)] = BirthAgreement.YEAR_WRONG
    found[same_year & ((month == other_month) | (day_of == other_day_of))] = BirthAgreement.PART_WRONG
    found[same_year & (month == other_day_of) & (day_of == other_month)] = BirthAgreement.EXCHANGED
    found[same_year & (is_year_alone | is_other_alone)] = BirthAgreement.YEAR_ALONE
    found[same_year & same_day] = BirthAgreement.SAME
    found[(mine == 0) | (theirs == 0)] = BirthAgreement.MISSING
    return found


def _one_slip(year: npt.NDArray[np.int32], other: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """One, ten (a wrong digit of either) apart, or the last two digits exchanged."""
    apart = np.abs(year - other)
    tens, ones = np.divmod(year % 100, 10)
    other_tens, other_ones = np.divmod(other % 100, 10)
    one_digit = ((tens == other_tens) | (ones == other_ones)) & (year // 100 == other // 100)
    exchanged = (tens == other_ones) & (ones == other_tens) & (apart < 100)
    found: npt.NDArray[np.bool_] = (apart == 1) | (apart == 10) | one_digit | exchanged
    return found
