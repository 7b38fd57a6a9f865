"""Structural validation: each fault of a resource is an Issue that names its place."""

from __future__ import annotations

from typing import Any

import pytest

from benhan.fhir.definitions import resource_types
from benhan.fhir.validation import check_structure
from benhan.fhir.validation.structure import ISSUES_MAX

Json = dict[str, Any]


def patient(**more: Any) -> Json:
    return {"resourceType": "Patient", **more}


def observation(**more: Any) -> Json:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **more}


def found(resource: Json) -> list[tuple[str, str]]:
    """(kind, place) of each issue."""
    issues = check_structure(resource)
    assert all(issue.is_error and issue.text.vi and issue.text.en and issue.clause for issue in issues)
    return [(issue.kind, issue.place) for issue in issues]


GOOD: list[Json] = [
    patient(),
    patient(active=False, deceasedBoolean=True, multipleBirthInteger=2),
    patient(_birthDate={"extension": [{"url": "urn:x", "valueCode": "unknown"}]}),
    patient(name=[{"given": ["A", None], "_given": [None, {"id": "x"}]}]),
    patient(contained=[{"resourceType": "Organization", "id": "o", "name": "BV"}]),
    patient(extension=[{"url": "urn:x", "extension": [{"url": "y", "valueDecimal": 1.5}]}]),
    observation(valueQuantity={"value": 6, "comparator": "<"}),
    observation(component=[{"code": {"text": "a"}, "valueString": "b"}]),
    {"resourceType": "Observation", "_status": {"id": "x"}, "code": {}},
]


@pytest.mark.parametrize("resource", GOOD[:-1])
def test_what_is_right_has_no_issue(resource: Json) -> None:
    assert found(resource) == []


@pytest.mark.parametrize("type_", [None, 7, "Nobody", "patient", "HumanName", ""])
def test_a_type_that_is_none_is_named(type_: Any) -> None:
    assert found({"resourceType": type_}) == [("structure", "resourceType")]


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        (patient(nmae=[]), "Patient.nmae"),
        (patient(name=[{"famly": "x"}]), "Patient.name[0].famly"),
        (patient(**{"a b <script>": 1}), "Patient.?"),
        (patient(_name={}), "Patient._name"),
        (patient(contained=[{"resourceType": "Organization", "nam": "x"}]), "Patient.contained[0].nam"),
        (patient(meta={"versionid": "1"}), "Patient.meta.versionid"),
        (patient(text={"status": "generated", "div": "<div/>", "x": 1}), "Patient.text.x"),
    ],
)
def test_an_unknown_element_is_named_and_a_made_up_name_is_not_repeated(resource: Json, place: str) -> None:
    assert ("structure", place) in found(resource)


