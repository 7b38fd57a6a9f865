"""UCUM: the same amount in two units is the same number in the canonical one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benhan.fhir.ucum import UCUM, canonical, is_unit
from benhan.fhir.validation.value_sets import shipped_codes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((5.5, "g/dL"), (55, "g/L")),
        ((5.5, "g/dL"), (5500, "mg/dL")),
        ((4.2, "10*3/uL"), (4.2, "10*9/L")),
        ((4.2, "10^3/uL"), (4200, "/uL")),
        ((120, "mm[Hg]"), (15.99864, "kPa")),
        ((37, "Cel"), (98.6, "[degF]")),
        ((37, "Cel"), (310.15, "K")),
        ((60, "/min"), (1, "Hz")),
        ((1, "h"), (3600, "s")),
        ((1.75, "m"), (175, "cm")),
        ((70, "kg"), (154.32358353, "[lb_av]")),
        ((24.5, "kg/m2"), (2.45, "g/cm2")),
        ((6.1, "mmol/L"), (6100, "umol/L")),
        ((2, "m[iU]/L"), (2, "u[iU]/mL")),
        ((90, "mL/min/{1.73_m2}"), (90, "mL/min")),
        ((300, "{copies}/mL"), (300000, "/L")),
        ((1, "mg/(kg.d)"), (1, "mg/kg/d")),
        ((12, "%"), (0.12, "1")),
        ((1, "m2"), (10000, "cm2")),
        ((1, "s-1"), (1, "Hz")),
    ],
)
def test_one_amount_in_two_units_is_one_canonical_quantity(one: tuple[float, str], other: tuple[float, str]) -> None:
    first, second = canonical(*one), canonical(*other)
    assert first[1] == second[1]
    assert first[0] == pytest.approx(second[0], rel=1e-6)


@pytest.mark.parametrize(
    ("one", "other"), [("g/L", "mol/L"), ("mm[Hg]", "mm"), ("[iU]/L", "U/L"), ("kg", "m"), ("osm/L", "mol/L")]
)
def test_amounts_of_different_kinds_never_meet(one: str, other: str) -> None:
    assert canonical(1, one)[1] != canonical(1, other)[1]


@pytest.mark.parametrize("unit", ["m²", "²", "٣", "g٣", "10*٣/L", "m-٣"])
def test_digits_of_other_scripts_are_no_part_of_a_unit(unit: str) -> None:
    assert canonical(5, unit) == (5, unit)
    assert not is_unit(unit)


@pytest.mark.parametrize("unit", ["con/vi trường", "g//L", "g/", "((g))", "g)", "abc", "mg/dL/xyz", "[unknown]", "g L"])
def test_an_unknown_unit_stays_as_it_is(unit: str) -> None:
    assert canonical(5, unit) == (5, unit)


@pytest.mark.parametrize(
    "unit", ["Ym24", "Ym24.Ym24", "ym-24", "/(ym24)", "m" + "9" * 5000, "m25", "9" * 400, "/(ym20.ym20)"]
)
def test_a_unit_beyond_all_measure_stays_as_it_is(unit: str) -> None:
    assert canonical(5, unit) == (5, unit)


@settings(max_examples=300, deadline=None)
@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.one_of(st.text(max_size=20), st.text("mgLlskYyT/.()*^10239-+[]{}%²٣", max_size=24)),
)
def test_any_text_as_a_unit_gives_a_number_and_a_unit(value: float, unit: str) -> None:
    number, base = canonical(value, unit)
    assert math.isfinite(number)
    assert isinstance(base, str)


def test_a_unit_without_end_is_taken_as_it_stands_and_at_once() -> None:
    unit = "{" * 1_000_000
    assert canonical(1, unit) == (1, unit)


UNITS = (
    "mg/dL 10*9/L 10*3/uL 10*-3 /min {beats}/min mm[Hg] %{saturation} kg/m2 g/(24.h) mL/min/{1.73_m2} [iU]/L m[iU]/mL "
    "{score} 1 24.h mmol/mol{Cr} /[HPF] cm[H2O].s/L [in_i'H2O] cal_[15] B[10.nV] %[slope] [m/s2/Hz^(1/2)] zm Kibit "
    "ug/kg/h (mg/L)/(24.h) L/s2 meq/L kPa Cel [degF] g% mo a_j"
)
NO_UNITS = [
    "", "mmHg", "mg//dL", "mg/", "xyz", "mg dL", "beats/min", "(mg", "mg)", "G/L.", "{a", "mg{a}{b}", "2mg", "mg.",
    "bpm", "°C", "kmin", "()", "mg(g)", "}", "[", "[]", "/", "m g", "10*/", "k10*", "mg/{", "g{a}2", "u" * 1_000,
]  # fmt: skip


@pytest.mark.parametrize("code", UNITS.split())
def test_a_unit_is_one(code: str) -> None:
    assert is_unit(code)


@pytest.mark.parametrize("code", NO_UNITS)
def test_what_only_looks_like_a_unit_is_none(code: str) -> None:
    assert not is_unit(code)


def test_the_units_that_hl7_lists_are_units() -> None:
    for name in ("ucum-common", "ucum-vitals-common", "age-units", "duration-units", "units-of-time"):
        codes = shipped_codes(f"http://hl7.org/fhir/ValueSet/{name}")
        assert codes is not None
        wrong = {code for system, code in codes.pairs if system == UCUM and not is_unit(code)}
        assert all(" " in code for code in wrong)  # annotations with spaces, which UCUM does not allow
        assert len(wrong) < 15


@given(st.text(alphabet="mgL/.(){}[]10*^%+-'_ H", max_size=30))
def test_any_text_is_judged_and_a_unit_in_brackets_is_one(text: str) -> None:
    assert is_unit(text) in (True, False)
    if is_unit(text):  # the stroke that a whole unit may begin with may not stand in brackets (UCUM §10, main term)
        assert is_unit(f"({text})/L") is not text.startswith("/")
