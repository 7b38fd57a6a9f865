"""Spans of time that a search is read in: each holds the one before, until one has a full page.

Within a span PostgreSQL joins the index of the time with that of the tokens before it reads a row: a token of a million
rows costs what the page needs, however its rows lie in time. A page comes out of one statement, and so of one moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from benhan.fhir.dates import FIRST, LAST

_FIRST_WIDTH = timedelta(minutes=10)
_WIDTH_GROWS = 8
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Before anything was written here; what an import dates earlier is read in the last span."""
_BEFORE_ALL, _AFTER_ALL = FIRST - timedelta(days=1), LAST + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """The rows with `start` ≤ column < `end`, those without a value too where `and_null`."""

    column: Literal["updated_at", "at_from"]
    start: datetime
    end: datetime
    and_null: bool = False


def by_date(bounds: Sequence[datetime], after: datetime | None, *, descending: bool) -> list[Span | None]:
    """Spans of the main date from `after`, where the page before ended, to each of `bounds`; None at last: all rows.

    What has no date stands first where the order descends, else behind the last date.
    """
    if descending:
        high = after + timedelta(microseconds=1) if after is not None else _AFTER_ALL
        return [*(Span("at_from", low, high, and_null=after is None) for low in bounds if low < high), None]
    start = after if after is not None else _BEFORE_ALL
    return [*(Span("at_from", start, high) for high in bounds if high > start), None]


def by_update(after: datetime | None, now: datetime, *, descending: bool) -> list[Span]:
    """Spans of the last change, which the index of blocks serves."""
    first, last = _EARLIEST - timedelta(days=700_000), now + timedelta(days=36500)
    start = after if after is not None and not descending else first
    end = after + timedelta(milliseconds=1) if after is not None and descending else last
    origin = min(end, now) if descending else max(start, _EARLIEST)
    found: list[Span] = []
    width = _FIRST_WIDTH
    while width < now - _EARLIEST:
        if descending:
            found.append(Span("updated_at", origin - width, end))
        else:
            found.append(Span("updated_at", start, origin + width))
        width *= _WIDTH_GROWS
    return [*found, Span("updated_at", start, end)]
