"""What a hospital's figures and papers show, criterion by criterion."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.clocks import MORNING

from benhan.kernel.faults import Fault
from benhan.vn.deployment.criteria import by_id, criteria
from benhan.vn.deployment.judging import FRESH, counted, judge, next_things
from benhan.vn.deployment.measures import MEASURES, Standing
from benhan.vn.deployment.signals import Drill, Part, Signals, read_signals, signals_to_bytes

PAPERS = {each.id for each in criteria() if each.paper is not None}


def signals(**changed: Any) -> Signals:
    """A hospital where all is well, but for what is changed."""
    well = Signals(
        facility="79001",
        number=1,
        made_at=MORNING,
        software="benhan 0",
        records_opened=100,
        records_electronic=Part(100, 100),
        records_archived=80,
        records_waiting=10,
        days_to_archive=6.5,
        signed=Part(990, 1000),
        published=Part(80, 80),
        hours_to_publish=2.0,
        patients_numbered=Part(95, 100),
        messages={"ADT^A01": 100, "ORU^R01": 800},
        messages_failed=0,
        failed_oldest_hours=None,
        papers_typed=300,
        papers_on_forms=Part(300, 300),
        exports_good=Part(12, 12),
        prints=40,
        requests_in_time=Part(3, 3),
        retention_set=Part(80, 80),
        ledger_rows=10_000,
        ledger_is_whole=True,
        changes_traced=12,
        signers=20,
        accounts=40,
        accounts_bounded=10,
        rights_mode="department",
        catalogues=12,
        emergencies_unjudged=0,
        drill=Drill(MORNING - timedelta(days=10), 1800, 50_000, 0, MORNING - timedelta(days=11)),
        has_tls=True,
        has_ipv6=True,
        keys_in="pkcs11",
        security_level=2,
    )
    return msgspec.structs.replace(well, **changed)


def standing_of(criterion: str, found: Signals | None, papers: set[str] = PAPERS, now: datetime = MORNING) -> Standing:
    return next(each.standing for each in judge(found, papers, now) if each.criterion.id == criterion)


def test_a_hospital_where_all_is_well_meets_every_criterion() -> None:
    judged = judge(signals(), PAPERS, MORNING)
    assert [each.criterion.id for each in judged if not each.is_met] == []
    assert counted(judged, "tt13") == (9, 9)
    assert counted(judged, "publication") == (28, 28)
    assert next_things(judged) == []


@pytest.mark.parametrize(
    ("changed", "criterion", "standing"),
    [
        ({"signed": Part(850, 1000)}, "tt13-3", Standing.PARTLY),
        ({"signed": Part(10, 1000)}, "tt13-3", Standing.PARTLY),
        ({"signed": Part(10, 1000), "signers": 0}, "tt13-3", Standing.UNMET),
        ({"drill": None}, "tt13-2.4", Standing.UNMET),
        ({"drill": Drill(MORNING - timedelta(days=93), 1, 1, 0, MORNING)}, "tt13-2.4", Standing.PARTLY),
        ({"drill": Drill(MORNING, 1, 1, 1, MORNING)}, "tt13-2.4", Standing.UNMET),
        ({"messages": {"ADT^A01": 5}}, "publication-19", Standing.PARTLY),
        ({"messages": {}}, "publication-19", Standing.PARTLY),
        ({"ledger_is_whole": False}, "publication-15", Standing.UNMET),
        ({"ledger_is_whole": None}, "publication-15", Standing.UNSHOWN),
        ({"has_ipv6": False}, "cv365-5", Standing.UNMET),
        ({"patients_numbered": Part(0, 0)}, "tt13-1.3", Standing.UNSHOWN),
        ({"patients_numbered": Part(89, 100)}, "tt13-1.3", Standing.PARTLY),
        ({"security_level": 1}, "cv365-4", Standing.PARTLY),
        ({"exports_good": Part(0, 12)}, "cv365-d", Standing.UNMET),
    ],
)
def test_what_is_short_is_told_by_its_criterion(changed: dict[str, Any], criterion: str, standing: Standing) -> None:
    found = signals(**changed)
    assert standing_of(criterion, found) is standing


def test_no_figure_and_an_old_figure_show_nothing() -> None:
    assert standing_of("tt13-1.1", None) is Standing.UNSHOWN
    assert standing_of("tt13-1.1", signals(), now=MORNING + FRESH + timedelta(seconds=1)) is Standing.UNSHOWN
    assert standing_of("tt13-1.1", signals(), now=MORNING + FRESH) is Standing.MET


def test_a_paper_replaces_no_measurement_and_a_measurement_no_paper() -> None:
    assert standing_of("cv365-4", signals(), papers=set()) is Standing.PARTLY
    assert standing_of("cv365-4", signals(security_level=0)) is Standing.PARTLY
    assert standing_of("tt13-2.1", signals(), papers=set()) is Standing.UNMET


def test_where_papers_are_not_looked_at_only_figures_are_judged() -> None:
    judged = judge(signals(), None, MORNING)
    assert all(each.criterion.measures and each.is_met for each in judged)
    assert not any("văn bản" in words.vi for each in judged for words in each.reasons)


def test_what_the_law_asks_comes_first_among_what_to_do() -> None:
    found = next_things(judge(None, set(), MORNING), most=100)
    laws = [each.criterion.is_law for each in found]
    assert laws == sorted(laws, reverse=True)
    assert len(found) == len(criteria())


def test_every_measure_is_used_and_every_criterion_says_what_to_do() -> None:
    assert {name for each in criteria() for name in each.measures} == set(MEASURES)
    assert all(each.advice.vi and each.advice.en and each.clause for each in criteria())
    assert {each.set for each in by_id().values()} == {"tt13", "cv365", "publication"}


def test_figures_come_back_as_they_were_sent() -> None:
    assert read_signals(signals_to_bytes(signals())) == signals()


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"format":"benhan-evidence-1"}', b"\xff", b'{"format":"x"}'])
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(Fault) as caught:
        read_signals(data)
    assert caught.value.code == "BA-6201"
