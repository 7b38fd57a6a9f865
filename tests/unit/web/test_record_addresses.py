"""What stands in the addresses and inputs of record pages is bounded before it is asked of the database."""

from __future__ import annotations

import pytest

from benhan.node.records.lists import NEWEST
from benhan.web.record_pages import _before
from benhan.web.record_paths import department_in, whole_number


@pytest.mark.parametrize(
    "text", ["", "x", "1-", "nan-1", "inf-1", "1e400-1", "1-99999999999999999999", "1--5", "-1", "1-1-1", "\x00-1"]
)
def test_a_place_that_is_none_is_the_beginning(text: str) -> None:
    assert _before(text) == NEWEST


def test_a_place_is_read_as_it_was_written() -> None:
    at, rid = _before("1795000000.250000-77")
    assert (at.timestamp(), rid) == (1795000000.25, 77)


@pytest.mark.parametrize(("typed", "read"), [(" K01 ", "K01"), ("K\x0001", "K01"), ("x" * 99, "x" * 20), ("\n", "")])
def test_a_department_is_a_short_line(typed: str, read: str) -> None:
    assert department_in(typed) == read


@pytest.mark.parametrize("text", ["", "-1", "1.5", "²", "9" * 12])
def test_a_version_that_is_none_is_nought(text: str) -> None:
    assert whole_number(text) == 0
