"""capabilities: GET [base]/metadata. Source: FHIR R4 http.html#capabilities, capabilitystatement.html."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan import __version__
from benhan.fhir.definitions import resource_types
from benhan.fhir.resource import instant
from benhan.fhir.search_parameters import parameters_of
from benhan.fhir.search_query import SEARCHABLE_KINDS
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.requests import check_accept
from benhan.fhir_api.responses import json_response

INTERACTIONS = ("read", "vread", "update", "delete", "history-instance", "create", "search-type")


async def capabilities(api: FhirApi, request: Request) -> Response:
    """200 with the CapabilityStatement: what this server does, and nothing it does not."""
    check_accept(request)
    statement: dict[str, Any] = {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": instant(api.store.clock.now()),
        "kind": "instance",
        "software": {"name": "benhan", "version": __version__},
        "implementation": {"description": "benhan", "url": api.base_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "resource": [_resource(type_) for type_ in sorted(resource_types())],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
            }
        ],
    }
    return json_response(orjson.dumps(statement))


def _resource(type_: str) -> dict[str, Any]:
    searchable = [
        {"name": parameter.code, "type": parameter.type}
        for parameter in parameters_of(type_).values()
        if parameter.type in SEARCHABLE_KINDS and not parameter.building
    ]
    includes = [f"{type_}:{each['name']}" for each in searchable if each["type"] == "reference"]
    return {
        "type": type_,
        "interaction": [{"code": code} for code in INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalRead": "not-match",
        **({"searchInclude": includes} if includes else {}),
        "searchParam": sorted(searchable, key=lambda each: each["name"]),
    }
