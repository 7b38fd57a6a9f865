"""Subscription/$status and Subscription/$events.

Source: Subscriptions R5 Backport 1.1.0, OperationDefinition/backport-subscription-status, backport-subscription-events.
"""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.bundle import Entry, bundle_bytes
from benhan.fhir.notification import Status, notification, status_of
from benhan.fhir.search_query import parse_search
from benhan.fhir.subscription import CONTENTS, EVENTS_MAX, Content, Wish, read_wish
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.faults import BAD_PARAMETER
from benhan.fhir_api.operations.parameters import Asked, asked_of
from benhan.fhir_api.operations.terminology_answers import whole_number
from benhan.fhir_api.requests import actor_of, check_accept, id_of_path
from benhan.fhir_api.responses import json_response
from benhan.fhir_api.subscriptions.faults import EVENTS_GONE, NOT_FOLLOWED
from benhan.fhir_api.subscriptions.telling import Notices
from benhan.fhir_api.subscriptions.wishes import Wishes
from benhan.kernel.actors import Actor
from benhan.kernel.faults import Incorrect, NotFound
from benhan.kernel.permissions import Permission
from benhan.store.subscriptions import Standing, Subscriptions
from benhan.store.unit_of_work import Stored

STATUS_PARAMETERS = ("id", "status")
EVENTS_PARAMETERS = ("eventsSinceNumber", "eventsUntilNumber", "content")
STATES = ("requested", "active", "error", "off")
IDS_MAX = 100


async def subscription_status(api: FhirApi, request: Request) -> Response:
    """200 with a searchset of the status of each subscription asked for; 404 for an id that is not there.

    Without an id of all that may be seen, a hundred at most in no order but the store's. For one of them `id` and
    `status` decide nothing.
    """
    check_accept(request)
    asked = await asked_of(api, request)
    asked.check("$status", STATUS_PARAMETERS)
    states = asked.texts("status")
    if not set(states) <= set(STATES):
        raise BAD_PARAMETER(name="status", wanted=" | ".join(STATES))
    is_one = "id" in request.path_params
    ids = [id_of_path(request)] if is_one else asked.texts("id")
    if len(ids) > IDS_MAX:
        raise BAD_PARAMETER(name="id", wanted=f"1…{IDS_MAX} ids")
    actor, states = actor_of(request), [] if is_one else states
    found = [await api.store.resources.read("Subscription", each, actor) for each in ids]
    entries = []
    for stored in found if ids else await _all(api, states, actor):
        status = _status(api, stored, await _tables(api).one(stored.rid))
        if not states or status.status in states:
            entries.append(Entry(status_of(status, "query-status"), _fresh_name(api), search_mode="match"))
    return json_response(bundle_bytes("searchset", entries, total=len(entries)))


async def subscription_events(api: FhirApi, request: Request) -> Response:
    """200 with a notification of events that happened already, 100 at most: to catch up after a failure.

    404 with the first number that is still kept where older events are asked for.
    """
    check_accept(request)
    asked = await asked_of(api, request)
    asked.check("$events", EVENTS_PARAMETERS)
    actor = actor_of(request)
    stored = await api.store.resources.read("Subscription", id_of_path(request), actor)
    standing = await _tables(api).one(stored.rid)
    if standing is None:
        raise NOT_FOLLOWED()
    first = whole_number(asked, "eventsSinceNumber") or 1
    until = whole_number(asked, "eventsUntilNumber")
    events = await _tables(api).events(standing.rid, first - 1, standing.events if until is None else until, EVENTS_MAX)
    if events and events[0].number > first:
        raise EVENTS_GONE(first=events[0].number)
    content = _content(asked, stored)
    wishes = Wishes(api.store)
    notices = Notices(api.store, _tables(api), wishes, api.base_url)
    happened = await notices.happened(events, content, actor, await _wish(wishes, standing))
    bundle = notification(
        _status(api, stored, standing),
        "query-event",
        _fresh_name(api),
        api.base_url,
        happened,
        at=api.store.clock.now(),
        named=content != "empty",
    )
    return json_response(bundle)


async def _wish(wishes: Wishes, standing: Standing) -> Wish | None:
    """What the subscription asks for; None where its topic is no more: its events are still told."""
    try:
        return await wishes.of(standing)
    except (Incorrect, NotFound):
        return None


async def _all(api: FhirApi, states: list[str], actor: Actor) -> list[Stored]:
    """The subscriptions in these states (in any where none is named) that the actor finds."""
    if not actor.may(Permission.FHIR_SEARCH):
        raise BAD_PARAMETER(name="id", wanted=f"1…{IDS_MAX} ids")
    pairs = [("_count", str(IDS_MAX)), *([("status", ",".join(states))] if states else [])]
    query = parse_search("Subscription", pairs, registry=api.store.search.registry)
    return (await api.store.search.search(query, actor)).matches


def _tables(api: FhirApi) -> Subscriptions:
    return Subscriptions(api.store.database, api.store.clock)


def _status(api: FhirApi, stored: Stored, standing: Standing | None) -> Status:
    resource = stored.read()
    return Status(
        f"{api.base_url}/Subscription/{stored.id}",
        str(resource.get("criteria", "")),
        str(resource.get("status", "requested")),
        standing.events if standing is not None else 0,
        str(resource.get("error", "")),
    )


def _content(asked: Asked, stored: Stored) -> Content:
    """How much of each resource is told: as asked, else as the subscription says."""
    told = asked.text("content")
    for content in CONTENTS:
        if told == content:
            return content
    if told:
        raise BAD_PARAMETER(name="content", wanted=" | ".join(CONTENTS))
    wish, _ = read_wish(stored.read())
    return wish.content if wish is not None else "id-only"


def _fresh_name(api: FhirApi) -> str:
    return UUID(bytes=api.store.random.bytes(16), version=4).urn
