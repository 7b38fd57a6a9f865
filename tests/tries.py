"""How often a property is tried."""

from __future__ import annotations

from hypothesis import settings

REPEATABLE = "repeatable"
"""The profile of `make test`, which tries the same examples each time."""
SHARE = 3


def tries(count: int) -> int:
    """`count` where new ones are looked for (`make test-all`); a part of it where the same are tried each time."""
    return max(1, count // SHARE) if settings.get_current_profile_name() == REPEATABLE else count
