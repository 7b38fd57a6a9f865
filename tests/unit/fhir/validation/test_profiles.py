"""Profiles: a seeded fault for each kind of rule is found; broken definitions leave the validator whole."""

from __future__ import annotations

from typing import Any

import pytest

from benhan.fhir.definitions.structures import shipped_structure
from benhan.fhir.validation.scope import Options
from benhan.fhir.validation.validator import Validator
from benhan.fhir.validation.value_sets import Codes, shipped_codes

Json = dict[str, Any]
CORE = "http://hl7.org/fhir/StructureDefinition/"
URL = "http://vn.example/StructureDefinition/p"
LOINC = "http://loinc.org"


class Given:
    """R4's definitions and those of a test."""

    def __init__(self, *structures: Json, questionnaire: Json | None = None) -> None:
        self._structures = {each["url"]: each for each in structures}
        self._questionnaire = questionnaire

    def structure(self, url: str) -> Json | None:
        return self._structures.get(url) or shipped_structure(url)

    def codes(self, value_set: str) -> Codes | None:
        if value_set == "http://vn.example/vs":
            return Codes(frozenset({("urn:cs", "a")}))
        return shipped_codes(value_set)

    def questionnaire(self, _url: str) -> Json | None:
        return self._questionnaire

    def exists(self, reference: str) -> bool | None:
        return reference != "Patient/gone"


def profile(type_: str, *elements: Json, **more: Any) -> Json:
    return {
        "resourceType": "StructureDefinition", "url": URL, "kind": "resource", "type": type_,
        "baseDefinition": CORE + type_, "derivation": "constraint",
        "differential": {"element": [{"id": each["path"], **each} for each in elements]}, **more,
    }  # fmt: skip


def observation(**more: Any) -> Json:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **more}


def errors(definition: Json, resource: Json) -> list[tuple[str, str]]:
    issues = Validator(Given(definition), Options(invariants=False)).validate(resource, [URL])
    assert all(each.text.vi and each.text.en for each in issues)
    return [(each.kind, each.place) for each in issues if each.is_error]


CODED: Json = {"coding": [{"system": "urn:cs", "code": "b"}]}
SLICES: tuple[Json, ...] = (
    {"path": "Observation.component",
     "slicing": {"discriminator": [{"type": "value", "path": "code"}], "rules": "closed", "ordered": True}},
    {"id": "Observation.component:sys", "path": "Observation.component", "sliceName": "sys", "min": 1, "max": "1"},
    {"id": "Observation.component:sys.code", "path": "Observation.component.code",
     "patternCodeableConcept": {"coding": [{"system": LOINC, "code": "8480-6"}]}},
    {"id": "Observation.component:dia", "path": "Observation.component", "sliceName": "dia", "max": "1"},
    {"id": "Observation.component:dia.code", "path": "Observation.component.code",
     "patternCodeableConcept": {"coding": [{"system": LOINC, "code": "8462-4"}]}},
)  # fmt: skip


def component(code: str) -> Json:
    return {"code": {"coding": [{"system": LOINC, "code": code}]}}


SEEDED: list[tuple[str, Json, Json, Json, tuple[str, str]]] = [
    ("min", profile("Observation", {"path": "Observation.subject", "min": 1}),
     observation(subject={"display": "x"}), observation(), ("required", "Observation.subject")),
    ("max", profile("Observation", {"path": "Observation.note", "max": "0"}),
     observation(), observation(note=[{"text": "x"}]), ("structure", "Observation.note")),
    ("type", profile("Observation", {"path": "Observation.value[x]", "type": [{"code": "Quantity"}]}),
     observation(valueQuantity={"value": 1}), observation(valueString="x"), ("structure", "Observation.valueString")),
    ("fixed", profile("Observation", {"path": "Observation.status", "fixedCode": "final"}),
     observation(), observation(status="amended"), ("value", "Observation.status")),
    ("pattern", profile("Observation", {"path": "Observation.code", "patternCodeableConcept": {"text": "x"}}),
     observation(), observation(code={"text": "y"}), ("value", "Observation.code")),
    ("maxLength", profile("Patient", {"path": "Patient.name.family", "maxLength": 3}),
     {"resourceType": "Patient", "name": [{"family": "Ngô"}]},
     {"resourceType": "Patient", "name": [{"family": "Đặng"}]},
     ("value", "Patient.name[0].family")),
    ("binding", profile("Observation", {
        "path": "Observation.code", "binding": {"strength": "required", "valueSet": "http://vn.example/vs"}}),
     observation(code={"coding": [{"system": "urn:cs", "code": "a"}]}), observation(code=CODED),
     ("code-invalid", "Observation.code")),
    ("invariant", profile("Observation", {"path": "Observation", "constraint": [
        {"key": "vn-1", "severity": "error", "human": "h", "expression": "subject.exists()"}]}),
     observation(subject={"display": "x"}), observation(), ("invariant", "Observation")),
    ("target", profile("Observation", {"path": "Observation.subject", "type": [
        {"code": "Reference", "targetProfile": [CORE + "Patient"]}]}),
     observation(subject={"reference": "Patient/1"}), observation(subject={"reference": "Group/1"}),
     ("structure", "Observation.subject.reference")),
    ("slice count", profile("Observation", *SLICES),
     observation(component=[component("8480-6")]), observation(component=[component("8462-4")]),
     ("required", "Observation.component")),
    ("closed", profile("Observation", *SLICES),
     observation(component=[component("8480-6"), component("8462-4")]),
     observation(component=[component("8480-6"), component("other")]), ("structure", "Observation.component[1]")),
    ("ordered", profile("Observation", *SLICES), observation(component=[component("8480-6"), component("8462-4")]),
     observation(component=[component("8462-4"), component("8480-6")]), ("structure", "Observation.component[1]")),
    ("choice slice", profile("Observation", {"path": "Observation.valueQuantity", "min": 1}),
     observation(valueQuantity={"value": 1}), observation(), ("required", "Observation.value")),
    ("wrong type", profile("Observation"), observation(), {"resourceType": "Patient"}, ("structure", "Patient")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "definition", "good", "bad", "issue"), SEEDED, ids=[each[0] for each in SEEDED])
