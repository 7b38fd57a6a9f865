"""CodeSystem/$validate-code and ValueSet/$validate-code.

Source: FHIR R4 codesystem-operation-validate-code.html, valueset-operation-validate-code.html.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.faults import MISSING_PARAMETER
from benhan.fhir_api.operations.parameters import Asked, asked_of
from benhan.fhir_api.operations.terminology_answers import (
    asked_codings,
    asked_value_set,
    system_of_address,
    verdict_response,
)
from benhan.fhir_api.requests import check_accept, type_of_path

IN_SYSTEM = ("url", "code", "version", "display", "coding", "codeableConcept", "abstract", "displayLanguage")
IN_VALUE_SET = (
    "url", "valueSet", "valueSetVersion", "code", "system", "systemVersion", "display", "coding", "codeableConcept",
    "abstract", "displayLanguage",
)  # fmt: skip


async def validate_code(api: FhirApi, request: Request) -> Response:
    """200 with `result` true or false and, where false, the reason; 404 where nothing is known to judge by."""
    check_accept(request)
    asked = await asked_of(api, request)
    if type_of_path(request) == "CodeSystem":
        return await _in_system(api, request, asked)
    asked.check("$validate-code", IN_VALUE_SET)
    value_set = await asked_value_set(api, request, asked)
    codings = asked_codings(asked, asked.text("system") or None, asked.text("systemVersion"))
    verdict = await api.store.terminology.validate_in_value_set(
        value_set, codings, abstract=asked.flag("abstract", default=True)
    )
    return verdict_response(request, verdict)


async def _in_system(api: FhirApi, request: Request, asked: Asked) -> Response:
    asked.check("$validate-code", IN_SYSTEM)
    system = await system_of_address(api, request) or asked.text("url")
    codings = asked_codings(asked, system or None, asked.text("version"))
    verdicts = []
    for coding in codings:
        if not (coding.system or system):
            raise MISSING_PARAMETER(name="url", wanted="uri | coding.system")
        verdicts.append(
            await api.store.terminology.validate_in_system(
                coding.system or system, coding, abstract=asked.flag("abstract", default=True)
            )
        )
    return verdict_response(request, next((each for each in verdicts if each.result), verdicts[0]))
