"""The synthetic country's truth: who is one person is found again through the mistakes of the registers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.unit.hub.identities.people import records

from benhan.hub.identities.matching.bulk import deduplicated
from benhan.hub.identities.matching.judging import Verdict

PEOPLE = 3_000


def _pairs(groups: Sequence[object]) -> int:
    return sum(count * (count - 1) // 2 for count in Counter(groups).values())


def test_ninety_nine_of_a_hundred_pairs_are_found_and_one_of_a_thousand_is_wrong_at_most() -> None:
    told, truth = records(11, PEOPLE)
    found = deduplicated(told).person.tolist()
    both = _pairs(list(zip(truth, found, strict=True)))
    assert both / _pairs(truth) >= 0.99
    assert both / _pairs(found) >= 0.999


def test_what_is_not_joined_though_one_person_waits_for_a_reviewer_or_shares_no_key() -> None:
    told, truth = records(11, PEOPLE)
    pairs = deduplicated(told).pairs
    missed = Counter(
        Verdict(verdict).name
        for one, other, verdict in zip(pairs.first, pairs.second, pairs.verdicts, strict=True)
        if truth[one] == truth[other] and verdict != Verdict.SAME
    )
    assert missed["OTHER"] <= missed["REVIEW"]


def test_the_order_of_the_records_does_not_matter() -> None:
    told, _ = records(11, 600)
    forth = deduplicated(told).person.tolist()
    back = deduplicated(told[::-1]).person.tolist()[::-1]
    together = {(one, other) for one in range(len(told)) for other in (forth[one],)}
    assert all(back[one] == back[other] for one, other in together)
    assert len(set(forth)) == len(set(back))


def test_no_records_are_no_persons() -> None:
    assert deduplicated([]).person.tolist() == []
