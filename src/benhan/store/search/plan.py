"""Which path a search takes: chosen from the statistics, and told in words.

Reached by tokens, all rows that have them are read before the first comes out; walked in order, all rows up to the last
of the page; read in spans of the order, little more than the page, after the tokens' lists were gone through for each.
What each would read is reckoned, from a sample of rows in the order of their dates; the cheapest is taken.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime

from benhan.fhir.search_values import Prefix
from benhan.store.search.expressions import (
    AnyTerm,
    Beside,
    Expression,
    InCare,
    MainDate,
    Not,
    OfIds,
    OfPatients,
    Present,
    ToldTreating,
    Unlabelled,
    Updated,
    is_exact,
    linked_in,
)
from benhan.store.search.sample import TypeSample
from benhan.store.search.statement import Order, Path, branches, conjuncts
from benhan.store.search.statistics import Counted
from benhan.store.tokens import Tokens

_LISTED_COST, _DATED_COST, _COMPARED_COST = 0.12, 0.05, 0.006
"""What an entry of a term's list costs, one of the index of dates, and a term held against one of a row's; a row read
costs 1, about a microsecond where the store is in memory."""
_STATEMENT_COST, LOOK_COST = 15.0, 4.0
"""What a statement costs, and a look at what lies beside a row."""
_PATIENT_COST, _ASKED_COST = 3.0, 1.5
"""What it costs to find a patient in reach and to look there, and to ask of a row whose it is."""
_UNKNOWN_SHARE, _CHECKED_SHARE = 0.3, 0.2
"""Of what is no term, and of what is tested after opening, so many are taken to match."""
_NEAREST, _FARTHEST = 5, 64
"""So many matches of the sample, those that come first, tell where matches begin and how dense they are there."""
_PLANS_MAX = 2_000
"""So many plans are remembered, for as long as the counts they were made by: worklists ask for the same codes again."""
_MARGINS = (2, 16)
"""A span is to hold so many times the page."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A path with what it was chosen by; negative numbers where nothing is known. `bounds` are those of its spans."""

    path: Path
    expected_rows: float = -1.0
    rows_of_type: float = -1.0
    cost: float = 0.0
    bounds: Sequence[datetime] = ()


def choose(expression: Expression, type_: str, order: Order, limit: int, counted: Counted, tokens: Tokens) -> Plan:
    """The path to the rows of `type_`, "" for any type."""
    [first, *_] = branches(expression)
    parts = conjuncts(first)
    if any(isinstance(part, OfIds) for part in parts):
        return Plan(Path.IDS)
    if any(isinstance(part, OfPatients) for part in parts):
        return Plan(Path.PATIENT)
    if not counted.known:
        return Plan(Path.PLANNED)
    if linked_in(first):  # what it points to is another thing at another time
        return _reckoned(first, type_, order, limit, counted, tokens)
    asked = (first, type_, order, limit)
    plan = counted.plans.get(asked)
    if plan is None:
        if len(counted.plans) >= _PLANS_MAX:
            counted.plans.clear()
        plan = counted.plans[asked] = _reckoned(first, type_, order, limit, counted, tokens)
    return plan


def _reckoned(expression: Expression, type_: str, order: Order, limit: int, counted: Counted, tokens: Tokens) -> Plan:
    guess = _Guess(expression, type_, counted, tokens)
    page = limit / guess.left
    costs = {Path.ORDER: guess.in_order(page, order)}
    if guess.listed:
        costs[Path.TOKENS] = guess.by_tokens(page, order)
        if type_ and order.column == "at_from" and guess.matching:
            costs[Path.SPANS] = guess.in_spans(page, order)
    path = min(costs, key=lambda each: costs[each]) if type_ or not guess.listed else Path.TOKENS
    is_updated = any(isinstance(part, Updated) for part in conjuncts(expression))
    if path is not Path.TOKENS and (order.column == "updated_at" or is_updated):
        path = Path.UPDATED if order.column == "updated_at" else Path.PLANNED
    bounds = guess.bounds(page, order) if path is Path.SPANS else ()
    return Plan(path, guess.rows, guess.rows_of_type, costs.get(path, costs[Path.ORDER]), bounds)


def by_patient_pays(
    expression: Expression, type_: str, order: Order, limit: int, keys: Hashable, counted: Counted, tokens: Tokens
) -> bool:
    """Whether rows are sought faster at the patients whom somebody's keys reach than by asking of each whose it is.

    Before those patients were counted, it does.
    """
    share = counted.share_reached(keys)
    if not counted.known or not share:
        return True
    patients = share * counted.of_type("Patient")
    met = choose(expression, type_, order, round(limit / share), counted, tokens).cost
    return patients * _PATIENT_COST + share * counted.of_type(type_) < met * (1 + _ASKED_COST)


def expected_rows(expression: Expression, type_: str, counted: Counted, tokens: Tokens) -> float:
    """How many rows of `type_` are likely to satisfy it."""
    return _Guess(expression, type_, counted, tokens).rows


