"""Subscription/$get-ws-binding-token: what lets a websocket be told of subscriptions.

Source: Subscriptions R5 Backport 1.1.0, OperationDefinition/backport-subscription-get-ws-binding-token.
"""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.resource import instant
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.faults import BAD_PARAMETER
from benhan.fhir_api.operations.parameters import asked_of
from benhan.fhir_api.operations.terminology_answers import parameters_response
from benhan.fhir_api.requests import actor_of, check_accept, id_of_path
from benhan.fhir_api.subscriptions.faults import NOT_A_WEBSOCKET, NOT_FOLLOWED, OWNER_MAY_NOT
from benhan.fhir_api.subscriptions.socket import BOUND_MAX, PATH, TOKEN_LIFE_S, binding_tokens
from benhan.store.subscriptions import Subscriptions


async def get_ws_binding_token(api: FhirApi, request: Request) -> Response:
    """200 with a token that is good for a minute, and the address to connect to; for one's own subscriptions only.

    404 (BA-2285) while one is not taken up; 400 (BA-2286) for another channel; 403 (BA-2284) for somebody else's.
    """
    check_accept(request)
    asked, actor = await asked_of(api, request), actor_of(request)
    asked.check("$get-ws-binding-token", ("id",))
    ids = [id_of_path(request)] if "id" in request.path_params else asked.texts("id")
    if not 0 < len(ids) <= BOUND_MAX:
        raise BAD_PARAMETER(name="id", wanted=f"1…{BOUND_MAX} ids")
    tables = Subscriptions(api.store.database, api.store.clock)
    rids = []
    for id_ in ids:
        stored = await api.store.resources.read("Subscription", id_, actor)
        standing = await tables.one(stored.rid)
        if standing is None or standing.state != "active":
            raise NOT_FOLLOWED()
        if standing.channel != "websocket":
            raise NOT_A_WEBSOCKET()
        if standing.owner != f"{actor.id} {actor.client}".strip():
            raise OWNER_MAY_NOT()
        rids.append(stored.rid)
    ends_at = api.store.clock.now() + timedelta(seconds=TOKEN_LIFE_S)
    address = api.base_url.replace("http", "ws", 1).removesuffix("/fhir") + PATH
    return parameters_response(
        [
            {"name": "token", "valueString": binding_tokens(api.store).write(rids, PATH)},
            {"name": "expiration", "valueDateTime": instant(ends_at)},
            *({"name": "subscription", "valueString": id_} for id_ in ids),
            {"name": "websocket-url", "valueUrl": address},
        ]
    )
