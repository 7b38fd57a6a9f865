"""Names compared: how each part agrees, in which ways names of one person differ, and the laws of it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from benhan.fhir.folding import fold
from benhan.vn.person_names.agreement import Agreement, agreement, ends
from benhan.vn.person_names.compare import NameBlock, NameComparer, compare
from benhan.vn.person_names.name import parse_name
from benhan.vn.person_names.prepared import prepare
from benhan.vn.person_names.short_forms import shortened

SAME, SPELLING, UNACCENTED = Agreement.SAME, Agreement.SPELLING, Agreement.UNACCENTED
ACCENTS, SHORTENED, SLIP = Agreement.ACCENTS, Agreement.SHORTENED, Agreement.SLIP
MISSING, DIFFERENT, NEITHER = Agreement.MISSING, Agreement.DIFFERENT, Agreement.NEITHER


@pytest.mark.parametrize(
    ("mine", "theirs", "parts"),
    [
        ("Nguyễn Văn An", "NGUYỄN VĂN AN", (SAME, SAME, SAME)),
        ("Trần Thị Hoà", "Trần Thị Hòa", (SAME, SAME, SAME)),
        ("Phạm Huỳnh", "Phạm Hùynh", (SAME, NEITHER, SAME)),
        ("Nguyen Van An", "Nguyễn Văn Ân", (UNACCENTED, UNACCENTED, UNACCENTED)),
        ("Lê Thị Thúy", "Lê Thị Thùy", (SAME, SAME, ACCENTS)),
        ("Đỗ Thị Mỹ", "Đỗ Thị Mĩ", (SAME, SAME, SPELLING)),
        ("Lý Quý", "Lí Quí", (SPELLING, NEITHER, SPELLING)),
        ("Lê Thúy", "Lê Thúi", (SAME, NEITHER, SLIP)),
        ("Ng. V. Ân", "Nguyễn Văn Ân", (SHORTENED, SHORTENED, SAME)),
        ("NT Hoà", "Nguyễn Thị Hoà", (SHORTENED, SHORTENED, SAME)),
        ("N.T. Hoà", "Nguyễn Thị Hoà", (SHORTENED, SHORTENED, SAME)),
        ("Nguyễn Văn A", "Nguyễn Văn An", (SAME, SAME, SHORTENED)),
        ("Nguyễn Hoà", "Nguyễn Thị Hoà", (SAME, MISSING, SAME)),
        ("Nguyễn Thu Hoà", "Nguyễn Thị Thu Hoà", (SAME, MISSING, SAME)),
        ("Lê Văn Minh", "Lê Văn Ming", (SAME, SAME, SLIP)),
        ("Lê Văn Trung", "Lê Văn Trugn", (SAME, SAME, SLIP)),
        ("Lê Hằng", "Lê Hằn", (SAME, NEITHER, SLIP)),
        ("Nguyeenx Văn Ân", "Nguyễn Văn Ân", (SLIP, SAME, SAME)),
        ("Nguye6n4 Văn Ân", "Nguyễn Văn Ân", (SLIP, SAME, SAME)),
        ("Lê Ân", "Lê Âm", (SAME, NEITHER, DIFFERENT)),
        ("Lê Lan", "Trần Minh", (DIFFERENT, NEITHER, DIFFERENT)),
        ("H'Hen Niê", "H’HEN NIÊ", (SAME, NEITHER, SAME)),
    ],
)
def test_each_part_tells_how_it_agrees(mine: str, theirs: str, parts: tuple[Agreement, ...]) -> None:
    found = compare(mine, theirs)
    assert (found.family, found.middle, found.given) == parts
    assert not found.is_swapped


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("Nguyễn Thị Hoà", "Hoà Nguyễn Thị"),
        ("Nguyễn Thị Hoà", "Hoa Nguyen"),
        ("Nguyễn Thị Hoà", "Nguyễn Hoà Thị"),
        ("Smith Anna", "Anna Smith"),
    ],
)
def test_the_same_words_in_another_order_are_told(mine: str, theirs: str) -> None:
    found = compare(mine, theirs)
    assert found.is_swapped
    assert found.score > 0.8


def test_a_newborn_under_its_mothers_name_is_not_the_mother() -> None:
    assert compare("CB Nguyễn Thị Hoà", "Nguyễn Thị Hoà").given is DIFFERENT
    assert compare("CB Nguyễn Thị Hoà", "Con bà NGUYỄN THỊ HÒA").score == 1.0


def test_the_score_falls_with_what_is_lost() -> None:
    name = "Nguyễn Thị Thúy"
    variants = ["NGUYỄN THỊ THUÝ", "Nguyen Thi Thuy", "Nguyễn Thúy", "N. T. Thúy", "Nguyễn Thị Thùy", "Trần Văn Bảo"]
    scores = [compare(name, variant).score for variant in variants]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 1.0
    assert scores[-1] < 0.2


def test_names_without_a_word_have_nothing_in_common() -> None:
    assert compare("", "").score == 0.0
    assert compare("", "Lan").kinds == {NEITHER, MISSING}


WRITTEN = "Nguyễn NGUYEN Ng. Trần Lê Thị Thi T. Văn Minh Hoà hòa Hoa An Ân Đức Mỹ Mĩ Thúy Smith Anna Y H'Hen Niê NT"
WORDS = st.sampled_from(WRITTEN.split())
NAMES = st.lists(WORDS, max_size=5).map(" ".join) | st.text(max_size=20)


@given(NAMES, NAMES)
def test_comparing_is_the_same_whichever_comes_first(mine: str, theirs: str) -> None:
    found = compare(mine, theirs)
    assert found == compare(theirs, mine)
    assert 0.0 <= found.score <= 1.0


@given(NAMES)
def test_a_name_is_itself_in_every_case_and_normal_form(text: str) -> None:
    name = prepare(text)
    if name.given:
        assert compare(text, text).score == 1.0
    assert prepare(unicodedata.normalize("NFD", text)) == name


ACCENTED = "Nguyễn Trần Lê Thị Văn Minh Hòa Hương Đức Ngọc Thúy Quý"
VIETNAMESE = st.lists(st.sampled_from(ACCENTED.split()), min_size=2, max_size=4).map(" ".join)


@given(VIETNAMESE)
def test_a_name_without_its_accents_or_shortened_still_agrees(text: str) -> None:
    assert compare(text, fold(text).upper()).kinds <= {SAME, UNACCENTED, NEITHER}
    short = compare(text, shortened(parse_name(text)))
    assert short.kinds <= {SAME, SHORTENED, UNACCENTED, NEITHER}


@given(st.lists(NAMES | VIETNAMESE, max_size=8), st.sampled_from([10, 1_000_000]))
def test_a_comparer_of_many_says_what_comparing_two_says(texts: list[str], kept_max: int) -> None:
    names = [prepare(text) for text in texts]
    comparer = NameComparer(kept_max)
    for one in names:
        assert comparer.compare_with_all(one, NameBlock(names)) == [compare(one, other) for other in names]


KEYS = st.text("aăâbcdđeêghiklmnoôơpqrstuưvxyAY\u0300\u0301\u0303.0ß ", max_size=6)


@given(KEYS, KEYS)
def test_words_alike_at_neither_end_are_different(one: str, other: str) -> None:
    mine, theirs = ends(one), ends(other)
    if mine is None or theirs is None:
        assume(False)
    elif all(each != another for each, another in zip(mine, theirs, strict=True)):
        assert agreement(one, other) is Agreement.DIFFERENT
