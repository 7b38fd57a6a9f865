"""What the terminology operations share: languages, codings, value sets and systems as they are asked, and answers."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.resource import resource_of, to_bytes
from benhan.fhir.terminology.concepts import Concept
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.faults import BAD_PARAMETER, MISSING_PARAMETER
from benhan.fhir_api.operations.parameters import Asked
from benhan.fhir_api.requests import actor_of, check_valid, id_of_path, language_of
from benhan.fhir_api.responses import json_response
from benhan.store.terminology.terminology import Coding, Verdict

Json = dict[str, Any]


def parameters_response(parameters: list[Json]) -> Response:
    """200 with Parameters."""
    return json_response(to_bytes({"resourceType": "Parameters", "parameter": parameters}))


def verdict_response(request: Request, verdict: Verdict) -> Response:
    """200 with result, message and display. Source: valueset-operation-validate-code.html."""
    told: list[Json] = [{"name": "result", "valueBoolean": verdict.result}]
    if verdict.message is not None:
        told.append({"name": "message", "valueString": verdict.message.in_language(language_of(request.scope))})
    if verdict.display:
        told.append({"name": "display", "valueString": verdict.display})
    if verdict.result:
        told.append({"name": "code", "valueCode": verdict.code})
        if verdict.system:
            told.append({"name": "system", "valueUri": verdict.system})
    return parameters_response(told)


def display_language(asked: Asked, request: Request) -> str:
    """The language of displays: `displayLanguage`, else what Accept-Language likes best, else ""."""
    told = asked.text("displayLanguage")
    if told:
        return told
    best, liking = "", 0.0
    for each in request.headers.get("accept-language", "").split(","):
        tag, _, weight = each.strip().partition(";q=")
        try:
            likes = float(weight) if weight else 1.0
        except ValueError:
            likes = 0.0
        if tag not in ("", "*") and likes > liking:
            best, liking = tag, likes
    return best


def whole_number(asked: Asked, name: str) -> int | None:
    """A whole number from 0 on, None where it is not sent. Raises Incorrect BA-2352."""
    value = asked.one(name)
    if value is None:
        return None
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BAD_PARAMETER(name=name, wanted="a number, 0…")
    return int(text)


def an_object(asked: Asked, name: str) -> Json | None:
    """A Coding, a CodeableConcept or a resource; None where it is not sent. Raises Incorrect BA-2352."""
    value = asked.one(name)
    if value is not None and not isinstance(value, dict):
        raise BAD_PARAMETER(name=name, wanted="an object in a Parameters resource")
    return value


def a_resource(asked: Asked, name: str, type_: str) -> Json | None:
    """A valid resource that was sent along, None for none. Raises Incorrect BA-2352, BA-0210 where it is not valid."""
    sent = an_object(asked, name)
    if sent is None:
        return None
    if sent.get("resourceType") != type_:
        raise BAD_PARAMETER(name=name, wanted=type_)
    check_valid(resource_of(sent))
    return sent


def canonical(asked: Asked, name: str, version_name: str) -> str:
    """`url` or `url|version`, the version by itself where it is sent so; "" for none."""
    url, version = asked.text(name), asked.text(version_name)
    return f"{url}|{version}" if url and version and "|" not in url else url


async def asked_value_set(api: FhirApi, request: Request, asked: Asked) -> str | Json:
    """The ValueSet that is asked about: the one of the address, one sent along, or one by its url."""
    if "id" in request.path_params:
        return (await api.store.resources.read("ValueSet", id_of_path(request), actor_of(request))).read()
    sent = a_resource(asked, "valueSet", "ValueSet")
    if sent is not None:
        return sent
    url = canonical(asked, "url", "valueSetVersion")
    if not url:
        raise MISSING_PARAMETER(name="url", wanted="uri | valueSet")
    return url


async def system_of_address(api: FhirApi, request: Request) -> str:
    """The url of the CodeSystem of the address, "" where the address names none."""
    if "id" not in request.path_params:
        return ""
    stored = await api.store.resources.read("CodeSystem", id_of_path(request), actor_of(request))
    return str(stored.read().get("url", ""))


def coding_of(told: Json, name: str) -> Coding:
    """A Coding as it was sent. Raises Incorrect BA-2352 where it has no code."""
    code, system, version, display = (told.get(member) for member in ("code", "system", "version", "display"))
    if (
        not isinstance(code, str)
        or not code
        or not all(isinstance(each, str | None) for each in (system, version, display))
    ):
        raise BAD_PARAMETER(name=name, wanted="Coding: system, code")
    return Coding(code, system, version or "", display or "")


def asked_codings(asked: Asked, system: str | None, version: str) -> list[Coding]:
    """What is to be judged: `code`, `coding` or the codings of `codeableConcept`. Raises Incorrect BA-2352, BA-2353."""
    code, coding = asked.text("code"), an_object(asked, "coding")
    concept = an_object(asked, "codeableConcept")
    if code:
        return [Coding(code, system, version, asked.text("display"))]
    if coding is not None:
        return [coding_of(coding, "coding")]
    if concept is None:
        raise MISSING_PARAMETER(name="code", wanted="code | coding | codeableConcept")
    codings = concept.get("coding")
    if not isinstance(codings, list) or not codings or not all(isinstance(each, dict) for each in codings):
        raise BAD_PARAMETER(name="codeableConcept", wanted="coding: 1…")
    return [coding_of(each, "codeableConcept") for each in codings]


def designations_of(concept: Concept) -> list[Json]:
    """The designations of a concept as FHIR writes them."""
    return [
        {
            **({"language": each.language} if each.language else {}),
            **({"use": each.use} if each.use else {}),
            "value": each.value,
        }
        for each in concept.designations
    ]
