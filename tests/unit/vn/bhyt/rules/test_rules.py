"""Good claims pass; each rule finds the fault seeded for it, and no other rule speaks."""

from __future__ import annotations

import pytest
from tests.unit.vn.bhyt.rules.cases import CASES, GOOD, good
from tests.unit.vn.bhyt.rules.further_faults import FURTHER
from tests.unit.vn.bhyt.rules.seeded_faults import FAULTS, Seeded

from benhan.vn.bhyt.claim_check import check_claim
from benhan.vn.bhyt.rules.registry import RULES
from benhan.vn.bhyt.rules.rule import rule_rows


@pytest.mark.parametrize("case", CASES)
def test_a_good_claim_passes_every_rule_when_all_is_known(case: str) -> None:
    report = good(case).report()
    assert report.findings == ()
    assert report.checked == len(RULES) == 135


@pytest.mark.parametrize("case", CASES)
def test_a_good_claim_passes_when_nothing_is_known(case: str) -> None:
    report = check_claim(GOOD[case])
    assert report.findings == ()
    assert report.verdict is None
    assert report.unchecked


@pytest.mark.parametrize("seeded", FAULTS, ids=lambda seeded: seeded.rule)
def test_a_seeded_fault_is_found_by_its_rule_and_only_by_it(seeded: Seeded) -> None:
    case = good(seeded.sample)
    seeded.seed(case)
    assert case.fired() == {seeded.rule}


@pytest.mark.parametrize("further", FURTHER, ids=lambda further: further.rule)
def test_the_other_ways_to_break_a_rule_are_found_by_it_alone(further: Seeded) -> None:
    case = good(further.sample)
    further.seed(case)
    assert case.fired() == {further.rule}


def test_every_rule_of_the_table_has_its_seeded_fault() -> None:
    assert [seeded.rule for seeded in FAULTS] == list(rule_rows())
