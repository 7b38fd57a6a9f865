"""Keys of resources: 63 bits, of which the first 12 are the compartment's bucket.

A server-assigned logical id is its rid in 13 characters of Crockford base32, lower case. Any other id that a client
chose maps to a rid by a keyed hash, so that the database never shows it.
"""

from __future__ import annotations

import hashlib

from benhan.kernel.ids import RandomSource

BUCKETS = 4096
SHARED = 0
"""The bucket of what belongs to no patient."""

_LOW_BITS = 51
_LOW_MASK = (1 << _LOW_BITS) - 1
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_DIGITS = dict.fromkeys(range(128), "!") | {
    ord(letter): "0123456789abcdefghijklmnopqrstuv"[value] for value, letter in enumerate(_ALPHABET)
}
"""Crockford's letters as the digits that `int` reads; what is none of them becomes what `int` refuses."""
_LENGTH = 13
_REMEMBERED = 4_096


def bucket_of(rid: int) -> int:
    """The bucket that `rid` names."""
    return rid >> _LOW_BITS


def rids_of(bucket: int) -> tuple[int, int]:
    """The first and the last rid that name `bucket`."""
    return bucket << _LOW_BITS, bucket << _LOW_BITS | _LOW_MASK


def encode_rid(rid: int) -> str:
    """The 13 characters of `rid`."""
    pairs = _PAIRS
    return (
        f"{_ALPHABET[rid >> 60]}{pairs[rid >> 50 & 1023]}{pairs[rid >> 40 & 1023]}{pairs[rid >> 30 & 1023]}"
        f"{pairs[rid >> 20 & 1023]}{pairs[rid >> 10 & 1023]}{pairs[rid & 1023]}"
    )


def decode_id(text: str) -> int | None:
    """The rid that `text` writes, or None where it is not of the server's form."""
    if len(text) != _LENGTH or text[0] > "7" or not text.isascii():
        return None
    try:
        return int(text.translate(_DIGITS), 32)
    except ValueError:
        return None


class Ids:
    """Assigns rids, and finds the rid of an id."""

    def __init__(self, id_key: bytes, source: RandomSource) -> None:
        self._key = id_key
        self._source = source
        self._patients: dict[str, int] = {}
        """Patients' chosen ids: all that is of a patient names them."""

    def new(self, bucket: int) -> int:
        """A fresh rid in `bucket`."""
        return bucket << _LOW_BITS | (int.from_bytes(self._source.bytes(7), "big") & _LOW_MASK)

    def new_patient(self) -> int:
        """A fresh rid of a Patient, in a bucket by chance (never the shared one)."""
        number = int.from_bytes(self._source.bytes(8), "big")
        return (number >> 52) % (BUCKETS - 1) + 1 << _LOW_BITS | (number & _LOW_MASK)

    def rid_of(self, type_: str, id_: str) -> int:
        """The rid of a logical id: decoded where the server assigned it, hashed where a client did."""
        decoded = decode_id(id_)
        if decoded is not None:
            return decoded
        if type_ != "Patient":
            return self._hashed(type_, id_)
        rid = self._patients.get(id_)
        if rid is None:
            rid = self._hashed(type_, id_)
            if bucket_of(rid) == SHARED:
                rid |= 1 << _LOW_BITS
            if len(self._patients) >= _REMEMBERED:
                self._patients.clear()
            self._patients[id_] = rid
        return rid

    def _hashed(self, type_: str, id_: str) -> int:
        digest = hashlib.blake2b(f"{type_}/{id_}".encode(), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "big") & ((1 << 63) - 1)
