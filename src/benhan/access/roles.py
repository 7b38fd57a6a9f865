"""What each role may do, in one table."""

from __future__ import annotations

from collections.abc import Iterable

from benhan.kernel.actors import Role
from benhan.kernel.permissions import Permission

_CLINICAL = frozenset(
    {
        Permission.SIGNED_IN,
        Permission.PATIENT_LIST,
        Permission.PATIENT_VIEW,
        Permission.FHIR_READ,
        Permission.FHIR_SEARCH,
        Permission.TRACE_VIEW,
    }
)

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.DOCTOR: _CLINICAL
    | {
        Permission.RECORD_EXPORT,
        Permission.RECORD_VIEW,
        Permission.RECORD_CREATE,
        Permission.RECORD_EDIT,
        Permission.RECORD_CANCEL,
        Permission.RECORD_CLOSE,
        Permission.RECORD_PRINT,
        Permission.EMERGENCY,
        Permission.RECORD_SIGN,
        Permission.EXCHANGE_ASK,
        Permission.ORDER_WRITE,
        Permission.CARE_WRITE,
    },
    Role.NURSE: _CLINICAL
    | {
        Permission.RECORD_VIEW,
        Permission.RECORD_EDIT,
        Permission.RECORD_PRINT,
        Permission.EMERGENCY,
        Permission.RECORD_SIGN,
        Permission.CARE_WRITE,
    },
    Role.RECORDS: _CLINICAL
    | {
        Permission.RECORD_EXPORT,
        Permission.RECORD_VIEW,
        Permission.RECORD_CREATE,
        Permission.RECORD_CANCEL,
        Permission.RECORD_RESTORE,
        Permission.RECORD_CLOSE,
        Permission.RECORD_ARCHIVE,
        Permission.RECORD_HOLD,
        Permission.RECORD_IMPORT,
        Permission.RECORD_LEND,
        Permission.DEPLOYMENT_VIEW,
        Permission.RECORD_DESTROY,
        Permission.RECORD_REQUEST,
        Permission.EXCHANGE_ASK,
        Permission.RECORD_PRINT,
        Permission.RECORD_SIGN,
        Permission.DELIVERY_VIEW,
        Permission.LEDGER_VIEW,
        Permission.ACCESS_GRANT,
        Permission.ACCESS_MATRIX,
        Permission.BHYT_UPLOAD,
        Permission.CHECK_UP_UPLOAD,
        Permission.SEND_MANAGE,
        Permission.MESSAGE_VIEW,
        Permission.MESSAGE_MEND,
    },
    Role.LAB: frozenset(
        {
            Permission.SIGNED_IN,
            Permission.PATIENT_LIST,
            Permission.PATIENT_VIEW,
            Permission.TRACE_VIEW,
            Permission.MESSAGE_VIEW,
            Permission.MESSAGE_MEND,
        }
    ),
    Role.IT_ADMIN: frozenset(
        {
            Permission.SIGNED_IN,
            Permission.TRACE_VIEW,
            Permission.MESSAGE_VIEW,
            Permission.MESSAGE_MEND,
            Permission.DELIVERY_VIEW,
            Permission.METRICS_READ,
            Permission.SEARCH_EXPLAIN,
            Permission.SUBSCRIPTION_TOPIC,
            Permission.ACCOUNT_MANAGE,
            Permission.ACCESS_MATRIX,
            Permission.LEDGER_VIEW,
            Permission.DEPLOYMENT_VIEW,
        }
    ),
    Role.CITIZEN: frozenset({Permission.SIGNED_IN, Permission.BOOK_READ}),
    Role.FACILITY: frozenset({Permission.SIGNED_IN, Permission.DEPLOYMENT_VIEW, Permission.DEPLOYMENT_WRITE}),
    Role.AUTHORITY: frozenset({Permission.SIGNED_IN, Permission.DEPLOYMENT_VIEW, Permission.DEPLOYMENT_OVERSEE}),
    Role.MACHINE: frozenset(),
    Role.SYSTEM: frozenset(Permission),
}
"""A machine has the permissions its token names, no more."""

MACHINE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    "node": frozenset(
        {
            Permission.FHIR_READ,
            Permission.FHIR_SEARCH,
            Permission.FHIR_WRITE,
            Permission.FHIR_DELETE,
            Permission.METRICS_READ,
            Permission.BHYT_UPLOAD,
            Permission.CHECK_UP_UPLOAD,
        }
    ),
    "repository": frozenset(
        {
            Permission.FHIR_READ,
            Permission.FHIR_SEARCH,
            Permission.FHIR_WRITE,
            Permission.FHIR_DELETE,
            Permission.METRICS_READ,
            Permission.REPOSITORY_DELIVER,
        }
    ),
    "healthbook": frozenset({Permission.METRICS_READ}),
    "portal": frozenset({Permission.METRICS_READ}),
}
"""What a token made for a role's API may do unless told otherwise."""

SECRET_PERMISSIONS = frozenset({Permission.SECRECY_VIEW})
"""What a token may do besides where it was made to see what is of special secrecy."""
GRANTED_BY_NAME = SECRET_PERMISSIONS | {Permission.ACCESS_REVIEW}
"""What no role has, and an account is given by name: a closed list of persons who see what is secret (Luật 64/2006/QH11
Điều 30), and the privacy officer (Luật 91/2025/QH15, NĐ 356/2025/NĐ-CP)."""


def permissions_of(role: Role, granted: Iterable[str]) -> frozenset[Permission]:
    """What an account of a role may that was also `granted` permissions by their names."""
    names = frozenset(granted)
    return PERMISSIONS[role] | {each for each in GRANTED_BY_NAME if each.value in names}


BULK_PERMISSIONS = frozenset({Permission.BULK_EXPORT, Permission.BULK_IMPORT})
"""What a token may do besides where it was made for exports and imports of everything."""
TOPIC_PERMISSIONS = frozenset({Permission.SUBSCRIPTION_TOPIC})
"""What a token may do besides where it was made to define what others may subscribe to."""
