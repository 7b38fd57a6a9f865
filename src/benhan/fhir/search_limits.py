"""How much one search may ask; what is more is refused in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """The bounds of what one search asks."""

    count_max: int = 1_000
    """Matches on a page; who asks for more gets so many."""
    criteria_max: int = 50
    values_max: int = 200
    """Values of one parameter, parted by commas."""
    chain_max: int = 6
    """Steps of a chain, forward and back together."""
    includes_max: int = 20
    """Parameters `_include` and `_revinclude`."""
