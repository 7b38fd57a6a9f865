"""What apps ask by themselves: tokens, introspection, revocation, and what this server says of itself.

Source: RFC 6749 3.2, 5; RFC 7009; RFC 7662; RFC 7517; SMART App Launch 2.2.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.access.rates import Rate
from benhan.access.routes import GuardedRoute, route
from benhan.access.smart.clients import Client, ClientKind
from benhan.access.smart.faults import (
    BAD_REQUEST,
    GRANT_NOT_FOR_CLIENT,
    OAUTH_ERRORS,
    TOO_MANY_REQUESTS,
    UNKNOWN_CLIENT,
    UNSUPPORTED_GRANT,
)
from benhan.access.smart.grants import Issued, TokenState
from benhan.access.smart.people import fhir_user_of
from benhan.access.smart.proofs import claimed_id
from benhan.access.smart.scopes import FHIR_USER, OPENID, parse_scopes
from benhan.access.smart.smart import Smart
from benhan.kernel.faults import Fault, Whose
from benhan.kernel.logs import Log
from benhan.kernel.permissions import Permission

Json = dict[str, Any]
Answer = Callable[[Request, Client, Mapping[str, str]], Awaitable[Json]]

log = Log("smart")

NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
TOLD_FOR_S = 300
_STATUSES = {UNKNOWN_CLIENT.code: 401, "BA-2319": 401, TOO_MANY_REQUESTS.code: 429}
_AWAY = ("busy", "unavailable", "interrupted")


class SmartEndpoints:
    """The endpoints of an authorization server; `rate` bounds how often one address asks for one client."""

    def __init__(self, smart: Smart, rate: Rate, prefix: str = "/fhir") -> None:
        self._smart = smart
        self._rate = rate
        self._prefix = prefix

    def routes(self) -> list[GuardedRoute]:
        """They stand before the routes of the FHIR API, whose `/{type}/{id}` would take the well-known address."""
        smart = self._smart
        told = (
            (f"{self._prefix}/.well-known/smart-configuration", smart.configuration),
            ("/.well-known/smart-configuration", smart.configuration),
            ("/.well-known/openid-configuration", smart.openid_configuration),
            ("/oauth/jwks", smart.identity.jwks),
        )
        asked = (("/oauth/token", self.token), ("/oauth/introspect", self.introspect), ("/oauth/revoke", self.revoke))
        public = Permission.PUBLIC
        return [
            *(route(path, _telling(what), permission=public, is_open=True) for path, what in told),
            *(
                route(path, self._answering(answer), methods=["POST"], permission=public, is_open=True)
                for path, answer in asked
            ),
        ]

    async def token(self, _request: Request, client: Client, form: Mapping[str, str]) -> Json:
        """Tokens for a code, a refresh token, or the client itself. Source: RFC 6749 4.1.3, 4.4.2, 6."""
        grants = self._smart.grants
        match form.get("grant_type", ""):
            case "authorization_code":
                needed = [_needed(form, name) for name in ("code", "redirect_uri", "code_verifier")]
                return await self._response(client, await grants.exchange(client, *needed))
            case "refresh_token":
                issued = await grants.refresh(client, _needed(form, "refresh_token"), form.get("scope", ""))
                return await self._response(client, issued)
            case "client_credentials":
                if not client.is_backend:
                    raise GRANT_NOT_FOR_CLIENT()
                issued = await grants.issue_to(client, parse_scopes(_needed(form, "scope")))
                return await self._response(client, issued)
        raise UNSUPPORTED_GRANT()

    async def introspect(self, _request: Request, client: Client, form: Mapping[str, str]) -> Json:
        """What a token stands for, to its own confidential client or one that may ask of all. Source: RFC 7662 2."""
        if client.kind is ClientKind.PUBLIC:
            raise GRANT_NOT_FOR_CLIENT()
        state = await self._smart.grants.state(_needed(form, "token"))
        if state is None or (state.client != client.id and not client.may_introspect):
            return {"active": False}
        return await self._told_of(state)

    async def revoke(self, _request: Request, client: Client, form: Mapping[str, str]) -> Json:
        """Nothing, whatever the token was. Source: RFC 7009 2.2."""
        await self._smart.grants.revoke(client, _needed(form, "token"))
        return {}

    async def _response(self, client: Client, issued: Issued) -> Json:
        """The members of a token response. Source: RFC 6749 5.1; SMART App Launch 2.2."""
        smart, scopes = self._smart, issued.scopes
        told: Json = {
            "access_token": issued.access,
            "token_type": "Bearer",
            "expires_in": issued.life_s,
            "scope": str(scopes),
        }
        if issued.refresh:
            told["refresh_token"] = issued.refresh
        if issued.patient:
            told |= {"patient": issued.patient, "need_patient_banner": True}
        if issued.encounter:
            told["encounter"] = issued.encounter
        if issued.account and scopes.has(OPENID):
            user = await self._user_address(issued.account) if scopes.has(FHIR_USER) else ""
            told["id_token"] = smart.identity.token(
                account=issued.account,
                client=client.id,
                now=smart.store.clock.now(),
                fhir_user=user,
                nonce=issued.nonce,
            )
        return told

    async def _told_of(self, state: TokenState) -> Json:
        told: Json = {
            "active": True,
            "scope": str(state.scopes),
            "client_id": state.client,
            "token_type": "Bearer",
            "iss": self._smart.issuer,
            "iat": int(state.created_at.timestamp()),
            "exp": int(state.ends_at.timestamp()),
            "sub": f"account-{state.account}" if state.account else state.client,
        }
        told |= {name: id_ for name, id_ in (("patient", state.patient), ("encounter", state.encounter)) if id_}
        if state.account and state.scopes.has(FHIR_USER):
            told["fhirUser"] = await self._user_address(state.account)
        return told

    async def _user_address(self, account: int) -> str:
        user = await fhir_user_of(self._smart.store.database, account)
        return f"{self._smart.fhir_url}/{user}" if user else ""

    def _answering(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that proves the client first, and tells Faults as RFC 6749 5.2 says."""

        async def endpoint(request: Request) -> Response:
            form = cast(Mapping[str, str], request.scope["state"]["form"])
            authorization = request.headers.get("authorization", "")
            try:
                asker = f"{request.client.host if request.client else ''} {claimed_id(form, authorization)}"
                if not self._rate.take(asker):
                    raise TOO_MANY_REQUESTS()
                client = await self._smart.proofs.client(form, authorization)
                return Response(orjson.dumps(await answer(request, client, form)), 200, NO_STORE, "application/json")
            except Fault as fault:
                await self._note(fault, claimed_id(form, authorization))
                return oauth_error(fault, challenged=bool(authorization))

        return endpoint

    async def _note(self, fault: Fault, claimed: str) -> None:
        """Put a refusal in the ledger under the client's id where there is such a client."""
        if fault.whose is not Whose.PEER:
            log.failure("smart.failed", fault)
            return
        known = await self._smart.clients.find(claimed) if claimed else None
        await self._smart.grants.refused(known.id if known is not None else "?", fault)


