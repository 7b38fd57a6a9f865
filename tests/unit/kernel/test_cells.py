"""No cell of a table that people open is a formula."""

from __future__ import annotations

import pytest

from benhan.kernel.cells import plain_cell


@pytest.mark.parametrize("text", ["=1+1", "+84", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_begins_like_a_formula_is_marked_as_text(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Bệnh viện Thử", "79001", "a=b"])
def test_what_is_no_formula_stays(text: str) -> None:
    assert plain_cell(text) == text
