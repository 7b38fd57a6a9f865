"""Who acts: named in every ledger entry and asked for at every door."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from benhan.kernel.permissions import Permission


class Role(Enum):
    """The roles of the first day. Source: TT 13/2025/TT-BYT, role-based access (CV 365 III.1.1 g)."""

    DOCTOR = "doctor"
    NURSE = "nurse"
    RECORDS = "records"
    LAB = "lab"
    IT_ADMIN = "it_admin"
    CITIZEN = "citizen"
    MACHINE = "machine"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a machine with its role.

    `id` is stable and not personal: `account:17`, `machine:lis-01`, `system:intake`.
    `patient` is the logical id of the one Patient a citizen may see ("" for everyone else).
    """

    id: str
    role: Role
    permissions: frozenset[Permission] = field(default_factory=frozenset)
    facility: str = ""
    patient: str = ""

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions


def system(name: str) -> Actor:
    """The actor of a task of the system itself, with every permission: `system:intake`."""
    return Actor(f"system:{name}", Role.SYSTEM, frozenset(Permission))
