"""What a sample of rows tells: which terms go together, when, and so by which path and spans a search is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from benhan.fhir.search_values import Prefix
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.search.expressions import AnyTerm, Expression, MainDate, all_of
from benhan.store.search.plan import Plan, choose, expected_rows
from benhan.store.search.sample import sampled
from benhan.store.search.spans import by_date, by_update
from benhan.store.search.statement import Order, Path
from benhan.store.search.statistics import Counted
from benhan.store.tokens import Tokens

TOKENS = Tokens(b"k")
OBSERVATION = TYPE_NUMBERS["Observation"]
START = datetime(2000, 1, 1, tzinfo=UTC)
NEWEST_FIRST = Order("at_from", descending=True)
OLDEST_FIRST = Order("at_from", descending=False)
ROWS = 4_000


def terms_of(number: int) -> list[str]:
    """`old` stands in the first tenth of the years only; `even` and `odd` never together."""
    return ["all", "even" if number % 2 == 0 else "odd", *(["old"] if number < ROWS // 10 else [])]


def at(number: int) -> datetime:
    return START + timedelta(days=number)


def counted(scale: float) -> Counted:
    """The statistics of a store `scale` times as large as its sample."""
    rows = [(OBSERVATION, at(number), [TOKENS.of(each) for each in terms_of(number)]) for number in range(ROWS)]
    shares = {"all": 1.0, "even": 0.5, "odd": 0.5, "old": 0.1}
    tokens = {TOKENS.of(term): share * ROWS * scale for term, share in shares.items()}
    return Counted(True, ROWS * scale, {OBSERVATION: ROWS * scale}, tokens, 5.0, sampled(rows))


def having(*terms: str) -> Expression:
    return all_of([AnyTerm((term,)) for term in terms])


def planned(expression: Expression, order: Order = NEWEST_FIRST, scale: float = 100) -> Plan:
    return choose(expression, "Observation", order, 20, counted(scale), TOKENS)


def test_terms_that_never_go_together_are_expected_to_have_no_rows() -> None:
    assert expected_rows(having("even", "odd"), "Observation", counted(100), TOKENS) < 100
    assert expected_rows(having("even", "all"), "Observation", counted(100), TOKENS) == ROWS * 100 / 2


def test_a_term_that_is_everywhere_is_walked_in_order() -> None:
    assert planned(having("all")).path is Path.ORDER


def test_a_frequent_term_of_long_ago_is_read_in_spans_from_the_newest() -> None:
    plan = planned(having("old"))
    assert plan.path is Path.SPANS
    [first, *_] = plan.bounds
    assert at(ROWS // 10 - 10) < first < at(ROWS // 10)


def test_the_same_term_is_walked_from_the_oldest_on() -> None:
    assert planned(having("old"), OLDEST_FIRST).path is Path.ORDER


def test_a_rare_term_is_read_whole() -> None:
    assert planned(having("rare")).path is Path.TOKENS


def test_a_term_that_the_sample_has_not_seen_is_never_walked_for() -> None:
    known = counted(100)
    doubtful = Counted(True, known.rows, known.types, known.tokens, 5_000.0, known.sample)  # at the most
    for expression in (having("unseen"), having("unseen", "all")):
        assert choose(expression, "Observation", NEWEST_FIRST, 20, doubtful, TOKENS).path is Path.TOKENS


def test_terms_that_never_go_together_are_intersected() -> None:
    assert planned(having("even", "odd")).path is Path.TOKENS


def test_a_date_narrows_what_is_walked() -> None:
    day = MainDate(Prefix.EQ, (at(700), at(701)))
    plan = planned(all_of([AnyTerm(("even",)), day]))
    assert plan.path is Path.ORDER
    assert plan.cost <= 200


def test_what_the_sample_does_not_know_of_is_planned_by_what_postgresql_counted() -> None:
    known = counted(100)
    bare = Counted(True, known.rows, known.types, known.tokens, known.rare)
    assert choose(having("rare"), "Observation", NEWEST_FIRST, 20, bare, TOKENS).path is Path.TOKENS
    assert choose(having("all"), "Observation", NEWEST_FIRST, 20, bare, TOKENS).path is Path.ORDER


def test_rows_without_a_date_stand_behind_the_dated_ones() -> None:
    rows = [
        (OBSERVATION, None, [1]),
        (OBSERVATION, at(2), [1, 2]),
        (OBSERVATION, at(1), [1]),
        (OBSERVATION, at(3), [1]),
    ]
    sample = sampled(rows)[OBSERVATION]
    assert sample.dates == [at(1), at(2), at(3)]
    assert sample.with_any([1]) == 0b1111
    assert sample.with_any([2]) == 0  # too few to tell by
    assert sample.between(at(2), None) == 0b110
    assert sample.between(None, at(2)) == 0b001
    assert sample.between(at(3), at(1)) == 0


# ── spans ──


def test_each_span_holds_the_one_before_and_the_last_holds_everything() -> None:
    first, second, last = by_date([at(20), at(10)], None, descending=True)
    assert first is not None
    assert second is not None
    assert (first.start, second.start) == (at(20), at(10))
    assert first.end == second.end > at(100_000)
    assert first.and_null  # what has no date stands first
    assert second.and_null
    assert last is None


def test_a_further_page_is_read_from_where_the_last_one_ended() -> None:
    first, last = by_date([at(20), at(10)], at(15), descending=True)
    assert first is not None
    assert first.start == at(10)
    assert at(15) < first.end < at(16)
    assert not first.and_null
    assert last is None


def test_from_the_oldest_on_what_has_no_date_is_left_to_the_last_span() -> None:
    first, last = by_date([at(10)], None, descending=False)
    assert first is not None
    assert first.start < START < first.end == at(10)
    assert not first.and_null
    assert last is None


def test_spans_of_the_last_change_grow_from_the_newest_and_from_the_oldest() -> None:
    now = at(9_000)
    for descending in (True, False):
        spans = by_update(None, now, descending=descending)
        for one, next_ in pairwise(spans):
            assert next_.start <= one.start
            assert one.end <= next_.end
        assert spans[-1].start < START
        assert spans[-1].end > now
    assert by_update(None, now, descending=True)[0].start > at(8_999)


def test_a_plan_is_made_once_for_the_same_question_and_anew_with_new_counts() -> None:
    counts = counted(100)
    made = choose(having("old"), "Observation", NEWEST_FIRST, 20, counts, TOKENS)
    assert choose(having("old"), "Observation", NEWEST_FIRST, 20, counts, TOKENS) is made
    assert choose(having("old"), "Observation", OLDEST_FIRST, 20, counts, TOKENS) != made
    assert choose(having("old"), "Observation", NEWEST_FIRST, 2_000, counts, TOKENS) != made
    assert choose(having("old"), "Observation", NEWEST_FIRST, 20, counted(1), TOKENS) != made