@pytest.mark.parametrize(
    ("resource", "issue"),
    [
        ({"resourceType": "Observation", "code": {"text": "x"}}, ("required", "Observation.status")),
        ({"resourceType": "Observation", "status": "final"}, ("required", "Observation.code")),
        (observation(component=[{"valueString": "x"}]), ("required", "Observation.component[0].code")),
        (patient(link=[{"type": "refer"}]), ("required", "Patient.link[0].other")),
        (patient(name={"family": "x"}), ("structure", "Patient.name")),
        (patient(name=[["x"]]), ("structure", "Patient.name[0]")),
        (patient(name=["x"]), ("structure", "Patient.name[0]")),
        (patient(name=[]), ("structure", "Patient.name")),
        (patient(name=[{}]), ("structure", "Patient.name[0]")),
        (patient(name=[None]), ("structure", "Patient.name[0]")),
        (patient(name=None), ("structure", "Patient.name")),
        (patient(gender=["male"]), ("structure", "Patient.gender")),
        (patient(gender=None), ("structure", "Patient.gender")),
        (patient(maritalStatus=[{"text": "x"}]), ("structure", "Patient.maritalStatus")),
        (patient(contained=[{"id": "x"}]), ("structure", "Patient.contained[0].resourceType")),
        (patient(extension=[{"url": "urn:x"}]), ("invariant", "Patient.extension[0]")),
        (patient(extension=[{"valueString": "x"}]), ("required", "Patient.extension[0].url")),
        (
            patient(extension=[{"url": "u", "valueString": "x", "extension": [{"url": "y", "valueCode": "z"}]}]),
            ("invariant", "Patient.extension[0]"),
        ),
    ],
)
def test_cardinality_and_shape_are_held_at_their_place(resource: Json, issue: tuple[str, str]) -> None:
    assert issue in found(resource)


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("Boolean", [True, False], ["true", 0, 1]),
        ("Integer", [0, -1, 2**31 - 1], ["1", 1.5, 2**31, True]),
        ("PositiveInt", [1], [0, -1, "1"]),
        ("UnsignedInt", [0], [-1, 1.5]),
        ("Decimal", [0, 1.5, -2], ["1.5", True]),
        ("String", ["x", "Nguyễn", "a\nb", " x "], ["", "a\x00b", 7]),
        ("Uri", ["urn:x", "http://a/b"], ["", "a b", 7]),
        ("Code", ["a", "a b"], ["", " a", "a ", "a  b", "a\tb\t"]),
        ("Id", ["a", "A-1.b", "x" * 64], ["", "a/b", "x" * 65, "ă"]),
        ("Oid", ["urn:oid:1.2.840"], ["1.2.840", "urn:oid:3.1", "urn:oid:1.02"]),
        ("Uuid", ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"], ["c757873d-ec9a-4326-a141-556f43239520"]),
        ("Base64Binary", ["", "aGk=", "aG k="], ["a", "aGk", "!!!!"]),
        ("Date", ["2026", "2026-01", "2024-02-29"], ["26", "2026-1", "2026-02-30", "2025-02-29", "2026-13", "0000",
                                                    "2026-01-05T10:00:00Z", 2026]),
        ("DateTime", ["2026", "2026-01-05", "2026-01-05T10:00:00Z", "2026-01-05T10:00:00.123+07:00"],
         ["2026-01-05T10:00:00", "2026-01-05T10:00Z", "2026-01-05 10:00:00Z", "2026-01-05T24:00:00Z",
          "2026-01T10:00:00Z", "2026-01-05T10:00:00+15:00", "2026-02-30T10:00:00Z", "٢٠٢٦"]),
        ("Instant", ["2026-01-05T10:00:00Z", "2026-01-05T23:59:60Z"], ["2026-01-05", "2026-01-05T10:00:00"]),
        ("Time", ["10:00:00", "23:59:59.9"], ["10:00", "24:00:00", "10:00:00Z"]),
        ("Markdown", ["# x"], [""]),
    ],
)  # fmt: skip
def test_each_primitive_has_its_form(type_: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert found(patient(extension=[{"url": "urn:x", f"value{type_}": value}])) == [], value
    for value in bad:
        place = f"Patient.extension[0].value{type_}"
        assert found(patient(extension=[{"url": "urn:x", f"value{type_}": value}])) == [("value", place)], value


def test_only_one_of_the_types_of_a_choice_may_be_there() -> None:
    assert found(patient(deceasedBoolean=True, deceasedDateTime="2026")) == [("structure", "Patient.deceasedBoolean")]
    assert found(observation(valueString="x", _valueString={"id": "a"})) == []
    assert found(observation(valueString="x", _valueInteger={"id": "a"})) == [("structure", "Observation.valueInteger")]


def test_a_choice_takes_only_its_own_types() -> None:
    assert found(patient(deceasedString="x")) == [("structure", "Patient.deceasedString")]
    assert found(patient(deceased=True)) == [("structure", "Patient.deceased")]


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        (patient(gender="Male"), "Patient.gender"),
        (observation(status="done"), "Observation.status"),
        (patient(name=[{"use": "main"}]), "Patient.name[0].use"),
        (patient(telecom=[{"system": "zalo", "value": "1"}]), "Patient.telecom[0].system"),
        (observation(valueQuantity={"value": 1, "comparator": "="}), "Observation.valueQuantity.comparator"),
        (patient(text={"status": "x", "div": "<div/>"}), "Patient.text.status"),
    ],
)
def test_a_code_outside_of_its_required_value_set_is_named(resource: Json, place: str) -> None:
    assert found(resource) == [("code-invalid", place)]


def test_all_faults_are_told_at_once_up_to_the_limit() -> None:
    assert len(found(patient(gender="x", birthDate="y", nmae=1))) == 3
    assert len(found(patient(name=[{"x": 1}] * (ISSUES_MAX * 2)))) == ISSUES_MAX


def test_no_issue_repeats_a_value() -> None:
    issues = check_structure(patient(gender="Bí mật", birthDate="Bí mật", Bí_mật="Bí mật", name="Bí mật"))
    assert "mật" not in repr(issues)


@pytest.mark.parametrize("type_", sorted(resource_types()))
def test_every_resource_type_can_be_checked(type_: str) -> None:
    unknown = [place for kind, place in found({"resourceType": type_, "zzz": 1}) if kind == "structure"]
    assert unknown == [f"{type_}.zzz"]


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"name": [{"id": "n", "_id": {"id": "x"}}]}, "Patient.name[0]._id"),
        ({"extension": [{"url": "u", "_url": {"id": "x"}, "valueCode": "c"}]}, "Patient.extension[0]._url"),
        ({"text": {"status": "empty", "div": "<div/>", "_div": {"id": "x"}}}, "Patient.text._div"),
    ],
)
def test_what_is_a_bare_string_has_no_extensions(more: Json, place: str) -> None:
    assert found(patient(**more)) == [("structure", place)]
