"""What a process remembers of terminology while the epoch stays the same, each kind up to a bound."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from benhan.fhir.terminology.compose import Composition, SystemKey
from benhan.fhir.terminology.selection import Selection
from benhan.store.terminology.definitions import Found
from benhan.store.terminology.systems import System

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """Values by key, the one unused longest given up when there are too many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def __contains__(self, key: Key) -> bool:
        return key in self._values

    def get(self, key: Key) -> Value:
        """The value of a key that is there."""
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key: Key, value: Value) -> Value:
        """Remember `value`; gives it."""
        self._values[key] = value
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value


@dataclass(frozen=True, slots=True)
class Part:
    """What a value set takes from one system."""

    key: SystemKey
    system: System
    selection: Selection


@dataclass(frozen=True, slots=True)
class Composed:
    """A value set made ready: its parts, or for each system that cannot be listed here its key and selection."""

    composition: Composition
    parts: tuple[Part, ...]
    unlisted: tuple[tuple[SystemKey, Selection], ...]


@dataclass(slots=True)
class Known:
    """Everything remembered of one epoch."""

    epoch: int
    systems: Remembered[SystemKey, System | None] = field(default_factory=lambda: Remembered(200))
    value_sets: Remembered[str, Found | None] = field(default_factory=lambda: Remembered(2_000))
    composed: Remembered[str, Composed] = field(default_factory=lambda: Remembered(500))
    maps: Remembered[str, Found | None] = field(default_factory=lambda: Remembered(50))
    counts: Remembered[Hashable, int] = field(default_factory=lambda: Remembered(5_000))
