"""Patient/$match: who is found, how surely, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.fhir_api.conftest import codes_of
from tests.fhir_api.test_everything import made

Json = dict[str, Any]
SYSTEM = "urn:benhan:id:thu"


def person(value: str = "", family: str = "Nguyễn", given: str = "Văn An", **more: Any) -> Json:
    body: Json = {"resourceType": "Patient", "name": [{"family": family, "given": given.split()}], **more}
    return {**body, "identifier": [{"system": SYSTEM, "value": value}]} if value else body


async def matched(fhir: httpx.AsyncClient, wanted: Json, **more: Any) -> list[tuple[str, str, float]]:
    """Id, grade, score."""
    parameters = [{"name": "resource", "resource": wanted}]
    kinds = {bool: "valueBoolean", int: "valueInteger"}
    parameters += [{"name": name, kinds[type(value)]: value} for name, value in more.items()]
    answer = await fhir.post("Patient/$match", json={"resourceType": "Parameters", "parameter": parameters})
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    entries = bundle.get("entry", [])
    assert (bundle["type"], bundle["total"]) == ("searchset", len(entries))
    return [
        (each["resource"]["id"], each["search"]["extension"][0]["valueCode"], each["search"]["score"])
        for each in entries
    ]


async def test_who_carries_the_identifier_is_certain(fhir: httpx.AsyncClient, unique: Callable[[], str]) -> None:
    value = unique()
    an = await made(fhir, person(value, birthDate="1950-02-03"))
    await made(fhir, person(unique(), birthDate="1950-02-03", family=unique()))
    assert await matched(fhir, person(value, birthDate="1950-02-03")) == [(an, "certain", 1.0)]
    assert await matched(fhir, person(value, given="VAN AN"), onlyCertainMatches=True) == [(an, "certain", 1.0)]


async def test_what_speaks_against_an_identifier_lowers_the_grade(
    fhir: httpx.AsyncClient, unique: Callable[[], str]
) -> None:
    value = unique()
    an = await made(fhir, person(value, birthDate="1950-02-03", gender="male"))
    [(id_, grade, score)] = await matched(fhir, person(value, birthDate="1988-02-03", gender="male"))
    assert (id_, grade) == (an, "probable")
    assert 0.6 < score < 1
    wrong = person(value, family="Trần", given="Thị Bình", birthDate="1988-02-03", gender="female")
    assert [each[1] for each in await matched(fhir, wrong)] == ["possible"]
    assert await matched(fhir, wrong, onlyCertainMatches=True) == []


async def test_name_and_birth_date_alone_are_never_certain(fhir: httpx.AsyncClient, unique: Callable[[], str]) -> None:
    family, given = unique(), f"{unique()} {unique()}"
    an = await made(fhir, person(unique(), family=family, given=given, birthDate="1950-02-03"))
    year = await made(fhir, person(family=family, given=given, birthDate="1950-07-07"))
    await made(fhir, person(family=family, given=given, birthDate="1961-02-03"))
    found = await matched(fhir, person(family=family, given=given, birthDate="1950-02-03"))
    assert [(id_, grade) for id_, grade, _ in found] == [(an, "probable"), (year, "possible")]
    assert found[0][2] > found[1][2]
    assert (
        await matched(fhir, person(family=family, given=given, birthDate="1950-02-03"), onlyCertainMatches=True) == []
    )


async def test_an_identifier_of_another_value_does_not_hide_who_bears_the_name(
    fhir: httpx.AsyncClient, unique: Callable[[], str]
) -> None:
    family, given = unique(), f"{unique()} {unique()}"
    an = await made(fhir, person(unique(), family=family, given=given, birthDate="1950-02-03"))
    found = await matched(fhir, person(unique(), family=family, given=given, birthDate="1950-02-03"))
    assert [(id_, grade) for id_, grade, _ in found] == [(an, "possible")]


async def test_two_that_are_certain_are_none(fhir: httpx.AsyncClient, unique: Callable[[], str]) -> None:
    value = unique()
    twice = {await made(fhir, person(value)) for _ in range(2)}
    assert {id_ for id_, _, _ in await matched(fhir, person(value))} == twice
    assert await matched(fhir, person(value), onlyCertainMatches=True) == []
    assert len(await matched(fhir, person(value), count=1)) == 1


async def test_signs_in_an_identifier_are_taken_as_they_are(fhir: httpx.AsyncClient, unique: Callable[[], str]) -> None:
    value = f"a,b|c$d\\{unique()}"
    an = await made(fhir, person(value))
    assert [each[0] for each in await matched(fhir, person(value))] == [an]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"resourceType": "Parameters"}, "BA-2353"),
        (
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "resource", "resource": {"resourceType": "Patient"}}],
            },
            "BA-2359",
        ),
        (
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "resource", "resource": {"resourceType": "Practitioner"}}],
            },
            "BA-2359",
        ),
        ({"resourceType": "Parameters", "parameter": [{"name": "nothing", "valueString": "a"}]}, "BA-2351"),
        ({"resourceType": "Parameters", "parameter": [{"name": "resource", "valueString": "a"}]}, "BA-2353"),
    ],
)
async def test_what_cannot_be_matched_is_refused(fhir: httpx.AsyncClient, body: Json, code: str) -> None:
    answer = await fhir.post("Patient/$match", json=body)
    assert (answer.status_code, codes_of(answer)) == (400, [code])


@pytest.mark.parametrize(
    "broken", [{"identifier": "x"}, {"identifier": [5]}, {"name": [{"given": 3}]}, {"birthDate": 7}]
)
async def test_a_patient_of_the_wrong_form_is_refused(fhir: httpx.AsyncClient, broken: Json) -> None:
    body = {"resourceType": "Patient", "birthDate": "2000-01-01", **broken}
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": body}]}
    assert (await fhir.post("Patient/$match", json=parameters)).status_code in (400, 422)
