"""A document of another hospital is taken in by our own FHIR API whole, and a second time without doubling."""

from __future__ import annotations

import copy
from typing import Any

import httpx
from benchmarks.stays import FACILITY, inpatient_stay

from benhan.fhir.resource import to_bytes
from benhan.mapping.fhir_to_hoso_benh_an import Record, fhir_to_hoso_benh_an
from benhan.mapping.hoso_benh_an_to_fhir import hoso_benh_an_to_fhir, transaction_of
from benhan.mapping.mapped import Context
from benhan.vn.hoso_benh_an.document import hoso_to_xml
from benhan.vn.hoso_benh_an.reading import parse_hoso_xml

NUMBER = 770_077


def transaction(resources: list[dict[str, Any]]) -> bytes:
    patient, encounter, *rest = resources
    xml = hoso_to_xml(fhir_to_hoso_benh_an(Record(FACILITY, patient, encounter, rest)).document)
    return to_bytes(transaction_of(hoso_benh_an_to_fhir(parse_hoso_xml(xml), Context(FACILITY))))


def short_stay() -> list[dict[str, Any]]:
    """What the API of these tests takes at once: fifty entries."""
    return inpatient_stay(NUMBER)[:40]


async def test_a_document_is_taken_in_and_again_changes_nothing(fhir: httpx.AsyncClient) -> None:
    body = transaction(short_stay())
    first = await fhir.post("", content=body)
    assert first.status_code == 200, first.text
    assert {each["response"]["status"][:3] for each in first.json()["entry"]} == {"201"}
    again = await fhir.post("", content=body)
    assert {each["response"]["status"][:3] for each in again.json()["entry"]} == {"200"}
    places = [
        [each["response"]["location"].split("/_history")[0] for each in answer.json()["entry"]]
        for answer in (first, again)
    ]
    assert places[0] == places[1]


async def test_a_mended_document_becomes_the_next_version_of_the_same(fhir: httpx.AsyncClient) -> None:
    stay = copy.deepcopy(short_stay())
    await fhir.post("", content=transaction(stay))
    (illness,) = [each for each in stay if "Đau quanh rốn" in str(each.get("valueString"))]
    illness["valueString"] = "Đau quanh rốn từ 22 giờ."
    await fhir.post("", content=transaction(stay))
    found = await fhir.get(
        "Observation", params={"patient.identifier": f"urn:benhan:id:cccd|001090{NUMBER}", "code": "10164-2"}
    )
    (entry,) = found.json()["entry"]
    assert entry["resource"]["valueString"] == "Đau quanh rốn từ 22 giờ."
