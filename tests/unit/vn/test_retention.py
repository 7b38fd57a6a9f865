"""How long a record is kept: the longest of its classes, from the end of the year, and never destroyed before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.kernel.faults import Conflict
from benhan.vn.retention import (
    Occurrence,
    RecordFacts,
    RetentionClass,
    check_destruction,
    occurrences_of,
    retention_of,
    retention_until,
)

STAY = RecordFacts(RetentionClass.INPATIENT, date(2026, 3, 14))


@pytest.mark.parametrize(
    ("kind", "until"),
    [
        (RetentionClass.INPATIENT, date(2036, 12, 31)),
        (RetentionClass.OUTPATIENT, date(2036, 12, 31)),
        (RetentionClass.HEALTH_CHECK, date(2028, 12, 31)),
        (RetentionClass.REGISTER, date(2031, 12, 31)),
        (RetentionClass.HEALTH_BOOK, date(2036, 12, 31)),
        (RetentionClass.INCIDENT, None),
    ],
)
def test_a_record_is_kept_by_its_kind_until_the_end_of_a_year(kind: RetentionClass, until: date | None) -> None:
    assert retention_until(replace(STAY, kind=kind)) == until


@pytest.mark.parametrize(
    ("event", "years"),
    [
        (Occurrence.DEATH, 30),
        (Occurrence.ORGAN_DONATED_OR_RECEIVED, 30),
        (Occurrence.WORK_ACCIDENT, 20),
        (Occurrence.TRAFFIC_ACCIDENT, 20),
        (Occurrence.MENTAL_ILLNESS, 20),
        (Occurrence.TRANSPLANTATION, 20),
        (Occurrence.COSMETIC_OPERATION, 20),
    ],
)
def test_an_event_raises_the_term(event: Occurrence, years: int) -> None:
    assert retention_until(STAY.after(event)) == date(2026 + years, 12, 31)


def test_the_longest_term_rules_and_all_reasons_are_told() -> None:
    found = retention_of(STAY.after(Occurrence.TRAFFIC_ACCIDENT).after(Occurrence.DEATH))
    assert found.rules is RetentionClass.DEATH
    assert found.because == (RetentionClass.DEATH, RetentionClass.TRAFFIC_ACCIDENT, RetentionClass.INPATIENT)
    assert all(each.value.clause for each in found.because)


def test_a_transplanted_organ_keeps_the_record_thirty_years_against_the_twenty_of_the_circular() -> None:
    facts = STAY.after(Occurrence.TRANSPLANTATION).after(Occurrence.ORGAN_DONATED_OR_RECEIVED)
    assert retention_of(facts).rules is RetentionClass.ORGAN_DONOR_OR_RECIPIENT


def test_an_incident_keeps_a_record_for_ever() -> None:
    found = retention_of(STAY.after(Occurrence.INCIDENT))
    assert (found.is_for_ever, found.until) == (True, None)


def test_the_term_of_work_that_goes_on_has_not_begun() -> None:
    found = retention_of(replace(STAY, ended_on=None))
    assert (found.is_for_ever, found.until) == (False, None)


def test_destruction_is_refused_until_the_last_day_is_over() -> None:
    with pytest.raises(Conflict, match="BA-3291"):
        check_destruction(STAY, date(2036, 12, 31))
    check_destruction(STAY, date(2037, 1, 1))


def test_destruction_is_refused_where_the_term_is_without_end_or_has_not_begun() -> None:
    for facts in (STAY.after(Occurrence.INCIDENT), replace(STAY, ended_on=None)):
        with pytest.raises(Conflict, match="BA-3292"):
            check_destruction(facts, date(2999, 1, 1))


def test_a_legal_hold_forbids_destruction_until_every_order_is_lifted() -> None:
    late = date(2050, 1, 1)
    held = STAY.under_hold("12/QĐ").under_hold("34/QĐ").released("12/QĐ")
    with pytest.raises(Conflict, match="BA-3290"):
        check_destruction(held, late)
    check_destruction(held.released("34/QĐ"), late)


@pytest.mark.parametrize(
    ("result", "accident", "diagnoses", "events"),
    [
        ("5", "0", [], {Occurrence.DEATH}),
        ("8", "", [], {Occurrence.DEATH}),
        ("6", "", [], set()),
        ("1", "1", ["S06.0"], {Occurrence.TRAFFIC_ACCIDENT}),
        ("2", "2", [], {Occurrence.WORK_ACCIDENT}),
        ("3", "8", ["F20.0", "I10"], {Occurrence.MENTAL_ILLNESS}),
        ("", "", ["", "FX"], set()),
    ],
)
def test_the_columns_of_a_bhyt_record_tell_the_events(
    result: str, accident: str, diagnoses: list[str], events: set[Occurrence]
) -> None:
    assert occurrences_of(result, accident, diagnoses) == events


FACTS = st.builds(
    RecordFacts,
    st.sampled_from(RetentionClass),
    st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    st.frozensets(st.sampled_from(Occurrence)),
)


@given(FACTS, st.sampled_from(Occurrence))
def test_no_event_ever_shortens_a_term(facts: RecordFacts, event: Occurrence) -> None:
    before, after = retention_of(facts), retention_of(facts.after(event))
    assert after.rules.rank >= before.rules.rank
    if after.until is not None:
        assert before.until is not None
        assert after.until >= before.until
        with pytest.raises(Conflict):
            check_destruction(facts.after(event), after.until - timedelta(days=1))
