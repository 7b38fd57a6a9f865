"""$validate: a resource held against its structure, R4's rules, the profiles it claims and one that is asked for.

Source: FHIR R4 resource-operation-validate.html. Taken: `resource`, `mode` (create, update, delete, profile),
`profile`, as Parameters, or the bare resource as body and the others in the address. Nothing is stored.
"""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.definitions import resource_types
from benhan.fhir.outcome import outcome_of_issues
from benhan.fhir.validation import texts
from benhan.fhir.validation.faults import BAD_MODE, UNKNOWN_PROFILE
from benhan.fhir.validation.scope import Options
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.faults import ID_MISMATCH, TYPE_MISMATCH
from benhan.fhir_api.operations.faults import MISSING_PARAMETER, NOT_PARAMETERS, UNKNOWN_PARAMETER
from benhan.fhir_api.operations.parameters import FORMAT_PARAMETERS
from benhan.fhir_api.requests import actor_of, check_accept, language_of, read_json, type_of_path
from benhan.fhir_api.responses import json_response
from benhan.kernel.issues import Issue, Severity

Json = dict[str, Any]

TAKEN = ("resource", "mode", "profile")
MODES = ("create", "update", "delete", "profile")


async def validate(api: FhirApi, request: Request) -> Response:
    """200 with what was found; an OperationOutcome of one information where nothing was.

    404 where a profile that is asked for is not known. With mode delete, whether the resource may be deleted.
    """
    check_accept(request)
    type_, id_ = type_of_path(request), request.path_params.get("id", "")
    resource, asked, size_bytes = await _asked(api, request)
    mode, profile = asked.get("mode", ""), asked.get("profile", "")
    if mode and mode not in MODES:
        raise BAD_MODE()
    stored = None
    if id_ and (resource is None or mode in ("update", "delete")):
        stored = await api.store.resources.read(type_, id_, actor_of(request))
    if resource is None and stored is not None:
        resource, size_bytes = orjson.loads(stored.content), len(stored.content)
    if mode == "delete":
        return _answer(request, [])
    if resource is None:
        raise MISSING_PARAMETER(name="resource", wanted="resource")
    _check_address(resource, type_, id_, mode)
    if profile and await api.store.validation.structure(profile) is None:
        raise UNKNOWN_PROFILE()
    options = Options(must_support=bool(profile), unknown_extensions="inform")
    issues = await api.store.validation.validate(
        resource,
        [profile] if profile else [],
        options=options,
        actor=actor_of(request),
        size_bytes=size_bytes,
    )
    return _answer(request, issues)


def _answer(request: Request, issues: list[Issue]) -> Response:
    told = issues or [Issue(Severity.INFORMATION, "informational", texts.ALL_WELL)]
    return json_response(orjson.dumps(outcome_of_issues(told, language_of(request.scope))))


def _check_address(resource: Json, type_: str, id_: str, mode: str) -> None:
    """Raises BA-0304, BA-0305 where the resource is not that of the address."""
    told = resource.get("resourceType")
    if told in resource_types() and told != type_:
        raise TYPE_MISMATCH(type=type_)
    if id_ and mode == "update" and resource.get("id") != id_:
        raise ID_MISMATCH()


async def _asked(api: FhirApi, request: Request) -> tuple[Json | None, dict[str, str], int]:
    """The resource and the other parameters, from the address and the body, whose size is the third.

    Raises BA-2351, BA-2354.
    """
    asked = {name: value for name, value in request.query_params.items() if name not in FORMAT_PARAMETERS}
    resource: Json | None = None
    size_bytes = 0
    if request.method == "POST":
        _, plain, size_bytes = await read_json(request, api.body_bytes_max)
        if not isinstance(plain, dict):
            raise NOT_PARAMETERS()
        listed = plain.get("parameter")
        if plain.get("resourceType") == "Parameters" and _is_asking(listed, request):
            for each in listed or ():
                value = each.get("resource") or next((each[name] for name in each if name.startswith("value")), None)
                if each.get("name") == "resource" and isinstance(value, dict):
                    resource = value
                elif isinstance(value, str):
                    asked[str(each.get("name"))] = value
        else:
            resource = plain
    for name in asked:
        if name not in TAKEN or name == "resource":
            shown = name if name.isalnum() and len(name) < 40 else "?"
            raise UNKNOWN_PARAMETER(operation="$validate", name=shown, valid=", ".join(TAKEN))
    return resource, asked, size_bytes


def _is_asking(listed: Any, request: Request) -> bool:
    """Whether a Parameters is what is asked, and not itself the resource to validate."""
    if listed is None:
        return request.path_params.get("type") != "Parameters"
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise NOT_PARAMETERS()
    return request.path_params.get("type") != "Parameters" or any(each.get("name") in TAKEN for each in listed)
