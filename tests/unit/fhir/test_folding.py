"""How text is folded for search: accents, đ, case, the place of a tone."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.fhir.folding import fold, words
from benhan.fhir.terms import string_terms, trigrams_of


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Nguyễn Văn Đức", "nguyen van duc"),
        ("ĐẶNG  THỊ-ÁNH_Tuyết", "dang thi anh tuyet"),
        ("hòa", "hoa"),
        ("hoà", "hoa"),
        ("Ưu ươu ỡ ự", "uu uou o u"),
        ("Straße", "strasse"),
        ("O'Brien", "o brien"),
        ("ＦＵＬＬ", "full"),
        ("  ", ""),
        ("...", ""),
        ("BN-001", "bn 001"),
    ],
)
def test_text_is_folded_to_bare_small_words(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_every_normal_form_folds_alike(form: str) -> None:
    for text in ("Nguyễn Thị Hường", "Đỗ Quỳnh Như", "Trương Mỹ Hoà"):
        assert fold(unicodedata.normalize(form, text)) == fold(text)


def test_folding_twice_changes_nothing() -> None:
    for text in ("Nguyễn Văn Đức", "Straße", "ﬁ", "İstanbul"):
        assert fold(fold(text)) == fold(text)


@given(st.text(max_size=30))
def test_folding_any_text_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_words_are_the_folded_parts() -> None:
    assert words("Lê Thị Minh-Châu") == ["le", "thi", "minh", "chau"]
    assert words("") == []


def test_a_text_is_found_by_every_prefix_of_its_words_as_written_and_by_trigrams_where_wanted() -> None:
    terms = list(string_terms("p", "Đỗ An", trigrams=True))
    plain = list(string_terms("p", "Đỗ An", trigrams=False))
    ends = [term.split("\x1f")[1:] for term in terms]
    assert ends[0] == ["e", "Đỗ An"]
    assert [end[1] for end in ends if end[0] == "p"] == ["d", "do", "a", "an"]
    assert sorted(end[1] for end in ends if end[0] == "g") == [" an", "do ", "o a"]
    assert [term for term in terms if "\x1fg\x1f" not in term] == plain


def test_no_trigram_of_a_long_text_is_left_out() -> None:
    text = "".join(chr(97 + n % 26) + chr(97 + n // 26 % 26) for n in range(2000))
    assert set(trigrams_of(text)) == {text[at : at + 3] for at in range(len(text) - 2)}