def oauth_error(fault: Fault, *, challenged: bool = False) -> Response:
    """A Fault as an error response. Source: RFC 6749 5.2."""
    error = OAUTH_ERRORS.get(fault.code)
    is_away = fault.category in _AWAY
    told = {
        "error": error or ("temporarily_unavailable" if is_away else "invalid_request"),
        "error_description": f"{fault.code} {fault.text.en}",
    }
    headers = dict(NO_STORE)
    status = _STATUSES.get(fault.code, 503 if is_away else 500 if fault.category == "broken" else 400)
    if status == 401 and challenged:
        headers["www-authenticate"] = 'Basic realm="benhan"'
    if status in (429, 503):
        headers["retry-after"] = "60" if status == 429 else "1"
    return Response(orjson.dumps(told), status, headers, "application/json")


def _telling(what: Callable[[], Json]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(_request: Request) -> Response:
        headers = {"cache-control": f"public, max-age={TOLD_FOR_S}"}
        return Response(orjson.dumps(what()), 200, headers, "application/json")

    return endpoint


def _needed(form: Mapping[str, str], name: str) -> str:
    """The value of a parameter. Raises Incorrect BA-2310 where it is missing."""
    value = form.get(name, "")
    if not value:
        raise BAD_REQUEST(name=name)
    return value
