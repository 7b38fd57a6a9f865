"""Which path a search takes: chosen from the statistics, and told in words.

Reached by tokens, all rows that have them are read before the first comes out; walked in order, a page's worth divided
by the share of rows that match. The cheaper is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

from benhan.store.search.expressions import AnyTerm, Expression, OfIds, OfPatients, Present, Updated, is_exact
from benhan.store.search.statement import Order, Path, conjuncts
from benhan.store.search.statistics import Counted
from benhan.store.tokens import Tokens

TOKEN_ROW_COST = 2.0
"""A row reached by the inverted index is read from its own place and sorted; a row of the walk is near the last."""


_UNKNOWN_SHARE, _CHECKED_SHARE = 0.3, 0.2
"""Of what is no term, and of what is tested after opening, so many are taken to match."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A path with what it was chosen by; negative numbers where nothing is known."""

    path: Path
    expected_rows: float = -1.0
    rows_of_type: float = -1.0


def choose(expression: Expression, type_: str, order: Order, limit: int, counted: Counted, tokens: Tokens) -> Plan:
    """The path to the rows of `type_`, "" for any type."""
    parts = conjuncts(expression)
    if any(isinstance(part, OfIds) for part in parts):
        return Plan(Path.IDS)
    if any(isinstance(part, OfPatients) for part in parts):
        return Plan(Path.PATIENT)
    if not counted.known:
        return Plan(Path.PLANNED)
    rows = counted.of_type(type_) if type_ else counted.rows
    shares = [
        min(1.0, counted.with_any([tokens.of(term) for term in part.terms]) / max(rows, 1.0))
        for part in parts
        if isinstance(part, AnyTerm)
    ]
    expected = rows * _UNKNOWN_SHARE ** sum(not isinstance(part, AnyTerm | Present) for part in parts)
    expected *= 1.0 if is_exact(expression) else _CHECKED_SHARE
    for share in shares:
        expected *= share
    rarest = min(shares, default=1.0) * rows
    walked = limit * rows / max(expected, 0.5)
    if shares and (rarest * TOKEN_ROW_COST <= walked or not type_):
        return Plan(Path.TOKENS, rarest, rows)
    if order.column == "updated_at" or any(isinstance(part, Updated) for part in parts):
        return Plan(Path.UPDATED if order.column == "updated_at" else Path.PLANNED, expected, rows)
    return Plan(Path.ORDER, expected, rows)
