"""Chance that repeats: each thing draws from a source named after it, so that no thing moves another's draws."""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections.abc import Iterable, Sequence
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


def chance_of(*names: object) -> Random:
    """The source of chance of the thing that is called so; the same for the same names, always."""
    text = "\x1f".join(map(str, names)).encode()
    return Random(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big"))  # noqa: S311  # repeats on purpose


def digest_of(*names: object) -> int:
    """128 bits that belong to the thing that is called so."""
    text = "\x1f".join(map(str, names)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "big")


class Weighted(Generic[Thing]):
    """Things with weights, one of which is picked."""

    __slots__ = ("_bounds", "things")

    def __init__(self, pairs: Iterable[tuple[Thing, float]]) -> None:
        known = [(thing, weight) for thing, weight in pairs if weight > 0]
        self.things = [thing for thing, _ in known]
        self._bounds = list(accumulate(weight for _, weight in known))

    def pick(self, chance: Random) -> Thing:
        """One of them. Raises IndexError where there is none."""
        bound = chance.random() * self._bounds[-1]
        return self.things[min(bisect(self._bounds, bound), len(self.things) - 1)]

    def __bool__(self) -> bool:
        return bool(self.things)

    @property
    def total(self) -> float:
        return self._bounds[-1] if self._bounds else 0.0


def by_rank(things: Sequence[Thing]) -> Weighted[Thing]:
    """Things written down in the order of how common they are."""
    return Weighted((thing, 1 / (rank + 4)) for rank, thing in enumerate(things))
