"""A provider of identities (VNeID, or another that speaks OpenID Connect) that a person confirms with.

The nonce of the ID token is made of the page's hash, so that the token, which the provider signs, is about this page;
it is kept with the provider's key. Source: OpenID Connect Core 1.0, 3.1; RFC 7636 (PKCE); RFC 9700.
Not supported: encrypted ID tokens, providers without discovery.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from benhan.kernel.secrets import Secret
from benhan.signing.attesting import Asked, Attested
from benhan.signing.faults import IDENTITY_AWAY, IDENTITY_REFUSED
from benhan.transports.signing_services import SigningServices

ALGORITHMS = ["RS256", "PS256", "ES256"]
SKEW = timedelta(minutes=1)
FRESH_S = 600
"""Who signed in longer ago at the provider signs in again."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Which provider, as whom we ask, and in which claim it tells the number of the person."""

    issuer: str
    client: str
    secret: Secret
    number_claim: str


class OidcAttester:
    """Asks one provider."""

    def __init__(self, network: SigningServices, provider: Provider) -> None:
        self._network = network
        self._provider = provider

    async def begin(self, asked: Asked) -> str:
        """The address at the provider where the person confirms. Raises Unavailable BA-5485."""
        challenge = urlsafe_b64encode(hashlib.sha256(asked.verifier.encode()).digest()).decode().rstrip("=")
        parameters = {
            "response_type": "code",
            "client_id": self._provider.client,
            "redirect_uri": asked.return_url,
            "scope": "openid profile",
            "state": asked.transaction,
            "nonce": asked.nonce,
            "max_age": str(FRESH_S),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{(await self._discovered())['authorization_endpoint']}?{urlencode(parameters)}"

    async def attest(self, asked: Asked, answer: Mapping[str, str], now: datetime) -> Attested:
        """What the provider's ID token says. Raises Unavailable BA-5485, Incorrect BA-5486."""
        if not hmac.compare_digest(answer.get("state", "").encode(), asked.transaction.encode()):
            raise IDENTITY_REFUSED(reason="state")
        if not answer.get("code"):
            raise IDENTITY_REFUSED(reason=answer.get("error", "code")[:40])
        known = await self._discovered()
        token = await self._token(known["token_endpoint"], asked, answer["code"])
        keys = await self._json(known["jwks_uri"], None, {})
        claims, key = self._verified(token, keys, asked, now)
        told = {
            "issuer": self._provider.issuer,
            "subject": str(claims.get("sub", "")),
            "acr": str(claims.get("acr", "")),
            "transaction": asked.transaction,
            "id_token": token,
            "key": key,
        }
        at = datetime.fromtimestamp(int(claims.get("auth_time", claims["iat"])), UTC)
        return Attested(str(claims.get("name", "")), str(claims.get(self._provider.number_claim, "")), at, told)

    async def _discovered(self) -> dict[str, Any]:
        url = f"{self._provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        known = await self._json(url, None, {})
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if known.get("issuer") != self._provider.issuer or not all(isinstance(known.get(each), str) for each in wanted):
            raise IDENTITY_AWAY(reason="discovery")
        return known

    async def _token(self, url: str, asked: Asked, code: str) -> str:
        client, secret = self._provider.client, self._provider.secret.reveal().decode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": asked.return_url,
            "code_verifier": asked.verifier,
            "client_id": client,
        }
        if secret:
            basic = b64encode(f"{quote(client, safe='')}:{quote(secret, safe='')}".encode()).decode()
            headers["authorization"] = f"Basic {basic}"
        answer = await self._json(url, urlencode(fields).encode(), headers)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise IDENTITY_REFUSED(reason=str(answer.get("error", "id_token"))[:40])
        return token

    def _verified(self, token: str, keys: dict[str, Any], asked: Asked, now: datetime) -> tuple[dict[str, Any], str]:
        """The claims of an ID token and the key that signed it, as JSON. Source: OpenID Connect Core 1.0, 3.1.3.7."""
        try:
            known = KeySet.import_key_set(keys)  # type: ignore[arg-type]
            decoded = jwt.decode(token, known, algorithms=ALGORITHMS)
            claims = dict(decoded.claims)
            kid = decoded.header.get("kid")
            key = next((each for each in keys["keys"] if each.get("kid") == kid), keys["keys"][0])
            ends, made = (datetime.fromtimestamp(int(claims[name]), UTC) for name in ("exp", "iat"))
        except (JoseError, ValueError, TypeError, KeyError, IndexError, OverflowError) as cause:
            raise IDENTITY_REFUSED(reason="id_token") from cause
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != self._provider.issuer or self._provider.client not in audiences:
            raise IDENTITY_REFUSED(reason="iss, aud")
        if len(audiences) > 1 and claims.get("azp") != self._provider.client:
            raise IDENTITY_REFUSED(reason="azp")
        if not made - SKEW <= now <= ends + SKEW:
            raise IDENTITY_REFUSED(reason="exp, iat")
        if claims.get("nonce") != asked.nonce:
            raise IDENTITY_REFUSED(reason="nonce")
        return claims, json.dumps(key, sort_keys=True)

    async def _json(self, url: str, body: bytes | None, headers: Mapping[str, str]) -> dict[str, Any]:
        return await self._network.json(url, body, headers, IDENTITY_AWAY)
