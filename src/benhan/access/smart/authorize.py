"""What an app asks of a person at the authorization endpoint, understood and checked.

Source: RFC 6749 4.1.1; RFC 7636 4.3; RFC 9207; SMART App Launch 2.2, app-launch.html#obtain-authorization-code.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from benhan.access.accounts import Account
from benhan.access.smart.ceilings import ceiling_of
from benhan.access.smart.clients import Client, Clients
from benhan.access.smart.faults import (
    BAD_REQUEST,
    NO_PKCE,
    NO_SCOPE,
    NO_SUCH_APP,
    OAUTH_ERRORS,
    UNSUPPORTED_RESPONSE,
    WRONG_AUDIENCE,
    WRONG_REDIRECT,
)
from benhan.access.smart.scopes import (
    FHIR_USER,
    LAUNCH,
    LAUNCH_ENCOUNTER,
    OPENID,
    PROFILE,
    SCOPE_CHARACTERS_MAX,
    Level,
    Scopes,
    granted,
    parse_scopes,
)
from benhan.kernel.faults import Fault

STATE_CHARACTERS_MAX = 1_000
FIELDS = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "aud", "code_challenge", "code_challenge_method",
    "launch", "nonce",
)  # fmt: skip
"""The parameters that are read; others are ignored, as RFC 6749 3.1 says."""

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of an app that may be put before a person."""

    client: Client
    redirect_uri: str
    state: str
    scopes: Scopes
    challenge: str
    nonce: str
    launch: str
    fields: Mapping[str, str]
    """The request as it came, to be carried through the pages."""


async def asking_client(fields: Mapping[str, str], clients: Clients) -> Client:
    """The client of a request, its redirect address one of those registered, letter for letter.

    Raises BA-2330, BA-2312: nobody is sent anywhere then.
    """
    client = await clients.find(fields.get("client_id", ""))
    if client is None:
        raise NO_SUCH_APP()
    asked = fields.get("redirect_uri", "").encode()
    if not any(hmac.compare_digest(asked, each.encode()) for each in client.redirect_uris):
        raise WRONG_REDIRECT()
    return client


def understood(fields: Mapping[str, str], client: Client, account: Account, fhir_url: str, fhir_user: str) -> Asked:
    """The request of `client` to `account`, its scopes cut to what both may.

    Raises BA-2310, BA-2313, BA-2314, BA-2316, BA-2321: these are told to the app.
    """
    state = fields.get("state", "")
    if fields.get("response_type") != "code":
        raise UNSUPPORTED_RESPONSE()
    if not state or len(state) > STATE_CHARACTERS_MAX:
        raise BAD_REQUEST(name="state")
    if len(fields.get("nonce", "")) > STATE_CHARACTERS_MAX or len(fields.get("scope", "")) > SCOPE_CHARACTERS_MAX:
        raise BAD_REQUEST(name="nonce, scope")
    challenge = fields.get("code_challenge", "")
    if fields.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise NO_PKCE()
    if fields.get("aud", "").rstrip("/") != fhir_url:
        raise WRONG_AUDIENCE()
    launch = fields.get("launch", "")
    scopes = allowed_scopes(parse_scopes(fields.get("scope", "")), client, account, fhir_user, has_launch=bool(launch))
    if not scopes:
        raise NO_SCOPE()
    return Asked(
        client,
        fields["redirect_uri"],
        state,
        scopes,
        challenge,
        fields.get("nonce", ""),
        launch,
        {name: fields[name] for name in FIELDS if name in fields},
    )


def allowed_scopes(
    asked: Scopes, client: Client, account: Account, fhir_user: str, *, has_launch: bool = False
) -> Scopes:
    """What of `asked` the registration of the client and the role of the account allow together."""
    resources = granted(asked, client.scopes.resources, ceiling_of(account.role))
    resources = tuple(each for each in resources if each.level is not Level.SYSTEM)
    words = tuple(word for word in asked.words if word in client.scopes.words)
    if not has_launch:
        words = tuple(word for word in words if word not in (LAUNCH, LAUNCH_ENCOUNTER))
    if not fhir_user or OPENID not in words:
        words = tuple(word for word in words if word not in (FHIR_USER, PROFILE))
    return Scopes(words, resources)


def answer_address(redirect_uri: str, state: str, issuer: str, **answer: str) -> str:
    """The redirect address with an answer in its query. Source: RFC 6749 4.1.2; RFC 9207 (`iss`)."""
    told = {**answer, **({"state": state} if state else {}), "iss": issuer}
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(told)}"


def error_address(redirect_uri: str, state: str, issuer: str, fault: Fault) -> str:
    """The redirect address with an error in its query; the description is English, as RFC 6749 4.1.2.1 wants ASCII."""
    error = OAUTH_ERRORS.get(fault.code, "server_error" if fault.category == "broken" else "invalid_request")
    told = f"{fault.code} {fault.text.en}"
    return answer_address(redirect_uri, state[:STATE_CHARACTERS_MAX], issuer, error=error, error_description=told)


def form_target(redirect_uri: str) -> str:
    """What Content-Security-Policy calls the place where a form leads to in the end."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"
