"""Doses of a day: at which time which drug is to be given, and what was done of it. Pure.

A dose is a time of an order on a day; that it was given, or not and why, is a MedicationAdministration that carries the
dose's own key, so that it is told once. Source: FHIR R4 medicationadministration.html.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from benhan.fhir.dates import range_of
from benhan.fhir.resource import instant
from benhan.kernel.clock import VIETNAM, day_in_vietnam
from benhan.mapping.mapped import IdentifierKey, source_key
from benhan.node.orders.lines import is_open_order, resource_to_line, times_of

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose that is not told of yet: of which order, when; late once its time is past."""

    order: str
    text: str
    at: datetime
    is_late: bool


def dose_key(order: str, at: datetime) -> IdentifierKey:
    """What a dose is known by: its order (a reference) and its time."""
    return source_key("dose", order, instant(at))


def doses_of(orders: Iterable[Json], administrations: Iterable[Json], now: datetime) -> list[Dose]:
    """The doses of today that nobody has told of, by time; an order begins with what comes after it was written."""
    told = {each.get("value") for one in administrations for each in one.get("identifier", [])}
    found = []
    for order in orders:
        if order["resourceType"] != "MedicationRequest" or not is_open_order(order):
            continue
        reference = f"MedicationRequest/{order['id']}"
        times = times_of(order)
        if not times:
            continue
        written, text = range_of(order.get("authoredOn", "")), resource_to_line(order).text
        for at in times_today(times, now):
            if (written is None or written[0] <= at) and dose_key(reference, at)[1] not in told:
                found.append(Dose(reference, text, at, at < now))
    return sorted(found, key=lambda each: (each.at, each.order))


def times_today(times: Iterable[str], now: datetime) -> list[datetime]:
    """Times of a day (`08:00`) as instants of today in Vietnam."""
    day = day_in_vietnam(now)
    return [datetime.combine(day, time.fromisoformat(each), VIETNAM) for each in times]
