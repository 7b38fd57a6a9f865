"""The International Patient Summary 2.0.0, loaded as a package: its examples and a summary of ours, right and broken.

Needs the file of `npm pack hl7.fhir.uv.ips@2.0.0`: brought by tools/fetch_ips.sh, or named by BENHAN_IPS_PACKAGE.
"""

from __future__ import annotations

import copy
import os
import tarfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benhan.fhir.packages import read_package
from benhan.fhir.resource import parse_resource
from benhan.kernel.issues import Issue
from benhan.store.conformance import Conformance
from benhan.store.store import Store

Json = dict[str, Any]
OpenStore = Callable[[], Awaitable[Store]]

IPS = "http://hl7.org/fhir/uv/ips/StructureDefinition/"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
ROOT = Path(__file__).resolve().parents[2]
FILE = Path(os.environ.get("BENHAN_IPS_PACKAGE") or ROOT / ".tools/packages/hl7.fhir.uv.ips-2.0.0.tgz")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FILE.is_file(), reason="IPS 2.0.0 is not here: tools/fetch_ips.sh brings it"),
]


@pytest.fixture
async def store(open_store: OpenStore) -> Store:
    """A store with the package."""
    store = await open_store()
    package = read_package(FILE)
    assert (package.name, package.version) == ("hl7.fhir.uv.ips", "2.0.0")
    await Conformance(store.database, store.clock).load(package)
    return store


def examples() -> Iterator[tuple[str, bytes]]:
    with tarfile.open(FILE) as package:
        for each in package:
            content = package.extractfile(each) if each.name.startswith("package/example/") else None
            if content is not None and each.name.endswith(".json") and "/." not in each.name:
                yield Path(each.name).name, content.read()


def concept(system: str, code: str, text: str) -> Json:
    return {"coding": [{"system": system, "code": code}], "text": text}


def narrative(words: str) -> Json:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{words}</div>'}


def urn(number: int) -> str:
    return f"urn:uuid:5b3a1f0e-0000-4000-8000-{number:012}"


def section(code: str, title: str, number: int) -> Json:
    code_ = {"coding": [{"system": LOINC, "code": code}]}
    return {"title": title, "code": code_, "text": narrative(title), "entry": [{"reference": urn(number)}]}


def summary() -> Json:
    """A small summary of a patient who does not exist."""
    patient = {"reference": urn(2)}
    resources: list[Json] = [
        {"resourceType": "Composition", "status": "final", "type": concept(LOINC, "60591-5", "IPS"), "subject": patient,
         "date": "2026-01-05T10:00:00+07:00", "author": [{"reference": urn(3)}], "title": "Tóm tắt bệnh án",
         "section": [section("11450-4", "Vấn đề", 4), section("48765-2", "Dị ứng", 5),
                     section("10160-0", "Thuốc", 6)]},
        {"resourceType": "Patient", "name": [{"text": "NGUYỄN VĂN THỬ"}], "gender": "male", "birthDate": "1970-01-01"},
        {"resourceType": "Practitioner", "name": [{"text": "BS THỬ"}]},
        {"resourceType": "Condition", "subject": patient, "code": concept(SNOMED, "38341003", "Tăng huyết áp"),
         "clinicalStatus": concept(TERMINOLOGY + "condition-clinical", "active", "Đang mắc")},
        {"resourceType": "AllergyIntolerance", "patient": patient, "code": concept(SNOMED, "91936005", "Penicillin"),
         "clinicalStatus": concept(TERMINOLOGY + "allergyintolerance-clinical", "active", "Đang có")},
        {"resourceType": "MedicationStatement", "subject": patient, "status": "active",
         "medicationCodeableConcept": concept("http://www.whocc.no/atc", "C08CA01", "Amlodipine"),
         "effectivePeriod": {"start": "2025-06"}},
    ]  # fmt: skip
    for each in resources[3:] + resources[:2]:
        each["meta"] = {"profile": [IPS + f"{each['resourceType']}-uv-ips"]}
    return {
        "resourceType": "Bundle", "type": "document", "timestamp": "2026-01-05T10:00:00+07:00",
        "meta": {"profile": [IPS + "Bundle-uv-ips"]}, "identifier": {"system": "urn:ietf:rfc:3986", "value": urn(99)},
        "entry": [{"fullUrl": urn(number), "resource": each} for number, each in enumerate(resources, 1)],
    }  # fmt: skip


def errors(issues: list[Issue]) -> list[tuple[str, str]]:
    return [(each.place, each.text.en) for each in issues if each.is_error]


def _without_birth(plain: Json) -> None:
    del plain["entry"][1]["resource"]["birthDate"]


def _without_allergies(plain: Json) -> None:
    del plain["entry"][0]["resource"]["section"][1]


def _with_an_empty_section(plain: Json) -> None:
    del plain["entry"][0]["resource"]["section"][0]["entry"]


def _with_two_compositions(plain: Json) -> None:
    plain["entry"].append({**copy.deepcopy(plain["entry"][0]), "fullUrl": urn(7)})


def _with_no_timestamp(plain: Json) -> None:
    del plain["timestamp"]


BROKEN: list[tuple[Callable[[Json], None], str, str]] = [
    (_without_birth, "Bundle.entry[1].resource.birthDate", "At least 1 birthDate must be there, found 0."),
    (
        _without_allergies,
        "Bundle.entry[0].resource.section",
        "At least 1 section:sectionAllergies must be there, found 0.",
    ),
    (_with_an_empty_section, "Bundle.entry[0].resource.section[0]", "The rule ips-comp-1 is not met"),
    (_with_two_compositions, "Bundle", "The rule bdl-ips-1 is not met"),
    (_with_no_timestamp, "Bundle", "The rule bdl-10 is not met"),
]


async def test_a_small_summary_is_valid_and_each_of_its_faults_is_found(store: Store) -> None:
    plain = summary()
    issues = await store.validation.validate(plain)
    assert errors(issues) == []
    assert not [each.place for each in issues if each.text.en.startswith("The profile ")], "a profile was not found"
    for break_, place, words in BROKEN:
        broken = summary()
        break_(broken)
        found = errors(await store.validation.validate(broken))
        assert [each for each in found if each[0] == place and each[1].startswith(words)], (break_.__name__, found)


async def test_every_example_of_the_package_is_valid(store: Store) -> None:
    wrong, tried = [], 0
    for name, content in examples():
        tried += 1
        plain = parse_resource(content).plain
        wrong += [(name, *each) for each in errors(await store.validation.validate(plain))]
    assert tried == 44
    assert wrong == []
