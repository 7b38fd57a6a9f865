"""Id tokens: who the person is that let an app in, signed with ES256 under a key of the store's root secret.

Source: OpenID Connect Core 1.0, 2, 3.1.3.7; SMART App Launch 2.2, scopes-and-launch-context.html#identity.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

ALGORITHM = "ES256"
LIFE = timedelta(minutes=5)
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""How many points the group of P-256 has. Source: SEC 2, 2.4.2."""


class Identity:
    """Signs id tokens of one issuer. `seed` are 32 secret bytes, the same in every process of a store."""

    def __init__(self, seed: bytes, issuer: str) -> None:
        number = int.from_bytes(seed, "big") % (_ORDER - 1) + 1
        key = ECKey.import_key(ec.derive_private_key(number, ec.SECP256R1()))
        key.ensure_kid()
        self._key = key
        self._issuer = issuer

    def jwks(self) -> dict[str, Any]:
        """The public key, as apps fetch it."""
        public = dict(self._key.as_dict(private=False))
        return {"keys": [{**public, "use": "sig", "alg": ALGORITHM}]}

    def token(self, *, account: int, client: str, now: datetime, fhir_user: str = "", nonce: str = "") -> str:
        """An id token of `account` for `client`; it names `fhir_user` (an absolute address) and `nonce` where given."""
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "sub": f"account-{account}",
            "aud": client,
            "iat": int(now.timestamp()),
            "exp": int((now + LIFE).timestamp()),
        }
        if fhir_user:
            claims["fhirUser"] = fhir_user
        if nonce:
            claims["nonce"] = nonce
        return jwt.encode({"alg": ALGORITHM, "kid": self._key.kid}, claims, self._key)
