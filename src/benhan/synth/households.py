"""Kinds of household: who lives in one and how old they are at the day of the pyramid.

The mixture gives about the pyramid of the population (TCTK, 2024): 23 % below 15 years, 14 % of 60 and more, 3.4 people
in a household.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from benhan.synth.chance import Weighted

AGE_MAX = 101.0


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a household: age in years, sex ("" for either), and the places of their kin in it."""

    age: float
    sex: str = ""
    partner: int | None = None
    mother: int | None = None
    father: int | None = None


Household = Callable[[Random], list[Member]]


def old_alone(chance: Random) -> list[Member]:
    return [Member(_within(chance.gauss(73, 9), 58, AGE_MAX), "F" if chance.random() < 0.7 else "M")]


def young_alone(chance: Random) -> list[Member]:
    return [Member(_within(chance.gauss(27, 6), 18, 45))]


def old_couple(chance: Random) -> list[Member]:
    return _couple(chance, _within(chance.gauss(62, 8), 46, 92))


def young_couple(chance: Random) -> list[Member]:
    return _couple(chance, _within(chance.gauss(26, 4), 19, 40))


def one_child(chance: Random) -> list[Member]:
    return _family(chance, 1)


def two_children(chance: Random) -> list[Member]:
    return _family(chance, 2)


def three_children(chance: Random) -> list[Member]:
    return _family(chance, 3)


def mother_alone(chance: Random) -> list[Member]:
    """A mother and a child without its father."""
    child = chance.random() * 22
    mother = child + _age_at_birth(chance)
    return [Member(mother, "F"), Member(child, mother=0)]


def three_generations(chance: Random) -> list[Member]:
    """A couple with two children and the husband's parents."""
    young = _family(chance, 2, eldest_max=17)
    grandmother = young[1].age + _age_at_birth(chance)
    if grandmother > AGE_MAX - 4:
        return young
    mother, father, *children = young
    return [
        *_couple(chance, grandmother),
        Member(mother.age, "F", partner=3),
        Member(father.age, "M", partner=2, mother=0, father=1),
        *(Member(child.age, mother=2, father=3) for child in children),
    ]


def with_grandmother(chance: Random) -> list[Member]:
    """A couple with a child and the wife's mother."""
    mother, father, *children = _family(chance, 1, eldest_max=25)
    grandmother = min(mother.age + _age_at_birth(chance), AGE_MAX)
    return [Member(mother.age, "F", partner=1, mother=3), father, *children, Member(grandmother, "F")]


def _couple(chance: Random, wife: float) -> list[Member]:
    husband = _within(wife + chance.gauss(2.6, 3), max(18.0, wife - 8), AGE_MAX)
    return [Member(wife, "F", partner=1), Member(husband, "M", partner=0)]


def _family(chance: Random, children: int, eldest_max: float = 23.0) -> list[Member]:
    eldest = chance.random() * eldest_max
    ages = [eldest]
    for _ in range(children - 1):
        ages.append(ages[-1] - _within(chance.gauss(4, 1.8), 1.2, 10))
    young = [Member(age, mother=0, father=1) for age in ages if age >= 0]
    return [*_couple(chance, eldest + _age_at_birth(chance)), *young]


def _age_at_birth(chance: Random) -> float:
    """The age of a mother at the birth of her first child."""
    return _within(chance.gauss(25.2, 4.2), 18, 40)


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


_KINDS: tuple[tuple[Household, int, float], ...] = (
    (old_alone, 1, 5),
    (young_alone, 1, 6),
    (old_couple, 2, 15),
    (young_couple, 2, 7),
    (mother_alone, 2, 5),
    (one_child, 3, 16),
    (two_children, 4, 27),
    (with_grandmother, 4, 6),
    (three_children, 5, 10),
    (three_generations, 6, 9),
)
HOUSEHOLDS = {room: Weighted((make, weight) for make, size, weight in _KINDS if size <= room) for room in range(1, 13)}
"""The kinds of household for so many free places."""
