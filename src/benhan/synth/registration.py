"""What a facility holds of a person: their own number there, and mistakes as life makes them.

Somebody may be registered twice in one facility. Which mistakes were made is kept for the truth.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from benhan.synth import numbers
from benhan.synth.facilities import Facility
from benhan.synth.names import Name
from benhan.synth.person import Person

DUPLICATE = 0.03
"""How likely it is that somebody who comes again is registered once more."""
_TONES = (
    ("oà", "òa"),
    ("oá", "óa"),
    ("oả", "ỏa"),
    ("oạ", "ọa"),
    ("oè", "òe"),
    ("uỳ", "ùy"),
    ("uý", "úy"),
    ("uỷ", "ủy"),
)
_SPELLINGS = (
    ("Thị", "Thi"), ("Nguyễn", "Nguyển"), ("Hoàng", "Hòang"), ("Huỳnh", "Hùynh"), ("Mỹ", "Mĩ"), ("Vũ", "Vủ"),
    ("Quý", "Quí"), ("Sơn", "Xơn"), ("Linh", "Ling"), ("Trang", "Chang"), ("Dung", "Dũng"), ("Hạnh", "Hanh"),
    ("Lâm", "Nâm"), ("Thảo", "Thão"), ("Hải", "Hãi"), ("Ly", "Li"), ("Vy", "Vi"), ("Yến", "Iến"), ("Phương", "Phưong"),
    ("Tuấn", "Tuân"), ("Minh", "Minhh"), ("Hương", "Huơng"), ("Thuý", "Thúi"), ("Đức", "Dức"), ("Trần", "Trầng"),
)  # fmt: skip


@dataclass(slots=True)
class Registration:
    """A person as a facility writes them; empty text where nothing is written. `birth` is a FHIR date."""

    facility: Facility
    person: Person
    place: int
    """0 for the first one in this facility, then 1, 2, …"""
    number: str
    name: Name
    birth: str
    sex: str
    citizen_number: str
    old_identity_card: str
    card: str
    phone: str
    address: bool
    mistakes: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The name of this registration in the country."""
        return f"{self.person.key}-{self.facility.number}-{self.place}"


def register(person: Person, facility: Facility, place: int, on: date, chance: Random) -> Registration:
    """How a facility writes a person down on a day."""
    one = rightly(person, facility, place)
    age = person.age(on)
    if person.is_newborn or age < 0.2:
        _as_newborn(one, person)
        return one
    _mistake_numbers(one, person, age, chance)
    # who is registered again is mostly so because something did not agree
    if chance.random() < (0.75 if place else 0.07):
        _mistake_name(one, chance)
    if chance.random() < (0.25 if place else 0.05):
        _mistake_birth(one, person, age, chance)
    return one


def rightly(person: Person, facility: Facility, place: int = 0) -> Registration:
    """A person as a facility would write them that makes no mistakes."""
    return Registration(
        facility=facility,
        person=person,
        place=place,
        number=patient_number(person, facility, place),
        name=person.name,
        birth=person.born.isoformat(),
        sex=person.sex,
        citizen_number=person.citizen_number,
        old_identity_card="",
        card=person.card,
        phone=person.phone,
        address=True,
    )


def patient_number(person: Person, facility: Facility, place: int) -> str:
    """A number that no other registration of the facility has, and that tells nothing of who it is."""
    serial = person.index * 8 + place + (4 if person.is_newborn else 0)
    return f"{(serial * 387_420_489 + facility.number * 104_729) % 1_000_000_000:09d}"


def visit_number(person: Person, facility: Facility, number: int, on: date) -> str:
    """The number of a person's visit: the year and ten digits, once in the facility."""
    serial = person.index * 2048 + number * 2 + person.is_newborn
    return f"{on:%y}{(serial * 3_486_784_401 + facility.number * 1_299_709) % 10_000_000_000:010d}"


def _as_newborn(one: Registration, person: Person) -> None:
    """A newborn has no number yet and is written as its mother's child."""
    one.citizen_number = one.card = ""
    one.mistakes.append("newborn-without-number")
    if person.mother_name:
        mother = person.mother_name
        one.name = Name(f"Con bà {mother.family}", mother.middle, mother.given)


