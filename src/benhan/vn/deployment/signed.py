"""A report as it travels: a JWS by the node's own key, which names the facility and the key.

Source: RFC 7515 (JWS compact serialisation), RFC 8037 and 9864 (Ed25519), RFC 7638 (thumbprints).
"""

from __future__ import annotations

import base64
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.registry import HeaderParameter

from benhan.kernel.faults import FaultCode, Forbidden
from benhan.kernel.texts import Text

ALGORITHM = "Ed25519"
SIGNED_CHARACTERS_MAX = 64 * 1024
PUBLIC_BYTES = 32

BAD_SIGNATURE = FaultCode(
    "BA-6212",
    Forbidden,
    Text(
        "Chữ ký của bản số liệu không khớp khoá đã ghi danh của cơ sở. Ghi danh lại máy này.",
        "The report is not signed by a key that is enrolled for the facility. Enrol this node again.",
    ),
)

_REGISTRY = jws.JWSRegistry({"iss": HeaderParameter("Facility", "str", required=True)}, algorithms=[ALGORITHM])


class Claimed(NamedTuple):
    """Whose a JWS says it is; not proven."""

    facility: str
    thumbprint: str


class EvidenceSigner:
    """The key of a node; `seed` are 32 secret bytes, the same for as long as its store lives."""

    def __init__(self, seed: bytes) -> None:
        self._key = OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public_bytes(self) -> bytes:
        """The public key, 32 bytes."""
        x = self._key.as_dict(private=False)["x"]
        assert isinstance(x, str)
        return base64.urlsafe_b64decode(x + "=")

    def sign(self, payload: bytes, facility: str) -> str:
        """The JWS of a report."""
        header = {"alg": ALGORITHM, "kid": self._key.thumbprint(), "iss": facility}
        return jws.serialize_compact(header, payload, self._key, registry=_REGISTRY)


def thumbprint_of(public_key: bytes) -> str:
    """The name of a public key of 32 bytes. Source: RFC 7638."""
    return _key(public_key).thumbprint()


def claimed(signed: str) -> Claimed:
    """What a JWS says of its origin. Raises Forbidden BA-6212."""
    if len(signed) > SIGNED_CHARACTERS_MAX:
        raise BAD_SIGNATURE()
    try:
        header = jws.extract_compact(signed.encode(), registry=_REGISTRY).headers()
    except (JoseError, ValueError) as cause:
        raise BAD_SIGNATURE() from cause
    facility, kid = header.get("iss"), header.get("kid")
    if not isinstance(facility, str) or not isinstance(kid, str):
        raise BAD_SIGNATURE()
    return Claimed(facility, kid)


def verified(signed: str, public_key: bytes) -> bytes:
    """What a JWS says that `public_key` signed. Raises Forbidden BA-6212."""
    try:
        payload = jws.deserialize_compact(signed, _key(public_key), registry=_REGISTRY).payload
    except (JoseError, ValueError) as cause:
        raise BAD_SIGNATURE() from cause
    assert payload is not None, "no detached content here"
    return payload


def payload_of(signed: str) -> bytes:
    """What a JWS says whose signature was looked at before."""
    payload = jws.extract_compact(signed.encode(), registry=_REGISTRY).payload
    assert payload is not None, "no detached content here"
    return payload


def _key(public_key: bytes) -> OKPKey:
    x = base64.urlsafe_b64encode(public_key).decode().rstrip("=")
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})
