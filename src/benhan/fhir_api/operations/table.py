"""The table of operations: a row each. Source: FHIR R4 operationslist.html."""

from __future__ import annotations

from typing import Any

from benhan.fhir_api.bulk.job_status import job_cancel, job_file, job_status
from benhan.fhir_api.operations.document import document
from benhan.fhir_api.operations.everything import everything
from benhan.fhir_api.operations.expand import expand
from benhan.fhir_api.operations.export import export
from benhan.fhir_api.operations.get_ws_binding_token import get_ws_binding_token
from benhan.fhir_api.operations.import_ import import_
from benhan.fhir_api.operations.lookup import lookup
from benhan.fhir_api.operations.match import match_patient
from benhan.fhir_api.operations.meta import meta, meta_add, meta_delete
from benhan.fhir_api.operations.meta_in_use import meta_in_use
from benhan.fhir_api.operations.operation import ANY_TYPE, Operation, Row, operation_rows
from benhan.fhir_api.operations.reindex import reindex_operation
from benhan.fhir_api.operations.run_view import run_view
from benhan.fhir_api.operations.subscription_status import subscription_events, subscription_status
from benhan.fhir_api.operations.subsumes import subsumes
from benhan.fhir_api.operations.translate import translate
from benhan.fhir_api.operations.validate import validate
from benhan.fhir_api.operations.validate_code import validate_code
from benhan.kernel.permissions import Permission

HL7 = "http://hl7.org/fhir/OperationDefinition"
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition"
BULK = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition"

POST = ("POST",)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "everything",
        everything,
        Permission.FHIR_SEARCH,
        f"{HL7}/Patient-everything",
        instances=("Patient", "Encounter"),
    ),
    Operation(
        "export",
        export,
        Permission.BULK_EXPORT,
        f"{BULK}/export",
        system=True,
        types=("Patient",),
        instances=("Group",),
    ),
    Operation("import", import_, Permission.BULK_IMPORT, f"{BULK}/import", system=True, methods=POST),
    Operation(
        "validate",
        validate,
        Permission.FHIR_READ,
        f"{HL7}/Resource-validate",
        types=ANY_TYPE,
        instances=ANY_TYPE,
    ),
    Operation(
        "viewdefinition-run",
        run_view,
        Permission.BULK_EXPORT,
        "http://sql-on-fhir.org/OperationDefinition/$viewdefinition-run",
        system=True,
        types=("ViewDefinition",),
        methods=POST,
    ),
    Operation("document", document, Permission.FHIR_SEARCH, f"{HL7}/Composition-document", instances=("Composition",)),
    Operation("match", match_patient, Permission.FHIR_SEARCH, f"{HL7}/Patient-match", types=("Patient",), methods=POST),
    Operation("meta", meta, Permission.FHIR_READ, f"{HL7}/Resource-meta", instances=ANY_TYPE),
    Operation("meta", meta_in_use, Permission.FHIR_SEARCH, f"{HL7}/Resource-meta", system=True, types=ANY_TYPE),
    Operation(
        "meta-add", meta_add, Permission.FHIR_WRITE, f"{HL7}/Resource-meta-add", instances=ANY_TYPE, methods=POST
    ),
    Operation(
        "meta-delete",
        meta_delete,
        Permission.FHIR_WRITE,
        f"{HL7}/Resource-meta-delete",
        instances=ANY_TYPE,
        methods=POST,
    ),
    Operation(
        "expand",
        expand,
        Permission.FHIR_READ,
        f"{HL7}/ValueSet-expand",
        types=("ValueSet",),
        instances=("ValueSet",),
    ),
    Operation(
        "reindex",
        reindex_operation,
        Permission.SEARCH_EXPLAIN,
        "http://benhan.vn/fhir/OperationDefinition/reindex",
        system=True,
    ),
    Operation("lookup", lookup, Permission.FHIR_READ, f"{HL7}/CodeSystem-lookup", types=("CodeSystem",)),
    Operation(
        "validate-code",
        validate_code,
        Permission.FHIR_READ,
        f"{HL7}/ValueSet-validate-code",
        types=("CodeSystem", "ValueSet"),
        instances=("CodeSystem", "ValueSet"),
    ),
    Operation(
        "subsumes",
        subsumes,
        Permission.FHIR_READ,
        f"{HL7}/CodeSystem-subsumes",
        types=("CodeSystem",),
        instances=("CodeSystem",),
    ),
    Operation(
        "translate",
        translate,
        Permission.FHIR_READ,
        f"{HL7}/ConceptMap-translate",
        types=("ConceptMap",),
        instances=("ConceptMap",),
    ),
    Operation(
        "status",
        subscription_status,
        Permission.FHIR_READ,
        f"{BACKPORT}/backport-subscription-status",
        types=("Subscription",),
        instances=("Subscription",),
    ),
    Operation(
        "get-ws-binding-token",
        get_ws_binding_token,
        Permission.FHIR_READ,
        f"{BACKPORT}/backport-subscription-get-ws-binding-token",
        types=("Subscription",),
        instances=("Subscription",),
    ),
    Operation(
        "events",
        subscription_events,
        Permission.FHIR_READ,
        f"{BACKPORT}/backport-subscription-events",
        instances=("Subscription",),
    ),
)

FURTHER: tuple[Row, ...] = (
    ("GET", "/$job/{job}", job_status, Permission.FHIR_READ),  # a job is shown to its owner alone
    ("DELETE", "/$job/{job}", job_cancel, Permission.FHIR_READ),
    ("GET", "/$job/{job}/{file}", job_file, Permission.FHIR_READ),
)
"""Addresses that operations lead to."""


def rows() -> list[Row]:
    """Their rows among the routes."""
    return operation_rows(OPERATIONS, FURTHER)


def capability_operations(type_: str | None) -> dict[str, Any]:
    """The member `operation` of the capability statement: of the server or a type; nothing where there is none.

    Source: capabilitystatement.html, rest.operation and rest.resource.operation.
    """
    found = [each for each in OPERATIONS if (each.is_of(type_) if type_ is not None else each.system)]
    told = [{"name": name, "definition": each} for name, each in {each.name: each.definition for each in found}.items()]
    return {"operation": told} if told else {}
