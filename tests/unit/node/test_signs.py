"""Vital signs and fluids: what a cell takes, what it refuses, that an observation is read as it was typed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.fhir.resource import resource_of
from benhan.fhir.validation.fast import check_structure
from benhan.kernel.clock import day_in_vietnam
from benhan.node.nursing.signs import (
    FLUID_WORDS,
    PRESSURE,
    SIGNS,
    Impossible,
    Measured,
    bounds_of,
    fluid_days,
    fluid_to_observation,
    read_sign,
    read_volume,
    sign_of,
    sign_to_observation,
    signs_by_time,
)

AT = "2026-11-26T08:00:00+07:00"
MEASURED = Measured({"reference": "Patient/1"}, {"reference": "Encounter/2"}, AT, {"display": "ĐD. Hải"})


@pytest.mark.parametrize(
    ("sign", "typed"),
    [
        ("mach", "88"),
        ("nhiet_do", "37,5"),
        (PRESSURE, "120/80"),
        ("nhip_tho", "18"),
        ("spo2", "97"),
        ("can_nang", "52,4"),
    ],
)
def test_a_sign_is_read_as_it_was_typed(sign: str, typed: str) -> None:
    observation = sign_to_observation(sign, read_sign(sign, typed), MEASURED)
    assert sign_of(observation) == (sign, typed)
    assert check_structure(resource_of(observation).plain) == []


@pytest.mark.parametrize(
    ("sign", "typed"),
    [
        ("mach", "880"), ("mach", "-1"), ("mach", "x"), ("mach", "8 8"), ("mach", "1e2"), ("mach", "٣"),
        ("nhiet_do", "375"), ("nhiet_do", "3,75"), ("spo2", "101"), ("can_nang", "0"), (PRESSURE, "120"),
        (PRESSURE, "80/120"), (PRESSURE, "120/120"), (PRESSURE, "900/80"), (PRESSURE, "/"), ("nhip_tho", "1" * 99),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_the_bounds(sign: str, typed: str) -> None:
    with pytest.raises(Impossible) as told:
        read_sign(sign, typed)
    assert told.value.text.vi
    assert told.value.text.en


@given(st.sampled_from([each for each in SIGNS if each != PRESSURE]), st.decimals("0", "600", places=1))
def test_a_number_is_taken_exactly_where_it_lies_in_its_bounds(sign: str, number: Decimal) -> None:
    bounds = bounds_of(sign)
    text = str(number).replace(".", ",")
    if bounds.low <= number <= bounds.high:
        assert read_sign(sign, text) == (number,)
    else:
        with pytest.raises(Impossible):
            read_sign(sign, text)


@given(st.text(max_size=12))
def test_no_text_is_anything_but_a_number_or_a_refusal(text: str) -> None:
    for sign in SIGNS:
        try:
            assert all(isinstance(each, Decimal) for each in read_sign(sign, text))
        except Impossible:
            continue


def test_signs_of_one_time_and_person_are_one_line_newest_first() -> None:
    later = Measured(MEASURED.subject, MEASURED.encounter, "2026-11-26T14:00:00+07:00", MEASURED.author)
    found = signs_by_time(
        [
            sign_to_observation("mach", read_sign("mach", "88"), MEASURED),
            sign_to_observation(PRESSURE, read_sign(PRESSURE, "120/80"), MEASURED),
            sign_to_observation("mach", read_sign("mach", "90"), later),
        ]
    )
    assert [dict(each.signs) for each in found] == [{"mach": "90"}, {"mach": "88", PRESSURE: "120/80"}]
    assert found[0].by == "ĐD. Hải"


def test_the_same_cell_sent_twice_has_one_key_and_another_time_another() -> None:
    one, same = (sign_to_observation("mach", (Decimal(88),), MEASURED)["identifier"] for _ in range(2))
    later = Measured(MEASURED.subject, MEASURED.encounter, "2026-11-26T09:00:00+07:00", MEASURED.author)
    assert one == same != sign_to_observation("mach", (Decimal(88),), later)["identifier"]


def test_fluids_are_summed_by_the_day_in_vietnam() -> None:
    night = Measured(MEASURED.subject, MEASURED.encounter, "2026-11-26T23:30:00+07:00", MEASURED.author)
    dawn = Measured(MEASURED.subject, MEASURED.encounter, "2026-11-27T00:30:00+07:00", MEASURED.author)
    told = [
        ("uong", "300", MEASURED),
        ("truyen", "500,5", night),
        ("nuoc_tieu", "1200", MEASURED),
        ("uong", "200", dawn),
    ]
    found = fluid_days([fluid_to_observation(way, read_volume(ml), when) for way, ml, when in told], day_in_vietnam)
    assert [(each.day, each.taken, each.lost, each.balance) for each in found] == [
        ("2026-11-27", Decimal(200), Decimal(0), Decimal(200)),
        ("2026-11-26", Decimal("800.5"), Decimal(1200), Decimal("-399.5")),
    ]
    assert day_in_vietnam(datetime.fromisoformat(dawn.at)) == date(2026, 11, 27)


@pytest.mark.parametrize("typed", ["0", "-5", "x", "99999", "10001"])
def test_a_volume_that_cannot_be_is_refused(typed: str) -> None:
    with pytest.raises(Impossible):
        read_volume(typed)


@pytest.mark.parametrize("way", list(FLUID_WORDS))
def test_every_way_of_fluids_is_a_valid_observation(way: str) -> None:
    assert check_structure(resource_of(fluid_to_observation(way, Decimal(100), MEASURED)).plain) == []
