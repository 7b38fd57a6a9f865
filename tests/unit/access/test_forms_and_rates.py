"""Forms are bounded and read once; rates are buckets that fill again; what is remembered of strangers is bounded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benhan.access import failures, rates
from benhan.access.failures import UnknownLogins, lock_time, minutes_left
from benhan.access.forms import FORM_BYTES_MAX, FORM_FIELDS_MAX, is_form, read_form
from benhan.access.middleware import cookie_of
from benhan.access.rates import Rate
from benhan.kernel.faults import Incorrect

NOW = datetime(2026, 1, 5, tzinfo=UTC)


class Body:
    """A body that comes in parts; counts how many were asked for."""

    def __init__(self, parts: Iterable[bytes], *, is_broken: bool = False) -> None:
        self._parts = list(parts)
        self._is_broken = is_broken
        self.asked = 0

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        if not self._parts:
            return {"type": "http.disconnect"}
        part = self._parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self._parts) or self._is_broken}


async def test_a_form_that_comes_in_parts_is_one_form() -> None:
    fields, _ = await read_form(Body([b"a=1&b=%C4", b"%91&c="]).receive)
    assert fields == {"a": "1", "b": "đ", "c": ""}


async def test_the_body_can_be_read_again_afterwards() -> None:
    body = Body([b"a=1", b"&b=2"])
    _, again = await read_form(body.receive)
    assert await again() == {"type": "http.request", "body": b"a=1&b=2", "more_body": False}
    assert (await again())["type"] == "http.disconnect"


async def test_a_form_that_never_ends_is_refused_at_its_bound() -> None:
    body = Body([b"a" * 65536] * 1000)
    with pytest.raises(Incorrect) as refused:
        await read_form(body.receive)
    assert refused.value.code == "BA-0913"
    assert body.asked == FORM_BYTES_MAX // 65536 + 1


@pytest.mark.parametrize(
    "content",
    [b"a=%FF", b"\xff\xfe=1", b"&".join(b"f%d=1" % n for n in range(FORM_FIELDS_MAX + 1))],
    ids=["percent that is no UTF-8", "bytes that are no UTF-8", "too many fields"],
)
async def test_what_is_no_form_is_refused(content: bytes) -> None:
    with pytest.raises(Incorrect) as refused:
        await read_form(Body([content]).receive)
    assert refused.value.code == "BA-0913"


async def test_a_form_that_breaks_off_is_refused() -> None:
    with pytest.raises(Incorrect):
        await read_form(Body([b"a=1"], is_broken=True).receive)


@pytest.mark.parametrize(
    ("said", "is_one"),
    [
        (b"application/x-www-form-urlencoded", True),
        (b"Application/X-WWW-Form-Urlencoded; charset=utf-8", True),
        (b"multipart/form-data; boundary=x", False),
        (b"application/json", False),
        (b"", False),
    ],
)
def test_only_what_says_so_is_a_form(said: bytes, *, is_one: bool) -> None:
    assert is_form({b"content-type": said}) is is_one


@pytest.mark.parametrize(
    ("header", "value"),
    [
        (b"benhan=abc", "abc"),
        (b"other=1; benhan=abc; x=2", "abc"),
        (b'broken; {"json": 1}; benhan="abc"', "abc"),
        (b"notbenhan=abc", ""),
        (b"", ""),
    ],
)
def test_a_cookie_is_found_whatever_stands_beside_it(header: bytes, value: str) -> None:
    assert cookie_of({b"cookie": header}, "benhan") == value


class Ticks:
    at = 0.0

    def monotonic_s(self) -> float:
        return self.at

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.at)


def test_a_burst_is_allowed_then_as_much_as_time_brings() -> None:
    clock = Ticks()
    rate = Rate(clock, burst=3, per_s=0.5)
    assert [rate.take("a") for _ in range(5)] == [True, True, True, False, False]
    clock.at = 2
    assert [rate.take("a") for _ in range(2)] == [True, False]
    clock.at = 1000
    assert [rate.take("a") for _ in range(4)] == [True, True, True, False]


def test_one_asker_takes_nothing_from_another() -> None:
    rate = Rate(Ticks(), burst=1, per_s=1)
    assert [rate.take("a"), rate.take("a"), rate.take("b")] == [True, False, True]


def test_only_so_many_askers_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "REMEMBERED", 3)
    rate = Rate(Ticks(), burst=1, per_s=1)
    for asker in "abcd":
        rate.take(asker)
    assert rate.take("d") is False
    assert rate.take("a") is True


def test_only_so_many_unknown_logins_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "REMEMBERED", 2)
    unknown = UnknownLogins()
    for _ in range(failures.FAILURES_BEFORE_LOCK):
        unknown.attempt("a", NOW)
    assert unknown.attempt("a", NOW)[0] is False
    for other in "bc":
        unknown.attempt(other, NOW)
    assert unknown.attempt("a", NOW) == (True, NOW)


def test_the_lock_doubles_from_the_fifth_failure_to_an_hour() -> None:
    minutes = [lock_time(count).total_seconds() / 60 for count in range(13)]
    assert minutes == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert lock_time(10**9) == timedelta(hours=1)


def test_minutes_left_are_rounded_up_and_never_none() -> None:
    waits = [minutes_left(NOW + timedelta(seconds=seconds), NOW) for seconds in (0, 1, 60, 61)]
    assert waits == [1, 1, 1, 2]
