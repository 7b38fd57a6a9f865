"""Identifiers of each kind: what is taken, what is refused and in which words, what the parts say."""

from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.kernel.faults import Incorrect
from benhan.vn.identifiers import (
    birth_notice,
    citizen_number,
    facility_code,
    gln,
    insurance_card,
    practice_licence,
    record_numbers,
    social_insurance_number,
)
from benhan.vn.identifiers.citizen_number import CitizenNumber
from benhan.vn.identifiers.practice_licence import Capacity
from benhan.vn.identifiers.registry import KINDS, check_identifier, is_well_formed, kind_of, recognised

GOOD = {
    "cccd": "001090000001",
    "cmnd": "012345678",
    "ho-chieu": "C1234567",
    "bhyt": "GD4010123456789",
    "bhxh": "0123456789",
    "ma-cskcb": "01901",
    "gln": "8935000000007",
    "gphn": "000123/BYT-GPHN",
    "giay-chung-sinh": "01901.GCS.00012.26",
    "ma-hsba": "BA26-000123",
    "so-luu-tru": "26.000123",
    "ma-lk": "01901_2026_000123",
    "tam": "TAM-S01901-261126-00018",
}
BAD = {
    "cccd": ["", "00109000000", "0010900000012", "00109000000A", "000000000000", "٠٠١٠٩٠٠٠٠٠٠١"],
    "cmnd": ["", "12345678", "1234567890", "ABCDEFGHI"],
    "ho-chieu": ["", "C123", "ABCDEFG", "C1234567890123456", "C12345ô7"],
    "bhyt": ["", "GD401012345678", "G14010123456789", "GD0010123456789", "12345678901", "GD9010123456789"],
    "bhxh": ["", "123456789", "12345678901", "12345678O1"],
    "ma-cskcb": ["", "1901", "019011", "A1901", "01-é1"],
    "gln": ["", "893500000000", "8935000000005", "89350000000070"],
    "gphn": ["", "000123 BYT", "a;b", "x" * 256, "000123/BYT-GPHN.TX.1901", "000123/BYT-GPHN.CG"],
    "giay-chung-sinh": ["", "01901.GCS.12.26", "01901.GBT.00012.26", "01901.GCS.00000.26", "01901.GCS.00012.2026"],
    "ma-hsba": ["", "  ", "x" * 101, "a;b", "a|b", "a\x07b"],
    "so-luu-tru": ["", "x" * 201, "a^b"],
    "ma-lk": ["", "x" * 101, "a\nb"],
    "tam": ["", "TAM-S01901-261126-00017", "TAM-X01901-261126-00018", "TAM-S01901-261331-00018", "001090000001"],
}


def errors(name: str, text: str) -> list[str]:
    return [issue.text.vi for issue in KINDS[name].check(text, "XML1.X") if issue.is_error]


def test_every_kind_has_its_good_and_bad_examples_here() -> None:
    assert GOOD.keys() == BAD.keys() == KINDS.keys()


@pytest.mark.parametrize("name", GOOD)
def test_a_good_value_is_read_and_written_as_it_was(name: str) -> None:
    assert errors(name, GOOD[name]) == []
    assert str(KINDS[name].parse(GOOD[name])) == GOOD[name]


@pytest.mark.parametrize("name", GOOD)
def test_the_parts_of_a_value_together_are_the_value(name: str) -> None:
    parts = KINDS[name].explain(GOOD[name])
    assert all(part.name.vi and part.meaning.vi and part.meaning.en for part in parts)
    digits = [char for char in GOOD[name] if char.isalnum()]
    told = [char for part in parts for char in part.value if char.isalnum()]
    assert not set(told) - set(digits) - set(GOOD[name])


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts])
def test_a_bad_value_is_refused_with_words_and_without_repeating_it(name: str, text: str) -> None:
    (told,) = errors(name, text)
    assert told.endswith(".")
    if text.strip():
        assert text not in told
    with pytest.raises(Incorrect, match="BA-32") as caught:
        KINDS[name].parse(text)
    assert [issue.is_error for issue in caught.value.issues] == [True]
    with pytest.raises(Incorrect):
        KINDS[name].explain(text)


def test_every_kind_has_its_own_fault_and_system() -> None:
    codes = []
    for name in KINDS:
        with pytest.raises(Incorrect) as caught:
            KINDS[name].parse("")
        codes.append(caught.value.code)
    own = len(KINDS) - 2  # the three numbers of a record share one
    assert len(set(codes)) == own
    assert len({kind.SYSTEM for kind in KINDS.values()}) == len(KINDS)
    assert all(kind_of(kind.SYSTEM) is kind for kind in KINDS.values())


@given(st.sampled_from(sorted(KINDS)), st.text(max_size=40))
def test_any_text_is_either_read_or_refused_by_a_declared_fault(name: str, text: str) -> None:
    kind = KINDS[name]
    if any(issue.is_error for issue in kind.check(text)):
        with pytest.raises(Incorrect):
            kind.parse(text)
    else:
        value = kind.parse(text)
        assert str(kind.parse(str(value))) == str(value)
        assert kind.explain(text)


# the citizen's number


@given(st.integers(0, 999), st.sampled_from(["male", "female"]), st.integers(1900, 2399), st.integers(1, 999_999))
def test_a_citizen_number_tells_what_it_was_made_of(place: int, sex: str, year: int, serial: int) -> None:
    number = CitizenNumber(f"{place:03d}", sex, year, f"{serial:06d}")
    if len(set(str(number))) > 1:
        assert citizen_number.parse(str(number)) == number


def test_a_citizen_number_is_read_through_the_spaces_and_dots_people_write() -> None:
    assert str(citizen_number.parse(" 001.090 000-001 ")) == "001090000001"


