"""Patient/$match: who this may be, by identifiers first. Source: FHIR R4 patient-operation-match.html."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.bundle import Entry, bundle_bytes
from benhan.fhir.patient_match import Grade, Match, identifiers_of, match, name_words
from benhan.fhir.resource import resource_of
from benhan.fhir.search_query import parse_search
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.faults import NOT_A_PATIENT
from benhan.fhir_api.operations.parameters import asked_of
from benhan.fhir_api.requests import actor_of, check_accept, check_valid
from benhan.fhir_api.responses import json_response
from benhan.kernel.actors import Actor
from benhan.store.unit_of_work import Stored

COUNT_DEFAULT, COUNT_MAX = 10, 100
IDENTIFIERS_MAX, WORDS_MAX, CANDIDATES_MAX = 20, 6, 100
GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
Json = dict[str, Any]


async def match_patient(api: FhirApi, request: Request) -> Response:
    """200 with a searchset, the surest first, each with its score and its grade.

    With `onlyCertainMatches` the one that is certain, or nobody: two that are certain are none.
    """
    check_accept(request)
    asked = await asked_of(api, request)
    asked.check("$match", ("resource", "onlyCertainMatches", "count"))
    count = asked.number("count", COUNT_DEFAULT, COUNT_MAX)
    certain_only = asked.flag("onlyCertainMatches")
    parsed = resource_of(asked.resource("resource"))
    check_valid(parsed)
    wanted = parsed.plain
    if parsed.type != "Patient" or not (identifiers_of(wanted) or (name_words(wanted) and wanted.get("birthDate"))):
        raise NOT_A_PATIENT()
    found = await _candidates(api, wanted, actor_of(request), certain_only=certain_only)
    judged = [(match(wanted, orjson.loads(each.content)), each) for each in found]
    judged = [(verdict, each) for verdict, each in judged if verdict.grade is not Grade.CERTAINLY_NOT]
    if certain_only:
        judged = [(verdict, each) for verdict, each in judged if verdict.grade is Grade.CERTAIN]
        judged = judged if len(judged) == 1 else []
    order = [*Grade]
    judged.sort(key=lambda pair: (order.index(pair[0].grade), -pair[0].score, pair[1].id))
    entries = [_entry(api, verdict, each) for verdict, each in judged[:count]]
    return json_response(bundle_bytes("searchset", entries, total=len(entries)))


async def _candidates(api: FhirApi, wanted: Json, actor: Actor, *, certain_only: bool) -> list[Stored]:
    """Who carries one of the identifiers; then who bears the name and the birth date."""
    found: dict[int, Stored] = {}
    pairs = identifiers_of(wanted)[:IDENTIFIERS_MAX]
    if pairs:
        values = ",".join(f"{_escaped(system)}|{_escaped(value)}" for system, value in pairs)
        found |= await _searched(api, [("identifier", values)], actor)
    words = sorted(name_words(wanted), key=len, reverse=True)[:WORDS_MAX]
    if words and wanted.get("birthDate") and not certain_only:
        for birth in dict.fromkeys((wanted["birthDate"], wanted["birthDate"][:4])):
            asked = [
                ("birthdate", birth),
                *(("name", _escaped(word)) for word in words[: 1 if len(birth) > 4 else None]),
            ]
            found |= await _searched(api, asked, actor)
    return [*found.values()]


async def _searched(api: FhirApi, pairs: Iterable[tuple[str, str]], actor: Actor) -> dict[int, Stored]:
    query = parse_search("Patient", [*pairs, ("_count", str(CANDIDATES_MAX))])
    page = await api.store.search.search(query, actor, base_url=api.base_url)
    return {each.rid: each for each in page.matches}


def _escaped(text: str) -> str:
    r"""`text` as a search value. Source: search.html#escaping."""
    return re.sub(r"([,|$\\])", r"\\\1", text)


def _entry(api: FhirApi, verdict: Match, stored: Stored) -> Entry:
    told = {
        "extension": [{"url": GRADE, "valueCode": verdict.grade.value}],
        "mode": "match",
        "score": verdict.score,
    }
    return Entry(stored.content, f"{api.base_url}/Patient/{stored.id}", search=told)
