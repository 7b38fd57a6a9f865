"""JSON and XML in and out, parts, pretty, and packed bodies: each asked for in every way of the standard."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import zstandard
from lxml import etree
from tests.fhir_api.conftest import BODY_BYTES_MAX, codes_of, patient

from benhan.fhir.summary import SUBSETTED
from benhan.fhir.xml_format import parse_xml

JSON, XML = "application/fhir+json; charset=utf-8", "application/fhir+xml; charset=utf-8"
IN_XML = {"content-type": "application/fhir+xml", "accept": "application/fhir+xml"}
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
PATIENT = f"""<?xml version="1.0" encoding="UTF-8"?>
<Patient xmlns="http://hl7.org/fhir"><text><status value="generated"/><div {XHTML}><p>Nguyễn&#160;Thử</p></div></text>
  <name><family value="Nguyễn"/><given value="Thử"/></name><birthDate value="1990-01-02"/></Patient>"""
OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "Huyết sắc tố"},
    "text": {"status": "generated", "div": f"<div {XHTML}>6.30</div>"},
    "note": [{"text": "n"}],
}


async def made(fhir: httpx.AsyncClient, resource: dict[str, Any]) -> str:
    answer = await fhir.post(resource["resourceType"], json=resource)
    assert answer.status_code == 201
    return f"{resource['resourceType']}/{answer.json()['id']}"


async def made_observation(fhir: httpx.AsyncClient, **more: Any) -> str:
    text = json.dumps({**OBSERVATION, **more})[:-1] + ', "valueQuantity": {"value": 6.30, "unit": "mmol/L"}}'
    answer = await fhir.post("Observation", content=text)
    assert answer.status_code == 201
    return f"Observation/{answer.json()['id']}"


async def test_a_resource_sent_in_xml_is_the_one_sent_in_json(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.post("Patient", content=PATIENT.encode(), headers=IN_XML)
    assert (answer.status_code, answer.headers["content-type"]) == (201, XML)
    told = parse_xml(answer.content).plain
    read = await fhir.get(f"Patient/{told['id']}", headers={"accept": "application/fhir+json"})
    assert read.json() == told
    assert told["name"] == [{"family": "Nguyễn", "given": ["Thử"]}]
    assert told["text"]["div"] == f"<div {XHTML}><p>Nguyễn&#160;Thử</p></div>"
    changed = PATIENT.replace("<text>", f'<id value="{told["id"]}"/><text>').replace("1990", "1991")
    update = await fhir.put(f"Patient/{told['id']}", content=changed.encode(), headers=IN_XML)
    assert (update.status_code, parse_xml(update.content).plain["birthDate"]) == (200, "1991-01-02")


async def test_every_answer_comes_in_xml(fhir: httpx.AsyncClient, unique: Callable[[], str]) -> None:
    word = unique()
    place = await made(fhir, patient(identifier=[{"value": word}]))
    headers = {"accept": "application/fhir+xml"}
    paths = ("metadata", place, f"{place}/_history", f"{place}/_history/1", f"Patient?identifier={word}", "Patient/no")
    for path in paths:
        answer = await fhir.get(path, headers=headers)
        assert answer.headers["content-type"] == XML
        told = parse_xml(answer.content).plain
        assert told == (await fhir.get(path)).json() or path in ("metadata", "Patient/no")
        assert "entry" in told or "?" not in path
    transaction = {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": place}}]}
    answer = await fhir.post("", json=transaction, headers=headers)
    assert parse_xml(answer.content).plain["entry"][0]["resource"]["identifier"] == [{"value": word}]


async def test_a_transaction_in_xml(fhir: httpx.AsyncClient) -> None:
    bundle = """<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/><entry><fullUrl value="urn:uuid:
    0a7ec36c-3d8a-4c4c-8a39-0f2f4b9a5d01"/><resource><Patient><active value="true"/></Patient></resource>
    <request><method value="POST"/><url value="Patient"/></request></entry></Bundle>""".replace("\n    0", "0")
    answer = await fhir.post("", content=bundle.encode(), headers=IN_XML)
    assert answer.status_code == 200
    assert parse_xml(answer.content).plain["entry"][0]["response"]["status"].startswith("201")


async def test_refusals_are_told_in_the_format_asked_for(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.post("Patient", content=b"<Patient/>", headers={**IN_XML, "accept": "*/*"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, XML)
    outcome = parse_xml(answer.content).plain
    assert outcome["issue"][0]["details"]["coding"][0]["code"] == "BA-2053"
    nowhere = await fhir.get("../fhir/Patient/1/2/3/4", headers={"accept": "application/fhir+xml"})
    assert (nowhere.status_code, nowhere.headers["content-type"]) == (404, XML)


async def test_what_the_definition_does_not_know_is_named_by_its_place(fhir: httpx.AsyncClient) -> None:
    body = PATIENT.replace("<family", "<nmae").encode()
    answer = await fhir.post("Patient", content=body, headers={"content-type": "application/fhir+xml"})
    issues = parse_xml(answer.content).plain["issue"] if answer.headers["content-type"] == XML else []
    assert [issue.get("expression") for issue in issues] == [None, ["Patient.name[0].nmae"]]
    assert "Nguy" not in answer.text


@pytest.mark.parametrize(
    ("asked", "accept", "kind"),
    [
        ("", "application/fhir+xml", XML),
        ("", "application/xml", XML),
        ("", "text/xml", XML),
        ("", "APPLICATION/FHIR+XML", XML),
        ("", "application/fhir+xml;fhirVersion=4.0", XML),
        ("", "application/fhir+xml, application/fhir+json;q=0.9", XML),
        ("", "application/fhir+xml;q=0.5, application/fhir+json", JSON),
        ("", "application/fhir+xml;q=0, */*", JSON),
        ("", "application/fhir+json;q=0, */*;q=0.1", XML),
        ("", "application/xml, */*;q=0.8", XML),
        ("", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
        ("", "application/fhir+xml, application/fhir+json", JSON),
        ("", "application/*", JSON),
        ("", "*/*", JSON),
        ("", "application/json", JSON),
        ("", "application/fhir+json;fhirVersion=3.0, application/fhir+xml", XML),
        ("json", "application/fhir+xml", JSON),
        ("xml", "application/fhir+json", XML),
        ("xml", "application/pdf", XML),
        ("application/fhir%2Bxml", "", XML),
        ("application/fhir+xml", "", XML),
        ("application/fhir%2bxml;fhirVersion=4.0", "", XML),
        ("application/xml", "", XML),
        ("text/xml", "", XML),
        ("application/xml%2Bfhir", "", XML),
        ("application/fhir%2Bjson", "application/fhir+xml", JSON),
        ("application/json", "application/fhir+xml", JSON),
        ("text/json", "application/fhir+xml", JSON),
        ("", "application/pdf", None),
        ("", "application/fhir+json;q=0", None),
        ("", "application/fhir+json; fhirVersion=3.0", None),
        ("", "application/fhir+json; fhirVersion=4.03", None),
        ("html", "*/*", None),
        ("text/turtle", "*/*", None),
        ("application/fhir%2Bxml;fhirVersion=5.0", "", None),
    ],
)
async def test_the_format_is_negotiated(fhir: httpx.AsyncClient, asked: str, accept: str, kind: str | None) -> None:
    path = f"Patient?_count=1&_format={asked}" if asked else "Patient?_count=1"
    answer = await fhir.get(path, headers={"accept": accept})
    if kind is None:
        assert (answer.status_code, codes_of(answer)) == (406, ["BA-0303"])
    else:
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)


async def test_a_search_by_post_asks_for_its_form_in_its_body(fhir: httpx.AsyncClient) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = await fhir.post("Patient/_search", content=b"_count=1&_format=xml", headers=kind)
    assert (answer.status_code, answer.headers["content-type"]) == (200, XML)
    refused = await fhir.post("Patient/_search", content=b"_summary=x", headers=kind)
    assert codes_of(refused) == ["BA-2060"]


async def test_pretty_is_the_same_content_on_many_lines_with_every_digit(fhir: httpx.AsyncClient) -> None:
    place = await made_observation(fhir)
    plain = await fhir.get(place)
    pretty = await fhir.get(f"{place}?_pretty=true")
    assert pretty.json() == plain.json()
    assert '\n    "value": 6.30,' in pretty.text
    assert int(pretty.headers["content-length"]) == len(pretty.content)
    assert (await fhir.get(f"{place}?_pretty=false")).content == plain.content
    xml = await fhir.get(f"{place}?_pretty=true&_format=xml")
    assert '\n    <value value="6.30"/>' in xml.text
    assert parse_xml(xml.content).plain == plain.json()


async def test_parts_are_given_by_read_vread_history_and_search(
    fhir: httpx.AsyncClient, unique: Callable[[], str]
) -> None:
    code = {"coding": [{"system": "urn:c", "code": unique()}]}
    place = await made_observation(fhir, code=code)
    for asked, members in (
        ("_summary=true", ["status", "code", "valueQuantity"]),
        ("_summary=text", ["status", "code", "text"]),
        ("_summary=data", ["status", "code", "note", "valueQuantity"]),
        ("_elements=note", ["status", "code", "note"]),
    ):
        answers = [await fhir.get(f"{path}?{asked}") for path in (place, f"{place}/_history/1")]
        bundles = [
            await fhir.get(f"{place}/_history?{asked}"),
            await fhir.get(f"Observation?code=urn:c|{code['coding'][0]['code']}&{asked}"),
        ]
        resources = [each.json() for each in answers] + [each.json()["entry"][0]["resource"] for each in bundles]
        for resource in resources:
            assert list(resource) == ["resourceType", "id", "meta", *members]
            assert resource["meta"]["tag"] == [SUBSETTED]
        assert all('"value":6.30' in each.text for each in [*answers, *bundles] if "valueQuantity" in members)
        assert answers[0].headers["etag"] == 'W/"1"'
    whole = await fhir.get(place)
    assert (await fhir.get(f"{place}?_summary=false")).content == whole.content


async def test_parts_are_given_by_searches_of_compartments_and_of_several_types(
    fhir: httpx.AsyncClient, unique: Callable[[], str]
) -> None:
    word = unique()
    place = await made(fhir, patient(identifier=[{"value": word}]))
    await made_observation(fhir, subject={"reference": place}, identifier=[{"value": word}])
    for path in (
        f"{place}/Observation?_elements=note",
        f"{place}/*?_elements=Observation.note",
        f"?_type=Observation&identifier={word}&_elements=note",
    ):
        found = [each["resource"] for each in (await fhir.get(path)).json()["entry"]]
        told = [list(each) for each in found if each["resourceType"] == "Observation"]
        assert told == [["resourceType", "id", "meta", "status", "code", "note"]]
    assert codes_of(await fhir.get(f"{place}/Observation?_elements=birthDate")) == ["BA-2062"]


async def test_a_count_is_for_searches(fhir: httpx.AsyncClient, unique: Callable[[], str]) -> None:
    word = unique()
    places = [await made(fhir, patient(identifier=[{"value": word}])) for _ in range(3)]
    path = f"Patient?identifier={word}&_summary=count"
    counted = (await fhir.get(path)).json()
    assert counted.keys() == {"resourceType", "type", "total", "link"}
    assert (counted["total"], [link["relation"] for link in counted["link"]]) == (3, ["self"])
    assert parse_xml((await fhir.get(f"{path}&_format=xml")).content).plain["total"] == 3
    assert codes_of(await fhir.get(f"{places[0]}?_summary=count")) == ["BA-2063"]


LONG = [{"text": "Nguyễn Văn Thử " + "x" * 80} for _ in range(50)]


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("zstd;q=0, gzip;q=0.001", "gzip"),
        ("gzip;q=0", None),
        ("br", None),
        ("identity", None),
        ("", None),
    ],
)
async def test_large_answers_are_packed_where_the_client_unpacks(
    fhir: httpx.AsyncClient, accepted: str, coding: str | None
) -> None:
    place = await made(fhir, {**patient(), "name": LONG})
    for path, kind in ((place, JSON), (f"{place}?_format=xml", XML)):
        plain = await fhir.get(path, headers={"accept-encoding": ""})
        async with fhir.stream("GET", path, headers={"accept-encoding": accepted}) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])
        assert answer.headers.get("content-encoding") == coding
        assert int(answer.headers["content-length"]) == len(raw)
        assert (answer.headers["content-type"], answer.headers["vary"]) == (kind, "accept, accept-encoding")
        unpack = {"gzip": gzip.decompress, "zstd": zstandard.decompress, None: bytes}[coding]
        assert unpack(raw) == plain.content
        assert (len(raw) < len(plain.content) / 3) == (coding is not None)


async def test_small_answers_are_not_packed(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.get(await made(fhir, patient()), headers={"accept-encoding": "gzip, zstd"})
    assert "content-encoding" not in answer.headers


def zstd_in_frames(data: bytes) -> bytes:
    return zstandard.compress(data[:10]) + zstandard.ZstdCompressor(write_content_size=False).compress(data[10:])


PACKINGS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("GZIP", lambda data: gzip.compress(data[:10]) + gzip.compress(data[10:])),
    ("zstd", zstandard.compress),
    ("zstd", zstd_in_frames),
    ("identity", bytes),
]


@pytest.mark.parametrize(("coding", "pack"), PACKINGS)
async def test_packed_bodies_are_read(fhir: httpx.AsyncClient, coding: str, pack: Callable[[bytes], bytes]) -> None:
    for body, kind in ((json.dumps(patient()).encode(), "application/fhir+json"), (PATIENT.encode(), "text/xml")):
        headers = {"content-encoding": coding, "content-type": kind, "accept": "application/json"}
        answer = await fhir.post("Patient", content=pack(body), headers=headers)
        assert (answer.status_code, answer.json()["name"][0]["family"]) == (201, "Nguyễn")


def zstd_of_zeros(size: int) -> bytes:
    packing = zstandard.ZstdCompressor(level=1).compressobj()
    pieces = [packing.compress(bytes(1_000_000)) for _ in range(size // 1_000_000)]
    return b"".join(pieces) + packing.flush()


BOMBS = {"gzip": gzip.compress(bytes(100_000_000), 1)[:150_000], "zstd": zstd_of_zeros(200_000_000)[:150_000]}


@pytest.mark.parametrize("coding", sorted(BOMBS))
async def test_a_bomb_is_refused_at_the_limit(fhir: httpx.AsyncClient, coding: str) -> None:
    assert len(BOMBS[coding]) < BODY_BYTES_MAX
    answer = await fhir.post("Patient", content=BOMBS[coding], headers={"content-encoding": coding})
    assert (answer.status_code, codes_of(answer)) == (413, ["BA-0301"])


GOOD = json.dumps({**patient(), "name": LONG}).encode()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b""),
        ("gzip", GOOD),
        ("gzip", zlib.compress(GOOD)),
        ("gzip", gzip.compress(GOOD)[:-9]),
        ("gzip", gzip.compress(GOOD) + b"x"),
        ("gzip", gzip.compress(GOOD)[:-8] + bytes(8)),
        ("zstd", GOOD),
        ("zstd", zstandard.compress(GOOD)[:-20]),
        ("zstd", zstandard.compress(GOOD) + b"junk"),
    ],
)
async def test_a_damaged_packed_body_writes_nothing(fhir: httpx.AsyncClient, coding: str, body: bytes) -> None:
    answer = await fhir.post("Patient", content=body, headers={"content-encoding": coding})
    assert answer.status_code == 400
    assert codes_of(answer)[0] in ("BA-2072", "BA-0201")


async def test_an_unknown_coding_is_refused_with_the_known_ones(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.post("Patient", content=GOOD, headers={"content-encoding": "br"})
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "zstd, gzip")


async def test_large_bodies_go_through_in_both_formats(fhir: httpx.AsyncClient) -> None:
    entries = [{"resource": {**patient(), "name": LONG}} for _ in range(17)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    place = await made(fhir, bundle)
    answer = await fhir.get(f"{place}?_format=xml&_pretty=true", headers={"accept-encoding": "zstd"})
    assert len(answer.content) > 2 * 64 * 1024
    assert etree.fromstring(answer.content)[0].get("value") == place.split("/")[1]
    again = await fhir.put(place, content=gzip.compress(answer.content), headers={**IN_XML, "content-encoding": "gzip"})
    assert (again.status_code, parse_xml(again.content).plain["entry"]) == (200, entries)


async def test_preferences_of_the_answer_hold_in_xml(fhir: httpx.AsyncClient) -> None:
    minimal = await fhir.post("Patient", content=PATIENT.encode(), headers={**IN_XML, "prefer": "return=minimal"})
    assert (minimal.status_code, minimal.content) == (201, b"")
    outcome = await fhir.post(
        "Patient", content=PATIENT.encode(), headers={**IN_XML, "prefer": "return=OperationOutcome"}
    )
    assert parse_xml(outcome.content).type == "OperationOutcome"


async def test_reads_in_a_bundle_have_their_parts_and_the_bundle_its_format(
    fhir: httpx.AsyncClient, unique: Callable[[], str]
) -> None:
    word = unique()
    place = await made(fhir, patient(identifier=[{"value": word}], birthDate="1990", language="vi"))
    urls = [f"{place}?_elements=birthDate", f"Patient?identifier={word}&_summary=true&_format=json", place]
    members = ["identifier", "name", "birthDate"]
    for kind in ("batch", "transaction"):
        entries = [{"request": {"method": "GET", "url": url}} for url in urls]
        bundle = {"resourceType": "Bundle", "type": kind, "entry": entries}
        answer = await fhir.post("?_pretty=true", json=bundle, headers={"accept": "application/fhir+xml"})
        assert answer.headers["content-type"] == XML
        one, search, whole = [entry["resource"] for entry in parse_xml(answer.content).plain["entry"]]
        assert list(one) == ["resourceType", "id", "meta", "birthDate"]
        assert list(search["entry"][0]["resource"]) == ["resourceType", "id", "meta", *members]
        assert whole["language"] == "vi"


async def test_nothing_is_written_where_the_answer_cannot_be_told(
    fhir: httpx.AsyncClient, unique: Callable[[], str]
) -> None:
    word = unique()
    for method, path in (("POST", "Patient"), ("PUT", f"Patient/{word}")):
        body = patient(identifier=[{"value": word}], **({"id": word} if method == "PUT" else {}))
        answer = await fhir.request(method, path, json=body, headers={"accept": "application/pdf"})
        assert (answer.status_code, codes_of(answer)) == (406, ["BA-0303"])
    assert "entry" not in (await fhir.get(f"Patient?identifier={word}")).json()
