"""A facility with both its codes, its level, and the province of the day."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.fhir.validation import check_structure
from benhan.vn.catalogues.catalogue import Entry
from benhan.vn.facilities import (
    Facility,
    Level,
    Line,
    facility_of,
    facility_to_organization,
    organization_to_facility,
    province_of_code,
)

HOSPITAL = Facility(
    "01901", "Bệnh viện Mẫu", "8930000000002", Level.SPECIALISED, Line.CENTRAL, "phường Ba Đình, Hà Nội"
)


@pytest.mark.parametrize(
    ("code", "then", "now"),
    [("01901", "Thành phố Hà Nội", "Thành phố Hà Nội"), ("10001", "Tỉnh Lào Cai", "Tỉnh Lào Cai"),
     ("15001", "Tỉnh Yên Bái", "Tỉnh Lào Cai"), ("74001", "Tỉnh Bình Dương", "Thành phố Hồ Chí Minh")],
)  # fmt: skip
def test_the_province_in_the_code_is_of_old_and_told_by_the_name_of_the_day(code: str, then: str, now: str) -> None:
    before, since = province_of_code(code, date(2025, 1, 15)), province_of_code(code, date(2026, 1, 1))
    assert before is not None
    assert since is not None
    assert (before.full_name, since.full_name) == (then, now)


def test_a_code_of_no_province_has_none() -> None:
    assert province_of_code("97001", date(2026, 1, 1)) is None
    assert Facility("", "x").province_on(date(2026, 1, 1)) is None


def test_a_row_of_the_catalogue_is_a_facility() -> None:
    told = {"gln": HOSPITAL.gln, "cap": "Chuyên sâu", "tuyen": "TW", "dia_chi": HOSPITAL.address}
    assert facility_of(Entry(HOSPITAL.code, HOSPITAL.name, None, None, told)) == HOSPITAL
    assert facility_of(Entry("01902", "Trạm", None, None, {"cap": "xã", "tuyen": "4"})).former_line is Line.COMMUNE
    assert facility_of(Entry("01902", "Trạm", None, None, {"cap": "xã"})).level is None


def test_an_organization_is_structurally_valid_and_one_without_the_code_no_facility() -> None:
    assert check_structure(facility_to_organization(HOSPITAL)) == []
    assert organization_to_facility({"resourceType": "Organization", "name": "x"}) is None


WORDS = st.text(st.characters(categories=("L",)), min_size=1, max_size=20)


@given(st.builds(Facility, WORDS, WORDS, st.just("") | WORDS, st.none() | st.sampled_from(Level),
                 st.none() | st.sampled_from(Line), st.just("") | WORDS))  # fmt: skip
def test_there_and_back_is_the_same_facility(facility: Facility) -> None:
    assert organization_to_facility(facility_to_organization(facility)) == facility
