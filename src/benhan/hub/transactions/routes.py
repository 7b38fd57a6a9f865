"""The log for operators: POST /hub/exchanges/search, GET /hub/exchanges/{name}, POST /hub/exchanges/again.

A search is a POST, so that no identifier of a person stands in an address.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.access.routes import GuardedRoute, route
from benhan.fhir.resource import instant
from benhan.fhir_api.api import FhirApi, endpoint
from benhan.fhir_api.requests import actor_of, language_of, read_content
from benhan.hub.exchange.rows import Exchange, PartState
from benhan.hub.transactions.log import LetterLine, Sought, TransactionLog
from benhan.hub.transactions.words import REMEDIES, WORDS
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Language
from benhan.network.faults import BAD_MESSAGE
from benhan.network.subjects import read_identifiers

BODY_BYTES_MAX = 64 * 1024
Json = dict[str, Any]


def routes(api: FhirApi, log: TransactionLog) -> list[GuardedRoute]:
    """The routes of the log."""

    async def search(_api: FhirApi, request: Request) -> Response:
        """Exchanges, newest first."""
        sought = read_sought(await read_content(request, BODY_BYTES_MAX))
        found = await log.search(sought, actor_of(request))
        return _json([told(each, language_of(request.scope)) for each in found])

    async def one(_api: FhirApi, request: Request) -> Response:
        """An exchange with its letters."""
        exchange, letters = await log.one(request.path_params["id"], actor_of(request))
        return _json({**told(exchange, language_of(request.scope)), "letters": [_letter(each) for each in letters]})

    async def again(_api: FhirApi, request: Request) -> Response:
        """Offer what waits again."""
        names = _read(await read_content(request, BODY_BYTES_MAX)).get("exchanges")
        if not isinstance(names, list) or not names or not all(isinstance(each, str) for each in names):
            raise BAD_MESSAGE(what="exchanges")
        return _json({"letters": await log.again(names, actor_of(request))})

    view, mend = Permission.DELIVERY_VIEW, Permission.MESSAGE_MEND
    return [
        route("/hub/exchanges/search", endpoint(api, search), methods=["POST"], permission=view),
        route("/hub/exchanges/again", endpoint(api, again), methods=["POST"], permission=mend),
        route("/hub/exchanges/{id}", endpoint(api, one), permission=view),
    ]


def read_sought(data: bytes) -> Sought:
    """What is looked for: `member`, `state`, `since`, `before`, `trace`, `subject`. Raises Incorrect BA-6000."""
    body = _read(data)
    try:
        subject = read_identifiers([body["subject"]])[0] if "subject" in body else None
        trace, member = body.get("trace", ""), body.get("member", "")
        bytes.fromhex(trace)
        if not isinstance(member, str):
            raise BAD_MESSAGE(what="member")
        usual = Sought()
        return Sought(
            member, PartState(body["state"]) if "state" in body else None, _at(body.get("since"), usual.since),
            _at(body.get("before"), usual.before), trace, subject,
        )  # fmt: skip
    except (ValueError, TypeError) as cause:
        raise BAD_MESSAGE(what="member, state, since, before, trace") from cause


def told(exchange: Exchange, language: Language) -> Json:
    """An exchange in words."""
    return {
        "exchange": exchange.name, "asked_at": instant(exchange.asked_at), "until": instant(exchange.until),
        "asker": exchange.asker, "purpose": exchange.purpose, "basis": exchange.basis, "kinds": list(exchange.kinds),
        "state": exchange.state.value, "ask_digest": exchange.ask_digest, "trace": exchange.trace,
        "parts": [
            {
                "holder": part.holder, "state": part.state.value, "words": WORDS[part.state].in_language(language),
                "remedy": REMEDIES[part.state].in_language(language) if part.state in REMEDIES else "",
                "fault": part.fault, "size": part.size, "answer_digest": part.answer_digest,
                "receipt_digest": part.receipt_digest,
                "changed_at": instant(part.changed_at) if part.changed_at is not None else "",
            }
            for part in exchange.parts
        ],
    }  # fmt: skip


def _letter(letter: LetterLine) -> Json:
    return {
        "type": letter.type, "sender": letter.sender, "recipient": letter.recipient, "at": instant(letter.at),
        "taken_at": instant(letter.taken_at) if letter.taken_at is not None else "", "state": letter.state,
        "size": letter.size, "digest": letter.digest,
    }  # fmt: skip


def _at(value: Any, usual: datetime) -> datetime:
    if value is None:
        return usual
    found = datetime.fromisoformat(value)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _read(data: bytes) -> Json:
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as cause:
        raise BAD_MESSAGE(what="JSON") from cause
    if not isinstance(found, dict):
        raise BAD_MESSAGE(what="JSON")
    return found


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")
