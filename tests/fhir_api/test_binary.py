"""The content of a Binary as it is, in and out, and never as a page."""

from __future__ import annotations

from base64 import b64encode

import httpx
import pytest
from tests.fhir_api.conftest import BODY_BYTES_MAX, codes_of

PDF = b"%PDF-1.7 \x00\xff content"


async def kept(fhir: httpx.AsyncClient, content: bytes = PDF, kind: str = "application/pdf", **more: str) -> str:
    answer = await fhir.post("Binary", content=content, headers={"content-type": kind, **more})
    assert answer.status_code == 201
    return f"Binary/{answer.json()['id']}"


async def test_content_sent_under_its_own_type_is_a_binary(fhir: httpx.AsyncClient) -> None:
    address = await kept(fhir, **{"x-security-context": "Patient/1"})
    told = (await fhir.get(address)).json()
    assert told["contentType"] == "application/pdf"
    assert told["data"] == b64encode(PDF).decode()
    assert told["securityContext"] == {"reference": "Patient/1"}


@pytest.mark.parametrize("accept", ["application/pdf", "image/png, application/pdf;q=0.5"])
async def test_who_asks_for_its_type_gets_the_content_byte_for_byte(fhir: httpx.AsyncClient, accept: str) -> None:
    answer = await fhir.get(await kept(fhir), headers={"accept": accept})
    assert answer.status_code == 200
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["etag"] == 'W/"1"'


@pytest.mark.parametrize(
    "accept", ["*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "application/fhir+json", "application/*"]
)
async def test_who_names_no_type_of_its_own_gets_the_resource(fhir: httpx.AsyncClient, accept: str) -> None:
    answer = await fhir.get(await kept(fhir, b"<script>alert(1)</script>", "text/html"), headers={"accept": accept})
    assert answer.headers["content-type"].startswith("application/fhir+json")


async def test_content_is_sent_as_a_file_in_which_nothing_is_allowed(fhir: httpx.AsyncClient) -> None:
    address = await kept(fhir, b"<svg onload=alert(1)>", "image/svg+xml")
    answer = await fhir.get(address, headers={"accept": "image/*"})
    assert answer.content == b"<svg onload=alert(1)>"
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_another_type_than_it_has_is_refused(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.get(await kept(fhir), headers={"accept": "image/png"})
    assert answer.status_code == 406
    assert codes_of(answer) == ["BA-0303"]


async def test_content_is_replaced_by_a_put(fhir: httpx.AsyncClient) -> None:
    address = await kept(fhir)
    answer = await fhir.put(address, content=b"two", headers={"content-type": "text/plain; charset=utf-8"})
    assert answer.status_code == 200
    again = await fhir.get(address, headers={"accept": "text/plain"})
    assert (again.content, again.headers["content-type"]) == (b"two", "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [(b"x", "nothing", 415), (b"x" * (BODY_BYTES_MAX + 1), "application/pdf", 413)],
)
async def test_content_of_no_type_or_too_large_is_refused(
    fhir: httpx.AsyncClient, content: bytes, kind: str, status: int
) -> None:
    answer = await fhir.post("Binary", content=content, headers={"content-type": kind})
    assert answer.status_code == status


async def test_no_other_type_takes_bare_content(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.post("Patient", content=PDF, headers={"content-type": "application/pdf"})
    assert answer.status_code == 415
