"""What is packed into a text: vital signs and doses, read and written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.vn.bhyt.dose import Dose, dose_text, parse_dose
from benhan.vn.bhyt.vital_signs import VitalSigns, parse_vital_signs, vital_signs_text, without_vital_signs


def numbers(low: int, high: int) -> st.SearchStrategy[Decimal | None]:
    return st.none() | st.integers(low, high).map(Decimal)


def test_the_example_of_the_decision_is_read() -> None:
    [signs] = parse_vital_signs("Tỉnh. CSST<M75_T37_HA120/70_ NT18_HL2>")
    assert signs == VitalSigns(Decimal(75), Decimal(37), Decimal(120), Decimal(70), Decimal(18), care_grade="2")
    assert without_vital_signs("Tỉnh. CSST<M75_T37>") == "Tỉnh."


@pytest.mark.parametrize("note", ["csst<m75_t37,5_sp98%>", "CSST <M 75 _ T37.5°C_SP:98>", "CSST&lt;M75_T37.5_SP98&gt;"])
def test_habits_of_writing_are_tolerated(note: str) -> None:
    [signs] = parse_vital_signs(note)
    assert (signs.pulse, signs.temperature, signs.saturation) == (Decimal(75), Decimal("37.5"), Decimal(98))


def test_what_cannot_be_is_left_unread_and_kept() -> None:
    [signs] = parse_vital_signs("CSST<M75_T370_HA120_XY3_M80>")
    assert signs == VitalSigns(pulse=Decimal(75), unread=("T370", "HA120", "XY3", "M80"))
    assert vital_signs_text(signs) == "CSST<M75_T370_HA120_XY3_M80>"


def test_a_note_may_hold_several_sets_or_none() -> None:
    assert [each.pulse for each in parse_vital_signs("8h CSST<M70> 14h CSST<M90>")] == [Decimal(70), Decimal(90)]
    assert parse_vital_signs("Tỉnh, tiếp xúc tốt") == []
    assert vital_signs_text(VitalSigns()) == ""


@given(
    numbers(0, 400), numbers(20, 45), st.none() | st.tuples(st.integers(0, 300), st.integers(0, 300)),
    numbers(0, 150), numbers(0, 100), st.sampled_from(["", "1", "2", "3"]),
)  # fmt: skip
def test_signs_written_are_read_back(
    pulse: Decimal | None, temperature: Decimal | None, pressure: tuple[int, int] | None,
    respiration: Decimal | None, saturation: Decimal | None, care: str,
) -> None:  # fmt: skip
    high, low = (Decimal(pressure[0]), Decimal(pressure[1])) if pressure else (None, None)
    signs = VitalSigns(pulse, temperature, high, low, respiration, saturation, care)
    found = parse_vital_signs(vital_signs_text(signs))
    assert found == ([signs] if signs != VitalSigns() else [])


@pytest.mark.parametrize(
    ("text", "per_day", "quantity"),
    [
        ("2 viên/lần * 2 lần/ngày * 5 ngày [4 viên/ngày]", 4, 20),
        ("2 viên/lần * 2 lần/ngày * 7 ngày", 4, 28),
        ("1/2 viên/lần * 2 lần/ngày * 10 ngày [1 viên/ngày]", 1, 10),
        ("0,5 ống/lần x 1 lần/ngày x 1 ngày", Decimal("0.5"), Decimal("0.5")),
        ("1 viên/lần, 2 lần/ngày", 2, None),
        ("Sáng: 3 viên, Chiều: 2 viên, Tối: 1 viên [6 viên/ngày]", 6, None),
        ("Sáng 1 viên", 1, None),
        ("Sáng: 1,5 viên, Tối: 1 viên * 4 ngày [2.5 viên/ngày]", Decimal("2.5"), 10),
        ("12g * 1 thang * 5 ngày", None, 60),
        ("2 lần/ngày * 5 ngày", None, None),
        ("2 lít/phút * 1 lần/ngày * 1 ngày", None, None),
    ],
)
def test_printed_patterns_are_understood(text: str, per_day: object, quantity: object) -> None:
    dose = parse_dose(text)
    assert dose is not None
    assert (dose.per_day, dose.quantity) == (per_day, quantity)
    assert parse_dose(dose_text(dose)) == dose


@pytest.mark.parametrize("text", ["", "Sau ăn", "theo chỉ định", "2 viên", "Sáng: 1 viên, Tối: 2 ống", "x" * 2000])
def test_other_texts_are_no_dose(text: str) -> None:
    assert parse_dose(text) is None


@given(st.text(max_size=60))
def test_no_text_breaks_either(text: str) -> None:
    parse_dose(text)
    parse_vital_signs(text)


@given(st.integers(1, 99), st.sampled_from(["viên", "ống", "gói", "ml"]), st.integers(1, 8), st.integers(1, 90))
def test_a_dose_written_is_read_back(each: int, unit: str, times: int, days: int) -> None:
    dose = Dose(unit, Decimal(each), "lần", times, days, total_per_day=Decimal(each * times), total_unit=unit)
    assert parse_dose(dose_text(dose)) == dose
    assert dose.quantity == each * times * days
