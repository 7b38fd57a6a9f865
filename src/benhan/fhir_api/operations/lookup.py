"""CodeSystem/$lookup. Source: FHIR R4 codesystem-operation-lookup.html."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.terminology.concepts import Concept
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.faults import MISSING_PARAMETER
from benhan.fhir_api.operations.parameters import asked_of
from benhan.fhir_api.operations.terminology_answers import (
    an_object,
    coding_of,
    designations_of,
    display_language,
    parameters_response,
)
from benhan.fhir_api.requests import check_accept

Json = dict[str, Any]

PARAMETERS = ("code", "system", "version", "coding", "displayLanguage", "property")
CHILDREN_MAX = 1_000


async def lookup(api: FhirApi, request: Request) -> Response:
    """200 with what is known of a code; 404 where the system or the code is not known.

    Without `property` everything is told, children up to 1,000.
    """
    check_accept(request)
    asked = await asked_of(api, request)
    asked.check("$lookup", PARAMETERS)
    told = an_object(asked, "coding")
    coding = coding_of(told, "coding") if told is not None else None
    system = (coding.system if coding is not None else None) or asked.text("system")
    code = coding.code if coding is not None else asked.text("code")
    if not system or not code:
        raise MISSING_PARAMETER(name="code", wanted="system + code | coding")
    version = (coding.version if coding is not None else "") or asked.text("version")
    head, concept, children = await api.store.terminology.lookup(system, code, version)
    wanted = set(asked.texts("property")) - {"*"}
    answer: list[Json] = [{"name": "name", "valueString": head.title or head.url}]
    if head.version:
        answer.append({"name": "version", "valueString": head.version})
    answer.append(
        {"name": "display", "valueString": concept.shown_in(display_language(asked, request)) or concept.code}
    )
    if not wanted or "designation" in wanted:
        answer += [_designation(each) for each in designations_of(concept)]
    answer += [
        {"name": "property", "part": [{"name": "code", "valueCode": name}, {"name": "value", member: value}]}
        for name, member, value in _properties(concept, children)
        if not wanted or name in wanted
    ]
    return parameters_response(answer)


def _designation(told: Json) -> Json:
    part: list[Json] = []
    if "language" in told:
        part.append({"name": "language", "valueCode": told["language"]})
    if "use" in told:
        part.append({"name": "use", "valueCoding": told["use"]})
    return {"name": "designation", "part": [*part, {"name": "value", "valueString": told["value"]}]}


def _properties(concept: Concept, children: list[str]) -> list[tuple[str, str, Any]]:
    """The properties of every code system, then the concept's own, each once."""
    own = [(each.code, each.member, each.value) for each in concept.properties]
    names = {name for name, _, _ in own}
    told: list[tuple[str, str, Any]] = []
    if concept.definition:
        told.append(("definition", "valueString", concept.definition))
    if "inactive" not in names:
        told.append(("inactive", "valueBoolean", concept.is_inactive))
    if "parent" not in names:
        told += [("parent", "valueCode", each) for each in concept.parents]
    if "child" not in names:
        told += [("child", "valueCode", each) for each in children[:CHILDREN_MAX]]
    return told + own
