"""When to try again: twice as late each time, with chance, within a bound."""

from __future__ import annotations

from datetime import timedelta

from benhan.kernel.ids import RandomSource

FIRST_S = 0.5
MOST_S = 300.0


def retry_delay(attempt: int, source: RandomSource, *, first_s: float = FIRST_S, most_s: float = MOST_S) -> timedelta:
    """How long to wait after try number `attempt` (1 is the first): between half and the whole of the step.

    Chance keeps many who failed together from coming back together.
    """
    step_s = min(first_s * 2.0 ** min(attempt - 1, 40), most_s)
    chance = int.from_bytes(source.bytes(4), "big") / 2**32
    return timedelta(seconds=step_s * (0.5 + chance / 2))
