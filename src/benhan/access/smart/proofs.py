"""How a client proves who it is at the token endpoint: not at all, by a secret, or by a signed assertion.

Source: RFC 6749 2.3; RFC 7523 3; SMART App Launch 2.2, client-confidential-asymmetric.html.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from benhan.access.smart.client_keys import ClientKeys
from benhan.access.smart.clients import Client, ClientKind, Clients
from benhan.access.smart.faults import BAD_REQUEST, UNKNOWN_CLIENT, WRONG_ASSERTION
from benhan.access.tokens import digest
from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault
from benhan.store.database import Database

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS384", "ES384")
ASSERTION_LIFE = timedelta(minutes=5)
LEEWAY = timedelta(seconds=10)
ASSERTION_CHARACTERS_MAX = 8_000
SECRET_CHARACTERS_MAX = 500


class Proofs:
    """Finds the client that a request comes from. `token_url` is whom assertions must be meant for."""

    def __init__(self, database: Database, clients: Clients, keys: ClientKeys, clock: Clock, token_url: str) -> None:
        self._database = database
        self._clients = clients
        self.keys = keys
        self._clock = clock
        self._token_url = token_url

    async def client(self, form: Mapping[str, str], authorization: str) -> Client:
        """The client of a request, proven as its kind asks. Raises BA-2310, BA-2311, BA-2319, BA-3120."""
        is_basic, is_signed = authorization[:6].lower() == "basic ", "client_assertion" in form
        if is_basic + is_signed + ("client_secret" in form) > 1:
            raise BAD_REQUEST(name="client_secret, client_assertion")
        if is_signed:
            return await self._signed(form)
        id_, secret = _basic(authorization) if is_basic else (form.get("client_id", ""), form.get("client_secret", ""))
        if not id_ or (is_basic and form.get("client_id", id_) != id_):
            raise UNKNOWN_CLIENT()
        client = await self._clients.find(id_)
        if client is None or not _is_proven(client, secret):
            raise UNKNOWN_CLIENT()
        return client

    async def _signed(self, form: Mapping[str, str]) -> Client:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise BAD_REQUEST(name="client_assertion_type")
        text = form["client_assertion"]
        if len(text) > ASSERTION_CHARACTERS_MAX:
            raise WRONG_ASSERTION(reason="size")
        id_ = str(_unverified(text).get("sub", ""))
        client = await self._clients.find(id_) if id_ else None
        if client is None or client.kind is not ClientKind.KEYS or form.get("client_id", id_) != id_:
            raise UNKNOWN_CLIENT()
        claims = verified(text, await self.keys.of(client, _kid(text)))
        ends_at = self._checked(claims, client)
        await self._use(client, str(claims["jti"]), ends_at)
        return client

    def _checked(self, claims: Mapping[str, Any], client: Client) -> datetime:
        """When an assertion ends. Raises BA-2319 where a claim is not as it must be."""
        now = self._clock.now()
        meant_for = claims.get("aud")
        if claims.get("iss") != client.id or claims.get("sub") != client.id:
            raise WRONG_ASSERTION(reason="iss, sub")
        if self._token_url not in (meant_for if isinstance(meant_for, list) else [meant_for]):
            raise WRONG_ASSERTION(reason="aud")
        ends_at = _instant(claims.get("exp"), "exp")
        if not now - LEEWAY < ends_at <= now + ASSERTION_LIFE + LEEWAY:
            raise WRONG_ASSERTION(reason="exp")
        for name in ("nbf", "iat"):
            if name in claims and _instant(claims[name], name) > now + LEEWAY:
                raise WRONG_ASSERTION(reason=name)
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 0 < len(jti) <= 200:
            raise WRONG_ASSERTION(reason="jti")
        return ends_at

    async def _use(self, client: Client, jti: str, ends_at: datetime) -> None:
        """Note that an assertion was used. Raises BA-2319 where it was before, in any process."""
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                "insert into oauth_assertion (jti_hash, ends_at) values ($1, $2) on conflict do nothing returning 1",
                digest(f"{client.id}\n{jti}"),
                ends_at + LEEWAY,
            )
            await connection.execute("delete from oauth_assertion where ends_at < $1", self._clock.now() - LEEWAY)
        if row is None:
            raise WRONG_ASSERTION(reason="jti")


def claimed_id(form: Mapping[str, str], authorization: str) -> str:
    """Which client a request says it comes from, unproven; "" where it says none."""
    try:
        if "client_assertion" in form:
            return str(_unverified(form["client_assertion"][:ASSERTION_CHARACTERS_MAX]).get("sub", ""))[:64]
        if authorization[:6].lower() == "basic ":
            return _basic(authorization)[0][:64]
    except Fault:
        return ""
    return form.get("client_id", "")[:64]


def verified(text: str, jwks: dict[str, Any]) -> Mapping[str, Any]:
    """The claims of an assertion that one of the client's own keys, `jwks`, has signed. Raises BA-2319."""
    try:
        return jwt.decode(text, KeySet.import_key_set({"keys": jwks["keys"]}), algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, TypeError, KeyError) as cause:
        raise WRONG_ASSERTION(reason="signature, alg, kid") from cause


def _is_proven(client: Client, secret: str) -> bool:
    if client.kind is ClientKind.PUBLIC:
        return not secret
    return client.kind is ClientKind.SECRET and client.has_secret(secret[:SECRET_CHARACTERS_MAX])


def _basic(authorization: str) -> tuple[str, str]:
    """Id and secret of a Basic header, form-encoded as RFC 6749 2.3.1 says."""
    try:
        text = base64.b64decode(authorization[6:].strip(), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError) as cause:
        raise UNKNOWN_CLIENT() from cause
    id_, _, secret = text.partition(":")
    return unquote_plus(id_), unquote_plus(secret)


def _unverified(text: str) -> Mapping[str, Any]:
    """The claims of a JWT as they are told, to find whose keys must have signed it."""
    return _part(text, 1)


def _kid(text: str) -> str:
    """Which key a JWT says it is signed with; "" where it says none."""
    return str(_part(text, 0).get("kid", ""))


def _part(text: str, place: int) -> Mapping[str, Any]:
    try:
        part = text.split(".")[place]
        told = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError, RecursionError) as cause:
        raise WRONG_ASSERTION(reason="JWT") from cause
    if not isinstance(told, dict):
        raise WRONG_ASSERTION(reason="JWT")
    return told


def _instant(value: Any, name: str) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**33:
        raise WRONG_ASSERTION(reason=name)
    return datetime.fromtimestamp(value, UTC)
