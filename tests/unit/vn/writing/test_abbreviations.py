"""Abbreviations are told where only the facility's own list allows them, and all of them where patients read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benhan.kernel.faults import Incorrect
from benhan.vn.forms.catalogue import named_forms
from benhan.vn.writing.abbreviations import TOLD_MAX, Short, read_abbreviations, usual_abbreviations

TREATMENT_SHEET, DISCHARGE = "36/BV-02", "02/TT25"


def shorts(text: str, form: str = TREATMENT_SHEET) -> list[tuple[str, str]]:
    return [(each.short, each.meaning) for each in usual_abbreviations().found_in(text, form) if not each.is_allowed]


def test_what_a_short_word_in_capitals_means_is_told_once() -> None:
    assert shorts("BN nam, THA độ II, HA 120/80, BN tỉnh") == [
        ("BN", "người bệnh"), ("THA", "tăng huyết áp"), ("HA", "huyết áp"),
    ]  # fmt: skip
    assert shorts("Nghi QRSX, theo dõi") == [("QRSX", "")]


@pytest.mark.parametrize("text", ["Độ IV, HIV âm tính", "pH 7,4; PaO2 88", "VIÊM PHỔI NẶNG", "T1 T2 đều rõ", "mmHg"])
def test_numerals_names_units_and_words_all_in_capitals_are_none(text: str) -> None:
    assert shorts(text) == []


def test_the_hospitals_own_list_allows_but_not_on_papers_that_patients_take(tmp_path: Path) -> None:
    own = tmp_path / "viet-tat.toml"
    own.write_text('[allowed]\nNB = "người bệnh"\n"ĐD" = "điều dưỡng"\n', encoding="utf-8")
    known = read_abbreviations(own)
    assert known.found_in("NB tỉnh", TREATMENT_SHEET) == [Short("NB", "người bệnh", is_allowed=True)]
    assert known.found_in("NB tỉnh", DISCHARGE) == [Short("NB", "người bệnh", is_allowed=False)]
    assert known.found_in("THA", TREATMENT_SHEET)[0].meaning == "tăng huyết áp"


@pytest.mark.parametrize("content", ["[allowed", "[allowed]\nNB = 1\n", "[strange]\nNB = 'x'\n"])
def test_a_list_that_cannot_be_read_stops_the_start_and_says_why(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.toml").write_text(content, encoding="utf-8")
    with pytest.raises(Incorrect, match="BA-5450"):
        read_abbreviations(tmp_path / "x.toml")


def test_the_papers_that_patients_take_are_forms_that_there_are() -> None:
    assert usual_abbreviations().given_to_patient <= {each.number for each in named_forms()}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_has_few_abbreviations_and_each_stands_in_it(text: str) -> None:
    found = usual_abbreviations().found_in(text)
    assert len(found) <= TOLD_MAX
    assert all(each.short in text for each in found)
