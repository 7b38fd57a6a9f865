"""A person of the synthetic country as they truly are; what registers hold of them is in `registration`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from benhan.synth.names import Name
from benhan.synth.places import Commune, Province


@dataclass(frozen=True, slots=True)
class Home:
    """Where a household lives."""

    province: Province
    commune: Commune
    line: str
    """House and street, or hamlet."""

    @property
    def text(self) -> str:
        return f"{self.line}, {self.commune.name}, {self.province.name}"


@dataclass(slots=True)
class Person:
    """A person. Those who are not in the country's index (a newborn) have the index of their mother and a `birth`."""

    index: int
    name: Name
    sex: str
    """M or F."""
    born: date
    ethnic_group: str
    home: Home
    birth_code: str
    citizen_number: str
    old_identity_card: str
    insurance_number: str
    card: str
    """The BHYT card in force, "" where there is none."""
    card_category: str
    phone: str
    occupation: str
    genes: str
    """The two alleles of the ABO group, such as "AO"."""
    rhesus: str
    is_newborn: bool = False
    mother_name: Name | None = None
    """Of a newborn: what it is called by until it is registered."""
    household: int = 0
    partner: int | None = None
    mother: int | None = None
    father: int | None = None
    children: list[int] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The name of this person in the country: the index, of a newborn with an n."""
        return f"{self.index}n" if self.is_newborn else str(self.index)

    def age(self, on: date) -> float:
        """Years, with their fraction; negative before birth."""
        return (on - self.born).days / 365.25

    @property
    def blood_group(self) -> str:
        """A, B, AB or O."""
        return "".join(sorted(set(self.genes) - {"O"})) or "O"