def _mistake_numbers(one: Registration, person: Person, age: float, chance: Random) -> None:
    draw = chance.random()
    if draw < (0.3 if age < 14 else 0.09):
        one.citizen_number = ""
        one.mistakes.append("citizen-number-missing")
    elif draw < 0.32 and age > 45 and person.old_identity_card and chance.random() < 0.12:
        one.citizen_number, one.old_identity_card = "", person.old_identity_card
        one.mistakes.append("old-identity-card")
    elif chance.random() < 0.008:
        one.citizen_number = _mistyped(one.citizen_number, chance)
        one.mistakes.append("citizen-number-mistyped")
    if one.card and chance.random() < 0.06:
        one.card = ""
        one.mistakes.append("card-missing")
    elif one.card and one.citizen_number and chance.random() < 0.25:
        one.card = one.citizen_number  # the citizen number is the card since 15/08/2025 (NĐ 188/2025)
    draw = chance.random()
    if draw < 0.05:
        one.phone = ""
        one.mistakes.append("phone-missing")
    elif draw < 0.12 and (person.mother is not None or person.partner is not None):
        kin = person.mother if person.mother is not None else person.partner
        one.phone = numbers.phone_number(kin or 0)
        one.mistakes.append("phone-of-kin")
    if chance.random() < 0.02:
        one.address = False
        one.mistakes.append("address-missing")
    if chance.random() < 0.002:
        one.sex = "F" if one.sex == "M" else "M"
        one.mistakes.append("sex-wrong")


def _mistake_name(one: Registration, chance: Random) -> None:
    name = one.name
    kind = chance.choice(("bare", "tone", "spelling", "spelling", "middle", "short", "swapped"))
    if kind == "bare":
        one.name = Name(bare(name.family), bare(name.middle), bare(name.given))
        told = "name-without-accents"
    elif kind == "middle" and " " not in name.middle and name.middle:
        one.name, told = Name(name.family, "", name.given), "name-middle-missing"
    elif kind == "short" and name.middle:
        one.name, told = Name(name.family, f"{name.middle[0]}.", name.given), "name-abbreviated"
    elif kind == "swapped" and name.middle:
        one.name, told = Name(name.family, name.given, name.middle), "name-swapped"
    else:
        one.name, told = _misspelt(name, _TONES if kind == "tone" else _SPELLINGS), "name-misspelt"
        if one.name == name:
            one.name, told = _slipped(name, chance), "name-misspelt"
    if one.name != name:
        one.mistakes.append(told)


def _misspelt(name: Name, pairs: tuple[tuple[str, str], ...]) -> Name:
    """The first pair that occurs is exchanged."""
    for right, wrong in pairs:
        if right in name.text:
            return Name(*(part.replace(right, wrong) for part in (name.family, name.middle, name.given)))
    return name


def _slipped(name: Name, chance: Random) -> Name:
    """A letter of the given name is doubled or left out."""
    given = name.given
    at = chance.randrange(len(given))
    wrong = (
        given[:at] + given[at] + given[at:] if len(given) < 3 or chance.random() < 0.5 else given[:at] + given[at + 1 :]
    )
    return Name(name.family, name.middle, wrong.strip().capitalize() if " " not in given else given)


def _mistake_birth(one: Registration, person: Person, age: float, chance: Random) -> None:
    born = person.born
    kind = chance.choice(("year", "year", "day", "only") if age < 50 else ("year", "only", "only", "only"))
    if kind == "year":
        wrong = born.year + chance.choice((-10, -1, -1, -1, 1, 1, 10))
        if date(wrong, 1, 1) > born + timedelta(days=1) and age < 12:
            wrong = born.year - 1
        one.birth = f"{wrong}{born.isoformat()[4:]}" if (born.month, born.day) != (2, 29) else f"{wrong}-02-28"
        one.mistakes.append("birth-year-wrong")
    elif kind == "day" and born.day <= 12 and born.day != born.month:
        one.birth = f"{born.year}-{born.day:02d}-{born.month:02d}"
        one.mistakes.append("birth-day-and-month-swapped")
    elif kind == "only":
        one.birth = str(born.year) if chance.random() < 0.4 else f"{born.year}-01-01"
        one.mistakes.append("birth-year-only")


def _mistyped(number: str, chance: Random) -> str:
    """A digit of the year of birth is another one."""
    at = chance.randrange(4, 6)
    return f"{number[:at]}{(int(number[at]) + chance.randrange(1, 9)) % 10}{number[at + 1 :]}"


def bare(text: str) -> str:
    """`text` without its accents, case kept."""
    plain = text.replace("đ", "d").replace("Đ", "D")
    return "".join(each for each in unicodedata.normalize("NFD", plain) if not unicodedata.combining(each))
