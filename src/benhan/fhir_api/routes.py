"""The table of routes. Source: FHIR R4 http.html#summary."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from benhan.access.routes import GuardedRoute, route
from benhan.fhir_api.api import FhirApi, Interaction, endpoint
from benhan.fhir_api.bulk.job_status import job_cancel, job_file, job_status
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
from benhan.fhir_api.requests import actor_of
from benhan.kernel.permissions import Permission
from benhan.store.access_faults import NOT_GRANTED
from benhan.store.access_rules import READING
from benhan.store.resource_types import TYPE_NUMBERS

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
LAST = (
    ("GET", "/{type}/{id}/{wanted}", search_compartment, Permission.FHIR_SEARCH),
    ("POST", "/{type}/{id}/{wanted}/_search", search_compartment, Permission.FHIR_SEARCH),
)
"""What any three parts of a path may mean where they mean nothing else."""

KEEPS_LIMITS = frozenset(
    {
        capabilities,
        create,
        delete,
        delete_conditional,
        history_instance,
        history_system,
        history_type,
        job_cancel,
        job_file,
        job_status,
        patch,
        patch_conditional,
        read,
        search_compartment,
        search_system,
        search_type,
        transaction,
        update,
        update_conditional,
        vread,
    }
)
"""The interactions that do everything in the name of the actor, so that the limits of an app's token hold in the store.

What is not named here is closed to apps; before it is named, each query of it must go through `store/access_rules.py`.
"""


OPERATIONS_KEEP_LIMITS = frozenset(
    {
        "document", "everything", "expand", "export", "get-ws-binding-token", "lookup", "match", "meta", "meta-add",
        "meta-delete", "status", "subsumes", "translate", "validate-code",
    }
)  # fmt: skip
"""The operations of which the same holds; a token must grant reading the type that one is asked of."""


def every_row() -> list[tuple[str, str, Interaction, Permission]]:
    """The whole table, in the order in which a path is held against it."""
    return [*TABLE, *operation_rows(), *LAST]


def routes(api: FhirApi, prefix: str = "/fhir") -> list[GuardedRoute]:
    """The routes of the FHIR API below `prefix`."""
    return [_route(api, prefix, *row) for row in every_row()]


def _route(
    api: FhirApi, prefix: str, method: str, path: str, interaction: Interaction, permission: Permission
) -> GuardedRoute:
    answer, keeps_limits = within_limits(path, interaction)
    return route(
        prefix + path,
        endpoint(api, answer),
        methods=[method],
        permission=permission,
        keeps_limits=keeps_limits,
        is_open=True,
    )


def within_limits(path: str, interaction: Interaction) -> tuple[Interaction, bool]:
    """What answers at `path`, and whether it keeps the limits of an app's token."""
    if path.partition("$")[2] in OPERATIONS_KEEP_LIMITS:
        return _of_granted_type(interaction), True
    return interaction, interaction in KEEPS_LIMITS


def _of_granted_type(operation: Interaction) -> Interaction:
    """The operation, for whoever may read something of the type it is asked of. Raises Forbidden BA-2300."""

    async def answer(api: FhirApi, request: Request) -> Response:
        type_, rules = request.path_params.get("type", ""), api.store.workshop.rules
        if type_ in TYPE_NUMBERS and not any(rules.grants(actor_of(request), type_, act) for act in READING):
            raise NOT_GRANTED(type=type_, act="r")
        return await operation(api, request)

    return answer
