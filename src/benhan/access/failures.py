"""Wrong passwords for logins that do not exist, counted as for those that do, so that nobody learns which do."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

FAILURES_BEFORE_LOCK = 5
LOCK_FIRST = timedelta(minutes=1)
LOCK_MOST = timedelta(hours=1)
REMEMBERED = 10_000


def lock_time(failures: int) -> timedelta:
    """How long the lock after so many failures lasts: none below FAILURES_BEFORE_LOCK, then doubling to an hour."""
    if failures < FAILURES_BEFORE_LOCK:
        return timedelta()
    return min(LOCK_FIRST * (1 << min(failures - FAILURES_BEFORE_LOCK, 10)), LOCK_MOST)


def minutes_left(until: datetime, now: datetime) -> int:
    """Whole minutes to wait, at least 1."""
    return max(1, -int(-(until - now).total_seconds() // 60))


class UnknownLogins:
    """Failures of unknown logins, in memory; the longest silent are forgotten first."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def attempt(self, login: str, now: datetime) -> tuple[bool, datetime]:
        """Count an attempt: whether it may be made, and until when the login is (then) locked."""
        failures, until = self._found.pop(login, (0, now))
        allowed = until <= now
        if allowed:
            failures += 1
            until = now + lock_time(failures)
        self._found[login] = (failures, until)
        if len(self._found) > REMEMBERED:
            self._found.popitem(last=False)
        return allowed, until
