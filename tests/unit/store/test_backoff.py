from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from benhan.kernel.ids import SeededRandom
from benhan.store.backoff import retry_delay


@given(st.integers(1, 10_000), st.integers())
def test_a_delay_is_between_half_and_the_whole_of_its_step(attempt: int, seed: int) -> None:
    step_s = min(0.5 * 2.0 ** (attempt - 1) if attempt < 60 else 1e9, 300.0)
    delay_s = retry_delay(attempt, SeededRandom(seed)).total_seconds()
    assert step_s / 2 - 1e-6 <= delay_s <= step_s


def test_those_who_failed_together_come_back_apart() -> None:
    source = SeededRandom(1)
    delays = {round(retry_delay(8, source).total_seconds(), 1) for _ in range(100)}
    assert len(delays) > 50
