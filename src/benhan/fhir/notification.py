"""Notifications of a subscription: a Bundle whose first entry is the subscription's status.

Source: Subscriptions R5 Backport 1.1.0, StructureDefinition/backport-subscription-notification-r4 and
backport-subscription-status-r4 (in R4 the status is a Parameters resource, the Bundle a history).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from benhan.fhir.bundle import Entry, bundle_bytes
from benhan.fhir.resource import instant, to_bytes

Json = dict[str, Any]
Kind = Literal["handshake", "heartbeat", "event-notification", "query-status", "query-event"]
PROFILE = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-status-r4"


@dataclass(frozen=True, slots=True)
class Status:
    """How a subscription stands: `address` is its absolute url, `events` how many there were since its start."""

    address: str
    topic: str
    status: str
    events: int
    error: str = ""


class Along(NamedTuple):
    """What comes along with an event: `Type/id`, and `content` where it is to be told."""

    reference: str
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event: its number, when, on what (`Type/id`), whether it came to be then or was deleted; `content` where it is
    to be told, and what comes along.
    """

    number: int
    at: datetime
    focus: str
    is_created: bool
    content: bytes = b""
    is_deleted: bool = False
    along: tuple[Along, ...] = ()


def status_of(status: Status, kind: Kind, events: Sequence[Happened] = (), *, named: bool = True) -> bytes:
    """The status as a Parameters resource; without `named` it says neither the topic nor on what events were.

    Source: StructureDefinition/backport-subscription-status-r4, topic ("SHOULD NOT be present when using `empty`").
    """
    told: list[Json] = [
        {"name": "subscription", "valueReference": {"reference": status.address}},
        *([{"name": "topic", "valueCanonical": status.topic}] if named else []),
        {"name": "status", "valueCode": status.status},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": str(status.events)},
    ]
    for each in events:
        part: list[Json] = [
            {"name": "event-number", "valueString": str(each.number)},
            {"name": "timestamp", "valueInstant": instant(each.at)},
        ]
        if named:
            part.append({"name": "focus", "valueReference": {"reference": each.focus}})
            part += [
                {"name": "additional-context", "valueReference": {"reference": one.reference}} for one in each.along
            ]
        told.append({"name": "notification-event", "part": part})
    if status.error:
        told.append({"name": "error", "valueCodeableConcept": {"text": status.error}})
    return to_bytes({"resourceType": "Parameters", "meta": {"profile": [PROFILE]}, "parameter": told})


def notification(
    status: Status,
    kind: Kind,
    name: str,
    base_url: str,
    events: Sequence[Happened] = (),
    *,
    at: datetime,
    named: bool = True,
) -> bytes:
    """The Bundle, written `at`. `name` is the urn:uuid of the status; without `named` it holds no entry but that.

    What comes along with several events is there once.
    """
    entries = [
        Entry(
            status_of(status, kind, events, named=named),
            name,
            request={"method": "GET", "url": f"{status.address}/$status"},
            response={"status": "200"},
        )
    ]
    if named:
        entries += [_of_event(each, base_url) for each in events]
        along = {one.reference: one for each in events for one in each.along}
        told = {each.focus for each in events}
        entries += [
            Entry(
                each.content,
                f"{base_url}/{each.reference}",
                request={"method": "GET", "url": each.reference},
                response={"status": "200"},
            )
            for each in along.values()
            if each.reference not in told
        ]
    return bundle_bytes("history", entries, timestamp=instant(at))


def _of_event(event: Happened, base_url: str) -> Entry:
    return Entry(
        event.content,
        f"{base_url}/{event.focus}",
        request={"method": _method(event), "url": event.focus.partition("/")[0] if event.is_created else event.focus},
        response={"status": "204" if event.is_deleted else "201" if event.is_created else "200"},
    )


def _method(event: Happened) -> str:
    if event.is_deleted:
        return "DELETE"
    return "POST" if event.is_created else "PUT"
