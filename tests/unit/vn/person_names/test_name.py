"""Names taken apart in Vietnamese order, shortened, and to FHIR and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.vn.person_names.family_names import is_family_name
from benhan.vn.person_names.human_name import human_name_to_name, name_to_human_name
from benhan.vn.person_names.name import CHARACTERS_MAX, WORDS_MAX, Standing, capitalised, parse_name
from benhan.vn.person_names.short_forms import initials, shortened


@pytest.mark.parametrize(
    ("text", "family", "middle", "given"),
    [
        ("Nguyễn Văn An", "Nguyễn", "Văn", "An"),
        ("  nguyễn   thị minh khai ", "nguyễn", "thị minh", "khai"),
        ("Lê Lợi", "Lê", "", "Lợi"),
        ("Hoa", "", "", "Hoa"),
        ("", "", "", ""),
        ("Công Tằng Tôn Nữ Hỷ Khương", "Công Tằng Tôn Nữ", "Hỷ", "Khương"),
        ("TON THAT TUNG", "TON THAT", "", "TUNG"),
        ("Âu Dương Phong", "Âu Dương", "", "Phong"),
        ("Tôn Nữ", "Tôn", "", "Nữ"),
        ("Y Moan Ênuôl", "Ênuôl", "", "Y Moan"),
        ("H’Hen Niê Kđăm", "Niê Kđăm", "", "H'Hen"),
        ("Y Phôn", "", "", "Y Phôn"),
        ("Y Nguyễn Lan", "Y", "Nguyễn", "Lan"),
        ("Nguyễn Y Vân", "Nguyễn", "Y", "Vân"),
        ("Rơ Châm H'Bin", "Rơ Châm", "", "H'Bin"),
        ("H'Lan", "", "", "H'Lan"),
        ("Thạch Thị Sa Rây", "Thạch", "Thị Sa", "Rây"),
        ("NT Hoa", "N.", "T.", "Hoa"),
        ("Ng. V. An", "Ng.", "V.", "An"),
        ("Lê Văn Tám (Tèo)", "Lê", "Văn", "Tám"),
        ("Ông Thị Lan", "Ông", "Thị", "Lan"),
        ("Anh Thư", "Anh", "", "Thư"),
    ],
)
def test_a_name_is_family_middle_and_given(text: str, family: str, middle: str, given: str) -> None:
    name = parse_name(text)
    assert (name.family, name.middle, name.given) == (family, middle, given)


@pytest.mark.parametrize(
    ("text", "title", "rest"),
    [
        ("BS. Trần Văn Bình", "BS.", "Trần Văn Bình"),
        ("PGS.TS. Lê Hoàng", "PGS. TS.", "Lê Hoàng"),
        ("BSCKII Đỗ An Bình", "BSCKII", "Đỗ An Bình"),
        ("Bác sĩ Lê Hoàng", "Bác sĩ", "Lê Hoàng"),
        ("Bà Nguyễn Thị Hoa", "Bà", "Nguyễn Thị Hoa"),
        ("Bé Lê Na", "Bé", "Lê Na"),
        ("BS", "", "BS"),
    ],
)
def test_a_title_is_set_aside(text: str, title: str, rest: str) -> None:
    name = parse_name(text)
    assert (name.title, name.text.replace(". ", "").replace(".", "")) == (title, rest)


@pytest.mark.parametrize(
    "text", ["CB NGUYỄN THỊ HOA", "cb. Nguyễn Thị Hoa", "Con bà Nguyễn Thị Hoa", "CON BA NGUYEN THI HOA"]
)
def test_a_newborn_under_its_mothers_name_is_known_as_such(text: str) -> None:
    name = parse_name(text)
    assert name.standing is Standing.MOTHERS
    assert is_family_name(name.family)


@pytest.mark.parametrize("text", ["Lê Lan", "LE LAN", "H'Hen Niê", "Y Phôn"])
def test_a_vietnamese_name_is_known_by_its_family_or_its_form(text: str) -> None:
    assert parse_name(text).is_vietnamese


def test_a_foreign_name_is_not_taken_for_a_vietnamese_one() -> None:
    assert not parse_name("Smith Anna").is_vietnamese


def test_a_text_pasted_into_a_name_is_cut() -> None:
    assert len(parse_name("lan " * 1000).text.split()) == WORDS_MAX
    assert len(parse_name("(" * 1_000_000).text) <= CHARACTERS_MAX


def test_short_forms_keep_the_given_name_and_the_letter_d_with_its_bar() -> None:
    name = parse_name("Đặng Ánh Tuyết")
    assert (initials(name), shortened(name)) == ("ĐAT", "Đ. A. Tuyết")


def test_capitals_are_brought_to_one_a_word() -> None:
    assert capitalised("NGUYỄN THỊ H'HEN") == "Nguyễn Thị H'Hen"


WRITTEN = "Nguyễn Trần Lê Thị Văn Minh Hoa An Đức Ngọc Smith Anna Y H'Hen Niê Tôn Thất"
WORDS = st.sampled_from(WRITTEN.split())
NAMES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)


@given(NAMES)
def test_no_word_of_a_name_is_lost_and_taking_it_apart_again_changes_nothing(text: str) -> None:
    name = parse_name(text)
    assert sorted(name.text.split()) == sorted(text.split())
    assert human_name_to_name(name_to_human_name(name)).text == name.text


@given(st.text(max_size=60))
def test_any_text_is_taken_apart(text: str) -> None:
    name = parse_name(text)
    assert (name.given == "") <= (name.family == name.middle == "")


def test_a_human_name_holds_middle_before_given() -> None:
    told = name_to_human_name(parse_name("BS. Nguyễn Thị Minh Khai"))
    assert told == {
        "text": "Nguyễn Thị Minh Khai",
        "family": "Nguyễn",
        "given": ["Thị Minh", "Khai"],
        "prefix": ["BS."],
    }


def test_a_newborn_under_its_mothers_name_stays_so_in_fhir() -> None:
    name = parse_name("CB NGUYỄN THỊ HOA")
    human = name_to_human_name(name)
    assert human == {"use": "temp", "text": "Con bà NGUYỄN THỊ HOA"}
    assert human_name_to_name(human) == name


@pytest.mark.parametrize(
    ("human", "parts"),
    [
        ({"family": "Nguyễn", "given": ["Văn", "An"]}, ("Nguyễn", "Văn", "An")),
        ({"family": "Nguyen", "given": ["Van An"]}, ("Nguyen", "Van", "An")),
        ({"text": "Nguyễn Văn An"}, ("Nguyễn", "Văn", "An")),
        ({"family": "Smith", "given": ["Anna", "Maria"]}, ("Smith", "Maria", "Anna")),
        ({"family": "Trần"}, ("", "", "Trần")),
        ({}, ("", "", "")),
    ],
)
def test_a_human_name_of_others_is_read_by_what_it_has(human: dict[str, object], parts: tuple[str, str, str]) -> None:
    name = human_name_to_name(human)
    assert (name.family, name.middle, name.given) == parts
