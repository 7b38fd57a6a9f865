"""What was opened lately is shown again only out of the same bytes in the same place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from benhan.store.opened import BYTES_MAX, COUNT_MAX, OpenedLately
from benhan.store.unit_of_work import Stored

LAN = 7 << 51
ONE = Stored("Observation", "a", 5, 1, datetime(2026, 3, 10, tzinfo=UTC), False, True, LAN, b'},"status":"final"}')
PLACE = (ONE.type, ONE.rid, ONE.version, ONE.patient)


def test_the_same_bytes_give_what_was_opened_from_them() -> None:
    lately = OpenedLately()
    lately.keep(b"sealed", ONE)
    assert lately.get(b"sealed", *PLACE) is ONE
    assert lately.get(b"sealeD", *PLACE) is None


def test_bytes_that_were_put_elsewhere_are_opened_anew() -> None:
    """The cipher binds them to their place: it must be asked, and refuses."""
    lately = OpenedLately()
    lately.keep(b"sealed", ONE)
    for other in (
        replace(ONE, rid=6),
        replace(ONE, version=2),
        replace(ONE, type="Condition"),
        replace(ONE, patient=0),
    ):
        assert lately.get(b"sealed", other.type, other.rid, other.version, other.patient) is None


def test_what_is_asked_for_again_outlives_what_is_not() -> None:
    lately = OpenedLately()
    lately.keep(b"asked", ONE)
    lately.keep(b"not asked", ONE)
    for number in range(3 * COUNT_MAX):
        lately.keep(b"%d" % number, ONE)
        assert lately.get(b"asked", *PLACE) is ONE
    assert lately.get(b"not asked", *PLACE) is None


def test_large_resources_are_not_kept() -> None:
    lately = OpenedLately()
    lately.keep(b"large", replace(ONE, tail=b"x" * (BYTES_MAX + 1)))
    assert lately.get(b"large", *PLACE) is None


def test_everything_is_dropped_at_once() -> None:
    lately = OpenedLately()
    for number in range(COUNT_MAX + 10):  # in both generations
        lately.keep(b"%d" % number, ONE)
    lately.forget()
    assert all(lately.get(b"%d" % number, *PLACE) is None for number in range(COUNT_MAX + 10))
