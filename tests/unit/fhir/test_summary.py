"""Parts of resources: what stays is what the definitions mark, what is mandatory, and what changes the meaning."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from benhan.fhir.definitions import resource_types
from benhan.fhir.summary import SUBSETTED, Part, parse_part, part_of_answer
from benhan.kernel.faults import Fault

MARKED = {"tag": [SUBSETTED]}
NARRATIVE = {"status": "generated", "div": "<div/>"}
MODIFIER = [{"url": "urn:m", "valueBoolean": True}]
PATIENT = {
    "resourceType": "Patient",
    "id": "a",
    "language": "vi",
    "text": NARRATIVE,
    "extension": [{"url": "urn:e", "valueBoolean": True}],
    "modifierExtension": MODIFIER,
    "name": [{"family": "f", "extension": [{"url": "urn:e", "valueCode": "c"}]}, {"extension": [{"url": "urn:only"}]}],
    "birthDate": "1990",
    "_birthDate": {"extension": [{"url": "urn:time", "valueDateTime": "1990-01-01"}]},
    "contact": [{"gender": "male"}],
    "photo": [{"data": "AA=="}],
}


def part(of: dict[str, Any], **asked: Any) -> Any:
    return orjson.loads(part_of_answer(orjson.dumps(of), Part(**asked)))


def test_true_keeps_what_the_definitions_mark_down_to_the_data_types() -> None:
    assert part(PATIENT, summary="true") == {
        "resourceType": "Patient",
        "id": "a",
        "meta": MARKED,
        "modifierExtension": MODIFIER,
        "name": [{"family": "f"}, {"extension": [{"url": "urn:only"}]}],
        "birthDate": "1990",
        "_birthDate": PATIENT["_birthDate"],
    }


def test_true_keeps_choices_and_what_is_mandatory_inside() -> None:
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "valueQuantity": {"value": 1, "extension": []},
        "note": [{"text": "n"}],
        "component": [{"code": {"text": "y"}, "valueString": "v", "interpretation": [{"text": "i"}]}],
        "referenceRange": [{"text": "1-2"}],
    }
    kept = part(observation, summary="true")
    assert list(kept) == ["resourceType", "meta", "status", "code", "valueQuantity", "component"]
    assert kept["valueQuantity"] == {"value": 1}
    assert kept["component"] == [{"code": {"text": "y"}, "valueString": "v"}]


def test_text_keeps_the_narrative_and_the_mandatory_and_data_leaves_the_narrative_out() -> None:
    observation = {
        "resourceType": "Observation",
        "id": "o",
        "text": NARRATIVE,
        "status": "final",
        "code": {"text": "x"},
        "issued": "2026-01-01T00:00:00Z",
    }
    assert list(part(observation, summary="text")) == ["resourceType", "id", "meta", "text", "status", "code"]
    assert list(part(observation, summary="data")) == ["resourceType", "id", "meta", "status", "code", "issued"]
    assert set(PATIENT) - set(part(PATIENT, summary="data")) == {"text"}


@pytest.mark.parametrize(
    ("elements", "more"),
    [
        (("birthDate",), {"birthDate", "_birthDate"}),
        (("Patient.birthDate", "Observation.value"), {"birthDate", "_birthDate"}),
        (("contact", "photo"), {"contact", "photo"}),
        (("Observation.value",), set()),
    ],
)
def test_elements_keep_what_is_named_and_what_must_be_there(elements: tuple[str, ...], more: set[str]) -> None:
    assert set(part(PATIENT, elements=elements)) == {"resourceType", "id", "meta", "modifierExtension"} | more


def test_a_choice_is_named_by_its_stem_or_by_one_of_its_types() -> None:
    observation = {"resourceType": "Observation", "status": "final", "code": {}, "valueString": "v"}
    for name in ("value", "value[x]", "valueString"):
        assert part(observation, elements=(name,))["valueString"] == "v"
    assert "valueString" not in part(observation, elements=("valueQuantity",))


def test_what_is_a_part_is_marked_once_beside_its_other_tags() -> None:
    tags = [{"code": "x"}, {**SUBSETTED, "display": "d"}]
    kept = part({**PATIENT, "meta": {"versionId": "3", "tag": tags}}, summary="data")
    assert kept["meta"] == {"versionId": "3", "tag": [{"code": "x"}, SUBSETTED]}


def test_decimals_keep_their_digits() -> None:
    data = b'{"resourceType":"Observation","status":"final","code":{},"valueQuantity":{"value":6.30}}'
    for asked in (Part("true"), Part("data"), Part(elements=("value",))):
        assert b'"value":6.30' in part_of_answer(data, asked)


def bundle(**more: Any) -> dict[str, Any]:
    other = {"resourceType": "Practitioner", "id": "b", "text": NARRATIVE, "gender": "male"}
    outcome = {"resourceType": "OperationOutcome", "issue": []}
    entries = [(PATIENT, "match"), (other, "include"), (outcome, "outcome")]
    told = [{"resource": resource, "search": {"mode": mode}} for resource, mode in entries]
    return {"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [*told, {"fullUrl": "urn:x"}], **more}


def test_a_search_is_brought_to_the_part_entry_by_entry() -> None:
    patient, other, outcome, empty = part(bundle(), summary="data")["entry"]
    assert patient["resource"]["meta"] == other["resource"]["meta"] == MARKED
    assert "text" not in patient["resource"]
    assert "text" not in other["resource"]
    assert (outcome["resource"], empty) == (bundle()["entry"][2]["resource"], {"fullUrl": "urn:x"})
    patient, other, _, _ = part(bundle(), elements=("birthDate",))["entry"]
    assert "name" not in patient["resource"]
    assert other == bundle()["entry"][1]


def test_a_count_is_the_bundle_without_entries() -> None:
    links = [{"relation": "self", "url": "urn:s"}, {"relation": "next", "url": "urn:n"}]
    assert part(bundle(link=links), summary="count") == {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 1,
        "link": links[:1],
    }
    for other in (PATIENT, bundle(type="history"), bundle(id="stored")):
        with pytest.raises(Fault) as told:
            part(other, summary="count")
        assert told.value.code == "BA-2063"


def test_a_stored_bundle_is_a_resource_like_any_other() -> None:
    kept = part(bundle(id="stored", type="collection"), elements=("total",))
    assert kept == {"resourceType": "Bundle", "id": "stored", "meta": MARKED, "type": "collection", "total": 1}


def test_every_type_has_a_summary_that_holds_less_than_all() -> None:
    for type_ in resource_types():
        kept = part({"resourceType": type_, "id": "a", "language": "vi"}, summary="true")
        assert kept == {"resourceType": type_, "id": "a", "meta": MARKED}


@pytest.mark.parametrize(
    ("pairs", "asked"),
    [
        ([], None),
        ([("_summary", "false"), ("name", "x")], None),
        ([("_summary", "true")], Part("true")),
        ([("_summary", "data"), ("_summary", "data"), ("_include", "x")], Part("data")),
        ([("_elements", "name, birthDate"), ("_elements", "name")], Part(elements=("name", "birthDate"))),
        ([("_elements", "name"), ("_summary", "count")], Part("count")),
        ([("_elements", " ,")], None),
    ],
)
def test_what_is_asked(pairs: list[tuple[str, str]], asked: Part | None) -> None:
    assert parse_part(pairs, ["Patient"]) == asked


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([("_summary", "yes")], "BA-2060"),
        ([("_summary", "")], "BA-2060"),
        ([("_summary", "true"), ("_summary", "text")], "BA-2060"),
        ([("_summary", "text"), ("_revinclude:iterate", "x")], "BA-2061"),
        ([("_summary", "true"), ("_elements", "name")], "BA-2061"),
        ([("_elements", "name,nmae")], "BA-2062"),
        ([("_elements", "Nobody.name")], "BA-2062"),
        ([("_elements", "name.given")], "BA-2062"),
        ([("_elements", "name," * 300)], "BA-2062"),
    ],
)
def test_what_is_not_understood_is_refused(pairs: list[tuple[str, str]], code: str) -> None:
    for types in (["Patient"], []):
        with pytest.raises(Fault) as told:
            parse_part(pairs, types)
        assert told.value.code == code


def test_the_refusal_of_an_element_names_the_valid_ones() -> None:
    with pytest.raises(Fault) as told:
        parse_part([("_elements", "nmae")], ["Patient"])
    assert "birthDate" in told.value.issues[0].text.en
