"""Records as lists show them: each with its patient, and how long it has waited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benhan.kernel.actors import Actor
from benhan.kernel.clock import day_in_vietnam
from benhan.node.patients import PatientLine, line_of
from benhan.node.records.admission import relaxed
from benhan.node.records.life import Records
from benhan.node.records.lifecycle import State
from benhan.node.records.models import Record

PAGE = 30
NEWEST = (datetime(9999, 1, 1, tzinfo=UTC), 0)
"""A place before all others of a list, whose newest record stands first."""


@dataclass(frozen=True, slots=True)
class Line:
    """A record in a list: `days` since its treatment ended and it was not archived (0 while it goes on)."""

    record: Record
    patient: PatientLine | None
    form: str
    days: int


async def lines(records: Records, listed: Sequence[Record], actor: Actor) -> list[Line]:
    """Records that the actor may read, as lines; what is shown of patients is in the ledger. None where a patient's key
    was destroyed."""
    wanted = {each.patient for each in listed}
    found = await records.store.resources.read_rids([("Patient", rid) for rid in wanted], relaxed(actor))
    now = records.store.clock.now()
    today = day_in_vietnam(now).isoformat()
    patients = {each.rid: line_of(each.read(), today) for each in found if each is not None and not each.deleted}
    return [
        Line(each, patients.get(each.patient), records.forms.by_key(each.form).name, days_late(each, now))
        for each in listed
    ]


def days_late(record: Record, now: datetime) -> int:
    """Whole days since the treatment ended, of a record that is being completed."""
    if record.closed_at is None or record.state.is_archived or record.is_cancelled:
        return 0
    return (day_in_vietnam(now) - day_in_vietnam(record.closed_at)).days


WORK: dict[str, tuple[State, ...]] = {
    "treating": (State.DRAFT, State.ACTIVE),
    "completing": (State.CLOSED, State.RETURNED),
    "reviewing": (State.SUBMITTED,),
    "archived": (State.ARCHIVED,),
}
"""The lists of records there are, by the states in each."""
