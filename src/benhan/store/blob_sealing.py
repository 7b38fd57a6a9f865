"""A large content sealed in chunks, so that it streams in constant memory and any cut, change or exchange is noticed.

Source: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its
Nonce-Reuse Misuse-Resistance, 2015) over AES-256-GCM. Each blob has a key of its own, so nonces may count: chunk number
in 11 bytes, then 1 for the last chunk.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benhan.store.key_faults import DAMAGED

CHUNK_BYTES = 1 << 20
TAG_BYTES = 16
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
FORM = b"benhan blob 1"
"""Bound to every chunk."""


class ChunkCipher:
    """Seals and opens the chunks of one blob."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, number: int, plain: bytes, *, last: bool) -> bytes:
        """Ciphertext and tag of chunk `number` (from 0)."""
        return self._aead.encrypt(_nonce(number, last), plain, FORM)

    def open(self, number: int, sealed: bytes, *, last: bool) -> bytes:
        """The plain chunk. Raises Broken BA-0501 where it is not the one that was sealed at this place."""
        try:
            return self._aead.decrypt(_nonce(number, last), sealed, FORM)
        except (InvalidTag, ValueError) as cause:
            raise DAMAGED() from cause


def _nonce(number: int, last: bool) -> bytes:  # noqa: FBT001  # a flag of the nonce
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def chunk_count(size: int) -> int:
    """How many chunks a content of `size` bytes has; an empty one has one."""
    return max(1, -(-size // CHUNK_BYTES))


def sealed_size(size: int) -> int:
    """How many bytes a content of `size` bytes takes when sealed."""
    return size + TAG_BYTES * chunk_count(size)


def chunk_start(number: int) -> int:
    """Where chunk `number` starts in the sealed blob."""
    return number * SEALED_CHUNK_BYTES


async def in_chunks(pieces: AsyncIterable[bytes], size: int) -> AsyncIterator[tuple[bytes, bool]]:
    """The bytes of `pieces` in chunks of `size`, each with whether it is the last (perhaps shorter, or empty)."""
    buffer = bytearray()
    async for piece in pieces:
        for start in range(0, len(piece), size):
            buffer += memoryview(piece)[start : start + size]
            if len(buffer) > size:  # something is known to follow: this chunk is not the last
                yield bytes(memoryview(buffer)[:size]), False
                del buffer[:size]
    yield bytes(buffer), True
