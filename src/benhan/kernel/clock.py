"""The only way to learn the time, so that tests can set it."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

VIETNAM = timezone(timedelta(hours=7))
OFFSET = "+07:00"
"""The zone as FHIR writes it."""


def day_in_vietnam(at: datetime) -> date:
    """The day that an instant belongs to in Vietnam: from 17:00 UTC on it is the next one."""
    return at.astimezone(VIETNAM).date()


class Clock(Protocol):
    """What time it is, and how much has passed."""

    def now(self) -> datetime:
        """The instant now: aware, UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds from a fixed unknown start; never steps back."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()
