"""ConceptMap/$translate. Source: FHIR R4 conceptmap-operation-translate.html."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.terminology.concept_map import NOT_MATCHED, Asked, Match
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.faults import MISSING_PARAMETER
from benhan.fhir_api.operations.parameters import Asked as AskedParameters
from benhan.fhir_api.operations.parameters import asked_of
from benhan.fhir_api.operations.terminology_answers import a_resource, asked_codings, canonical, parameters_response
from benhan.fhir_api.requests import actor_of, check_accept, id_of_path, language_of
from benhan.kernel.texts import Text

Json = dict[str, Any]

PARAMETERS = (
    "url", "conceptMap", "conceptMapVersion", "code", "system", "version", "source", "coding", "codeableConcept",
    "target", "targetsystem", "reverse",
)  # fmt: skip
NO_MATCH = Text("Không có mã tương ứng trong các bảng chuyển mã ở đây.", "The maps known here have no match.")


async def translate(api: FhirApi, request: Request) -> Response:
    """200 with `result`, and a `match` for each translation; 404 for a map that is not known."""
    check_accept(request)
    asked = await asked_of(api, request)
    asked.check("$translate", PARAMETERS)
    concept_map = await _asked_map(api, request, asked)
    matches: dict[Match, None] = {}
    for coding in asked_codings(asked, asked.text("system") or None, asked.text("version")):
        if concept_map is None and not coding.system:
            raise MISSING_PARAMETER(name="system", wanted="uri")
        wanted = Asked(coding.system or "", coding.code, asked.text("targetsystem"), is_reverse=asked.flag("reverse"))
        found = await api.store.terminology.translate(
            wanted, concept_map, source=asked.text("source"), target=asked.text("target")
        )
        matches.update(dict.fromkeys(found))
    result = any(each.equivalence not in NOT_MATCHED for each in matches)
    answer: list[Json] = [{"name": "result", "valueBoolean": result}]
    if not matches:
        answer.append({"name": "message", "valueString": NO_MATCH.in_language(language_of(request.scope))})
    return parameters_response([*answer, *(_match(each) for each in matches)])


async def _asked_map(api: FhirApi, request: Request, asked: AskedParameters) -> str | Json | None:
    """The map of the address, one sent along, one by its url, or None: every map that fits."""
    if "id" in request.path_params:
        return (await api.store.resources.read("ConceptMap", id_of_path(request), actor_of(request))).read()
    return a_resource(asked, "conceptMap", "ConceptMap") or canonical(asked, "url", "conceptMapVersion") or None


def _match(match: Match) -> Json:
    coding = {
        "system": match.system,
        "version": match.version,
        "code": match.code,
        "display": match.display,
    }
    part: list[Json] = [{"name": "equivalence", "valueCode": match.equivalence}]
    if match.code:
        part.append({"name": "concept", "valueCoding": {name: each for name, each in coding.items() if each}})
    for element, system, code in match.product:
        told: list[Json] = [{"name": "element", "valueUri": element}] if element else []
        concept = {"system": system, "code": code} if system else {"code": code}
        part.append({"name": "product", "part": [*told, {"name": "concept", "valueCoding": concept}]})
    if match.source:
        part.append({"name": "source", "valueUri": match.source})
    return {"name": "match", "part": part}
