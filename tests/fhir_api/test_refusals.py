"""Every refusal is an OperationOutcome with its code, in Vietnamese or, when asked, English; bad bodies do no harm."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.fhir_api.conftest import BODY_BYTES_MAX, codes_of, patient

from benhan.access.middleware import Door
from benhan.access.sessions import Sessions
from benhan.kernel.permissions import Permission

GOOD = json.dumps(patient()).encode()
JSON_PATCH = {"content-type": "application/json-patch+json"}

SENT_IN_XML = {"content-type": "application/fhir+xml", "accept": "application/fhir+json"}

REFUSALS: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("GET", "Patient/never", {}, 404, "BA-0401"),
    ("GET", "Nobody/1", {}, 404, "BA-0221"),
    ("GET", "Patient/a b", {}, 400, "BA-0314"),
    ("GET", "Patient/" + "x" * 65, {}, 400, "BA-0314"),
    ("GET", "Patient/1/2/3/4", {}, 404, "BA-0911"),
    ("GET", "Patient?foo=1", {}, 400, "BA-0220"),
    ("GET", "Patient/1", {"headers": {"accept": "application/pdf"}}, 406, "BA-0303"),
    ("GET", "Patient?_format=ttl", {}, 406, "BA-0303"),
    ("GET", "Patient?_pretty=yes", {}, 400, "BA-2070"),
    ("GET", "Patient?_summary=yes", {}, 400, "BA-2060"),
    ("GET", "Patient?_summary=text&_include=Patient:organization", {}, 400, "BA-2061"),
    ("GET", "Patient/1?_elements=nmae", {}, 400, "BA-2062"),
    ("POST", "Patient", {"content": b"<x/>", "headers": SENT_IN_XML}, 400, "BA-2053"),
    ("POST", "Patient", {"content": GOOD, "headers": SENT_IN_XML}, 400, "BA-2050"),
    ("POST", "Patient", {"content": GOOD, "headers": {"content-encoding": "br"}}, 415, "BA-2071"),
    ("POST", "Patient", {"content": GOOD, "headers": {"content-encoding": "gzip"}}, 400, "BA-2072"),
    ("GET", "Patient/1", {"headers": {"authorization": "Bearer wrong"}}, 401, "BA-0901"),
    ("GET", "Patient/1", {"headers": {"authorization": ""}}, 401, "BA-0901"),
    ("PATCH", "Patient/1", {"content": b"[]", "headers": {"content-type": "text/plain"}}, 415, "BA-2158"),
    ("PATCH", "Patient/1", {"content": b"[]"}, 415, "BA-2158"),
    ("PATCH", "Patient?identifier=never|there", {"content": b"[]", "headers": JSON_PATCH}, 404, "BA-2153"),
    ("DELETE", "Patient", {}, 400, "BA-2151"),
    ("DELETE", "Patient?_count=0", {}, 400, "BA-2151"),
    ("PUT", "Patient", {"json": patient()}, 400, "BA-2151"),
    ("PUT", "Patient/a", {"json": patient(id="a"), "headers": {"if-none-match": 'W/"1"'}}, 400, "BA-2156"),
    ("GET", "Patient/_history?_sort=x", {}, 400, "BA-2162"),
    ("GET", "_history?_since=yesterday", {}, 400, "BA-2162"),
    ("GET", "Patient/never/_history?_count=0", {}, 400, "BA-2162"),
    ("GET", "Patient/_history?_page=x", {}, 400, "BA-0320"),
    ("OPTIONS", "Patient/1", {}, 405, "BA-0912"),
    ("BREW", "Patient/1", {}, 405, "BA-0912"),
    ("PUT", "", {"json": patient()}, 405, "BA-0912"),
    ("POST", "Patient", {"content": b"{"}, 400, "BA-0201"),
    ("POST", "Patient", {"content": GOOD, "headers": {"content-type": "text/plain"}}, 415, "BA-0302"),
    ("POST", "Patient", {"json": {"resourceType": "Patient", "nmae": 1}}, 422, "BA-0210"),
    ("POST", "Observation", {"content": GOOD}, 400, "BA-0304"),
    ("PUT", "Patient/a", {"json": patient(id="b")}, 400, "BA-0305"),
    ("PUT", "Patient/a", {"json": patient()}, 400, "BA-0305"),
    ("PUT", "Patient/a", {"json": patient(id="a"), "headers": {"if-match": "x"}}, 400, "BA-0306"),
    ("PUT", "Patient/never", {"json": patient(id="never"), "headers": {"if-match": 'W/"3"'}}, 412, "BA-0412"),
    ("POST", "Patient", {"content": GOOD, "headers": {"if-none-exist": "a=b"}}, 400, "BA-0220"),
    ("POST", "", {"content": GOOD}, 400, "BA-0310"),
]


@pytest.mark.parametrize(("method", "path", "how", "status", "code"), REFUSALS)
async def test_every_refusal_is_an_outcome_in_vietnamese_and_in_english_when_asked(
    fhir: httpx.AsyncClient, method: str, path: str, how: dict[str, Any], status: int, code: str
) -> None:
    said = {}
    for language in ("", "vi-VN,vi;q=0.9", "en-GB,en;q=0.8"):
        headers = {**how.get("headers", {}), "accept-language": language}
        answer = await fhir.request(method, path, **{**how, "headers": headers})
        assert (answer.status_code, codes_of(answer)[0]) == (status, code)
        said[language[:2]] = answer.json()["issue"][0]["details"]["text"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["traceresponse"].split("-")[1] in answer.json()["issue"][0]["diagnostics"]
    assert said[""] == said["vi"] != said["en"]
    assert said["en"].isascii()


@pytest.mark.parametrize(
    ("permission", "method", "path"),
    [
        (Permission.FHIR_SEARCH, "GET", "Patient/1"),
        (Permission.FHIR_READ, "GET", "Patient"),
        (Permission.FHIR_READ, "POST", "Patient"),
        (Permission.FHIR_READ, "PUT", "Patient/1"),
        (Permission.FHIR_WRITE, "DELETE", "Patient/1"),
        (Permission.METRICS_READ, "GET", "Patient/1/_history"),
    ],
)
async def test_a_token_does_only_what_it_names(
    fhir: httpx.AsyncClient, sessions: Sessions, permission: Permission, method: str, path: str
) -> None:
    token = await sessions.make_token("narrow", [permission])
    answer = await fhir.request(method, path, headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, codes_of(answer)) == (403, ["BA-0902"])


async def test_a_refusal_for_want_of_a_token_says_how_to_come_in(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.get("Patient/1", headers={"authorization": ""})
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_method_that_is_not_allowed_is_answered_with_those_that_are(fhir: httpx.AsyncClient) -> None:
    assert (await fhir.options("Patient/1")).headers["allow"] == "DELETE, GET, HEAD, PATCH, PUT"


def with_member(text: str) -> bytes:
    return b'{"resourceType":"Patient",' + text.encode() + b"}"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "BA-0201"),
        (b"{", "BA-0201"),
        (b"not json", "BA-0201"),
        (GOOD + b"x", "BA-0201"),
        (GOOD + GOOD, "BA-0201"),
        (b"[" * 100_000, "BA-0201"),
        (b"[" * 50_000 + b"]" * 50_000, "BA-0201"),
        (with_member('"extension":' + "[" * 80 + "]" * 80), "BA-0205"),
        (with_member('"x":' + '{"x":' * 500 + "1" + "}" * 500), "BA-0205"),
        (with_member('"x":NaN'), "BA-0201"),
        (with_member('"x":Infinity'), "BA-0201"),
        (with_member('"x":-Infinity'), "BA-0201"),
        (with_member('"x":01'), "BA-0201"),
        (with_member('"x":1e99999'), "BA-0201"),
        (with_member('"x":' + "9" * 5000), "BA-0201"),
        (with_member('"gender":"male","gender":"female"'), "BA-0203"),
        (with_member('"name":[{"family":"a","family":"b"}]'), "BA-0203"),
        (with_member('"name":[{"family":"a","\\u0066amily":"b"}]'), "BA-0203"),
        (with_member('"x":"\\ud800"'), "BA-0201"),
        (GOOD.decode().encode("utf-16"), "BA-0202"),
        (GOOD.decode().encode("utf-16-le"), "BA-0201"),
        ('{"resourceType":"Patient","name":[{"family":"Đặng é"}]}'.encode("cp1258", "replace"), "BA-0202"),
        ('{"resourceType":"Patient","name":[{"family":"Café"}]}'.encode("latin-1"), "BA-0202"),
        (b'{"resourceType":"Patient","name":[{"family":"a\x00b"}]}', "BA-0201"),
        (b"1", "BA-0204"),
        (b"null", "BA-0204"),
        (b"[]", "BA-0204"),
        (b"{}", "BA-0204"),
        (b'{"resourceType":7}', "BA-0204"),
        (b'{"resourceType":"Patient","id":7}', "BA-0204"),
        (b'{"resourceType":"Patient","id":"a/b"}', "BA-0204"),
        (b'{"resourceType":"Patient","meta":[]}', "BA-0204"),
    ],
)
async def test_a_body_that_is_no_resource_is_refused(fhir: httpx.AsyncClient, body: bytes, code: str) -> None:
    answer = await fhir.post("Patient", content=body)
    assert (answer.status_code, codes_of(answer)) == (400, [code])
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("head", ["application/fhir+json; charset=utf-16", "application/fhir+json; charset=iso-8859-1"])
async def test_the_bytes_are_read_as_utf_8_whatever_the_header_says(fhir: httpx.AsyncClient, head: str) -> None:
    answer = await fhir.post("Patient", content=GOOD, headers={"content-type": head})
    assert (answer.status_code, answer.json()["name"][0]["family"]) == (201, "Nguyễn")


async def test_a_byte_order_mark_is_forgiven(fhir: httpx.AsyncClient) -> None:
    assert (await fhir.post("Patient", content=b"\xef\xbb\xbf" + GOOD)).status_code == 201


@pytest.mark.parametrize(
    "kind",
    ["", "application/pdf", "text/html", "text/plain", "multipart/form-data", "application/fhir+json;fhirVersion=3.0"],
)
async def test_another_content_type_is_refused(fhir: httpx.AsyncClient, kind: str) -> None:
    for method, path in (("POST", "Patient"), ("PUT", "Patient/a"), ("POST", "")):
        answer = await fhir.request(method, path, content=GOOD, headers={"content-type": kind})
        assert (answer.status_code, codes_of(answer)) == (415, ["BA-0302"])


async def test_each_fault_of_a_resource_is_named_by_its_place_and_no_value_is_repeated(fhir: httpx.AsyncClient) -> None:
    body = patient(gender="nam giới", birthDate="1990-13-01", nmae="Bí mật", contact=[{}])
    answer = await fhir.post("Patient", json=body)
    assert answer.status_code == 422
    places = [issue["expression"][0] for issue in answer.json()["issue"][1:]]
    assert places == ["Patient.gender", "Patient.birthDate", "Patient.nmae", "Patient.contact[0]"]
    assert "Bí mật" not in answer.text
    assert "giới" not in answer.text


async def test_a_body_declared_over_the_limit_is_refused_without_being_read(door: Door, token: str) -> None:
    asked = []

    async def receive() -> dict[str, Any]:
        asked.append(1)
        return {"type": "http.request", "body": b"x", "more_body": True}

    status = await _posted(door, token, receive, [(b"content-length", str(BODY_BYTES_MAX + 1).encode())])
    assert (status, asked) == (413, [])


@pytest.mark.parametrize("length", [b"9" * 5_000, b"\xb2", b"-1", b"1_000", b"abc"])
async def test_a_length_that_is_no_sensible_number_breaks_nothing(door: Door, token: str, length: bytes) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": GOOD}

    assert await _posted(door, token, receive, [(b"content-length", length)]) == (413 if length[:1] == b"9" else 201)


async def test_a_body_without_a_length_is_cut_off_at_the_limit_and_memory_stays_bounded(door: Door, token: str) -> None:
    chunk, given = b"x" * 50_000, []

    async def receive() -> dict[str, Any]:
        given.append(1)
        return {"type": "http.request", "body": bytes(chunk), "more_body": True}

    tracemalloc.start()
    try:
        status = await _posted(door, token, receive, [])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert status == 413
    assert len(given) == BODY_BYTES_MAX // len(chunk) + 1
    assert peak < 10 * BODY_BYTES_MAX


async def test_a_body_of_exactly_the_limit_is_read(fhir: httpx.AsyncClient) -> None:
    body = GOOD + b" " * (BODY_BYTES_MAX - len(GOOD))
    assert (await fhir.post("Patient", content=body)).status_code == 201
    answer = await fhir.post("Patient", content=body + b" ")
    assert (answer.status_code, codes_of(answer)) == (413, ["BA-0301"])


async def test_a_stream_in_many_pieces_is_one_body(fhir: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for byte in GOOD:
            yield bytes([byte])

    assert (await fhir.post("Patient", content=pieces())).status_code == 201


async def test_a_client_that_leaves_before_the_end_writes_nothing(door: Door, token: str, fhir: Any) -> None:
    messages = iter(
        [
            {"type": "http.request", "body": with_member('"identifier":[{"value":"left"}]')[:-1], "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> dict[str, Any]:
        return next(messages)

    assert await _posted(door, token, receive, []) == 400
    assert "entry" not in (await fhir.get("Patient?identifier=left")).json()


async def test_many_bad_and_good_requests_at_once_do_not_disturb_each_other(fhir: httpx.AsyncClient) -> None:
    bodies = [GOOD, b"{", b"[" * 10_000, with_member('"gender":"x"')] * 10
    answers = await asyncio.gather(*(fhir.post("Patient", content=body) for body in bodies))
    assert [answer.status_code for answer in answers] == [201, 400, 400, 422] * 10


async def _posted(door: Door, token: str, receive: Any, headers: list[tuple[bytes, bytes]]) -> int:
    """The status of a POST whose body comes from `receive`."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/fhir/Patient",
        "raw_path": b"/fhir/Patient",
        "query_string": b"",
        "headers": [
            (b"authorization", f"Bearer {token}".encode()),
            (b"content-type", b"application/fhir+json"),
            *headers,
        ],
    }
    await door(scope, receive, send)
    return int(sent[0]["status"])
