"""A document of another hospital as lines a doctor reads."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from benhan.node.exchange.outside import Line, lines_of


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}


LABORATORY = [{"coding": [{"code": "laboratory"}]}]


def test_results_stand_by_kind_the_newest_first_with_value_and_unit() -> None:
    told = lines_of(
        bundle(
            {"resourceType": "Patient", "id": "a"},
            {"resourceType": "Observation", "category": LABORATORY, "code": {"text": "Kali"},
             "effectiveDateTime": "2026-11-21T08:00:00+07:00", "valueQuantity": {"value": 6.9, "unit": "mmol/L"}},
            {"resourceType": "Observation", "category": LABORATORY, "code": {"coding": [{"code": "1"}]},
             "effectiveDateTime": "2026-11-24", "valueCodeableConcept": {"text": "Âm tính"}},
            {"resourceType": "Condition", "code": {"coding": [{"code": "I10", "display": "Tăng huyết áp"}]}},
            {"resourceType": "AllergyIntolerance", "code": {"text": "Penicillin"}, "recordedDate": "2020"},
        )
    )  # fmt: skip
    assert list(told) == ["summary", "allergies", "laboratory"]
    assert told["laboratory"] == [
        Line("Observation", "1", "Âm tính", "2026-11-24"),
        Line("Observation", "Kali", "6,9 mmol/L", "2026-11-21"),
    ]
    assert told["summary"][0].name == "Tăng huyết áp"


def test_what_tells_nothing_by_itself_is_left_out() -> None:
    report = {"resourceType": "DiagnosticReport", "code": {"text": "CTM"}}
    assert lines_of(bundle({"resourceType": "Specimen"}, {"resourceType": "ServiceRequest"}, report)) == {}
    (lines,) = lines_of(bundle({**report, "conclusion": "Bình thường"})).values()
    assert lines[0].value == "Bình thường"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["code", "text", "coding", "display", "resourceType", "valueQuantity", "value", "period", "start", "type",
         "dosageInstruction", "category"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_no_document_of_a_stranger_makes_it_fail(resource: Any) -> None:
    told = {**resource, "resourceType": "Observation"} if isinstance(resource, dict) else resource
    lines_of({"entry": [{"resource": told}, resource]})
