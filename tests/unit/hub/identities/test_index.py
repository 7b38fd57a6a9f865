"""The index in memory finds who the bulk run finds, forgets what it must, whatever the order in which it learned."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.hub.identities.people import records

from benhan.hub.identities.matching import postings
from benhan.hub.identities.matching.index import Index
from benhan.hub.identities.matching.judging import Verdict
from benhan.hub.identities.matching.traits import Traits


@pytest.fixture(scope="module")
def known() -> Index:
    told, _ = records(11, 3_000)
    index = Index()
    index.add(range(1, len(told) + 1), range(1, len(told) + 1), told)
    return index


def test_each_record_is_found_as_itself(known: Index) -> None:
    told, _ = records(11, 3_000)
    for place, likely in enumerate(known.find(told[:300]), 1):
        own = [each for each in likely if each.record == place]
        assert [each.verdict for each in own] == [Verdict.SAME]


def test_the_other_records_of_a_person_are_found(known: Index) -> None:
    told, truth = records(11, 3_000)
    found = known.find(told[:2_000])
    others = [(place, place - 1) for place in range(1, 2_000) if truth[place] == truth[place - 1]]
    seen = sum(other + 1 in [each.record for each in found[place]] for place, other in others)
    assert seen / len(others) > 0.99


def test_a_record_forgotten_is_not_found_and_one_told_anew_is_found_by_the_new() -> None:
    told, _ = records(11, 600)
    index = Index()
    index.add([7], [70], told[:1])
    index.forget(np.array([7]))
    assert index.find(told[:1]) == [[]]
    index.add([7], [70], told[:1])
    moved = told[0]._replace(line="Thôn 99", phone="0987654321")
    index.add([7], [70], [moved])
    assert [each.record for each in index.find([moved])[0]] == [7]
    assert len(index) == 1
    index.add([7], [71], [moved])
    assert [each.identity for each in index.find([moved])[0]] == [71]


def test_young_rows_and_sorted_rows_answer_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    told, _ = records(11, 600)
    monkeypatch.setattr(postings, "YOUNG_MAX", 64)
    piecemeal = Index()
    for place, one in enumerate(told, 1):
        piecemeal.add([place], [place], [one])
    at_once = Index()
    at_once.add(range(1, len(told) + 1), range(1, len(told) + 1), told)
    for mine, theirs in zip(piecemeal.find(told), at_once.find(told), strict=True):
        assert {each.record for each in mine} == {each.record for each in theirs}


def test_nobody_is_found_by_nothing() -> None:
    assert Index().find([Traits()]) == [[]]
    assert Index().find([]) == []


def test_weights_and_reasons_come_with_a_candidate(known: Index) -> None:
    told, _ = records(11, 3_000)
    first = known.find(told[:1])[0][0]
    assert np.isclose(first.weights.sum(), first.bits, atol=3)
    assert first.reasons[0].bits >= first.reasons[-1].bits
    assert 0.5 < first.probability <= 1
