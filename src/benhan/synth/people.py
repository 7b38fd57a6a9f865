"""The people of the country, household by household.

People are made twelve at a time: a neighbourhood of some households. So anybody is found by their index alone, with
their family, whatever the number of the others.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from random import Random

from benhan.synth import numbers
from benhan.synth.chance import Weighted, chance_of
from benhan.synth.households import HOUSEHOLDS, Member
from benhan.synth.livelihood import card_category, occupation
from benhan.synth.names import Name, family_name, name_of
from benhan.synth.person import Home, Person
from benhan.synth.places import by_population

EPOCH = date(2026, 1, 1)
"""The day at which the ages of households are those of the pyramid."""
NEIGHBOURHOOD = 12
INSURED = 0.95
"""Share of people with a BHYT card: 95.2 % in 2025, see the figures for sizing of requirements.md."""

_ALLELES = Weighted((("O", 0.67), ("B", 0.19), ("A", 0.14)))
"""Gives the groups O 45 %, B 29 %, A 21 %, AB 5 %, as among the Kinh."""
_URBAN = ("Lê Lợi", "Quang Trung", "Trần Phú", "Nguyễn Trãi", "Hai Bà Trưng", "Lý Thường Kiệt", "Hùng Vương",
          "Nguyễn Huệ", "Điện Biên Phủ", "Cách Mạng Tháng Tám", "Phan Chu Trinh", "Ngô Quyền", "Lê Duẩn",
          "Nguyễn Văn Cừ", "Bạch Đằng", "Hoàng Diệu", "Phan Đình Phùng", "Trần Hưng Đạo")  # fmt: skip
_HAMLETS = {"north": "thôn", "centre": "thôn", "south": "ấp"}


def person_of(seed: int, index: int) -> Person:
    """The person of an index, in the country of a seed."""
    return neighbourhood(seed, index // NEIGHBOURHOOD)[index % NEIGHBOURHOOD]


@lru_cache(maxsize=64)
def neighbourhood(seed: int, number: int) -> tuple[Person, ...]:
    """Twelve people in their households."""
    people: list[Person] = []
    chance = chance_of(seed, "neighbourhood", number)
    while len(people) < NEIGHBOURHOOD:
        left = NEIGHBOURHOOD - len(people)
        members = HOUSEHOLDS[left].pick(chance)(chance)
        first = number * NEIGHBOURHOOD + len(people)
        people += _household(seed, first, members, chance_of(seed, "household", first))
    return tuple(people)


def newborn_of(seed: int, mother: Person, born: date, sex: str) -> Person:
    """A child that `mother` bears; its number follows hers, with its own year."""
    chance = chance_of(seed, "newborn", mother.index)
    father = person_of(seed, mother.partner) if mother.partner is not None else None
    family = father.name.family if father else mother.name.family
    member = Member(0.0, sex, mother=0)
    child = _person(mother.index, member, mother.home, mother.ethnic_group, family, chance, born=born)
    child.is_newborn = True
    child.mother_name = mother.name
    child.mother = mother.index
    child.father = father.index if father else None
    child.genes = _inherited(chance, mother, father)
    child.card = ""
    child.phone = mother.phone
    child.household = mother.household
    return child


def _household(seed: int, first: int, members: list[Member], chance: Random) -> list[Person]:
    province = by_population().pick(chance)
    commune = province.communes.pick(chance)
    if commune.is_urban:
        line = f"Số {chance.randrange(1, 320)} đường {chance.choice(_URBAN)}"
    else:
        line = f"{_HAMLETS[province.region].capitalize()} {chance.randrange(1, 16)}"
    home = Home(province, commune, line)
    group = province.ethnic_groups.pick(chance)
    people: list[Person] = []
    for place, member in enumerate(members):
        own = chance_of(seed, "person", first + place)
        father = people[member.father] if member.father is not None else None
        family = father.name.family if father else family_name(own, group, province.region)
        one = _person(first + place, member, home, group, family, own)
        one.household = first
        people.append(one)
    for one, member in zip(people, members, strict=True):
        _relate(one, member, people)
    return people


def _relate(one: Person, member: Member, people: list[Person]) -> None:
    """Tell who is whose; children have the genes of those parents that live with them."""
    one.partner = people[member.partner].index if member.partner is not None else None
    mother = people[member.mother] if member.mother is not None else None
    father = people[member.father] if member.father is not None else None
    one.mother = mother.index if mother else None
    one.father = father.index if father else None
    for parent in (mother, father):
        if parent is not None:
            parent.children.append(one.index)
    if mother or father:
        one.genes = _inherited(chance_of(one.citizen_number, "genes"), mother, father)


def _inherited(chance: Random, mother: Person | None, father: Person | None) -> str:
    return "".join(chance.choice(parent.genes) if parent else _ALLELES.pick(chance) for parent in (mother, father))


def _person(
    index: int,
    member: Member,
    home: Home,
    group: str,
    family: str,
    chance: Random,
    *,
    born: date | None = None,
) -> Person:
    sex = member.sex or ("M" if chance.random() < 0.525 else "F")
    born = born or EPOCH - timedelta(days=int(member.age * 365.25) + 1)
    age = (EPOCH - born).days / 365.25
    name: Name = name_of(chance, family, sex, born.year, group)
    native = home.province if chance.random() < 0.85 else by_population().pick(chance)
    birth_code = chance.choice(native.birth_codes)
    job = occupation(chance, age, sex, is_urban=home.commune.is_urban)
    category, level = card_category(chance, age, job, group)
    insurance_number = numbers.social_insurance_number(home.province.code, index)
    card = numbers.health_card(category, level, home.province.code, insurance_number)
    return Person(
        index=index,
        name=name,
        sex=sex,
        born=born,
        ethnic_group=group,
        home=home,
        birth_code=birth_code,
        citizen_number=numbers.citizen_number(birth_code, sex, born.year, index),
        old_identity_card=numbers.old_identity_card(birth_code, index) if born.year < 2002 else "",
        insurance_number=insurance_number,
        card=card if chance.random() < INSURED else "",
        card_category=category,
        phone=numbers.phone_number(index),
        occupation=job,
        genes=_ALLELES.pick(chance) + _ALLELES.pick(chance),
        rhesus="+" if chance.random() < 0.9993 else "-",
    )
