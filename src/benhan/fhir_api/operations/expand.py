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
from benhan.fhir.terminology.compose import SystemKey, Versions
from benhan.fhir.terminology.concepts import same_language
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.faults import BAD_PARAMETER
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
    "includeDesignations", "designation", "includeDefinition", "excludeNested", "excludeNotForUI",
    "excludePostCoordinated", "exclude-system", "system-version", "check-system-version", "force-system-version",
)  # fmt: skip
VERSIONS = ("system-version", "force-system-version", "check-system-version")
"""In the order of the fields of `Versions`."""
LANGUAGES = "urn:ietf:bcp:47"
WORDS_MAX = 12
HEAD = ("url", "version", "name", "title", "status", "experimental", "date", "publisher", "description")
DEFINITION = ("compose", "immutable", "copyright", "purpose")
_ECHOED = {
    "filter": "valueString", "offset": "valueInteger", "count": "valueInteger", "activeOnly": "valueBoolean",
    "excludeNotForUI": "valueBoolean",
}  # fmt: skip


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
        selectable_only=asked.flag("excludeNotForUI"),
        versions=_versions(asked),
        without=[SystemKey(*_parted(each)) for each in _canonicals(asked, "exclude-system")],
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
    wanted = _canonicals(asked, "designation")
    if wanted or asked.flag("includeDesignations"):
        designations = [each for each in designations_of(concept) if not wanted or _is_wanted(each, wanted)]
        told |= {"designation": designations} if designations else {}
    return told


def _is_wanted(designation: Json, wanted: list[str]) -> bool:
    """Whether its language (`urn:ietf:bcp:47|vi`, or the tag alone) or its use is among `wanted`."""
    use = designation.get("use") or {}
    for each in wanted:
        system, _, code = each.rpartition("|")
        if system in ("", LANGUAGES) and same_language(str(designation.get("language", "")), code):
            return True
        if code == use.get("code") and system in ("", use.get("system")):
            return True
    return False


def _versions(asked: Asked) -> Versions | None:
    told = [dict(_parted(each) for each in _canonicals(asked, name)) for name in VERSIONS]
    return Versions(*told) if any(told) else None


def _canonicals(asked: Asked, name: str) -> list[str]:
    """The values of a parameter that may come several times. Raises Incorrect BA-2352."""
    found = asked.all(name)
    if not all(isinstance(each, str) and each for each in found):
        raise BAD_PARAMETER(name=name, wanted="text")
    if name in VERSIONS and not all(_parted(each)[1] for each in found):
        raise BAD_PARAMETER(name=name, wanted="system|version")
    return found


def _parted(canonical: str) -> tuple[str, str]:
    url, _, version = canonical.partition("|")
    return url, version


def _parameters(asked: Asked, expansion: Expansion, language: str, offset: int, count: int | None) -> list[Json]:
    """What made this expansion: the parameters as applied, the code systems with their versions."""
    applied = {
        "filter": asked.text("filter"),
        "offset": offset or None,
        "count": count,
        "activeOnly": asked.flag("activeOnly") or None,
        "excludeNotForUI": asked.flag("excludeNotForUI") or None,
    }
    told: list[Json] = [
        {"name": name, _ECHOED[name]: value} for name, value in applied.items() if value not in (None, "")
    ]
    if language:
        told.append({"name": "displayLanguage", "valueCode": language})
    for name in (*VERSIONS, "exclude-system"):
        told += [{"name": name, "valueUri": each} for each in _canonicals(asked, name)]
    told += [{"name": "designation", "valueString": each} for each in _canonicals(asked, "designation")]
    used = {f"{head.url}|{head.version}": None for head in expansion.used if head.version}
    added = {each: None for head in expansion.used for each in head.supplements}
    told += [{"name": "version", "valueUri": each} for each in used]
    return told + [{"name": "used-supplement", "valueUri": each} for each in added]
