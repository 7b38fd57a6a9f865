"""Papers signed by people: what waits for whom, signing many at once, refusing, signing for somebody else.

What is signed is bytes: the page of the version that was saved, later the file that others have signed already. Each
signature is committed with its blob, its step, its Provenance and the ledger together; of two who sign one paper at
once the second signs again on what the first left. Source: NĐ 23/2025/NĐ-CP Đ13–17; Luật Giao dịch điện tử 2023
Đ22–23; TT 13/2025/TT-BYT Đ3.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benhan.fhir.resource import resource_of
from benhan.kernel.actors import Actor
from benhan.kernel.faults import Fault, Forbidden, NotFound, Unavailable
from benhan.kernel.permissions import Permission
from benhan.mapping.form_answers import response_to_answers
from benhan.node.records import rows as record_rows
from benhan.node.records.faults import IS_CANCELLED, NO_SUCH_PAPER, NOT_WRITTEN_NOW, REASON_MISSING
from benhan.node.records.life import Records, require
from benhan.node.records.models import Paper, PaperState, Record
from benhan.node.records.rows import Done
from benhan.node.signatures import rows
from benhan.node.signatures.chain import LATE_H
from benhan.node.signatures.faults import (
    CHANGED_SINCE,
    NO_SERVICES,
    NOT_DONE,
    NOT_SIGNED_YET,
    NOT_YOUR_TURN,
    SIGNED_MEANWHILE,
)
from benhan.node.signatures.keys import Signers
from benhan.node.signatures.models import COUNTERSIGN, ORGANISATION, Chosen, SignedPaper, Standing, Step, StepState
from benhan.node.signatures.page import page_to_sign
from benhan.node.signatures.provenance import account_reference, provenance_of
from benhan.node.signatures.rows import Made, SigningRows
from benhan.signing.batch import Services, SignedFile, sign_pdfs
from benhan.signing.pades import Place
from benhan.signing.signers import Signer
from benhan.store.blob_faults import NO_SUCH_BLOB
from benhan.store.blobs import Blobs, Staged
from benhan.store.database import Connection
from benhan.store.ledger.events import Event
from benhan.store.unit_of_work import Stored
from benhan.vn import systems

TRIES = 3
"""So often a paper is signed again where others sign it at the same time."""
GROUP = 32
"""So many are signed, stamped and committed together."""
COUNTERSIGN_TURN = 99
ROLE_TITLES = {
    "doctor": "Bác sĩ",
    "nurse": "Điều dưỡng",
    "records": "Phòng kế hoạch tổng hợp",
    "head": "Trưởng khoa",
    "organisation": "Cơ sở khám bệnh, chữa bệnh",
}
"""As what somebody signs whose certificate's register names no title."""