def test_each_kind_of_rule_lets_the_good_pass_and_finds_the_bad(
    name: str, definition: Json, good: Json, bad: Json, issue: tuple[str, str]
) -> None:
    assert errors(definition, good) == [], name
    assert issue in errors(definition, bad), name


@pytest.mark.parametrize(
    ("resource", "issue"),
    [
        ({"resourceType": "Patient", "contact": [{"gender": "male"}]}, ("invariant", "Patient.contact[0]")),
        ({"resourceType": "Patient", "contained": [{"resourceType": "Patient", "id": "a"}]},
         ("invariant", "Patient.contained[0]")),
        ({"resourceType": "Patient", "managingOrganization": {"reference": "#x"}},
         ("invariant", "Patient.managingOrganization")),
        ({"resourceType": "Patient", "extension": [{"url": CORE + "patient-birthTime", "valueString": "x"}]},
         ("structure", "Patient.extension[0].valueString")),
        ({"resourceType": "Patient", "name": [{"period": {"start": "2026", "end": "2025"}}]},
         ("invariant", "Patient.name[0].period")),
        ({"resourceType": "Patient", "name": [{"id": "x"}]}, ("invariant", "Patient.name[0]")),
        (observation(subject={"reference": "Medication/1"}), ("structure", "Observation.subject.reference")),
        ({"resourceType": "Bundle", "type": "document", "entry": [{"resource": {"resourceType": "Patient"}}]},
         ("required", "Bundle.entry[0]")),
        ({"resourceType": "Questionnaire", "status": "draft", "item": [
            {"linkId": "1", "type": "string"}, {"linkId": "1", "type": "string"}]},
         ("invariant", "Questionnaire.item[1].linkId")),
    ],
)  # fmt: skip
def test_the_rules_of_r4_itself_are_held(resource: Json, issue: tuple[str, str]) -> None:
    issues = Validator().validate(resource)
    assert issue in [(each.kind, each.place) for each in issues if each.is_error]


def answers(questionnaire: Json, *items: Json, status: str = "completed") -> list[tuple[str, str]]:
    response = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": "http://q",
        "status": status,
        "item": [*items],
    }
    if not items:
        del response["item"]
    issues = Validator(Given(questionnaire=questionnaire)).validate(response)
    return [(each.kind, each.place.removeprefix("QuestionnaireResponse.")) for each in issues if each.is_error]


def test_answers_are_held_against_their_questionnaire() -> None:
    asked: Json = {"resourceType": "Questionnaire", "status": "active", "item": [
        {"linkId": "1", "type": "integer", "required": True},
        {"linkId": "2", "type": "choice", "answerOption": [{"valueCoding": {"system": "urn:cs", "code": "a"}}],
         "enableWhen": [{"question": "1", "operator": ">", "answerInteger": 5}]},
    ]}  # fmt: skip
    number, choice = {"linkId": "1", "answer": [{"valueInteger": 7}]}, {"system": "urn:cs", "code": "a"}
    assert answers(asked, number, {"linkId": "2", "answer": [{"valueCoding": choice}]}) == []
    assert answers(asked) == [("required", "item")]
    assert answers(asked, status="in-progress") == []
    assert answers(asked, {"linkId": "1", "answer": [{"valueString": "x"}]}) == [("value", "item[0].answer[0]")]
    assert answers(asked, number, {"linkId": "3"}) == [("not-found", "item[1].linkId")]
    other = {"linkId": "2", "answer": [{"valueCoding": {"system": "urn:cs", "code": "z"}}]}
    assert answers(asked, number, other) == [("code-invalid", "item[1].answer[0]")]
    few = {"linkId": "1", "answer": [{"valueInteger": 1}]}
    assert ("business-rule", "item[1]") in answers(asked, few, {"linkId": "2", "answer": [{"valueCoding": choice}]})


