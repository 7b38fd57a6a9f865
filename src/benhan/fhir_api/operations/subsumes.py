"""CodeSystem/$subsumes. Source: FHIR R4 codesystem-operation-subsumes.html."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.faults import BAD_PARAMETER, MISSING_PARAMETER
from benhan.fhir_api.operations.parameters import Asked, asked_of
from benhan.fhir_api.operations.terminology_answers import (
    an_object,
    coding_of,
    parameters_response,
    system_of_address,
)
from benhan.fhir_api.requests import check_accept
from benhan.store.terminology.terminology import Coding

PARAMETERS = ("codeA", "codeB", "system", "version", "codingA", "codingB")


async def subsumes(api: FhirApi, request: Request) -> Response:
    """200 with `outcome`: equivalent, subsumes, subsumed-by or not-subsumed; 404 for what is not known."""
    check_accept(request)
    asked = await asked_of(api, request)
    asked.check("$subsumes", PARAMETERS)
    system = await system_of_address(api, request) or asked.text("system")
    a, b = (_coding(asked, side, system) for side in ("A", "B"))
    if not a.system or a.system != b.system:
        raise BAD_PARAMETER(name="system", wanted="one and the same code system")
    version = asked.text("version") or a.version
    outcome = await api.store.terminology.subsumes(a.system, a.code, b.code, version)
    return parameters_response([{"name": "outcome", "valueCode": outcome}])


def _coding(asked: Asked, side: str, system: str) -> Coding:
    coding = an_object(asked, f"coding{side}")
    if coding is not None:
        return coding_of({"system": system or None, **coding}, f"coding{side}")
    code = asked.text(f"code{side}")
    if not code:
        raise MISSING_PARAMETER(name=f"code{side}", wanted=f"code{side} | coding{side}")
    return Coding(code, system or None)
