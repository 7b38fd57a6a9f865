"""Content sealed to one member, so that who carries it cannot read it. Source: RFC 7516; RFC 8037 (ECDH-ES, X25519)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

import orjson
from joserfc import jwe
from joserfc.errors import JoseError

from benhan.network.faults import NOT_SEALED_TO_US
from benhan.network.keys import PrivateKey, PublicKey

CHARACTERS_MAX = 64 * 1024 * 1024
"""The largest sealed text that is opened; what a door takes is less."""


class _Registry(jwe.JWERegistry):
    """The library would open 64 kB and no more: a record of a few days is larger."""

    max_ciphertext_length = CHARACTERS_MAX


_REGISTRY = _Registry(algorithms=["ECDH-ES", "A256GCM"])


def seal(content: bytes, key: PublicKey) -> str:
    """`content` as a JWE that only the holder of `key`'s other half opens."""
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": key.kid}
    return jwe.encrypt_compact(header, content, key.key, registry=_REGISTRY)


def open_sealed(text: str, keys: Mapping[str, PrivateKey]) -> bytes:
    """What was sealed to one of `keys` (by thumbprint). Raises Forbidden BA-6010."""
    try:
        head = text.partition(".")[0]
        told = orjson.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        kid = told.get("kid") if isinstance(told, dict) else None
        key = keys.get(kid) if isinstance(kid, str) else None
        if key is None or "zip" in told:  # a compressed text could open to any size
            raise NOT_SEALED_TO_US()
        opened = jwe.decrypt_compact(text, key.key, registry=_REGISTRY).plaintext
    except (JoseError, ValueError, TypeError, KeyError) as cause:
        raise NOT_SEALED_TO_US() from cause
    assert opened is not None
    return opened


def content_digest(text: str) -> str:
    """SHA-256 of the sealed text, in hexadecimal digits: what the sender's signed message names."""
    return hashlib.sha256(text.encode()).hexdigest()
