"""AES-256-GCM under one data key. Source: NIST SP 800-38D.

The nonce is random: two writers of the same version may both seal before one of them loses, so a nonce made of id and
version could be used twice.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benhan.kernel.ids import RandomSource
from benhan.store.key_faults import DAMAGED

NONCE_BYTES = 12
OVERHEAD_BYTES = NONCE_BYTES + 16


class DataKey:
    """A key that seals and opens. A prepared cipher takes 2.5 kB, so the keyring keeps few of them and many bytes."""

    __slots__ = ("_aead", "_before", "_key", "_source")

    def __init__(self, key: bytes, source: RandomSource, before: DataKey | None = None) -> None:
        """`before` is the key that this one takes the place of, while not all is sealed anew."""
        self._key = key
        self._aead = AESGCM(key)
        self._source = source
        self._before = before

    @property
    def is_replacing(self) -> bool:
        """Whether some of what it opens may still be sealed with the key before it."""
        return self._before is not None

    def is_own(self, sealed: bytes, aad: bytes) -> bool:
        """Whether something is sealed with this key itself, not with the one before."""
        try:
            self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
        except (InvalidTag, ValueError):
            return False
        return True

    def reveal(self) -> bytes:
        """The key itself, for the keyring alone."""
        return self._key

    def __repr__(self) -> str:
        return "DataKey(…)"

    def seal(self, plain: bytes, aad: bytes) -> bytes:
        """Nonce, ciphertext and tag of `plain`, bound to `aad`."""
        nonce = self._source.bytes(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """The plain bytes. Raises Broken BA-0501 where key, bytes or `aad` are not those of the sealing."""
        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
        except (InvalidTag, ValueError) as cause:
            if self._before is not None:
                return self._before.open(sealed, aad)
            raise DAMAGED() from cause
