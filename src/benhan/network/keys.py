"""Keys of members: one to sign with, one to be sealed to; each named by the thumbprint of its public half.

Signing: Ed25519, or P-256 (ES256) where a hospital's token has no other. Sealing: X25519.
Source: RFC 8037, RFC 9864, RFC 7517, RFC 7638.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from benhan.kernel.faults import Fault
from benhan.network.faults import BAD_KEY_FILE, BAD_MESSAGE

Jwk = dict[str, Any]
SIGNING = {"Ed25519": "Ed25519", "P-256": "ES256"}
"""The algorithm of each curve that may sign."""
SEALING = "X25519"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half: its thumbprint `kid`, its curve, itself."""

    kid: str
    curve: str
    key: OKPKey | ECKey

    @property
    def algorithm(self) -> str:
        """What it signs with; KeyError where it does not sign."""
        return SIGNING[self.curve]

    @property
    def jwk(self) -> Jwk:
        """Its JSON Web Key."""
        return dict(self.key.as_dict(private=False))


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """Both halves; never shown."""

    public: PublicKey
    key: OKPKey | ECKey

    def __repr__(self) -> str:
        return f"PrivateKey({self.public.kid})"


def signing_key(seed: bytes) -> PrivateKey:
    """The Ed25519 key of a seed of 32 bytes."""
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return _okp("Ed25519", seed, public)


def sealing_key(seed: bytes) -> PrivateKey:
    """The X25519 key of a seed of 32 bytes."""
    public = X25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return _okp("X25519", seed, public)


def _okp(curve: str, private: bytes, public: bytes) -> PrivateKey:
    told = {"kty": "OKP", "crv": curve, "x": _text(public)}
    return PrivateKey(read_public_key(told), OKPKey.import_key({**told, "d": _text(private)}))


def read_public_key(jwk: Any) -> PublicKey:
    """The public key of a JSON Web Key. Raises Incorrect BA-6000 for what is none of ours, or tells a private half."""
    if not isinstance(jwk, dict) or "d" in jwk:
        raise BAD_MESSAGE(what="jwk")
    kind, curve = jwk.get("kty"), jwk.get("crv")
    try:
        key: OKPKey | ECKey
        if kind == "OKP" and curve in ("Ed25519", SEALING):
            key = OKPKey.import_key({name: jwk[name] for name in ("kty", "crv", "x")})
        elif kind == "EC" and curve == "P-256":
            key = ECKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y")})
        else:
            raise BAD_MESSAGE(what="jwk.crv")
        return PublicKey(key.thumbprint(), str(curve), key)
    except (JoseError, ValueError, TypeError, KeyError) as cause:
        raise BAD_MESSAGE(what="jwk") from cause


def read_private_key(jwk: Any) -> PrivateKey:
    """The signing key of a private JSON Web Key (Ed25519). Raises Incorrect BA-6000."""
    try:
        if jwk["kty"] != "OKP" or jwk["crv"] != "Ed25519":
            raise BAD_MESSAGE(what="jwk.crv")
        seed = base64.urlsafe_b64decode(jwk["d"] + "=" * (-len(jwk["d"]) % 4))
        return signing_key(seed)
    except (ValueError, TypeError, KeyError) as cause:
        raise BAD_MESSAGE(what="jwk") from cause


def read_key_file(path: Path) -> PublicKey:
    """The public key of a file. Raises Incorrect BA-6016."""
    try:
        return read_public_key(orjson.loads(path.read_bytes()))
    except (OSError, ValueError, Fault) as cause:
        raise BAD_KEY_FILE(path=path.name) from cause


def read_private_key_file(path: Path) -> PrivateKey:
    """The private key of a file. Raises Incorrect BA-6016."""
    try:
        return read_private_key(orjson.loads(path.read_bytes()))
    except (OSError, ValueError, Fault) as cause:
        raise BAD_KEY_FILE(path=path.name) from cause


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
