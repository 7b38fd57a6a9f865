"""Whether rows are sought at the patients in reach: where those are few and what is asked would be met by many rows."""

from __future__ import annotations

import pytest

from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.search.expressions import AnyTerm
from benhan.store.search.plan import by_patient_pays
from benhan.store.search.statement import Order
from benhan.store.search.statistics import Counted
from benhan.store.tokens import Tokens

KEYS = ("department/K01",)
TOKENS = Tokens(b"x" * 32)
RARE, COMMON = AnyTerm(("rare",)), AnyTerm(("common",))


def counted(reached: int | None) -> Counted:
    types = {TYPE_NUMBERS["Patient"]: 60_000.0, TYPE_NUMBERS["Condition"]: 120_000.0}
    tokens = {TOKENS.of("common"): 100_000.0, TOKENS.of("rare"): 2.0}
    found = Counted(known=True, rows=900_000.0, types=types, tokens=tokens, rare=10.0)
    if reached is not None:
        found.reached[KEYS] = reached
    return found


@pytest.mark.parametrize(
    ("asked", "reached", "pays"),
    [
        (COMMON, None, True),
        (COMMON, 0, True),
        (COMMON, 50, True),
        (RARE, 50, False),
        (COMMON, 60_000, False),
    ],
)
def test_few_patients_are_listed_where_many_rows_would_be_asked(
    asked: AnyTerm, reached: int | None, *, pays: bool
) -> None:
    order = Order("at_from", descending=True)
    assert by_patient_pays(asked, "Condition", order, 21, KEYS, counted(reached), TOKENS) is pays


def test_without_statistics_patients_in_reach_are_listed() -> None:
    assert by_patient_pays(COMMON, "Condition", Order("", descending=False), 21, KEYS, Counted(), TOKENS)
