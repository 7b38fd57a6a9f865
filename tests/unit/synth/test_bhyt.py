"""The country's claims: they pass every rule of the house, come back as they were written, and become FHIR."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from benhan.mapping.bhyt_to_fhir import bhyt_to_fhir
from benhan.mapping.mapped import Context
from benhan.synth.as_bhyt import claim_of, claimed
from benhan.synth.country import country_of
from benhan.synth.life import Life
from benhan.vn.bhyt.claim import Claim
from benhan.vn.bhyt.claim_check import check_claim
from benhan.vn.bhyt.read import ClaimReader
from benhan.vn.bhyt.rules.rule import Level
from benhan.vn.bhyt.tables import tables_on
from benhan.vn.bhyt.write import claims_to_bytes


@pytest.fixture(scope="module")
def claims(lives: list[Life]) -> list[Claim]:
    return [claim_of(visit) for life in lives for visit in claimed(life)]


def test_no_rule_stops_a_claim_or_asks_to_mend_it(claims: list[Claim]) -> None:
    found: Counter[str] = Counter()
    for claim in claims:
        report = check_claim(claim)
        assert [finding for finding in report.findings if finding.level is not Level.OBSERVE] == []
        found.update(finding.rule for finding in report.findings)
    assert set(found) <= {"A02", "T10"}  # a number that the facility does not have; two samples in one minute
    assert found["A02"] > 0


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_claims_keep_the_decision_of_their_day(year: int) -> None:
    country = country_of(9, 6, 40, date(year, 7, 1), date(year, 12, 31))
    for life in country.lives():
        for visit in claimed(life):
            claim = claim_of(visit)
            tables = tables_on(visit.end.date()).tables
            for name, rows in claim.tables.items():
                assert all(list(row) == [column.name for column in tables[name].columns] for row in rows)
            assert not [each for each in check_claim(claim).findings if each.level is Level.BLOCK]


def test_the_sums_of_the_lines_are_those_of_the_claim(claims: list[Claim]) -> None:
    for claim in claims:
        lines = [*claim.rows("XML2"), *claim.rows("XML3")]
        for column, total in (("THANH_TIEN_BV", "T_TONGCHI_BV"), ("T_BHTT", "T_BHTT"), ("T_BNCCT", "T_BNCCT")):
            assert sum(Decimal(row[column]) for row in lines) == Decimal(claim.summary[total])
        assert Decimal(claim.summary["T_BHTT"]) + Decimal(claim.summary["T_BNCCT"]) == Decimal(
            claim.summary["T_TONGCHI_BH"]
        )


def test_a_birth_a_transfer_and_a_stay_have_their_papers() -> None:
    country = country_of(3, 20, 900, date(2025, 7, 1), date(2026, 6, 30))
    seen: Counter[str] = Counter()
    for life in country.lives():
        for visit in claimed(life):
            claim = claim_of(visit)
            assert bool(claim.rows("XML7")) == (claim.summary["MA_LOAI_KCB"] == "03")
            assert len(claim.rows("XML9")) == len(visit.delivered)
            assert bool(claim.rows("XML13")) == (claim.summary["MA_LOAI_RV"] == "2")
            seen.update(list(claim.tables))
    assert seen["XML9"] > 3
    assert seen["XML13"] > 3


def test_a_file_is_read_back_as_it_was_written(claims: list[Claim]) -> None:
    some = [claim for claim in claims if claim.summary["NGAY_RA"][:4] == "2026"][:25]
    day = date(2026, 6, 30)
    data = claims_to_bytes("01901", day, some, tables_on(day))
    read = list(ClaimReader([data]))
    assert [claim.ma_lk for claim in read] == [claim.ma_lk for claim in some]
    assert [claim.tables for claim in read] == [claim.tables for claim in some]
    assert all(claim.faults == [] for claim in read)


def test_a_claim_becomes_the_resources_of_the_episode(claims: list[Claim]) -> None:
    for claim in claims[::9]:
        mapped = bhyt_to_fhir(claim, Context(claim.summary["MA_CSKCB"]))
        kinds = {each.resource["resourceType"] for each in mapped.resources}
        assert {"Patient", "Encounter", "Condition", "Coverage", "ServiceRequest"} <= kinds
