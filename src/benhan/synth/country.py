"""A synthetic country: everything follows from the seed, the number of facilities, and the days it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from benhan.kernel.clock import VIETNAM
from benhan.synth.as_fhir import Names
from benhan.synth.facilities import Facility, Network, facilities_of
from benhan.synth.life import Life, World, lives_of


@dataclass(frozen=True, slots=True)
class Country:
    """A country. Person 123 is the same in all of a seed; what happens to them depends on all but `people`."""

    seed: int
    people: int
    world: World
    names: Names

    @property
    def facilities(self) -> tuple[Facility, ...]:
        return self.world.network.facilities

    def lives(self) -> Iterator[Life]:
        """The lives of all people in the order of their indexes, newborns after their mothers."""
        for index in range(self.people):
            yield from lives_of(self.world, index)


def country_of(seed: int, facilities: int, people: int, first_day: date, last_day: date) -> Country:
    """The country of a seed, from the morning of the first day to the last minute of the last."""
    ends_at = datetime.combine(last_day, time(23, 59), VIETNAM)
    return country_with(seed, facilities_of(seed, facilities), people, first_day, ends_at)


def country_with(
    seed: int, facilities: tuple[Facility, ...], people: int, first_day: date, ends_at: datetime
) -> Country:
    """A country of given facilities that ends at an instant."""
    return Country(seed, people, World(seed, Network(facilities), first_day, ends_at), Names(f"s{seed}"))
