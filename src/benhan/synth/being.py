"""A person as illness meets them: their body, their frame, what they have for good, and how an illness goes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime

from benhan.synth.diseases import Disease
from benhan.synth.laboratory import Body, Effects
from benhan.synth.person import Person
from benhan.synth.signs import Frame


@dataclass(frozen=True, slots=True)
class Chronic:
    """An illness that somebody has for good, how much of it (0–1), and since when."""

    disease: Disease
    level: float
    since: date


@dataclass(slots=True)
class Being:
    """A person with what is inside them."""

    seed: int
    person: Person
    body: Body
    frame: Frame
    chronic: list[Chronic] = field(default_factory=list)
    allergy: str = ""
    """What they do not bear, "" for most."""

    def age(self, at: datetime) -> float:
        return max(self.person.age(at.date()), 0.0)


@dataclass(frozen=True, slots=True)
class Course:
    """How an illness goes: how ill at first, when it is worst, where it comes to rest, or that it ends in death."""

    disease: Disease
    begins: float
    days: int
    dies: bool
    rests_at: float = 0.0

    def severity(self, day: float) -> float:
        """How ill on a day of the stay: 0 well, 1 the full."""
        row = self.disease.row
        if self.dies:
            return min(1.45, self.begins * (0.85 + 0.5 * day / max(self.days, 1)))
        if day < row.rises:
            return self.begins * (0.55 + 0.45 * day / row.rises)
        rests_at = min(self.rests_at, self.begins)
        return rests_at + (self.begins - rests_at) * math.exp(-row.recovery * (day - row.rises))


def illness_on(being: Being, course: Course, day: float) -> list[tuple[Effects, float]]:
    """What moves the laboratory's values on a day: this illness and what the person has for good."""
    found = [(course.disease.effects, course.severity(day))]
    for each in being.chronic:
        if each.disease is not course.disease:
            found.append((each.disease.effects, each.level))
    return found