class _Guess:
    """What the statistics say of the rows of an expression."""

    def __init__(self, expression: Expression, type_: str, counted: Counted, tokens: Tokens) -> None:
        self._sample = counted.sample_of(type_)
        self.rows_of_type = counted.of_type(type_) if type_ else counted.rows
        self.left = 1.0 if is_exact(expression) else _CHECKED_SHARE
        """The share of the rows that terms and dates let through which satisfy all else."""
        self._row_cost = 1.0
        self._test_cost = 0.0
        """Of holding a row that is walked past against the first condition on terms."""
        self.listed: list[float] = []
        """How many rows each condition on terms has; the index skips through the longer lists by the shortest."""
        self._with_terms = self._dated = self._sample.all
        share = 1.0
        for part in conjuncts(expression):
            if isinstance(part, AnyTerm):
                found = [tokens.of(term) for term in part.terms]
                if not self.listed:
                    self._test_cost = _COMPARED_COST * len(found) * self._sample.terms
                self.listed.append(counted.with_any(found))
                share *= min(1.0, self.listed[-1] / max(self.rows_of_type, 1.0))
                self._with_terms &= self._sample.with_any(found)
            elif isinstance(part, MainDate) and self._sample.dates:
                self._dated &= _in_range(part, self._sample)
            elif isinstance(part, Beside):
                beside = expected_rows(part.inner, part.type, counted, tokens)
                self.left *= min(1.0, max(beside, 1.0) / max(counted.of_type("Patient"), 1.0))
                self._row_cost += LOOK_COST
            elif isinstance(part, Not) and isinstance(part.part, AnyTerm):
                without = counted.with_any([tokens.of(term) for term in part.part.terms])
                self.left *= max(0.01, 1.0 - without / max(counted.rows, 1.0))
            elif isinstance(part, InCare):
                self.left *= counted.share_reached(part.keys) or _UNKNOWN_SHARE
            elif not isinstance(part, Present | Unlabelled | ToldTreating):
                self.left *= _UNKNOWN_SHARE
        self.matching = self._with_terms & self._dated
        self._each = self.rows_of_type / max(self._sample.count, 1)
        """The rows that one of the sample stands for."""
        self._of_terms = self._reckoned(self._with_terms, share)
        self.rows = min(self._of_terms, self._reckoned(self.matching, share)) * self.left

    def _reckoned(self, bits: int, share: float) -> float:
        rows = self.rows_of_type * share
        if self._sample.count:
            rows = (bits.bit_count() or 0.5) * self._each
        return min([rows, *self.listed])

    def by_tokens(self, page: float, order: Order) -> float:
        """The cost of reading all that have the terms; where they are put in order, looks end when the page is full."""
        looked = min(page, self._of_terms) if order.column else self._of_terms
        return _LISTED_COST * self._through_lists() + self._of_terms + looked * (self._row_cost - 1)

    def _through_lists(self) -> float:
        return min(self.listed) * len(self.listed)

    def in_spans(self, page: float, order: Order) -> float:
        """The cost of reading, within a span that should do, those that have the terms."""
        reached = _MARGINS[0] * page
        lists = _LISTED_COST * self._through_lists() + _DATED_COST * self.walked(reached, order)
        looked = page * (self._row_cost - 1)
        again = self.by_tokens(page, order) if self.rows < page * self.left else 0.0  # no span will have a full page
        return _STATEMENT_COST + lists + max(reached, self._each / 4) + looked + again

    def in_order(self, page: float, order: Order) -> float:
        """The cost of reading every row in the order, and of looking beside those that have the terms."""
        return self.walked(page, order) * (1 + self._test_cost) + page * (self._row_cost - 1)

    def walked(self, page: float, order: Order) -> float:
        """How many rows are passed until a page of matches was met."""
        if not self._sample.count:
            return min(self.rows_of_type, page * self.rows_of_type / max(self.rows / self.left, 0.5))
        most = min(self.rows_of_type, (self._dated.bit_count() or 0.5) * self._each)
        if not self.matching or page > self.matching.bit_count() * self._each:
            return most
        return min(most, self._reach(page, order) * self._each)

    def bounds(self, page: float, order: Order) -> list[datetime]:
        """The dates up to which several pages of matches are likely to be met."""
        dates, start = self._sample.dates, self._begin(order)
        found: list[datetime] = []
        for margin in _MARGINS:
            steps = int(self._reach(margin * page, order)) + 1
            at = start - steps if order.descending else start + steps
            if 0 <= at < len(dates):
                found.append(dates[at])
        return found

    def _begin(self, order: Order) -> int:
        """The place in the sample at which the walk begins."""
        if order.descending:
            return min(self._dated.bit_length(), len(self._sample.dates))
        return (self._dated & -self._dated).bit_length() - 1

    def _reach(self, rows: float, order: Order) -> float:
        """How many rows of the sample lie before so many matching rows of the store were met."""
        matches = rows / self._each
        if order.column != "at_from":
            return matches * self._dated.bit_count() / self.matching.bit_count()
        passed = self._first_places(min(max(_NEAREST, int(matches) + 1), _FARTHEST), order)
        between = (passed[-1] - passed[0]) / (len(passed) - 1) if len(passed) > 1 else float(passed[0])
        if matches <= 1:
            return max(passed[0] - between, 0.0) + between * matches
        if matches < len(passed):
            return float(passed[int(matches)])
        return passed[-1] + between * (matches - len(passed))

    def _first_places(self, count: int, order: Order) -> list[int]:
        """After how many rows of the sample each of its first matches is met, at most `count` of them."""
        bits = self.matching
        start = self._dated.bit_length() if order.descending else self._begin(order)
        found: list[int] = []
        while bits and len(found) < count:
            place = (bits if order.descending else bits & -bits).bit_length() - 1
            bits ^= 1 << place
            found.append(start - place if order.descending else place - start + 1)
        return found


def _in_range(date: MainDate, sample: TypeSample) -> int:
    """The sampled rows that begin where a comparison looks for them; a range's end is left out of account."""
    start, end = date.range
    match date.prefix:
        case Prefix.EQ | Prefix.AP:
            return sample.between(start, end)
        case Prefix.GE | Prefix.GT:
            return sample.between(start, None)
        case Prefix.SA:
            return sample.between(end, None)
        case Prefix.LE | Prefix.EB:
            return sample.between(None, end)
        case Prefix.LT:
            return sample.between(None, start)
    return sample.all
