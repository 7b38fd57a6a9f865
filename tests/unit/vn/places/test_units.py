"""A code means a unit on a day: 63 provinces and three levels to 30/06/2025, 34 provinces and two levels since."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from benhan.vn.places.changes import How, at, former_provinces, predecessors, successors, unlisted_predecessors
from benhan.vn.places.units import (
    Place,
    above,
    district,
    districts,
    former_wards,
    path,
    province,
    province_of,
    provinces,
    provinces_ever,
    ward,
    wards,
    wards_now,
)

BEFORE, LAST_DAY, FIRST_DAY, NOW = date(2024, 9, 1), date(2025, 6, 30), date(2025, 7, 1), date(2026, 11, 26)


def known(place: Place | None) -> Place:
    assert place is not None
    return place


def test_there_are_as_many_units_as_the_decisions_say() -> None:
    assert len(provinces(LAST_DAY)) == 63
    assert len(provinces(FIRST_DAY)) == 34
    assert Counter(each.kind for each in provinces(NOW)) == {"Tỉnh": 27, "Thành phố": 7}
    assert Counter(each.kind for each in wards_now()) == {"Phường": 697, "Xã": 2611, "Đặc khu": 13}
    assert len(former_wards()) == 10_595


@pytest.mark.parametrize(
    ("code", "then", "now"),
    [
        ("15", "Tỉnh Yên Bái", "Tỉnh Lào Cai"),
        ("24", "Tỉnh Bắc Giang", "Tỉnh Bắc Ninh"),
        ("44", "Tỉnh Quảng Bình", "Tỉnh Quảng Trị"),
        ("52", "Tỉnh Bình Định", "Tỉnh Gia Lai"),
        ("80", "Tỉnh Long An", "Tỉnh Tây Ninh"),
        ("82", "Tỉnh Tiền Giang", "Tỉnh Đồng Tháp"),
        ("91", "Tỉnh Kiên Giang", "Tỉnh An Giang"),
        ("01", "Thành phố Hà Nội", "Thành phố Hà Nội"),
    ],
)
def test_a_code_that_was_kept_has_the_name_of_the_day(code: str, then: str, now: str) -> None:
    assert known(province(code, LAST_DAY)).full_name == then
    assert known(province(code, FIRST_DAY)).full_name == now


def test_a_code_that_ended_is_no_province_any_more() -> None:
    assert known(province("10", LAST_DAY)).full_name == "Tỉnh Lào Cai"
    assert province("10", FIRST_DAY) is None
    assert province("99", NOW) is None


def test_hue_and_dong_nai_became_cities_on_days_of_their_own() -> None:
    assert known(province("46", date(2024, 12, 31))).full_name == "Tỉnh Thừa Thiên Huế"
    assert known(province("46", date(2025, 1, 1))).full_name == "Thành phố Huế"
    assert known(province("75", date(2026, 4, 29))).full_name == "Tỉnh Đồng Nai"
    assert known(province("75", date(2026, 4, 30))).full_name == "Thành phố Đồng Nai"


@pytest.mark.parametrize("code", sorted(provinces_ever()))
def test_the_names_of_a_province_follow_one_another_without_a_gap(code: str) -> None:
    names = provinces_ever()[code]
    assert all(one.until == other.since for one, other in pairwise(names))


def test_districts_ended() -> None:
    assert known(district("001", LAST_DAY)).full_name == "Quận Ba Đình"
    assert district("001", FIRST_DAY) is None
    assert len(districts("01", LAST_DAY)) == 30
    assert districts("01", FIRST_DAY) == []


def test_a_commune_lies_in_a_district_before_and_in_a_province_since() -> None:
    then, now = known(ward("00004", LAST_DAY)), known(ward("00004", FIRST_DAY))
    assert [each.full_name for each in path(then)] == ["Phường Trúc Bạch", "Quận Ba Đình", "Thành phố Hà Nội"]
    assert [each.full_name for each in path(now)] == ["Phường Ba Đình", "Thành phố Hà Nội"]
    assert then in wards("001", LAST_DAY)
    assert len(wards("01", NOW)) == 126
    assert above(province_of(now)) is None


def test_every_commune_lies_in_a_province() -> None:
    for each in (*former_wards(), *wards_now()):
        assert len(province_of(each).code) == 2


def test_a_commune_taken_in_whole_is_known_on_the_new_day() -> None:
    (change,) = at(known(ward("00001", LAST_DAY)), NOW)
    assert (change.place.full_name, change.how) == ("Phường Hồng Hà", How.WHOLE)


def test_of_a_divided_commune_each_part_is_told_and_none_is_picked() -> None:
    changes = at(known(ward("00007", LAST_DAY)), NOW)
    assert {each.place.full_name for each in changes} == {"Phường Ngọc Hà", "Phường Giảng Võ"}
    assert {each.how for each in changes} == {How.PART}


def test_a_commune_is_itself_on_its_own_days() -> None:
    place = known(ward("00004", NOW))
    assert at(place, FIRST_DAY) == [(place, How.SAME)]
    assert successors(place) == []


def test_what_a_commune_was_made_of_is_known_the_other_way_round() -> None:
    made_of = at(known(ward("00004", NOW)), LAST_DAY)
    assert {each.place.name for each in made_of if each.how is How.WHOLE} == {"Trúc Bạch", "Quán Thánh"}
    assert "Thụy Khuê" in {each.place.name for each in made_of if each.how is How.PART}
    assert predecessors(known(ward("00004", LAST_DAY))) == []


def test_a_predecessor_made_and_ended_in_between_is_told_by_name() -> None:
    assert "Xã Kim Đức" in unlisted_predecessors(known(ward("00577", NOW)))
    assert unlisted_predecessors(known(ward("00577", LAST_DAY))) == []


def test_an_island_district_became_one_commune() -> None:
    former = [each for each in former_wards() if each.name == "Hòn Tre" and each.parent == "912"]
    assert [[change.place.full_name for change in at(each, NOW)] for each in former] == [["Đặc khu Kiên Hải"]]


def test_provinces_are_followed_both_ways() -> None:
    merged = at(known(province("15", NOW)), LAST_DAY)
    assert [(each.place.full_name, each.how) for each in merged] == [
        ("Tỉnh Lào Cai", How.WHOLE),
        ("Tỉnh Yên Bái", How.WHOLE),
    ]
    assert [each.place.name for each in at(known(province("10", LAST_DAY)), NOW)] == ["Lào Cai"]
    assert at(known(province("01", LAST_DAY)), NOW) == [(known(province("01", NOW)), How.SAME)]
    assert at(known(province("46", BEFORE)), NOW)[0].place.full_name == "Thành phố Huế"
    assert at(known(province("75", FIRST_DAY)), NOW)[0].place.full_name == "Thành phố Đồng Nai"
    assert [each.code for each in former_provinces(known(province("79", NOW)))] == ["74", "77", "79"]


def test_a_district_is_the_communes_its_own_went_into() -> None:
    found = at(known(district("001", LAST_DAY)), NOW)
    assert {"Phường Ba Đình", "Phường Ngọc Hà", "Phường Giảng Võ"} <= {each.place.full_name for each in found}


def test_every_former_commune_leads_somewhere_and_says_how_sure() -> None:
    """The counts of the lists shipped: what gets better may change them, never a commune that leads nowhere."""
    told = Counter(
        changes[0].how if len(changes) == 1 else f"{changes[0].how.value} of several"
        for each in former_wards()
        if (changes := at(each, NOW)) is not None and changes
    )
    assert told == {
        How.WHOLE: 9_252,
        "part of several": 450,
        How.PART: 2,
        How.BY_CODE: 169,
        "in-district of several": 722,
    }
    assert sum(told.values()) == len(former_wards())


def test_the_guide_tells_the_same_counts() -> None:
    guide = (Path(__file__).parents[4] / "docs/guides/catalogues.md").read_text("utf-8")
    told = {
        mark: int(count.replace(".", ""))
        for mark, count in re.findall(r"^\| `([a-z-]+)` \|.*\| ([\d.]+) \|$", guide, re.M)
    }
    firsts = Counter(at(each, NOW)[0].how.value for each in former_wards())
    assert told == firsts


def test_every_commune_of_today_comes_from_somewhere() -> None:
    without = [each.code for each in wards_now() if not predecessors(each) and not unlisted_predecessors(each)]
    assert without == []


def test_successors_and_predecessors_tell_the_same() -> None:
    forward = {
        (each.code, change.place.code)
        for each in former_wards()
        for change in successors(each)
        if change.how is not How.IN_DISTRICT
    }
    backward = {(change.place.code, each.code) for each in wards_now() for change in predecessors(each)}
    assert forward == backward


def test_a_commune_and_what_it_went_into_lie_in_the_same_province_of_today() -> None:
    for each in former_wards():
        homes = {change.place.code for change in at(province_of(each), NOW)}
        assert {province_of(change.place).code for change in successors(each)} <= homes
