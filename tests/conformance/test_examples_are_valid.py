"""HL7's own examples of R4 are valid, but for the errata listed here one by one; what is listed is found.

Each erratum was read in its file and in the definition that it breaks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from tests.conformance.test_fhir_examples import NOT_FHIR, examples

from benhan.fhir.resource import parse_resource
from benhan.fhir.validation.validator import Validator
from benhan.kernel.issues import Issue

Json = dict[str, Any]

BYTES_MAX = 3_000_000
"""Larger files are Bundles of definitions that are tried one by one."""


class Found(NamedTuple):
    """Errors of one file at one place, indices left out, with the first words of what is said."""

    file: str
    place: str
    words: str


MISSING = "A required element is missing."
MIME = "No code is in the required value set http://hl7.org/fhir/ValueSet/mimetypes."
FULL_URL = "fullUrl does not agree with the id of the resource."
HTML = "The rule txt-1, txt-2 "
NO_BASE = [
    Found(f"SearchParameter-{type_.lower()}-extensions-{type_}-{name}.json", "SearchParameter.base", MISSING)
    for type_ in ("CodeSystem", "ValueSet")
    for name in ("author", "effective", "end", "keyword", "workflow")
]
ERRATA: dict[Found, int] = {
    # Parameters of a media type with a space and no quotation marks (RFC 2045 5.1: "DICOM WADO-RS" is no token).
    Found("Bundle-b0a5e4277-83c4-4adb-87e2-e3efe3369b6f.json", "Bundle.entry.resource.payloadMimeType", MIME): 6,
    # References to what the definition of the element does not name as a target.
    Found("DeviceMetric-example.json", "DeviceMetric.parent.reference", "May not refer to DeviceDefinition;"): 1,
    Found("DeviceUseStatement-example.json", "DeviceUseStatement.reasonReference.reference",
          "May not refer to Procedure;"): 1,
    Found("MedicationRequest-medrx0301.json", "MedicationRequest.dispenseRequest.performer.reference",
          "May not refer to Practitioner;"): 1,
    Found("Observation-clinical-gender.json", "Observation.performer.reference", "May not refer to Encounter;"): 1,
    # A fullUrl that ends with another id than the resource has: Patient/pat12 of pat2, Observation/lri-… of ….
    Found("Bundle-10bb101f-a121-4264-a920-67be9cb82c74.json", "Bundle.entry.fullUrl", FULL_URL): 1,
    Found("Bundle-3a0707d3-549e-4467-b8b8-5a2ab3800efe.json", "Bundle.entry.fullUrl", FULL_URL): 1,
    Found("Bundle-lri-example.json", "Bundle.entry.fullUrl", FULL_URL): 16,
    # Narratives of white space alone (txt-2).
    Found("ActivityDefinition-blood-tubes-supply.json", "ActivityDefinition.text.div", HTML): 1,
    Found("ActivityDefinition-heart-valve-replacement.json", "ActivityDefinition.text.div", HTML): 1,
    Found("EventDefinition-example.json", "EventDefinition.text.div", HTML): 1,
    Found("Questionnaire-zika-virus-exposure-assessment.json", "Questionnaire.text.div", HTML): 1,
    # Items without linkId, which is 1..1.
    Found("Questionnaire-qs1.json", "Questionnaire.item.item.linkId", MISSING): 1,
    Found("Questionnaire-qs1.json", "Questionnaire.item.item.item.linkId", MISSING): 20,
    Found("Questionnaire-qs1.json", "Questionnaire.item.item.item.item.linkId", MISSING): 11,
    # The package's own ImplementationGuide has neither name nor status, which are 1..1.
    Found("ImplementationGuide-fhir.json", "ImplementationGuide.name", MISSING): 1,
    Found("ImplementationGuide-fhir.json", "ImplementationGuide.status", MISSING): 1,
    # Codes that end with a no-break space, some of it encoded twice.
    Found("CodeSystem-v2-0550.json", "CodeSystem.concept.code", "The value is not of the form of code."): 4,
    # Logical models, not abstract, without a baseDefinition.
    Found("StructureDefinition-Definition.json", "StructureDefinition", "The rule sdf-4 "): 1,
    Found("StructureDefinition-Event.json", "StructureDefinition", "The rule sdf-4 "): 1,
    Found("StructureDefinition-FiveWs.json", "StructureDefinition", "The rule sdf-4 "): 1,
    Found("StructureDefinition-Request.json", "StructureDefinition", "The rule sdf-4 "): 1,
    # Search parameters of extensions, without the base that is 1..*.
    **dict.fromkeys(NO_BASE, 1),
}  # fmt: skip
"""What is wrong in the package, and how often in the file."""

CORE = "http://hl7.org/fhir/StructureDefinition/"
ELEMENTS = [
    f"{holder}.{view}.element"
    for holder in ("StructureDefinition", "Bundle.entry.resource")
    for view in ("snapshot", "differential")
]
MISPLACED: set[tuple[str, str]] = {
    # Its context is the code (ElementDefinition.type.code), and it stands at the type around the code.
    *((CORE + "structuredefinition-fhir-type", f"{each}.type.extension") for each in ELEMENTS),
    # Its context is ElementDefinition (and Questionnaire.item), and it stands at a type of it.
    *((CORE + "regex", f"{each}.type.extension") for each in ELEMENTS),
    # Its context is StructureDefinition, and it stands at elements of one and at other definitions.
    *((CORE + "structuredefinition-normative-version", f"{each}.extension") for each in ELEMENTS),
    *(
        (CORE + "structuredefinition-normative-version", f"{each}.extension")
        for each in ("ValueSet", "CodeSystem", "OperationDefinition")
    ),
    # Its context is ValueSet.compose.include.concept, and it stands at the concepts of a CodeSystem.
    (CORE + "valueset-concept-comments", "CodeSystem.concept.extension"),
}
"""Extensions of HL7's publishing that stand where their own context does not let them: url, place."""


@pytest.mark.slow
def test_every_example_is_valid_but_for_what_is_listed() -> None:
    validator = Validator()
    found, misplaced, tried = Counter[Found](), set[tuple[str, str]](), 0
    for path in examples():
        if path.name in NOT_FHIR or path.stat().st_size > BYTES_MAX:
            continue
        plain = parse_resource(path.read_bytes()).plain
        tried += 1
        for issue in validator.validate(plain):
            if issue.is_error and issue.text.en.startswith("This extension may not stand here;"):
                misplaced.add((_at(plain, issue.place)["url"], _without_indices(issue.place)))
            elif issue.is_error:
                found[_found(path.name, issue)] += 1
    assert tried > 5_000
    assert dict(found) == ERRATA
    assert misplaced == MISPLACED


def _found(file: str, issue: Issue) -> Found:
    """The error as it is listed; with all its words where it is not."""
    place, said = _without_indices(issue.place), issue.text.en
    listed = (each for each in ERRATA if each.file == file and each.place == place and said.startswith(each.words))
    return next(listed, Found(file, place, said))


def _without_indices(place: str) -> str:
    return re.sub(r"\[\d+\]", "", place)


def _at(plain: Json, place: str) -> Any:
    value: Any = plain
    for step in _steps(place):
        value = value[step]
    return value


def _steps(place: str) -> Iterator[str | int]:
    for step in re.findall(r"[^.\[\]]+", place)[1:]:
        yield int(step) if step.isdigit() else step
