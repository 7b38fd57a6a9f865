"""The table of routes. Source: FHIR R4 http.html#summary."""

from __future__ import annotations

from benhan.access.routes import GuardedRoute, route
from benhan.fhir_api.api import FhirApi, endpoint
from benhan.fhir_api.interactions.capabilities import capabilities
from benhan.fhir_api.interactions.create import create
from benhan.fhir_api.interactions.delete import delete
from benhan.fhir_api.interactions.delete_conditional import delete_conditional
from benhan.fhir_api.interactions.history_instance import history_instance
from benhan.fhir_api.interactions.history_system import history_system
from benhan.fhir_api.interactions.history_type import history_type
from benhan.fhir_api.interactions.patch import patch
from benhan.fhir_api.interactions.patch_conditional import patch_conditional
from benhan.fhir_api.interactions.read import read
from benhan.fhir_api.interactions.search_compartment import search_compartment
from benhan.fhir_api.interactions.search_system import search_system
from benhan.fhir_api.interactions.search_type import search_type
from benhan.fhir_api.interactions.transaction import transaction
from benhan.fhir_api.interactions.update import update
from benhan.fhir_api.interactions.update_conditional import update_conditional
from benhan.fhir_api.interactions.vread import vread
from benhan.fhir_api.operations.table import rows as operation_rows
from benhan.kernel.permissions import Permission

TABLE = (
    ("GET", "/metadata", capabilities, Permission.PUBLIC),
    ("POST", "", transaction, Permission.FHIR_READ),  # each entry is held against its own permission
    ("POST", "/", transaction, Permission.FHIR_READ),
    ("GET", "/_history", history_system, Permission.FHIR_READ),
    ("GET", "", search_system, Permission.FHIR_SEARCH),
    ("GET", "/", search_system, Permission.FHIR_SEARCH),
    ("POST", "/_search", search_system, Permission.FHIR_SEARCH),
    ("POST", "/{type}/_search", search_type, Permission.FHIR_SEARCH),
    ("GET", "/{type}/_history", history_type, Permission.FHIR_READ),
    ("GET", "/{type}", search_type, Permission.FHIR_SEARCH),
    ("POST", "/{type}", create, Permission.FHIR_WRITE),
    ("PUT", "/{type}", update_conditional, Permission.FHIR_WRITE),
    ("PATCH", "/{type}", patch_conditional, Permission.FHIR_WRITE),
    ("DELETE", "/{type}", delete_conditional, Permission.FHIR_DELETE),
    ("GET", "/{type}/{id}", read, Permission.FHIR_READ),
    ("PUT", "/{type}/{id}", update, Permission.FHIR_WRITE),
    ("PATCH", "/{type}/{id}", patch, Permission.FHIR_WRITE),
    ("DELETE", "/{type}/{id}", delete, Permission.FHIR_DELETE),
    ("GET", "/{type}/{id}/_history", history_instance, Permission.FHIR_READ),
    ("GET", "/{type}/{id}/_history/{version}", vread, Permission.FHIR_READ),
)
"""Method, path below the base, interaction, permission."""

COMPARTMENTS = (
    ("GET", "/{type}/{id}/{member}", search_compartment, Permission.FHIR_SEARCH),
    ("POST", "/{type}/{id}/{member}/_search", search_compartment, Permission.FHIR_SEARCH),
)
"""After everything else: an operation or a history has the same form."""


KEEPS_LIMITS = frozenset(
    {
        capabilities,
        create,
        delete,
        history_instance,
        read,
        search_compartment,
        search_system,
        search_type,
        transaction,
        update,
        vread,
    }
)
"""The interactions that do everything in the name of the actor, so that the limits of an app's token hold in the store.

What is not named here is closed to apps; before it is named, each query of it must go through `store/access_rules.py`.
"""


def routes(api: FhirApi, prefix: str = "/fhir") -> list[GuardedRoute]:
    """The routes of the FHIR API below `prefix`."""
    return [
        route(
            prefix + path,
            endpoint(api, interaction),
            methods=[method],
            permission=permission,
            keeps_limits=interaction in KEEPS_LIMITS,
            is_open=True,
        )
        for method, path, interaction, permission in [*TABLE, *operation_rows(), *COMPARTMENTS]
    ]
