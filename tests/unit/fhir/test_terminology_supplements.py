"""Supplements of a code system: what they add, and that they change nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.fhir.terminology import supplements
from benhan.fhir.terminology.concepts import Concept, Designation, has_words
from benhan.fhir.terminology.supplements import Supplements, supplements_of
from benhan.kernel.faults import Incorrect

Json = dict[str, Any]
URL = "http://x.example/he-ma"
CODES = st.sampled_from(["A", "B", "C"])
TEXTS = st.sampled_from(["Viêm phổi", "viêm", "Phế quản", "x", "đau bụng"])


def supplement(concepts: list[tuple[str, str]], **more: Any) -> Json:
    listed = [{"code": code, "designation": [{"language": "vi", "value": text}]} for code, text in concepts]
    return {
        "resourceType": "CodeSystem", "url": f"{URL}/s", "status": "active", "content": "supplement",
        "supplements": URL, "concept": listed, **more,
    }  # fmt: skip


@given(st.lists(st.lists(st.tuples(CODES, TEXTS), max_size=4), max_size=3), CODES, TEXTS)
def test_what_is_added_is_found_by_its_words_and_nothing_else_changes(
    told: list[list[tuple[str, str]]], code: str, own: str
) -> None:
    added = Supplements(supplement(each) for each in told)
    before = Concept(code, own, "định nghĩa", parents=("Z",), is_inactive=True)
    after = added.onto(before)
    firsts = [dict(reversed(each)).get(code) for each in told]  # a code that stands twice keeps its first words
    expected = [text for text in dict.fromkeys(firsts) if text is not None]
    assert {each.value for each in after.designations} == set(expected)
    assert (after.code, after.display, after.definition) == (before.code, before.display, before.definition)
    assert (after.parents, after.is_inactive, after.is_abstract) == (("Z",), True, False)
    for prefix in ("v", "viem", "ph", "d", "q", "zz"):
        is_found = any(has_words(Concept("-", each.value), [prefix]) for each in after.designations)
        assert (code in added.codes_with(prefix)) is is_found
        assert has_words(after, [prefix]) is (is_found or has_words(before, [prefix]))


def test_a_display_is_a_designation_in_the_language_of_the_supplement() -> None:
    added = Supplements([supplement([], language="vi", concept=[{"code": "A", "display": "Bệnh"}])])
    assert added.onto(Concept("A", "Disease")).designations == (Designation("vi", "Bệnh"),)
    assert added.onto(Concept("A", "Disease")).shown_in("vi-VN") == "Bệnh"


@pytest.mark.parametrize(
    ("more", "is_one"),
    [
        ({}, True), ({"supplements": f"{URL}|2"}, True), ({"supplements": f"{URL}|3"}, False),
        ({"supplements": "http://other.example"}, False), ({"status": "retired"}, False),
        ({"content": "complete"}, False), ({"supplements": None}, False),
    ],
)  # fmt: skip
def test_only_active_supplements_of_the_version_count(more: Json, *, is_one: bool) -> None:
    assert bool(supplements_of([supplement([], **more)], URL, "2")) is is_one


def test_supplements_that_are_too_large_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supplements, "SUPPLEMENTED_MAX", 2)
    with pytest.raises(Incorrect, match="BA-2265"):
        Supplements([supplement([("A", "x"), ("B", "x"), ("C", "x")])])
