"""The most that scopes can give: what the role of an account may, in the words of scopes, and back again."""

from __future__ import annotations

from collections.abc import Iterable

from benhan.access.roles import PERMISSIONS
from benhan.access.smart.scopes import Level, ResourceScope
from benhan.kernel.actors import Role
from benhan.kernel.limits import EVERY_TYPE, Act, Rule
from benhan.kernel.permissions import Permission
from benhan.store.access_rules import READING

NEEDED = {
    Act.CREATE: Permission.FHIR_WRITE,
    Act.READ: Permission.FHIR_READ,
    Act.UPDATE: Permission.FHIR_WRITE,
    Act.DELETE: Permission.FHIR_DELETE,
    Act.SEARCH: Permission.FHIR_SEARCH,
}
"""The permission behind each act."""

_AUDIT = "AuditEvent"


def ceiling_of(role: Role) -> tuple[ResourceScope, ...]:
    """What an app may be granted on behalf of somebody of `role`.

    A citizen's app reads, and `Grants` holds it to their own compartment.
    """
    if role is Role.MACHINE:
        return (ResourceScope(Level.SYSTEM, EVERY_TYPE, frozenset(Act)),)
    permissions = PERMISSIONS[role]
    acts = READING if role is Role.CITIZEN else frozenset(act for act in Act if NEEDED[act] in permissions)
    return tuple(ResourceScope(level, EVERY_TYPE, acts) for level in (Level.PATIENT, Level.USER)) if acts else ()


def permissions_of(role: Role, rules: Iterable[Rule]) -> frozenset[Permission]:
    """The permissions that a token with these rules has: those its acts need.

    The ledger is for roles that may see it, and for machines whose scope names AuditEvent; exports for machines that
    may read and search whole types.
    """
    rules = tuple(rules)
    found = {NEEDED[act] for rule in rules for act in rule.acts}
    reads = [rule for rule in rules if rule.acts & READING and rule.type in (_AUDIT, EVERY_TYPE)]
    may_see = Permission.LEDGER_VIEW in PERMISSIONS[role] if role is not Role.MACHINE else False
    if (reads and may_see) or (role is Role.MACHINE and any(rule.type == _AUDIT for rule in reads)):
        found.add(Permission.LEDGER_VIEW)
    if role is Role.MACHINE and any(rule.acts >= READING and not rule.patient and not rule.criteria for rule in rules):
        found.add(Permission.BULK_EXPORT)  # of the types that its rules name
    return frozenset(found)
