"""Lists of codes from CSV: what each column becomes, and the line of what is wrong."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.fhir.terminology.concepts import Concept, Designation, Property
from benhan.fhir.terminology.lists import read_list
from benhan.kernel.faults import Incorrect

ICD = '''\ufeffcode;display;display:en;parent;inactive;chương
A00;Bệnh tả;Cholera;;;I
A00.0;"Bệnh tả do ""V. cholerae""";;A00;;I

A99;Cũ;;A00 | A00.0;x;
'''


def test_each_column_becomes_what_it_is_named() -> None:
    assert read_list(ICD.splitlines(keepends=True)) == [
        Concept(
            "A00",
            "Bệnh tả",
            designations=(Designation("en", "Cholera"),),
            properties=(Property("chương", "valueString", "I"),),
        ),
        Concept(
            "A00.0",
            'Bệnh tả do "V. cholerae"',
            properties=(Property("chương", "valueString", "I"),),
            parents=("A00",),
        ),
        Concept("A99", "Cũ", parents=("A00", "A00.0"), is_inactive=True),
    ]


def test_columns_of_other_names_are_named_by_the_caller() -> None:
    found = read_list(["MA_BENH\tTEN_BENH\n", "A00\tBệnh tả\n"], {"code": "MA_BENH", "display": "TEN_BENH"})
    assert found == [Concept("A00", "Bệnh tả")]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("ten,display\nA,B\n", 1),
        ("code,code\nA,B\n", 1),
        ("code,display\nA,B\nA,C\n", 3),
        ("code,display\nA,B\n,C\n", 3),
        ("code,display\nA,B,C\n", 2),
        ("code,parent\nA,Z\n", 2),
        ('code,display\nA,"B\n', 2),
        ("code,display\nA ,B\n\nA\x00,B\n", 4),
    ],
)
def test_the_line_of_a_mistake_is_told(text: str, line: int) -> None:
    with pytest.raises(Incorrect, match=f"BA-2264: The list is wrong at line {line}:"):
        read_list(text.splitlines(keepends=True))


@given(st.text(st.sampled_from(list('code,display;\t"\n\x00aA1|đ ')), max_size=80))
def test_any_text_is_a_list_or_a_fault(text: str) -> None:
    found: list[Concept] = []
    with contextlib.suppress(Incorrect):
        found = read_list(f"code,display\n{text}".splitlines(keepends=True))
    assert len({each.code for each in found}) == len(found)
