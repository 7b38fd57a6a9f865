"""How often one asker may ask: a bucket of tokens each, in memory, bounded."""

from __future__ import annotations

from collections import OrderedDict

from benhan.kernel.clock import Clock

REMEMBERED = 10_000


class Rate:
    """`burst` askings at once, then `per_s` a second, for each asker; the longest silent are forgotten first."""

    def __init__(self, clock: Clock, *, burst: float, per_s: float) -> None:
        self._clock = clock
        self._burst = burst
        self._per_s = per_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, asker: str) -> bool:
        """Whether `asker` may ask now; asking too early costs nothing more."""
        at = self._clock.monotonic_s()
        left, since = self._left.pop(asker, (self._burst, at))
        left = min(self._burst, left + (at - since) * self._per_s)
        allowed = left >= 1
        self._left[asker] = (left - 1 if allowed else left, at)
        if len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        return allowed
