"""ValueSet/$expand. Source: FHIR R4 valueset-operation-expand.html.

`filter` minds neither accents nor case nor the order of words: each of its words must begin a word of the code, its
display or another designation. The expansion is flat.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.folding import words
from benhan.fhir.resource import instant, to_bytes
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.parameters import Asked, asked_of
from benhan.fhir_api.operations.terminology_answers import (
    asked_value_set,
    designations_of,
    display_language,
    whole_number,
)
from benhan.fhir_api.requests import check_accept
from benhan.fhir_api.responses import json_response
from benhan.store.terminology.terminology import Expansion, Member

Json = dict[str, Any]

PARAMETERS = (
    "url", "valueSet", "valueSetVersion", "filter", "offset", "count", "activeOnly", "displayLanguage",
    "includeDesignations", "includeDefinition", "excludeNested", "excludePostCoordinated",
)  # fmt: skip
WORDS_MAX = 12
HEAD = ("url", "version", "name", "title", "status", "experimental", "date", "publisher", "description")
DEFINITION = ("compose", "immutable", "copyright", "purpose")
_ECHOED = {"filter": "valueString", "offset": "valueInteger", "count": "valueInteger", "activeOnly": "valueBoolean"}


async def expand(api: FhirApi, request: Request) -> Response:
    """200 with the ValueSet and its expansion, all of it or a page.

    404 for a value set or code system that is not known; 400 with `too-costly` where there are more than 10,000 codes
    and no page is asked for; 501 for systems whose codes are written by a grammar.
    """
    check_accept(request)
    asked = await asked_of(api, request)
    asked.check("$expand", PARAMETERS)
    value_set = await asked_value_set(api, request, asked)
    offset, count = whole_number(asked, "offset") or 0, whole_number(asked, "count")
    terminology = api.store.terminology
    expansion = await terminology.expand(
        value_set,
        words=words(asked.text("filter")[:500])[:WORDS_MAX],
        offset=offset,
        count=count,
        active_only=asked.flag("activeOnly"),
    )
    source = value_set if isinstance(value_set, dict) else await terminology.value_set(value_set)
    language = display_language(asked, request)
    contains = [_contained(each, asked, language) for each in expansion.members]
    told: Json = {
        "resourceType": "ValueSet",
        **{name: source[name] for name in HEAD if name in source},
        **({name: source[name] for name in DEFINITION if name in source} if asked.flag("includeDefinition") else {}),
        "expansion": {
            "identifier": UUID(bytes=api.store.random.bytes(16), version=4).urn,
            "timestamp": instant(api.store.clock.now()),
            **({"total": expansion.total} if expansion.total is not None else {}),
            **({"offset": offset} if count is not None else {}),
            "parameter": _parameters(asked, expansion, language, offset, count),
            **({"contains": contains} if contains else {}),
        },
    }
    return json_response(to_bytes(told))


def _contained(member: Member, asked: Asked, language: str) -> Json:
    concept = member.concept
    told: Json = {"system": member.head.url} if member.head.url else {}
    if concept.is_abstract:
        told["abstract"] = True
    if concept.is_inactive:
        told["inactive"] = True
    told["code"] = concept.code
    display = concept.shown_in(language)
    if display:
        told["display"] = display
    if concept.designations and asked.flag("includeDesignations"):
        told["designation"] = designations_of(concept)
    return told


def _parameters(asked: Asked, expansion: Expansion, language: str, offset: int, count: int | None) -> list[Json]:
    """What made this expansion: the parameters as applied, the code systems with their versions."""
    applied = {
        "filter": asked.text("filter"),
        "offset": offset or None,
        "count": count,
        "activeOnly": asked.flag("activeOnly") or None,
    }
    told: list[Json] = [
        {"name": name, _ECHOED[name]: value} for name, value in applied.items() if value not in (None, "")
    ]
    if language:
        told.append({"name": "displayLanguage", "valueCode": language})
    used = {f"{head.url}|{head.version}": None for head in expansion.used if head.version}
    return told + [{"name": "version", "valueUri": each} for each in used]
