"""Hashes for tables in memory; not keyed: what is at rest is sealed, or hashed under the store's key."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def hash64(text: str) -> int:
    """63 bits of a text, never 0."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1 or 1


def hash32(text: str) -> int:
    """31 bits of a text."""
    return hash64(text) >> 32


def mixed(values: Words) -> Words:
    """One hash for each place of the last two axes, of the values along the first; each column of its own kind.

    Source: S. Vigna, splitmix64 (public domain).
    """
    kinds = np.arange(1, values.shape[2] + 1, dtype=np.uint64) * _GOLDEN
    found = np.broadcast_to(kinds, values.shape[1:]).copy()
    for each in values:
        found ^= each
        found ^= found >> np.uint64(30)
        found *= _FIRST
        found ^= found >> np.uint64(27)
        found *= _SECOND
        found ^= found >> np.uint64(31)
    return found
