"""Records of the synthetic country as members would send them, and whose each is."""

from __future__ import annotations

from functools import cache

from benhan.hub.identities.matching.traits import Traits
from benhan.synth.registered import registered, told


@cache
def records(seed: int, people: int) -> tuple[list[Traits], list[str]]:
    """The records of so many people and the person of each."""
    found = list(registered(seed, range(people)))
    return [Traits(**told(each)) for each in found], [each.person.key for each in found]
