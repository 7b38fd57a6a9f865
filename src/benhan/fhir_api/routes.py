"""The table of routes. Source: FHIR R4 http.html#summary."""

from __future__ import annotations

from benhan.access.routes import GuardedRoute, route
from benhan.fhir_api.api import FhirApi, endpoint
from benhan.fhir_api.interactions.capabilities import capabilities
from benhan.fhir_api.interactions.create import create
from benhan.fhir_api.interactions.delete import delete
from benhan.fhir_api.interactions.history_instance import history_instance
from benhan.fhir_api.interactions.read import read
from benhan.fhir_api.interactions.search_type import search_type
from benhan.fhir_api.interactions.transaction import transaction
from benhan.fhir_api.interactions.update import update
from benhan.fhir_api.interactions.vread import vread
from benhan.fhir_api.operations.table import rows as operation_rows
from benhan.kernel.permissions import Permission

TABLE = (
    ("GET", "/metadata", capabilities, Permission.PUBLIC),
    ("POST", "", transaction, Permission.FHIR_READ),  # each entry is held against its own permission
    ("POST", "/", transaction, Permission.FHIR_READ),
    ("POST", "/{type}/_search", search_type, Permission.FHIR_SEARCH),
    ("GET", "/{type}", search_type, Permission.FHIR_SEARCH),
    ("POST", "/{type}", create, Permission.FHIR_WRITE),
    ("GET", "/{type}/{id}", read, Permission.FHIR_READ),
    ("PUT", "/{type}/{id}", update, Permission.FHIR_WRITE),
    ("DELETE", "/{type}/{id}", delete, Permission.FHIR_DELETE),
    ("GET", "/{type}/{id}/_history", history_instance, Permission.FHIR_READ),
    ("GET", "/{type}/{id}/_history/{version}", vread, Permission.FHIR_READ),
)
"""Method, path below the base, interaction, permission."""


def routes(api: FhirApi, prefix: str = "/fhir") -> list[GuardedRoute]:
    """The routes of the FHIR API below `prefix`."""
    return [
        route(prefix + path, endpoint(api, interaction), methods=[method], permission=permission)
        for method, path, interaction, permission in [*TABLE, *operation_rows()]
    ]
