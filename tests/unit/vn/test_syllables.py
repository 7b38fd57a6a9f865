"""Syllables of Vietnamese: letters and tone apart, and what can be one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.vn.syllables import ACUTE, DOT, GRAVE, HOOK, TONES, is_syllable, syllable, written


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("word", ["hòa", "hoà", "HOÀ"])
def test_the_place_of_the_tone_its_form_and_case_make_no_difference(word: str, form: str) -> None:
    assert syllable(unicodedata.normalize(form, word)) == ("hoa", GRAVE)


REAL = "nguyễn trần lê phạm huỳnh đặng quyên quý giếng gìn khuya uyên ươm yến nghiêng thuở quốc xoong ỷ a"
LETTERS = "hoa thuy quyên giêng nguyên khoang lan mai ơn uyn"


@pytest.mark.parametrize("word", REAL.split())
def test_what_the_language_has_is_a_syllable(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["", "ng", "smith", "hoab", "cát̀", "cảt", "học̉", "đắk", "ẫn̉t", "qu", "w", "Ngä"])
def test_what_it_has_not_is_none(word: str) -> None:
    assert not is_syllable(word)


@pytest.mark.parametrize(
    ("letters", "tone", "word"),
    [
        ("hoa", GRAVE, "hòa"),
        ("hoan", GRAVE, "hoàn"),
        ("thuy", ACUTE, "thúy"),
        ("quy", ACUTE, "quý"),
        ("gia", GRAVE, "già"),
        ("gi", GRAVE, "gì"),
        ("nguyên", "\u0303", "nguyễn"),
        ("ươm", ACUTE, "ướm"),
        ("khuya", HOOK, "khuỷa"),
        ("lan", "", "lan"),
        ("ng", DOT, "ng"),
    ],
)
def test_a_tone_is_put_where_it_is_written(letters: str, tone: str, word: str) -> None:
    assert written(letters, tone) == word


@given(
    st.sampled_from(LETTERS.split()),
    st.sampled_from(TONES),
)
def test_taking_a_tone_off_and_putting_it_back_gives_the_word(letters: str, tone: str) -> None:
    assert syllable(written(letters, tone)) == (letters, tone)
