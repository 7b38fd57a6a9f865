"""What a resource is found by: each type of parameter, the main date and quantity, the patient."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from benhan.fhir.content_words import plain_text
from benhan.fhir.indexing import index_resource, patient_of, values_at
from benhan.fhir.resource import resource_of
from benhan.fhir.search_parameters import parameters_of
from benhan.fhir.terms import (
    SOURCE_KEY,
    code_term,
    exact_term,
    prefix_term,
    reference_term,
    system_code_term,
    trigram_term,
    unit_key,
    uri_term,
)
from benhan.fhir.usual_systems import LOINC, USUAL_SYSTEMS
from benhan.fhir.validation import check_structure

Json = dict[str, Any]


def observation(**more: Any) -> Json:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **more}


def terms_of(resource: Json) -> set[str]:
    assert check_structure(resource) == []
    return set(index_resource(resource).terms)


def test_a_coded_value_is_found_by_its_code_with_and_without_its_system() -> None:
    coding = {"system": "urn:x", "code": "718-7"}
    terms = terms_of(observation(code={"coding": [coding, {"code": "HGB"}]}))
    assert {
        code_term("Observation.code", "718-7"),
        system_code_term("Observation.code", "urn:x", "718-7"),
        code_term("Observation.code", "HGB"),
        system_code_term("Observation.code", "", "HGB"),
    } <= terms


def test_a_code_of_the_usual_system_has_no_term_of_the_code_alone() -> None:
    terms = terms_of(observation(code={"coding": [{"system": LOINC, "code": "718-7"}]}))
    assert system_code_term("Observation.code", LOINC, "718-7") in terms
    assert code_term("Observation.code", "718-7") not in terms


@pytest.mark.parametrize("path", USUAL_SYSTEMS)
def test_an_element_with_usual_systems_is_one_that_is_searched(path: str) -> None:
    parameters = parameters_of(path.partition(".")[0]).values()
    assert path in {leaf.path for each in parameters if each.type == "token" for leaf in each.leaves}


def test_codes_booleans_and_phones_are_tokens() -> None:
    patient = {
        "resourceType": "Patient",
        "gender": "male",
        "active": False,
        "deceasedDateTime": "2026",
        "telecom": [{"system": "phone", "value": "0900"}],
    }
    assert {
        code_term("Patient.gender", "male"),
        code_term("Patient.active", "false"),
        code_term("Patient.telecom", "0900"),
    } <= terms_of(patient)
    deceased = parameters_of("Patient")["deceased"].paths
    assert any(code_term(path, "true") in terms_of(patient) for path in deceased)


def test_an_identifier_is_found_with_and_without_its_system_but_a_digest_of_ours_only_with_it() -> None:
    patient = {
        "resourceType": "Patient",
        "identifier": [
            {"system": "urn:x", "value": "1"},
            {"value": "2"},
            {"system": SOURCE_KEY, "value": "3"},
            {"system": "urn:y"},
        ],
    }
    terms = terms_of(patient)
    path = "Patient.identifier"
    assert {code_term(path, "1"), system_code_term(path, "urn:x", "1")} <= terms
    assert {code_term(path, "2"), system_code_term(path, "", "2")} <= terms
    assert system_code_term(path, SOURCE_KEY, "3") in terms
    assert code_term(path, "3") not in terms


def test_a_name_is_found_by_prefixes_of_its_folded_parts_by_trigrams_and_as_written() -> None:
    terms = terms_of(
        {"resourceType": "Patient", "name": [{"family": "Nguyễn", "given": ["Đức", "An"]}, {"text": "Bé"}]}
    )
    for term in (
        prefix_term("Patient.name.family", "nguy"),
        exact_term("Patient.name.family", "Nguyễn"),
        trigram_term("Patient.name.family", "guy"),
        prefix_term("Patient.name.given", "duc"),
        prefix_term("Patient.name.given", "an"),
        prefix_term("Patient.name.text", "be"),
    ):
        assert term in terms
    assert exact_term("Patient.name.family", "nguyen") not in terms


def test_references_are_found_without_their_version_and_by_their_identifier() -> None:
    terms = terms_of(
        observation(
            encounter={"reference": "Encounter/1/_history/3"},
            performer=[{"identifier": {"system": "urn:gphn", "value": "004512"}}],
        )
    )
    assert reference_term("Observation.encounter", "Encounter/1") in terms
    assert system_code_term("Observation.performer.identifier", "urn:gphn", "004512") in terms


def test_the_patient_whose_compartment_it_is_in_has_no_term_but_whatever_else_stands_there_has() -> None:
    for reference in ("Patient/1", "Patient/1/_history/3"):
        found = index_resource(observation(subject={"reference": reference}))
        assert found.patient == "Patient/1"
        assert not [term for term in found.terms if term.startswith("Observation.subject")]
    for reference in ("Group/1", "https://elsewhere/fhir/Patient/1"):
        found = index_resource(observation(subject={"reference": reference}))
        assert found.patient is None
        assert reference_term("Observation.subject", reference) in found.terms
    in_many = {"resourceType": "Account", "status": "active", "subject": [{"reference": "Patient/1"}]}
    assert reference_term("Account.subject", "Patient/1") in terms_of(in_many)


def test_uris_are_found_as_written() -> None:
    resource = {"resourceType": "ValueSet", "url": "http://x/A", "status": "draft"}
    assert uri_term("ValueSet.url", "http://x/A") in terms_of(resource)
    tagged = {"resourceType": "Patient", "meta": {"profile": ["urn:p"], "source": "urn:s", "tag": [{"code": "t"}]}}
    terms = terms_of(tagged)
    assert any(term.endswith("urn:p") for term in terms)
    assert any(term.endswith("urn:s") for term in terms)
    assert any(term.endswith("\x1ft") for term in terms)


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ({"effectiveDateTime": "2026-01-05T00:00:00Z"}, datetime(2026, 1, 5, tzinfo=UTC), 1),
        ({"effectiveInstant": "2026-01-05T00:00:00Z"}, datetime(2026, 1, 5, tzinfo=UTC), 1),
        ({"effectivePeriod": {"start": "2026-01-05T00:00:00Z", "end": "2026-01-05T00:00:09Z"}},
         datetime(2026, 1, 5, tzinfo=UTC), 10),
    ],
)  # fmt: skip
def test_the_main_date_is_a_range_whatever_its_type(value: Json, start: datetime, end: int) -> None:
    at = index_resource(observation(**value)).at
    assert at is not None
    assert at[0] == start
    assert (at[1] - at[0]).total_seconds() == end


def test_a_date_until_the_end_of_time_is_indexed() -> None:
    at = index_resource(observation(effectivePeriod={"start": "2026-01-05T00:00:00Z", "end": "9999-12-31"})).at
    assert at is not None
    assert at[1].year == 9999


def test_another_date_is_a_range_of_seconds_under_its_path() -> None:
    patient = {"resourceType": "Patient", "birthDate": "1990-01-02", "deceasedDateTime": "2026-01-05T00:00:00Z"}
    indexed = index_resource(patient)
    assert indexed.at is not None
    (found,) = [each for each in indexed.ranges if "deceased" in each.key]
    assert found.high - found.low == 1
    assert found.low == datetime(2026, 1, 5, tzinfo=UTC).timestamp()


def test_a_timing_with_a_gap_in_its_events_is_indexed_by_the_others() -> None:
    resource = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/1"},
        "occurrenceTiming": {
            "event": [None, "2026-01-05T00:00:00Z"],
            "_event": [{"extension": [{"url": "urn:x", "valueCode": "unknown"}]}, None],
        },
    }
    assert check_structure(resource) == []
    keys = [each.low for each in index_resource(resource).ranges]
    assert datetime(2026, 1, 5, tzinfo=UTC).timestamp() in keys


def test_the_main_quantity_is_in_its_canonical_unit() -> None:
    one = index_resource(observation(valueQuantity={"value": 5.5, "unit": "g/dl", "code": "g/dL"}))
    other = index_resource(observation(valueQuantity={"value": 55, "code": "g/L"}))
    assert one.quantity == other.quantity
    keys = [{term for term in each.terms if "\x1fq\x1f" in term} for each in (one, other)]
    assert keys[0] == keys[1] != set()


def test_a_further_quantity_and_a_number_are_ranges() -> None:
    parts = [{"code": {"text": "a"}, "valueQuantity": {"value": 120, "code": "mm[Hg]"}}]
    (found,) = [each for each in index_resource(observation(component=parts)).ranges if "component" in each.key]
    assert found.low == found.high
    assert found.key.startswith(unit_key("Observation.component.value", "")[:27])
    risk = {
        "resourceType": "RiskAssessment",
        "status": "final",
        "subject": {"reference": "Patient/1"},
        "prediction": [{"probabilityDecimal": 0.25}],
    }
    assert [each.low for each in index_resource(risk).ranges if "probability" in each.key] == [0.25]


def test_a_quantity_without_a_value_or_of_an_unknown_unit_does_no_harm() -> None:
    assert index_resource(observation(valueQuantity={"unit": "g/L"})).quantity is None
    assert index_resource(observation(valueQuantity={"value": 5, "unit": "con/vi trường"})).quantity == 5
    assert index_resource(observation(valueQuantity={"value": 5, "code": "Ym24"})).quantity == 5


@pytest.mark.parametrize(
    ("resource", "patient"),
    [
        (observation(subject={"reference": "Patient/1"}), "Patient/1"),
        (observation(subject={"reference": "Patient/1/_history/2"}), "Patient/1"),
        (observation(subject={"reference": "Group/1"}), None),
        (observation(subject={"identifier": {"value": "1"}}), None),
        (observation(), None),
        ({"resourceType": "Coverage", "beneficiary": {"reference": "Patient/2"}}, "Patient/2"),
        ({"resourceType": "Patient", "id": "1"}, None),
        ({"resourceType": "Organization"}, None),
    ],
)
def test_a_resource_is_in_the_compartment_of_its_patient(resource: Json, patient: str | None) -> None:
    assert patient_of(resource) == patient
    assert index_resource(resource).patient == patient


def test_extensions_of_primitives_alone_do_no_harm() -> None:
    resource = {
        "resourceType": "Patient",
        "_birthDate": {"extension": [{"url": "urn:x", "valueCode": "unknown"}]},
        "name": [{"given": [None], "_given": [{"id": "x"}]}],
        "address": [{"line": [None, "1 Phố"], "_line": [{"id": "x"}, None]}],
    }
    assert prefix_term("Patient.address.line", "pho") in terms_of(resource)
    assert index_resource(resource).at is None


def test_values_are_read_along_the_same_paths_as_they_are_indexed() -> None:
    parameter = parameters_of("Observation")["code"]
    resource = observation(code={"coding": [{"code": "a"}]})
    assert list(values_at(resource, parameter.leaves)) == [{"coding": [{"code": "a"}]}]


def test_the_index_of_a_resource_is_the_same_whatever_the_writing_of_its_numbers() -> None:
    one, other = (
        index_resource(resource_of(observation(valueQuantity={"value": value, "code": "g/L"})).plain)
        for value in (1, 1.0)
    )
    assert one == other


def test_a_narrative_of_marks_that_never_close_is_read_at_once() -> None:
    assert plain_text("<" * 1_000_000 + "b>word</b>") == "<" * 999_999 + " word "


def test_parts_of_names_and_addresses_are_given_once_although_several_parameters_look_at_them() -> None:
    person = {
        "resourceType": "Patient",
        "name": [{"family": "Nguyễn", "given": ["Văn", "Thử"]}],
        "address": [{"city": "Huế", "country": "VN"}],
    }
    terms = index_resource(person).terms
    assert len(terms) == len(set(terms))
    assert {exact_term("Patient.name.family", "Nguyễn"), prefix_term("Patient.address.city", "hue")} <= set(terms)
    assert trigram_term("Patient.name.given", "thu") in terms
