"""Who signs: one protocol for a key in memory, on a token, or at a provider.

A signer signs many things at once: one PIN or one approval for a whole chart. Source: TT 13/2025/TT-BYT Đ3;
NĐ 23/2025/NĐ-CP Đ37 k4 (remote signing).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from benhan.signing.certificates import Identity


class Signer(Protocol):
    """A key with its certificate."""

    @property
    def identity(self) -> Identity:
        """The certificate of the key, with its issuers."""
        ...

    async def sign(self, contents: Sequence[bytes]) -> list[bytes]:
        """The signature over each of `contents`, SHA-256 by `identity.mechanism` (ECDSA as DER), in their order.

        Raises Unavailable BA-5015, Forbidden BA-5016; then nothing of them is signed that anybody has.
        """
        ...


class MemorySigner:
    """A key in this process's memory: for tests and demonstrations, where no token is at hand."""

    def __init__(self, identity: Identity, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> None:
        self._identity = identity
        self._key = key

    @property
    def identity(self) -> Identity:
        return self._identity

    async def sign(self, contents: Sequence[bytes]) -> list[bytes]:
        return [self._signed(each) for each in contents]

    def _signed(self, content: bytes) -> bytes:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(content, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(content, ec.ECDSA(hashes.SHA256()))
