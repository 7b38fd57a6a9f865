"""Clocks that a test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from benhan.kernel.clock import SystemClock

MORNING = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


class SetClock(SystemClock):
    """A clock that stands until it is moved; seconds of waiting go on by the machine's."""

    def __init__(self, at: datetime = MORNING) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, **how_long: float) -> None:
        self.at += timedelta(**how_long)


class StoppedClock(SetClock):
    """A clock by which no second passes either unless it is moved."""

    def monotonic_s(self) -> float:
        return self.at.timestamp()


class MovedClock(SystemClock):
    """The machine's clock, moved ahead by a test."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.ahead.total_seconds()

    def advance(self, **how_long: float) -> None:
        self.ahead += timedelta(**how_long)
