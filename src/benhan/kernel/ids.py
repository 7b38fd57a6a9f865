"""The only source of randomness for identifiers and keys, so that tests can seed it."""

from __future__ import annotations

import os
import random
import threading
import weakref
from typing import Protocol


class RandomSource(Protocol):
    """Unpredictable bytes."""

    def bytes(self, size: int) -> bytes: ...


class SystemRandom:
    """The operating system's generator, asked for many bytes at a time: one system call serves some hundred ids.

    Bytes are given out once: a forked child begins anew, else it would give out its parent's.
    """

    _AT_ONCE = 4096

    def __init__(self) -> None:
        self._begin()
        _SYSTEM.add(self)

    def _begin(self) -> None:
        self._pool = b""
        self._given = 0
        self._lock = threading.Lock()

    def bytes(self, size: int) -> bytes:
        with self._lock:
            if self._given + size > len(self._pool):
                if size > self._AT_ONCE:
                    return os.urandom(size)
                self._pool, self._given = os.urandom(self._AT_ONCE), 0
            self._given += size
            return self._pool[self._given - size : self._given]


_SYSTEM: weakref.WeakSet[SystemRandom] = weakref.WeakSet()


def _begin_anew() -> None:
    for each in _SYSTEM:
        each._begin()


os.register_at_fork(after_in_child=_begin_anew)


class SeededRandom:
    """Repeatable bytes for tests, the demonstration and simulation; never for keys of real data."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # repeatable on purpose

    def bytes(self, size: int) -> bytes:
        return self._random.randbytes(size)
