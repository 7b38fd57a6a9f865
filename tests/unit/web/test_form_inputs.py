"""What is typed into a form's page and what its answers look like there."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.vn.forms.answers import check_answers
from benhan.vn.forms.catalogue import Catalogue
from benhan.vn.forms.form import Field, Form, Kind
from benhan.web.form_inputs import (
    Unreadable,
    answers_of,
    blocks_of,
    changes_between,
    grouped,
    inputs_of,
    read_date,
    read_moment,
    read_number,
    read_time,
)

FORMS = Catalogue()
INTERNAL = FORMS.on("01/BV-01", date(2026, 11, 22))
COURSE = FORMS.on("36/BV-02", date(2026, 11, 22))
SURGERY = FORMS.on("10/BV-01", date(2026, 11, 22))

WORDS = st.text("aáăđổ0²,.<&\"'", min_size=1, max_size=20)


def values(field: Field) -> st.SearchStrategy[Any]:
    """Answers that fit a field."""
    match field.kind:
        case Kind.NUMBER:
            tenths = st.integers(int((field.low or 0) * 10), int((field.high or 0) * 10))
            return tenths.map(lambda each: Decimal(each) / 10)
        case Kind.DATE:
            return st.dates(date(1931, 1, 1), date(2030, 12, 31)).map(date.isoformat)
        case Kind.TIME:
            return st.times().map(lambda each: each.strftime("%H:%M"))
        case Kind.DATETIME:
            return st.tuples(st.dates(date(1931, 1, 1), date(2030, 12, 31)), st.times()).map(
                lambda each: f"{each[0].isoformat()}T{each[1]:%H:%M}"
            )
        case Kind.TICK:
            return st.just(True)
        case Kind.ONE:
            return st.sampled_from([option.code for option in field.options])
        case Kind.MANY:
            return st.lists(
                st.sampled_from([option.code for option in field.options]), min_size=1, max_size=3, unique=True
            )
        case Kind.TABLE:
            row = st.fixed_dictionaries({each.id: values(each) for each in field.columns})
            return st.lists(row, min_size=1, max_size=3)
        case _:
            return WORDS


@pytest.mark.parametrize("form", [INTERNAL, COURSE, SURGERY], ids=lambda form: form.number)
@given(data=st.data())
def test_what_stands_on_the_page_reads_back_as_the_same_answers(form: Form, data: st.DataObject) -> None:
    typed = [each for each in form.fields.values() if each.kind not in (Kind.PICTURE, Kind.SIGNATURE)]
    chosen = data.draw(st.lists(st.integers(0, len(typed) - 1), max_size=8, unique=True))
    answers = {typed[place].id: data.draw(values(typed[place])) for place in chosen}
    read = answers_of(form, inputs_of(form, answers), {})
    assert not read.problems
    assert read.answers == answers


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("221126", "2026-11-22"),
        ("22/11/2026", "2026-11-22"),
        ("22-11-26", "2026-11-22"),
        ("2.3.1984", "1984-03-02"),
        ("02031984", "1984-03-02"),
        ("020384", "1984-03-02"),
        ("2026-11-22", "2026-11-22"),
    ],
)
def test_dates_are_typed_in_many_ways(typed: str, day: str) -> None:
    assert read_date(typed) == day


@pytest.mark.parametrize("typed", ["31/02/2026", "2211", "hôm qua", "22/11", "٢٢/11/2026", "00/01/2026", "1/1/20266"])
def test_a_date_that_is_none_is_told(typed: str) -> None:
    with pytest.raises(Unreadable):
        read_date(typed)


@pytest.mark.parametrize("typed", ["14:05", "1405", "14h05", "14.05"])
def test_times_are_typed_in_many_ways(typed: str) -> None:
    assert read_time(typed) == "14:05"


@pytest.mark.parametrize("typed", ["24:00", "1460", "14", "²4:05"])
def test_a_time_that_is_none_is_told(typed: str) -> None:
    with pytest.raises(Unreadable):
        read_time(typed)


@pytest.mark.parametrize("typed", ["14:05 22/11/2026", "22/11/2026 1405", "221126 1405", "2026-11-22T14:05"])
def test_time_and_date_stand_in_either_order(typed: str) -> None:
    assert read_moment(typed) == "2026-11-22T14:05"


@pytest.mark.parametrize(("typed", "number"), [("36,5", "36.5"), ("36.50", "36.50"), ("1 250", "1250"), ("-2", "-2")])
def test_numbers_have_a_comma_or_a_point_and_keep_their_digits(typed: str, number: str) -> None:
    assert str(read_number(typed)) == number


@pytest.mark.parametrize("typed", ["36,5,1", "1e5", "NaN", "vô cực", "²", "٣", "1" * 40])
def test_a_number_that_is_none_is_told(typed: str) -> None:
    with pytest.raises(Unreadable):
        read_number(typed)


def test_what_cannot_be_read_is_told_beside_its_input_and_is_no_answer() -> None:
    read = answers_of(INTERNAL, {"mach": ["tám mươi"], "tuan_hoan": ["đều"]}, {})
    assert set(read.problems) == {"mach"}
    assert read.answers == {"tuan_hoan": "đều"}


def test_of_a_table_with_a_blank_row_a_fault_is_told_in_the_row_where_it_was_typed() -> None:
    typed = {"dien_bien.0.dien_bien": [""], "dien_bien.1.dien_bien": ["sốt"], "dien_bien.2.luc": ["32/11/2026 8"]}
    read = answers_of(COURSE, typed, {})
    assert read.answers["dien_bien"] == [{"dien_bien": "sốt"}]
    assert set(read.problems) == {"dien_bien.2.luc"}
    assert read.input_at("36/BV-02 dien_bien[0].luc") == "dien_bien.1.luc"


def test_signatures_are_not_typed_and_stay_as_they_were() -> None:
    signed = {"name": "BS An", "at": "2026-11-22T08:00"}
    read = answers_of(INTERNAL, {"ky_bac_sy_dieu_tri": ["giả"]}, {"ky_bac_sy_dieu_tri": signed})
    assert read.answers == {"ky_bac_sy_dieu_tri": signed}


def test_blocks_hold_each_field_once_in_the_order_of_the_form() -> None:
    for form in FORMS.forms():
        blocks = blocks_of(form, {}, {}, {})
        assert [each.field.id for block in blocks for each in block.inputs] == list(form.fields)


def test_a_table_shows_what_it_has_and_a_blank_row() -> None:
    inputs = inputs_of(COURSE, {"dien_bien": [{"dien_bien": "sốt"}]})
    blocks = blocks_of(COURSE, inputs, {}, {})
    table = next(each for block in blocks for each in block.inputs if each.field.kind is Kind.TABLE)
    assert [row[1].text for row in table.rows] == ["sốt", ""]


def test_names_that_are_sent_more_than_once_keep_all_their_values() -> None:
    assert grouped([("a", "1"), ("b", "2"), ("a", "3")]) == {"a": ["1", "3"], "b": ["2"]}


def test_decimals_of_answers_pass_the_check_of_the_form() -> None:
    read = answers_of(INTERNAL, {"mach": ["88"], "nhiet_do": ["37,5"]}, {})
    assert read.answers == {"mach": Decimal("88"), "nhiet_do": Decimal("37.5")}
    assert check_answers(INTERNAL, read.answers) == []


def test_what_two_versions_say_differently_is_told_in_words() -> None:
    before = {"gioi_tinh": "1", "mach": Decimal("88"), "tuan_hoan": "đều"}
    after = {"gioi_tinh": "2", "mach": Decimal("88"), "dac_diem": "x"}
    told = [(each.label, each.before, each.after) for each in changes_between(INTERNAL, before, after)]
    options = {option.code: option.label for option in INTERNAL.fields["gioi_tinh"].options}
    label = INTERNAL.fields["tuan_hoan"].label
    assert told == [(INTERNAL.fields["gioi_tinh"].label, options["1"], options["2"]), (label, "đều", "")]
