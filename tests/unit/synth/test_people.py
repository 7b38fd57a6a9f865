"""People: the same whatever the others, in families, of the country's ages, with numbers that are nobody's."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benhan.synth.facilities import facilities_of
from benhan.synth.people import EPOCH, newborn_of, person_of
from benhan.synth.person import Person
from benhan.synth.places import provinces
from benhan.vn.identifiers import (
    citizen_number,
    facility_code,
    insurance_card,
    practice_licence,
    social_insurance_number,
)
from benhan.vn.person_names.name import parse_name

SEED = 7
COUNT = 6000
ON_A_BUSY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return [person_of(SEED, index) for index in range(COUNT)]


@ON_A_BUSY_MACHINE
@given(st.integers(0, 999_999), st.integers(0, 2**31))
def test_a_person_is_the_same_each_time_and_has_their_index(index: int, seed: int) -> None:
    once = person_of(seed, index)
    assert once.index == index
    assert person_of(seed, index) == once


def test_another_seed_gives_other_people(people: list[Person]) -> None:
    others = [person_of(SEED + 1, index) for index in range(100)]
    assert sum(one.name == other.name for one, other in zip(people, others, strict=False)) < 10


def test_no_two_people_share_a_number(people: list[Person]) -> None:
    for number in ("citizen_number", "insurance_number", "phone"):
        assert len({getattr(person, number) for person in people}) == COUNT
    cards = [person.card for person in people if person.card]
    assert len(set(cards)) == len(cards)


@ON_A_BUSY_MACHINE
@given(st.integers(0, 999_999))
def test_a_citizen_number_tells_province_century_sex_and_year_and_its_serial_the_index(index: int) -> None:
    person = person_of(SEED, index)
    number = person.citizen_number
    assert re.fullmatch(r"\d{12}", number)
    assert number[:3] in {code for province in provinces() for code in province.birth_codes}
    assert int(number[3]) == (person.born.year // 100 - 19) * 2 + (person.sex == "F")
    assert number[4:6] == f"{person.born.year % 100:02d}"
    assert int(number[6:]) == 999_999 - index


def test_numbers_are_where_no_real_ones_are(people: list[Person]) -> None:
    assert all(person.phone.startswith("010") for person in people)
    assert all(person.insurance_number[2] == "9" for person in people)
    assert all(re.fullmatch(r"[A-Z]{2}\d{13}", person.card) for person in people if person.card)


def test_ages_are_those_of_the_pyramid(people: list[Person]) -> None:
    ages = [person.age(EPOCH) for person in people]
    assert min(ages) >= 0
    assert max(ages) < 103
    assert 0.19 < sum(age < 15 for age in ages) / COUNT < 0.26
    assert 0.11 < sum(age >= 60 for age in ages) / COUNT < 0.18
    assert 0.45 < sum(person.sex == "M" for person in people) / COUNT < 0.52


def test_blood_groups_are_as_common_as_in_vietnam(people: list[Person]) -> None:
    shares = Counter(person.blood_group for person in people)
    for group, low, high in (("O", 0.40, 0.50), ("B", 0.25, 0.34), ("A", 0.17, 0.25), ("AB", 0.03, 0.08)):
        assert low < shares[group] / COUNT < high, group


def test_children_have_a_gene_of_each_parent_and_the_name_of_the_father(people: list[Person]) -> None:
    checked = 0
    for child in people:
        if child.mother is None or child.father is None:
            continue
        mother, father = people[child.mother], people[child.father]
        assert child.genes[0] in mother.genes
        assert child.genes[1] in father.genes
        assert child.name.family == father.name.family
        assert child.index in mother.children
        assert 14 < mother.age(EPOCH) - child.age(EPOCH) < 52
        assert child.home == mother.home
        checked += 1
    assert checked > 1000


def test_partners_have_each_other(people: list[Person]) -> None:
    paired = [person for person in people if person.partner is not None]
    assert len(paired) > 2000
    for person in paired:
        partner = people[person.partner or 0]
        assert partner.partner == person.index
        assert partner.sex != person.sex


def test_names_change_with_the_year_of_birth(people: list[Person]) -> None:
    def share(low: int, high: int) -> float:
        women = [person for person in people if person.sex == "F" and low <= person.born.year < high]
        return sum(person.name.middle == "Thị" for person in women) / len(women)

    assert share(1930, 1965) > 0.7
    assert share(2006, 2026) < 0.2
    nguyen = sum(person.name.family == "Nguyễn" for person in people) / COUNT
    assert 0.25 < nguyen < 0.38


def test_groups_live_in_their_provinces_and_have_their_names(people: list[Person]) -> None:
    kinh = sum(person.ethnic_group == "01" for person in people) / COUNT
    assert 0.78 < kinh < 0.92
    hmong = [person for person in people if person.ethnic_group == "08"]
    assert hmong
    assert {person.home.province.region for person in hmong} == {"north"}
    assert {person.name.family for person in hmong} & {"Giàng", "Vàng", "Sùng", "Thào", "Mùa"}


def test_children_go_to_school_and_have_no_job(people: list[Person]) -> None:
    for person in people:
        age = person.age(EPOCH)
        if age < 6 and person.card:
            assert person.card[:3] == "TE1"
        if age < 18:
            assert person.occupation == "00"


def test_a_newborn_is_its_mothers_and_has_a_number_of_its_own(people: list[Person]) -> None:
    mother = next(person for person in people if person.sex == "F" and 22 < person.age(EPOCH) < 35)
    child = newborn_of(SEED, mother, date(2026, 3, 1), "F")
    assert child.mother == mother.index
    assert child.genes[0] in mother.genes
    assert child.home == mother.home
    assert child.citizen_number[-6:] == mother.citizen_number[-6:]
    assert child.citizen_number not in {person.citizen_number for person in people}
    assert child.key != mother.key


def test_numbers_are_right_by_the_checks_of_the_house(people: list[Person]) -> None:
    for person in people[:2000]:
        assert (
            citizen_number.check(person.citizen_number, sex="male" if person.sex == "M" else "female", born=person.born)
            == []
        )
        assert social_insurance_number.check(person.insurance_number) == []
        assert not person.card or insurance_card.check(person.card) == []
    for facility in facilities_of(SEED, 20):
        assert facility_code.check(facility.code) == []
        for department in facility.departments.values():
            assert all(practice_licence.check(staff.licence) == [] for staff in department.staff)


def test_names_are_taken_apart_as_they_were_made(people: list[Person]) -> None:
    kinh = [person for person in people if person.ethnic_group == "01"]
    wrong = [person.name.text for person in kinh if parse_name(person.name.text).family != person.name.family]
    assert len(wrong) < len(kinh) * 0.01, wrong[:5]
