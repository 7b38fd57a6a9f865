"""A provider of identities and a reader of fingerprints to test against: ASGI apps of one person each.

The provider speaks OpenID Connect (discovery, code with PKCE, signed ID tokens); `claims` are what it says of the
person, `alters` changes the claims of the next token. The reader says what `answer` holds.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from benhan.fhir.resource import instant
from benhan.kernel.clock import Clock

CLIENT, SECRET = "benhan", "client-secret"


@dataclass
class FakeIdentities:
    """The provider of one person."""

    issuer: str
    clock: Clock
    claims: dict[str, Any] = field(default_factory=dict)
    alters: dict[str, Any] = field(default_factory=dict)
    is_down: bool = False
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._key = ECKey.generate_key("P-256", {"kid": "1"})
        self.other_key = ECKey.generate_key("P-256", {"kid": "1"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        routes = [
            Route("/.well-known/openid-configuration", self._about),
            Route("/keys", self._keys),
            Route("/token", self._token, methods=["POST"]),
        ]
        await Starlette(routes=routes)(scope, receive, send)

    def agree(self, address: str) -> dict[str, str]:
        """The person signs in at the provider and agrees; gives what their browser brings back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return {"state": asked["state"], "code": code}

    def address_back(self, address: str) -> str:
        """The address that the browser of who agreed is sent to."""
        asked = parse_qs(urlsplit(address).query)
        return f"{asked['redirect_uri'][0]}?{urlencode(self.agree(address))}"

    async def _about(self, _request: Request) -> Response:
        if self.is_down:
            return Response(status_code=503)
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return JSONResponse({"issuer": self.issuer} | {name: f"{self.issuer}/{end}" for name, end in names.items()})

    async def _keys(self, _request: Request) -> Response:
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form.get("redirect_uri"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(self.clock.now().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "auth_time": now}
        claims |= {"nonce": asked["nonce"], "sub": "person-1", **self.claims, **self.alters}
        key = self.other_key if self.alters.pop("other_key", False) else self._key
        claims.pop("other_key", None)
        return JSONResponse({"id_token": jwt.encode({"alg": "ES256", "kid": "1"}, claims, key)})


@dataclass
class FakeReader:
    """A reader on which a finger lies."""

    clock: Clock
    answer: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Starlette(routes=[Route("/match", self._match, methods=["POST"])])(scope, receive, send)

    async def _match(self, request: Request) -> Response:
        asked = orjson.loads(await request.body())
        self.asked.append(asked)
        told = {"matched": True, "device": "FP-0001", "reference": "r-7", "at": instant(self.clock.now())}
        return JSONResponse(told | {"nonce": asked["nonce"]} | self.answer)
