"""Expressions held against their type: R4's own search parameters pass, mistakes are told with the name concerned."""

from __future__ import annotations

import orjson
import pytest

from benhan.fhir.definitions import table_lines
from benhan.fhir.fhirpath import check_path, compile_path
from benhan.kernel.faults import Fault

PARAMETERS = [orjson.loads(line) for line in table_lines("search_parameters.jsonl")]
MISTAKEN = {"http://hl7.org/fhir/SearchParameter/example-extension"}
"""R4's example tells the type DocumentReference in a parameter of Patient."""

GOOD = [
    ("Patient", "name.given.first()"),
    ("Patient", "Patient.name.where(use = 'official').given"),
    ("Observation", "value.as(Quantity).unit"),
    ("Observation", "(value as Quantity).code"),
    ("Observation", "value.ofType(CodeableConcept).coding.code"),
    ("Observation", "component.select(code | value).coding"),
    ("Observation", "contained.where(id = 'x').nope"),
    ("Observation", "subject.resolve().anything"),
    ("Questionnaire", "repeat(item).linkId"),
    ("Patient", "birthDate.extension('urn:x').value"),
    ("Patient", "iif(active, name, contact.name).family"),
    ("Patient", "name.combine(contact.name).family"),
    ("Patient", "%resource.nope | %context.name.family"),
    ("Patient", "name.given.select($this & 'x')"),
    ("Observation.component", "code.coding.exists(system = 'x')"),
    ("Patient", "descendants().nope"),
]
BAD = [
    ("Patient", "name.givn", "givn"),
    ("Patient", "Observation.code", "Observation"),
    ("Observation", "valueQuantity.unit", "valueQuantity"),
    ("Observation", "value.ofType(Period).unit", "unit"),
    ("Patient", "name.where(used = 'x')", "used"),
    ("Patient", "name.exists(given.firs.exists())", "firs"),
    ("Patient", "(name | contact).famly", "famly"),
    ("Patient", "'x'.name", "name"),
    ("Patient", "children().first()", "first"),
    ("Patient", "%context.nam", "nam"),
    ("Patient", "name[family].given", "family"),
]


@pytest.mark.parametrize("parameter", PARAMETERS, ids=[each["url"].rsplit("/", 1)[1] for each in PARAMETERS])
def test_search_parameters_of_r4_pass_on_each_of_their_types(parameter: dict[str, object]) -> None:
    bases = parameter["base"]
    assert isinstance(bases, list)
    issues = {base: check_path(compile_path(str(parameter["expression"])), base) for base in bases}
    clean = [base for base, found in issues.items() if not found]
    if parameter["url"] in MISTAKEN:
        assert clean == []
    elif len(bases) == 1:
        assert clean == bases
    else:  # one expression for several types is a union of what each has
        assert all("|" in str(parameter["expression"]) or found == [] for found in issues.values())


@pytest.mark.parametrize(("type_", "text"), GOOD)
def test_what_may_be_is_passed(type_: str, text: str) -> None:
    assert check_path(compile_path(text), type_) == []


@pytest.mark.parametrize(("type_", "text", "place"), BAD)
def test_what_cannot_be_is_told_with_its_name(type_: str, text: str, place: str) -> None:
    issues = check_path(compile_path(text), type_)
    assert place in [issue.place for issue in issues]


def test_an_order_that_is_not_there_is_a_warning() -> None:
    (issue,) = check_path(compile_path("children().skip(1)"), "Patient")
    assert not issue.is_error


def test_a_type_that_is_none_is_refused() -> None:
    with pytest.raises(Fault, match="BA-2006"):
        check_path(compile_path("name"), "Nope")