def test_what_a_citizen_number_contradicts_is_doubted_not_refused() -> None:
    number = "001090000001"
    assert citizen_number.check(number, sex="male", born=date(1990, 1, 2)) == []
    doubts = citizen_number.check(number, "PID-19", sex="female", born=date(1991, 1, 2))
    assert [(issue.place, issue.is_error) for issue in doubts] == [("PID-19", False)] * 2
    assert citizen_number.check(number, sex="unknown") == []
    assert [issue.is_error for issue in citizen_number.check("999090000001")] == [False]


def test_a_citizen_number_of_a_former_province_says_where_it_is_now() -> None:
    parts = citizen_number.explain("074301012345")
    assert parts[0].meaning.vi == "Tỉnh Bình Dương (nay thuộc Thành phố Hồ Chí Minh)"
    assert parts[1].meaning.vi == "thế kỷ 21, nữ"
    assert parts[2].meaning.vi == "2001"


# cards


def test_a_long_card_tells_object_benefit_province_and_bhxh_number() -> None:
    card = insurance_card.parse("gd 4 01 0123456789")
    assert (card.object_code, card.benefit, card.province) == ("GD", "4", "01")
    assert (card.social_insurance_number, card.citizen_number) == ("0123456789", "")
    assert [part.meaning.vi for part in insurance_card.explain(str(card))][1] == "80 %"


def test_ten_digits_are_a_card_by_the_bhxh_number_and_twelve_by_the_citizens() -> None:
    assert insurance_card.parse("0123456789").social_insurance_number == "0123456789"
    twelve = insurance_card.parse("001090000001")
    assert (twelve.citizen_number, twelve.social_insurance_number) == ("001090000001", "")


def test_a_newborns_temporary_card_is_a_card_without_a_bhxh_number() -> None:
    card = insurance_card.parse("TE101KT00000012")
    assert (card.object_code, card.social_insurance_number) == ("TE", "")


def test_a_card_of_an_object_or_province_that_no_list_has_is_doubted() -> None:
    issues = insurance_card.check("ZZ4990123456789")
    assert [issue.is_error for issue in issues] == [False, False]
    assert insurance_card.check("QN5970123456789") == []


def test_the_parents_number_is_the_end_of_their_card() -> None:
    assert str(social_insurance_number.parse("0123456789")) == insurance_card.parse("HC4010123456789").number[5:]


# facilities and papers


@given(st.text(string.digits, min_size=12, max_size=12), st.integers(0, 12), st.integers(1, 9))
def test_the_check_digit_of_a_gln_finds_every_single_wrong_digit(body: str, place: int, shift: int) -> None:
    number = body + gln.check_digit(body)
    assert is_well_formed("gln", number)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not is_well_formed("gln", wrong)


def test_a_gln_of_another_country_is_doubted() -> None:
    assert gln.check("8935000000007") == []
    assert [issue.is_error for issue in gln.check("4012345000009")] == [False]


def test_a_facility_code_without_a_serial_stands_for_its_province() -> None:
    assert facility_code.parse("79000").is_whole_province
    assert not facility_code.parse("01901").is_whole_province
    assert [issue.is_error for issue in facility_code.check("99001")] == [False]


@pytest.mark.parametrize(
    ("text", "capacity", "facility", "trainee"),
    [
        ("000123/BYT-GPHN", Capacity.OWN, "", ""),
        ("000123/HNO-CCHN.TX.01901", Capacity.FROM_AFAR, "01901", ""),
        ("000123/HNO-CCHN.CG.79010", Capacity.HANDING_OVER, "79010", ""),
        ("000123/HNO-CCHN.HD.01XXX", Capacity.MOBILISED, "01XXX", ""),
        ("000123/HNO-CCHN.001090000001", Capacity.TRAINEE, "", "001090000001"),
    ],
)
def test_the_ending_of_a_licence_tells_the_capacity(text: str, capacity: Capacity, facility: str, trainee: str) -> None:
    licence = practice_licence.parse(text.lower())
    assert (licence.capacity, licence.facility, licence.trainee) == (capacity, facility, trainee)
    assert str(licence) == text
    assert practice_licence.check(text) == []


def test_a_licence_of_an_unusual_form_is_doubted_not_refused() -> None:
    assert [issue.is_error for issue in practice_licence.check("004512")] == [False]


def test_a_birth_notice_keeps_facility_serial_and_year() -> None:
    notice = birth_notice.parse("01901.gcs.00012.26")
    assert (notice.facility, notice.serial, notice.year) == ("01901", 12, 2026)


def test_the_numbers_of_a_record_are_bounded_as_their_columns_are() -> None:
    assert record_numbers.STORAGE.check("x" * 200) == []
    assert [issue.text.vi for issue in record_numbers.VISIT.check("x" * 101)] == [
        "Số này dài quá 100 ký tự. Rút ngắn lại."
    ]


# the registry


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("001090000001", ["cccd", "bhyt", "ho-chieu"]),
        ("0123456789", ["bhyt", "bhxh", "ho-chieu"]),
        ("012345678", ["cmnd", "ho-chieu"]),
        ("GD4010123456789", ["bhyt", "ho-chieu"]),
        ("TAM-S01901-261126-00018", ["tam"]),
        ("Nguyễn", []),
    ],
)
def test_a_number_shown_at_the_desk_is_recognised(text: str, names: list[str]) -> None:
    assert recognised(text) == names


def test_an_identifier_of_a_system_of_others_is_not_judged() -> None:
    assert check_identifier("urn:other", "?") == []
    assert [issue.place for issue in check_identifier("urn:benhan:id:cccd", "1", "Patient.identifier[0]")] == [
        "Patient.identifier[0]"
    ]
