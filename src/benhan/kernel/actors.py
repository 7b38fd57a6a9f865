"""Who acts: named in every ledger entry and asked for at every door."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from benhan.kernel.care import Care
from benhan.kernel.limits import Rule
from benhan.kernel.permissions import Permission


class Role(Enum):
    """The roles there are. Source: TT 13/2025/TT-BYT, role-based access (CV 365 III.1.1 g)."""

    DOCTOR = "doctor"
    NURSE = "nurse"
    RECORDS = "records"
    LAB = "lab"
    IT_ADMIN = "it_admin"
    CITIZEN = "citizen"
    FACILITY = "facility"
    """An officer of a hospital at the portal."""
    AUTHORITY = "authority"
    """An officer of the Ministry or a province at the portal."""
    MACHINE = "machine"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a machine with its role.

    `id` is stable and not personal: `account:17`, `machine:lis-01`, `system:intake`.
    `patient` is the logical id of the one Patient a citizen may see ("" for everyone else).
    `limits` are the rules of an app's token: what none of them grants is not there for this actor; None is no limit but
    the permissions. `client` is the app through which a person acts, "" for none. `care` tells whose records a
    person may use; None is no limit but the permissions.
    """

    id: str
    role: Role
    permissions: frozenset[Permission] = field(default_factory=frozenset)
    facility: str = ""
    patient: str = ""
    limits: tuple[Rule, ...] | None = None
    client: str = ""
    care: Care | None = None

    @property
    def through(self) -> dict[str, str | int]:
        """What ledger entries say besides the actor: the app through which it acts."""
        return {"client": self.client} if self.client else {}

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions


def system(name: str) -> Actor:
    """The actor of a task of the system itself, with every permission: `system:intake`."""
    return Actor(f"system:{name}", Role.SYSTEM, frozenset(Permission))


def outgoing(name: str) -> Actor:
    """The actor of a task that hands records to others: it sees nothing of special secrecy."""
    return Actor(f"system:{name}", Role.SYSTEM, frozenset(Permission) - {Permission.SECRECY_VIEW})
