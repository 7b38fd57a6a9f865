"""The tray: what waits for my signature, what changed since I saw it, what came back; who has not signed.

Source: CV 365 III.1.1 (lists of work); requirement 79 (alerts on unsigned papers).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benhan.kernel.actors import Actor
from benhan.kernel.clock import day_in_vietnam
from benhan.kernel.permissions import Permission
from benhan.mapping.form_answers import response_to_answers
from benhan.node.patients import PatientLine, line_of
from benhan.node.records.life import require
from benhan.node.records.models import Paper, Record
from benhan.node.signatures.models import Standing, Step
from benhan.node.signatures.signing import Signatures, is_of
from benhan.vn.forms.form import Form
from benhan.vn.forms.typeset import Answers

TRAY_MAX = 200
"""So many lines are shown, longest waiting first."""


@dataclass(frozen=True, slots=True)
class Line:
    """A paper in a list of signatures; `before` and `after` are the answers of the version seen last and of this one,
    where those differ."""

    step: Step
    record: Record
    paper: Paper
    form: Form
    patient: PatientLine | None
    is_late: bool
    seen: int = 0
    before: Answers | None = None
    after: Answers | None = None
    reason: str = ""
    on_behalf: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Tray:
    """What waits for somebody, and what came back to them."""

    waiting: list[Line]
    returned: list[Line]


class Trays:
    """The lists of one store."""

    def __init__(self, signatures: Signatures) -> None:
        self._signatures = signatures
        self._records = signatures.records
        self._store = signatures.store

    async def of(self, actor: Actor) -> Tray:
        """What waits for somebody's signature and what was returned to them. Raises Forbidden BA-5213."""
        require(actor, Permission.RECORD_SIGN)
        standings = await self._signatures.signers.standings(actor)
        waiting = await self._signatures.rows.waiting(standings, TRAY_MAX)
        returned = await self._signatures.rows.returned(actor.id, TRAY_MAX)
        return Tray(
            await self._lines(waiting, actor, standings), await self._lines(returned, actor, standings, reasons=True)
        )

    async def unsigned(self, actor: Actor, department: str) -> list[Line]:
        """Every signature that is waited for, longest first; of a department, "" for all. Raises Forbidden BA-5213."""
        require(actor, Permission.RECORD_VIEW)
        return await self._lines(await self._signatures.rows.unsigned(department, TRAY_MAX), actor, ())

    async def count(self, actor: Actor) -> tuple[int, int]:
        """How many papers wait for somebody, and how many of them are late."""
        standings = await self._signatures.signers.standings(actor)
        waiting = await self._signatures.rows.waiting(standings, TRAY_MAX)
        now = self._store.clock.now()
        return len(waiting), sum(each.is_late(now) for each in waiting)

    async def _lines(
        self, steps: Sequence[Step], actor: Actor, standings: Sequence[Standing], *, reasons: bool = False
    ) -> list[Line]:
        """The lines of steps; papers that are kept from the actor, cancelled or of an older version are left out."""
        records = {rid: await self._records.rows.read(rid) for rid in {each.record for each in steps}}
        papers = {rid: await self._records.rows.papers(record) for rid, record in records.items()}
        seen = {rid: await self._signatures.rows.seen(record, actor.id) for rid, record in records.items()}
        patients = await self._patients(list(records.values()), actor)
        wanted = [one for step in steps for one in papers[step.record] if is_of(step, one)]
        readable = await self._readable(wanted, actor)
        now = self._store.clock.now()
        lines = []
        for step in steps:
            record = records[step.record]
            paper = next((each for each in papers[step.record] if is_of(step, each)), None)
            if paper is None or paper.is_cancelled or record.patient not in patients or paper.reference not in readable:
                continue
            standing = next((each for each in standings if each.fits(step)), None)
            known = seen[step.record].get(paper.number, 0)
            before, after = await self._answers(paper, known, actor) if 0 < known < paper.version else (None, None)
            reason = await self._records.reason(record.patient, step.reason) if reasons else ""
            lines.append(
                Line(
                    step, record, paper, self._records.forms.by_key(paper.form), patients[record.patient],
                    step.is_late(now), known, before, after, reason,
                    standing.actor if standing is not None and standing.on_behalf else "",
                    standing.title if standing is not None else "",
                )
            )  # fmt: skip
        return lines

    async def _readable(self, papers: Sequence[Paper], actor: Actor) -> set[str]:
        """Those of some papers that are not kept from the actor, by reference."""
        found = await self._store.resources.read_many([(each.type, each.id) for each in papers], actor)
        return {each.reference for each, there in zip(papers, found, strict=True) if there is not None}

    async def _answers(self, paper: Paper, seen: int, actor: Actor) -> tuple[Answers | None, Answers | None]:
        form = self._records.forms.by_key(paper.form)
        before = await self._store.resources.vread(paper.type, paper.id, seen, actor)
        after = await self._store.resources.vread(paper.type, paper.id, paper.version, actor)
        return response_to_answers(form, before.read()), response_to_answers(form, after.read())

    async def _patients(self, records: Sequence[Record], actor: Actor) -> dict[int, PatientLine]:
        wanted = sorted({each.patient for each in records})
        found = await self._store.resources.read_rids([("Patient", rid) for rid in wanted], actor)
        today = day_in_vietnam(self._store.clock.now()).isoformat()
        return {each.rid: line_of(each.read(), today) for each in found if each is not None and not each.deleted}
