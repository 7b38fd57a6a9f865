"""An address taken apart: what it says of house, street, hamlet and units, each unit by code where that is certain."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from benhan.vn.places.units import Place


class Confidence(Enum):
    """How far an address is understood."""

    SURE = "sure"
    """Every unit of its days is named, one agrees with the other, and nothing else fits."""
    LIKELY = "likely"
    """A commune is found and nothing else fits, but a unit is missing, spelt otherwise or of another kind."""
    PARTLY = "partly"
    """A province or district is found, no commune."""
    NOT_UNDERSTOOD = "not-understood"
    """No unit is found."""


@dataclass(frozen=True, slots=True)
class Named:
    """A unit as an address names it; `place` None where no unit, or more than one, fits."""

    name: str
    place: Place | None = None

    @property
    def code(self) -> str:
        return self.place.code if self.place is not None else ""


NOT_NAMED = Named("")


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an address; "" and NOT_NAMED where it does not tell them.

    `house` is the number with its lanes ("12 ngõ 5"), `hamlet` the thôn, ấp, tổ, khu phố. `district` is there where
    it is written or follows from a former commune. `candidates` are the communes that all fit where none can be picked.
    `leftovers` is what was not understood: no word of `text` is lost.
    """

    text: str
    house: str = ""
    street: str = ""
    hamlet: str = ""
    ward: Named = NOT_NAMED
    district: Named = NOT_NAMED
    province: Named = NOT_NAMED
    leftovers: tuple[str, ...] = ()
    confidence: Confidence = Confidence.NOT_UNDERSTOOD
    candidates: tuple[Place, ...] = ()

    @property
    def is_of_two_levels(self) -> bool:
        """Whether its commune is one of those since 01/07/2025."""
        return self.ward.place is not None and not self.ward.place.is_former
