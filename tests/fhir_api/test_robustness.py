"""Whatever is asked, the API answers in FHIR and never with a failure of its own."""

from __future__ import annotations

import copy
import json
import random
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.fhir_api.conftest import codes_of, patient

TEXTS = ["", "\x00", "%", "%zz", "é", "đ", "\u202e", "😀", "a" * 3000, "'", '"; drop table resource; --', "..", "../..",
         "{}", "$everything", "_history", "|", "||", ",", "\\", "\\\\,", "-1", "9" * 30, "NaN", "null", "ge",
         "1e999"]  # fmt: skip
NAMES = ["name", "name:exact", "name:contains", "identifier", "identifier:not", "birthdate", "_id", "_lastUpdated",
         "_count", "_sort", "_include", "_page", "_total", "organization", "general-practitioner:identifier", "_tag",
         "_profile", "_source", "gender", "deceased", "link", "x", "_format"]  # fmt: skip


def is_answered(answer: httpx.Response) -> bool:
    """Whether an answer is a success or a refusal with a code."""
    if answer.status_code in (200, 201, 204, 304):
        return True
    return (400 <= answer.status_code < 500 or answer.status_code == 501) and bool(codes_of(answer))


@pytest.mark.parametrize("name", NAMES)
async def test_no_value_of_a_parameter_breaks_a_search(fhir: httpx.AsyncClient, name: str) -> None:
    for text in TEXTS:
        for prefer in ("handling=strict", "handling=lenient"):
            answer = await fhir.get(f"Patient?{name}={quote(text)}", headers={"prefer": prefer})
            assert is_answered(answer), (text, answer.text)


@pytest.mark.parametrize(
    "query", ["name=%ff%fe", "name=%", "&&&", "=", "=a", "name", "a=b=c", "%00=1", "name=a;gender=b", "?"]
)
async def test_no_query_breaks_a_search(fhir: httpx.AsyncClient, query: str) -> None:
    assert is_answered(await fhir.get(f"Patient?{query}"))
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert is_answered(await fhir.post("Patient/_search", content=query.encode(), headers=form))
    assert is_answered(await fhir.post("Patient/_search", content=b"\xff\xfe=\x00", headers=form))


async def test_no_id_or_version_breaks_a_read(fhir: httpx.AsyncClient) -> None:
    for text in TEXTS:
        for path in (f"Patient/{quote(text, '')}", f"Patient/a/_history/{quote(text, '')}", quote(text, "") or "x"):
            assert is_answered(await fhir.get(path)), path
            assert is_answered(await fhir.delete(path)), path


@pytest.mark.parametrize("header", ["if-match", "if-none-match", "prefer", "accept-language", "traceparent", "cookie",
                                    "content-length", "authorization"])  # fmt: skip
async def test_no_header_breaks_a_write(fhir: httpx.AsyncClient, header: str) -> None:
    for value in (b"", b"\xff\xfe", b"a" * 5000, b'W/"', b";;==,,", b"-1", b"Bearer", b"Bearer \xc4\x91", b"00-x-y-z"):
        if header == "content-length" and value == b"":
            continue
        answer = await fhir.put("Patient/h", json=patient(id="h"), headers=[(header.encode(), value)])
        assert is_answered(answer), value


async def test_a_page_of_none_has_no_next(fhir: httpx.AsyncClient) -> None:
    await fhir.post("Patient", json=patient())
    answer = await fhir.get("Patient?_count=0&_total=accurate")
    assert answer.status_code == 200
    assert answer.json()["total"] >= 1
    assert [each["relation"] for each in answer.json()["link"]] == ["self"]


async def test_head_is_answered_like_get(fhir: httpx.AsyncClient) -> None:
    created = await fhir.post("Patient", json=patient())
    answer = await fhir.head(f"Patient/{created.json()['id']}")
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"1"')


ODD: list[Any] = [None, True, 0, -1, 1.5, 1e300, "", "x", "urn:uuid:1", "Patient/1", "2026", [], {}, [None], [[]],
                  {"reference": 7}, [{"reference": "Patient/1"}], {"x": {}}, "9999-12-31",
                  {"value": 5, "code": "Ym24"}]  # fmt: skip
WHOLE: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {
            "fullUrl": "urn:uuid:1",
            "resource": patient(
                identifier=[{"system": "s", "value": "v"}], birthDate="1990", meta={"tag": [{"code": "x"}]}
            ),
            "request": {"method": "POST", "url": "Patient"},
        },
        {
            "fullUrl": "urn:uuid:2",
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "code": {"coding": [{"system": "s", "code": "c"}], "text": "x"},
                "subject": {"reference": "urn:uuid:1"},
                "effectivePeriod": {"start": "2026-01-05", "end": "2026"},
                "valueQuantity": {"value": 5, "code": "g/L"},
            },
            "request": {"method": "PUT", "url": "Observation/odd", "ifMatch": 'W/"1"'},
        },
        {"request": {"method": "GET", "url": "Patient?name=a&_count=1"}},
        {"request": {"method": "DELETE", "url": "Patient/none"}},
    ],
}


def spoilt(chance: random.Random) -> Any:
    """WHOLE with a few values replaced, doubled or taken away."""
    whole = copy.deepcopy(WHOLE)
    whole["type"] = chance.choice(["transaction", "batch"])
    for _ in range(chance.randrange(1, 4)):
        holder: Any = whole
        while True:
            names = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not names:
                break
            name = chance.choice(names)
            if isinstance(holder[name], dict | list) and holder[name] and chance.random() < 0.85:
                holder = holder[name]
                continue
            if chance.random() < 0.2:
                del holder[name]
            else:
                holder[name] = copy.deepcopy(chance.choice(ODD))
            break
    return whole


@pytest.mark.parametrize("seed", range(10))
async def test_no_bundle_breaks_a_transaction_or_batch(fhir: httpx.AsyncClient, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(25):
        bundle = spoilt(chance)
        answer = await fhir.post("", content=json.dumps(bundle))
        assert is_answered(answer), (bundle, answer.text)
        for entry in answer.json().get("entry", []):
            assert not entry["response"]["status"].startswith("500"), (bundle, answer.text)
