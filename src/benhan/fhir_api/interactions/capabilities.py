"""capabilities: GET [base]/metadata. Source: FHIR R4 http.html#capabilities, capabilitystatement.html."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan import __version__
from benhan.fhir.definitions import resource_types
from benhan.fhir.resource import instant
from benhan.fhir.search_parameters import parameters_of
from benhan.fhir.search_query import SEARCHABLE_KINDS
from benhan.fhir.subscription import topics_of_types
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.operations.table import capability_operations
from benhan.fhir_api.requests import check_accept
from benhan.fhir_api.responses import json_response
from benhan.store.subscription_topics import SubscriptionTopics

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport"

OF_TYPES = {
    "read": "read",
    "vread": "vread",
    "update": "update",
    "patch": "patch",
    "delete": "delete",
    "history_instance": "history-instance",
    "history_type": "history-type",
    "create": "create",
    "search_type": "search-type",
}
"""Interactions on one type: the name of our function, and the code of http://hl7.org/fhir/restful-interaction."""
OF_SYSTEM = {
    "transaction": ("transaction", "batch"),
    "search_system": ("search-system",),
    "history_system": ("history-system",),
}
"""Interactions on the whole, the same way; one function answers transaction and batch."""


def offered() -> frozenset[str]:
    """The names of the interactions that the table of routes leads to."""
    from benhan.fhir_api.routes import TABLE

    return frozenset(interaction.__name__ for _, _, interaction, _ in TABLE)


def interactions_of_types() -> list[str]:
    """The codes of what is offered on each type."""
    return [code for name, code in OF_TYPES.items() if name in offered()]


def interactions_of_system() -> list[str]:
    """The codes of what is offered on the whole."""
    return [code for name, codes in OF_SYSTEM.items() if name in offered() for code in codes]


async def capabilities(api: FhirApi, request: Request) -> Response:
    """200 with the CapabilityStatement: what this server does, and nothing it does not."""
    check_accept(request)
    topics = [*await SubscriptionTopics(api.store.database).urls(), *topics_of_types()]
    statement: dict[str, Any] = {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": instant(api.store.clock.now()),
        "kind": "instance",
        "instantiates": [f"{BACKPORT}/CapabilityStatement/backport-subscription-server-r4"],
        "software": {"name": "benhan", "version": __version__},
        "implementation": {"description": "benhan", "url": api.base_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "application/fhir+xml", "json", "xml"],
        "patchFormat": ["application/json-patch+json", "application/fhir+json", "application/fhir+xml"],
        "rest": [
            {
                "mode": "server",
                **({"security": api.security} if api.security else {}),
                "resource": [
                    {**_resource(type_, api), **(_subscribing(topics) if type_ == "Subscription" else {})}
                    for type_ in sorted(resource_types())
                ],
                "interaction": [{"code": code} for code in interactions_of_system()],
                **capability_operations(None),
            }
        ],
    }
    return json_response(orjson.dumps(statement))


def _subscribing(topics: Sequence[str]) -> dict[str, Any]:
    """What a Subscription may be, and to which topics. Source: Subscriptions R5 Backport 1.1.0, conformance.html,
    StructureDefinition/capabilitystatement-subscriptiontopic-canonical.
    """
    url = f"{BACKPORT}/StructureDefinition/capabilitystatement-subscriptiontopic-canonical"
    return {
        "extension": [{"url": url, "valueCanonical": topic} for topic in topics],
        "supportedProfile": [f"{BACKPORT}/StructureDefinition/backport-subscription"],
    }


def _resource(type_: str, api: FhirApi) -> dict[str, Any]:
    searchable = [
        {"name": parameter.code, "type": parameter.type}
        for parameter in parameters_of(type_).values()
        if parameter.type in SEARCHABLE_KINDS and not parameter.building
    ]
    includes = [f"{type_}:{each['name']}" for each in searchable if each["type"] == "reference"]
    return {
        "type": type_,
        "interaction": [{"code": code} for code in interactions_of_types()],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": "update_conditional" in offered(),
        "conditionalDelete": "single" if api.conditional_deletes_max == 1 else "multiple",
        **({"searchInclude": includes} if includes else {}),
        "searchParam": sorted(searchable, key=lambda each: each["name"]),
        **capability_operations(type_),
    }
