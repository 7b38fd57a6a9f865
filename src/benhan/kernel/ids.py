"""The only source of randomness for identifiers and keys, so that tests can seed it."""

from __future__ import annotations

import os
import random
from typing import Protocol


class RandomSource(Protocol):
    """Unpredictable bytes."""

    def bytes(self, size: int) -> bytes: ...


class SystemRandom:
    """The operating system's generator."""

    def bytes(self, size: int) -> bytes:
        return os.urandom(size)


class SeededRandom:
    """Repeatable bytes for tests, the demonstration and simulation; never for keys of real data."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # repeatable on purpose

    def bytes(self, size: int) -> bytes:
        return self._random.randbytes(size)
