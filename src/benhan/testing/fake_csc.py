"""A provider of remote signatures to test against: an ASGI app that speaks the CSC API v2.

It signs only hashes that were approved, each once, with the PIN; `refuses` makes it refuse the next call.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from benhan.signing.certificates import Identity

TOKEN = "csc-token"  # noqa: S105  # of a fake
PIN = "246810"


@dataclass
class FakeCsc:
    """One person's keys by their names."""

    keys: Mapping[str, tuple[Identity, Any]]
    at_once: int = 100
    asked: list[str] = field(default_factory=list)
    """The methods that were called, in order."""
    refuses: str = ""
    _leaves: dict[str, set[str]] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = Starlette(routes=[Route("/csc/v2/{method:path}", self._answer, methods=["POST"])])
        await app(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        method, asked = request.path_params["method"], orjson.loads(await request.body())
        self.asked.append(method)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _error("invalid_token", 401)
        if self.refuses:
            return _error(self.refuses, 400)
        if method == "credentials/list":
            return _json({"credentialIDs": list(self.keys)})
        if asked.get("credentialID") not in self.keys:
            return _error("invalid_request", 400)
        identity, key = self.keys[asked["credentialID"]]
        if method == "credentials/info":
            chain = [b64encode(each.dump()).decode() for each in (identity.certificate, *identity.issuers)]
            cert = {"status": "valid", "certificates": chain}
            return _json({"key": {"status": "enabled"}, "cert": cert, "multisign": self.at_once})
        if method == "credentials/authorize":
            return self._authorized(asked)
        if method == "signatures/signHash":
            return self._signed(asked, key)
        return _error("unsupported", 400)

    def _authorized(self, asked: Mapping[str, Any]) -> Response:
        if {"id": "PIN", "value": PIN} not in asked.get("authData", []):
            return _error("invalid_pin", 400)
        if len(asked["hashes"]) != asked["numSignatures"] or asked["numSignatures"] > self.at_once:
            return _error("invalid_request", 400)
        leave = f"sad-{len(self._leaves)}"
        self._leaves[leave] = set(asked["hashes"])
        return _json({"SAD": leave, "expiresIn": 300})

    def _signed(self, asked: Mapping[str, Any], key: Any) -> Response:
        if set(asked["hashes"]) != self._leaves.pop(asked["SAD"], None):
            return _error("invalid_sad", 400)
        return _json({"signatures": [b64encode(_signature(key, b64decode(each))).decode() for each in asked["hashes"]]})


def _signature(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, digest: bytes) -> bytes:
    algorithm = utils.Prehashed(hashes.SHA256())
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(digest, padding.PKCS1v15(), algorithm)
    return key.sign(digest, ec.ECDSA(algorithm))


def _json(told: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(told), media_type="application/json")


def _error(code: str, status: int) -> Response:
    return Response(orjson.dumps({"error": code, "error_description": "…"}), status, media_type="application/json")
