"""What is known of the signatures of papers, besides the signed bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from benhan.store.ids import encode_rid


class StepState(Enum):
    """Where a signature stands."""

    QUEUED = "queued"
    """Its turn has not come."""
    WAITING = "waiting"
    SIGNED = "signed"
    REFUSED = "refused"
    LAPSED = "lapsed"
    """A newer version of the paper made it void, or somebody refused."""


COUNTERSIGN = "countersign"
ORGANISATION = "organisation"
PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class Step:
    """A signature that a version of a paper needs or has."""

    bucket: int
    record: int
    number: int
    version: int
    step: int
    turn: int
    state: StepState
    duty: str
    assigned: str
    department: str
    asked_at: datetime | None
    late_at: datetime | None
    done_at: datetime | None
    signer: str
    on_behalf: str
    title: str
    reason: bytes | None

    @property
    def record_id(self) -> str:
        return encode_rid(self.record)

    def is_late(self, now: datetime) -> bool:
        return self.state is StepState.WAITING and self.late_at is not None and now > self.late_at


@dataclass(frozen=True, slots=True)
class SignedPaper:
    """The signed file of a version of a paper."""

    bucket: int
    record: int
    patient: int
    number: int
    version: int
    signed_at: datetime
    signatures: int
    level: str
    missing: str
    address: str
    content_hash: bytes
    evidence_tree: int | None = None
    """Below which tree of evidence the file hangs; None: none yet."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A version of a paper that somebody wants to sign."""

    record_id: str
    number: int
    version: int


@dataclass(frozen=True, slots=True)
class Delegation:
    """Who signs for whom, as what, until when."""

    id: int
    account: int
    deputy: int
    title: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """As whom somebody may sign: themselves, and those who delegated to them, each with duties and departments."""

    actor: str
    duties: frozenset[str]
    departments: frozenset[str]
    title: str
    on_behalf: bool = False

    def fits(self, step: Step) -> bool:
        """Whether a step waits for this one."""
        if step.assigned:
            return step.assigned == self.actor
        in_department = not self.departments or not step.department or step.department in self.departments
        return step.duty in self.duties and in_department
