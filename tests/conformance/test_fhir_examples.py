"""Every example resource of HL7's R4 package goes from JSON to XML and back equal, to the digit."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from benhan.fhir.resource import parse_resource, to_bytes
from benhan.fhir.summary import Part, part_of_answer
from benhan.fhir.validation import check_structure
from benhan.fhir.xml_format import parse_xml, to_xml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("BENHAN_FHIR_EXAMPLES") or ROOT / "node_modules/hl7.fhir.r4.examples")
NOT_FHIR = {"SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json"}
"""Examples that break a rule themselves: the id of this one has 67 characters."""
SIZE_BYTES_MAX = 100_000_000


def examples() -> list[Path]:
    paths = sorted(FOLDER.glob("[A-Z]*.json"))
    if not paths:
        pytest.skip("HL7's examples are not here: tools/fetch_fhir_examples.sh brings them")
    return paths


@pytest.mark.slow
def test_every_example_of_the_package_is_equal_after_json_to_xml_to_json() -> None:
    paths = examples()
    assert len(paths) == 5305
    different = [path.name for path in paths if path.name not in NOT_FHIR and not _comes_back(path.read_bytes())]
    assert different == []


@pytest.mark.slow
def test_every_part_of_a_valid_example_is_valid() -> None:
    parts = [Part("true"), Part("text"), Part("data"), Part(elements=("meta",))]
    wrong = []
    for path in examples():
        data = path.read_bytes()
        if len(data) < 300_000 and not check_structure(json.loads(data)):
            wrong += [path.name for part in parts if check_structure(json.loads(part_of_answer(data, part)))]
    assert wrong == []


def _comes_back(data: bytes) -> bool:
    compact = to_bytes(parse_resource(data, size_bytes_max=SIZE_BYTES_MAX).body)
    return _digits(to_bytes(parse_xml(to_xml(compact), size_bytes_max=SIZE_BYTES_MAX).body)) == _digits(data)


def _digits(data: bytes) -> Any:
    """JSON with its numbers as they are written, marked so that they differ from text."""
    return json.loads(data, parse_float=lambda text: ("number", text), parse_int=lambda text: ("number", text))