def test_a_missing_target_is_told_where_that_is_asked() -> None:
    resource = observation(subject={"reference": "Patient/gone"})
    found = Validator(Given(), Options(references=True)).validate(resource)
    assert ("not-found", "Observation.subject.reference") in [(each.kind, each.place) for each in found]
    assert not [each for each in Validator(Given()).validate(resource) if each.kind == "not-found"]


BROKEN: list[Json] = [
    profile("Observation", baseDefinition=URL),
    profile("Observation", baseDefinition="http://nowhere"),
    profile("Observation", {"path": "Observation.nothing.there"}),
    profile("Observation", differential={"element": [{"path": 7}]}),
    profile("Observation", snapshot={"element": ["x"]}),
    {"url": URL, "type": "Observation"},
]


@pytest.mark.parametrize("definition", BROKEN)
def test_a_definition_that_cannot_be_used_is_said_so(definition: Json) -> None:
    assert ("processing", "Observation") in errors(definition, observation())


def test_a_profile_that_asks_for_itself_ends() -> None:
    element = {"path": "Observation.contained", "type": [{"code": "Resource", "profile": [URL]}]}
    inner = observation(id="a")
    assert errors(profile("Observation", element), observation(contained=[inner])) == []


def test_a_regular_expression_bomb_in_a_profile_ends() -> None:
    rule = {"key": "vn-1", "severity": "error", "human": "h", "expression": "code.text.matches('^(a+)+$')"}
    definition = profile("Observation", {"path": "Observation", "constraint": [rule]})
    assert errors(definition, observation(code={"text": "a" * 5_000 + "!"})) in ([("invariant", "Observation")], [])


def test_work_is_bounded_and_its_end_is_told() -> None:
    many = observation(component=[{"code": {"text": "x"}}] * 100)
    assert [each.kind for each in Validator().validate(many, steps_max=50)][-1] == "too-costly"


def test_a_contained_resource_is_referred_to_from_outside_of_itself_or_refers_to_what_holds_it() -> None:
    listed: list[Json] = [
        {"resourceType": "Practitioner", "id": "named"},
        {"resourceType": "Patient", "id": "names", "generalPractitioner": [{"reference": "#named"}]},
        {"resourceType": "Patient", "id": "itself", "link": [{"type": "seealso", "other": {"reference": "#itself"}}]},
        {
            "resourceType": "Observation",
            "id": "up",
            "status": "final",
            "code": {"text": "x"},
            "focus": [{"reference": "#"}],
        },
        {"resourceType": "Organization", "id": "held", "name": "A"},
    ]
    resource = observation(contained=listed, performer=[{"reference": "#held"}])
    issues = Validator(Given(), Options()).validate(resource, [])
    found = [each.place for each in issues if "dom-3" in each.text.en]
    assert found == ["Observation.contained[1]", "Observation.contained[2]"]


def test_thousands_of_contained_resources_are_held_against_each_other_at_once() -> None:
    listed = [{"resourceType": "Basic", "id": f"b{number}", "code": {"text": "x"}} for number in range(20_000)]
    issues = Validator(Given(), Options()).validate(observation(contained=listed), [])
    assert issues


def test_an_id_is_of_the_system_type_that_published_snapshots_write() -> None:
    system = [{"code": "http://hl7.org/fhirpath/System.String"}]
    elements = [
        {"id": each, "path": each, "min": 0, "max": "1", "type": system} for each in ("Patient.id", "Patient.gender.id")
    ]
    definition = profile("Patient", snapshot={"element": [{"id": "Patient", "path": "Patient"}, *elements]})
    assert errors(definition, {"resourceType": "Patient", "id": "a", "gender": "male"}) == []


def test_a_profile_of_questionnaires_asks_que_7_as_it_is_meant() -> None:
    item = {"linkId": "1", "type": "string", "enableWhen": [{"question": "0", "operator": "exists"}]}
    asked: Json = {
        "resourceType": "Questionnaire",
        "status": "draft",
        "item": [{"linkId": "0", "type": "string"}, item],
    }
    definition = profile("Questionnaire", {"path": "Questionnaire.item.enableWhen", "short": "when"})
    for answer, wrong in (
        ({"answerBoolean": True}, []),
        ({"answerString": "x"}, ["Questionnaire.item[1].enableWhen[0]"]),
    ):
        item["enableWhen"] = [{"question": "0", "operator": "exists", **answer}]
        issues = Validator(Given(definition)).validate(asked, [URL])
        assert [each.place for each in issues if each.is_error] == wrong
