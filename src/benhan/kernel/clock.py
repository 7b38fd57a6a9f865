"""The only way to learn the time, so that tests can set it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


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
