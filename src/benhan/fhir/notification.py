"""Notifications of a subscription: a Bundle whose first entry is the subscription's status.

Source: Subscriptions R5 Backport 1.1.0, StructureDefinition/backport-subscription-notification-r4 and
backport-subscription-status-r4 (in R4 the status is a Parameters resource, the Bundle a history).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

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


@dataclass(frozen=True, slots=True)
class Happened:
    """An event: its number, when, on what (`Type/id`), whether it came to be then or was deleted; `content` where it is
    to be told.
    """

    number: int
    at: datetime
    focus: str
    is_created: bool
    content: bytes = b""
    is_deleted: bool = False


def status_of(status: Status, kind: Kind, events: Sequence[Happened] = (), *, named: bool = True) -> bytes:
    """The status as a Parameters resource; without `named` events do not say on what they were."""
    told: list[Json] = [
        {"name": "subscription", "valueReference": {"reference": status.address}},
        {"name": "topic", "valueCanonical": status.topic},
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
        told.append({"name": "notification-event", "part": part})
    if status.error:
        told.append({"name": "error", "valueCodeableConcept": {"text": status.error}})
    return to_bytes({"resourceType": "Parameters", "meta": {"profile": [PROFILE]}, "parameter": told})


def notification(
    status: Status, kind: Kind, name: str, base_url: str, events: Sequence[Happened] = (), *, named: bool = True
) -> bytes:
    """The Bundle. `name` is the urn:uuid of the status; without `named` it holds no entry but the status."""
    entries = [
        Entry(
            status_of(status, kind, events, named=named),
            name,
            request={"method": "GET", "url": f"{status.address}/$status"},
            response={"status": "200"},
        )
    ]
    if named:
        entries += [
            Entry(
                each.content,
                f"{base_url}/{each.focus}",
                request={
                    "method": _method(each),
                    "url": each.focus.partition("/")[0] if each.is_created else each.focus,
                },
                response={"status": "204" if each.is_deleted else "201" if each.is_created else "200"},
            )
            for each in events
        ]
    return bundle_bytes("history", entries)


def _method(event: Happened) -> str:
    if event.is_deleted:
        return "DELETE"
    return "POST" if event.is_created else "PUT"