Outcome = tuple[Chosen, Fault | None]
Told = Callable[[Outcome], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ready:
    """A version of a paper that is to be signed: the bytes, the step, and as what."""

    chosen: Chosen
    record: Record
    paper: Paper
    step: Step
    title: str
    on_behalf: str
    reason: str
    stored: Stored
    pdf: bytes
    before: SignedPaper | None


class Signatures:
    """The signatures on the papers of one store. Without `services` nothing can be signed, all else works."""

    def __init__(self, records: Records, blobs: Blobs, signers: Signers, services: Services | None) -> None:
        self.records = records
        self.store = records.store
        self.rows = SigningRows(self.store.database)
        self.blobs = blobs
        self.signers = signers
        self.services = services

    async def sign(self, chosen: Sequence[Chosen], actor: Actor, signer: Signer, told: Told) -> None:
        """Sign what is chosen; `told` hears of each as soon as it is committed, or why it is not.

        A fault of the certificate, the key or its PIN ends the whole: what is not signed by then stays unsigned.
        Raises Forbidden BA-5014, BA-5016, BA-5213; Unavailable BA-5013, BA-5015, BA-5119.
        """
        require(actor, Permission.RECORD_SIGN)
        standings = await self.signers.standings(actor)
        for start in range(0, len(chosen), GROUP):
            await self._sign_group(chosen[start : start + GROUP], actor, standings, signer, told)

    async def _sign_group(
        self, chosen: Sequence[Chosen], actor: Actor, standings: Sequence[Standing], signer: Signer, told: Told
    ) -> None:
        left = list(chosen)
        for tried in range(TRIES):
            ready: list[Ready] = []
            outcomes: list[Outcome] = []
            for one in left:
                try:
                    ready.append(await self._ready(one, actor, standings))
                except Fault as fault:
                    outcomes.append((one, fault))
            done = await self.signed(ready, actor, signer)
            outcomes += [(each.chosen, outcome) for each, outcome in zip(ready, done, strict=True)]
            left = []
            for one, fault_or_none in outcomes:
                if fault_or_none is not None and fault_or_none.code == SIGNED_MEANWHILE.code and tried + 1 < TRIES:
                    left.append(one)
                else:
                    await told((one, fault_or_none))
            if not left:
                return

    async def signed(self, ready: Sequence[Ready], actor: Actor, signer: Signer) -> list[Fault | None]:
        """Sign bytes that are ready and commit them; for each None, or why it is not signed. Raises as `sign`."""
        if not ready:
            return []
        try:
            made = [each async for each in self._files(ready, signer)]
        except (Forbidden, Unavailable):
            raise
        except Fault as fault:
            if len(ready) == 1:
                return [fault]
            return [(await self.signed([each], actor, signer))[0] for each in ready]  # one of them is at fault
        committed = (self._committed(each, file, actor) for each, file in zip(ready, made, strict=True))
        return list(await asyncio.gather(*committed))

    def _files(self, ready: Sequence[Ready], signer: Signer) -> AsyncIterator[SignedFile]:
        if self.services is None:
            raise NO_SERVICES()
        facility = self.records.facility.name
        files = [(each.pdf, Place(f"Ky{each.step.step + 1}", each.title, each.reason, facility)) for each in ready]
        return sign_pdfs(files, signer, self.services, self.store.clock.now())

    async def _ready(self, chosen: Chosen, actor: Actor, standings: Sequence[Standing]) -> Ready:
        """Raises NotFound BA-5205, BA-5206; Conflict BA-5104, BA-5105, BA-5202, BA-5209; Forbidden BA-5103."""
        admitted = await self.records.admitted(chosen.record_id, actor)
        record = signable(admitted.record)
        paper = await self.paper(record, chosen.number)
        if paper.version != chosen.version:
            raise CHANGED_SINCE(version=paper.version)
        if paper.state is PaperState.WRITING:
            raise NOT_DONE()
        steps = [each for each in await self.rows.steps(record) if is_of(each, paper)]
        standing, step = _step_for(standings, steps)
        title = standing.title or ROLE_TITLES.get(step.duty, ROLE_TITLES.get(actor.role.value, ""))
        on_behalf = standing.actor if standing.on_behalf else ""
        return await self.ready(record, paper, step, admitted.actor, title, on_behalf)

    async def ready(
        self, record: Record, paper: Paper, step: Step, actor: Actor, title: str, on_behalf: str = ""
    ) -> Ready:
        """The bytes that a step signs. Raises NotFound BA-5206 where the paper is kept from the actor."""
        (stored,) = await self.store.resources.read_many([(paper.type, paper.id)], actor)
        if stored is None or not paper.form:
            raise NO_SUCH_PAPER()
        before = await self.rows.file(record, paper.number, paper.version)
        pdf = await self.bytes_of(before) if before is not None else await self.page(paper, stored)
        form = self.records.forms.by_key(paper.form)
        reason = f"{form.name}, bản {paper.version}"
        return Ready(
            Chosen(record.id, paper.number, paper.version), record, paper, step, title, on_behalf, reason, stored, pdf,
            before,
        )  # fmt: skip

    async def page(self, paper: Paper, stored: Stored) -> bytes:
        """The page of a version as it is signed first: the same bytes whenever it is made."""
        form = self.records.forms.by_key(paper.form)
        answers = response_to_answers(form, stored.read())
        return await asyncio.to_thread(page_to_sign, form, answers, stored.content, stored.updated_at)

    async def _committed(self, ready: Ready, file: SignedFile, actor: Actor) -> Fault | None:
        try:
            await self.commit(ready, file, actor)
        except Fault as fault:
            return fault
        return None

    async def commit(self, ready: Ready, file: SignedFile, actor: Actor) -> None:
        """Keep a signed file with all that belongs to it. Raises as `rows.signed`, Conflict BA-5208."""
        record, paper, step = ready.record, ready.paper, ready.step
        digest = hashlib.sha256(file.pdf).digest()
        staged = await self.stage(file.pdf, record.patient)
        unit = self.store.begin(actor)
        kept = SignedPaper(
            record.bucket, record.rid, record.patient, paper.number, paper.version, unit.at,
            (ready.before.signatures if ready.before is not None else 0) + 1, file.level.value,
            file.missing.code if file.missing is not None else "", staged.address.hex(), digest,
        )  # fmt: skip
        made = Made(step, actor.id, ready.on_behalf, ready.title, self.late_h(paper), unit.at)

        async def keep_blob(connection: Connection) -> None:
            await self.blobs.keep(staged, connection)

        unit.also(rows.signed(made, kept, ready.before.content_hash if ready.before is not None else b""))
        unit.also(keep_blob)
        unit.also(record_rows.touch(record, Done(paper.number, unit.at, "sign", actor.id, actor.role.value, None)))
        who = self._facility() if step.duty == ORGANISATION else account_reference(actor.id)
        told = provenance_of(paper.reference, ready.stored.version, step.duty, who, ready.on_behalf, digest, unit.at)
        unit.create(resource_of(told))
        unit.record(
            Event.PAPER_SIGN, patient=record.patient, type_=paper.type, rid=paper.rid, version=ready.stored.version,
            paper=paper.number, signed=paper.version, duty=step.duty, file=digest.hex(),
        )  # fmt: skip
        await self.store.commit(unit)
        if ready.before is not None:  # its bytes are the beginning of those that took its place
            await self.blobs.delete(ready.before.address, record.patient)

    async def refuse(self, chosen: Chosen, actor: Actor, reason: str) -> None:
        """Do not sign: the paper goes back to its author with the reason, nobody else is asked.

        Raises as `sign`, and Incorrect BA-5204.
        """
        require(actor, Permission.RECORD_SIGN)
        if not reason.strip():
            raise REASON_MISSING()
        record = signable((await self.records.admitted(chosen.record_id, actor)).record)
        paper = await self.paper(record, chosen.number)
        if paper.version != chosen.version:
            raise CHANGED_SINCE(version=paper.version)
        steps = [each for each in await self.rows.steps(record) if is_of(each, paper)]
        _, step = _step_for(await self.signers.standings(actor), steps, countersigns=False)
        sealed = await self.records.sealed(record.patient, reason)
        unit = self.store.begin(actor)
        unit.also(rows.refuse(step, actor.id, paper.author, sealed, unit.at))
        unit.also(record_rows.touch(record, Done(paper.number, unit.at, "refuse", actor.id, actor.role.value, sealed)))
        unit.record(
            Event.PAPER_REFUSE, patient=record.patient, type_=paper.type, rid=paper.rid, paper=paper.number,
            signed=paper.version,
        )  # fmt: skip
        await self.store.commit(unit)

    async def present(self, record_id: str, number: int, actor: Actor) -> bytes:
        """The bytes that the next signature of a paper goes over; that they were seen is in the ledger.

        Raises NotFound BA-5205, BA-5206; Conflict BA-5202.
        """
        record, seeing, by = await self.records.admitted(record_id, actor)
        paper = await self.paper(record, number)
        (stored,) = await self.store.resources.read_many([(paper.type, paper.id)], seeing)
        if stored is None or not paper.form:
            raise NO_SUCH_PAPER()
        before = await self.rows.file(record, number, paper.version)
        pdf = await self.bytes_of(before) if before is not None else await self.page(paper, stored)
        unit = self.store.begin(actor)
        unit.also(rows.see(record, number, actor.id, paper.version, unit.at))
        unit.record(Event.PAPER_VIEW, patient=record.patient, type_=paper.type, rid=paper.rid, paper=number, by=by)
        await self.store.commit(unit)
        return pdf

    async def file(self, record_id: str, number: int, version: int, actor: Actor) -> bytes:
        """The signed file of a version, as it was signed; that it was taken is in the ledger.

        Raises NotFound BA-5205, BA-5206, BA-5107.
        """
        paper, found = await self._kept(record_id, number, version, actor)
        pdf = await self.bytes_of(found)
        unit = self.store.begin(actor)
        unit.record(
            Event.SIGNED_FILE_VIEW, patient=found.patient, type_=paper.type, rid=paper.rid, paper=number,
            signed=version,
        )  # fmt: skip
        await self.store.commit(unit)
        return pdf

    async def kept(self, record_id: str, number: int, version: int, actor: Actor) -> SignedPaper:
        """What is known of the signed file of a version, without its content. Raises as `file`."""
        return (await self._kept(record_id, number, version, actor))[1]

    async def _kept(self, record_id: str, number: int, version: int, actor: Actor) -> tuple[Paper, SignedPaper]:
        record = (await self.records.admitted(record_id, actor)).record
        paper = await self.paper(record, number, or_cancelled=True)
        if not await self.is_seen_by(paper, actor):
            raise NO_SUCH_PAPER()
        found = await self.rows.file(record, number, version)
        if found is None:
            raise NOT_SIGNED_YET()
        return paper, found

    async def stage(self, content: bytes, patient: int) -> Staged:
        """A blob whose row is yet to be written, in the transaction that refers to it."""
        return await self.blobs.stage(_whole(content), patient)

    async def bytes_of(self, file: SignedPaper) -> bytes:
        """The bytes of a signed file. Raises Conflict BA-5106 where another signature has just taken its place."""
        try:
            return b"".join([piece async for piece in self.blobs.read(file.address, file.patient)])
        except NotFound as fault:
            if fault.code != NO_SUCH_BLOB.code:
                raise
            raise SIGNED_MEANWHILE() from fault

    async def paper(self, record: Record, number: int, *, or_cancelled: bool = False) -> Paper:
        """A paper of a record. Raises NotFound BA-5206, Conflict BA-5202 where it is cancelled."""
        for each in await self.records.rows.papers(record):
            if each.number == number:
                if each.is_cancelled and not or_cancelled:
                    raise IS_CANCELLED()
                return each
        raise NO_SUCH_PAPER()

    def _facility(self) -> dict[str, Any]:
        facility = self.records.facility
        return {"identifier": {"system": systems.FACILITY_CODE, "value": facility.code}, "display": facility.name}

    def late_h(self, paper: Paper) -> int:
        """After how many hours a signature on a paper is late."""
        chain = self.records.chains.of(paper.form_number)
        return chain.late_h if chain is not None else LATE_H

    async def is_seen_by(self, paper: Paper, actor: Actor) -> bool:
        """Whether a paper is not kept from the actor."""
        (stored,) = await self.store.resources.read_many([(paper.type, paper.id)], actor)
        return stored is not None


def is_of(step: Step, paper: Paper) -> bool:
    """Whether a step is of the present version of a paper."""
    return (step.number, step.version) == (paper.number, paper.version)


def signable(record: Record) -> Record:
    """Raises Conflict BA-5202, BA-5209: what is cancelled or archived takes no signature."""
    if record.is_cancelled:
        raise IS_CANCELLED()
    if record.state.is_archived:
        raise NOT_WRITTEN_NOW()
    return record


def _step_for(
    standings: Sequence[Standing], steps: Sequence[Step], *, countersigns: bool = True
) -> tuple[Standing, Step]:
    """The step that waits for one of these, and as whom they sign it.

    Who has signed a whole paper not yet may countersign it. Raises Forbidden BA-5103.
    """
    for step in steps:
        if step.state is StepState.WAITING:
            for standing in standings:
                if standing.fits(step):
                    return standing, step
    own = standings[0]
    is_whole = bool(steps) and all(each.state is StepState.SIGNED for each in steps)
    if not countersigns or not is_whole or any(each.signer == own.actor for each in steps):
        raise NOT_YOUR_TURN()
    last = steps[-1]
    return own, replace(
        last, step=rows.next_step(steps), turn=COUNTERSIGN_TURN, duty=COUNTERSIGN, state=StepState.WAITING,
        assigned=own.actor, signer="", on_behalf="", title="", reason=None,
    )  # fmt: skip


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content
