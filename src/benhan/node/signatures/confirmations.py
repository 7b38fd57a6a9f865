"""Confirmations of people without certificates: shown, taken, kept as evidence that the organisation signs.

A sender of codes is an adapter of `CodeSender`; none is shipped, and a node without one offers stroke and witnesses.
Providers of identities and readers of fingerprints are adapters of `Attester`.
Source: TT 13/2025/TT-BYT Đ3 k2–3; requirements 77, 78.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from benhan.kernel.actors import Actor
from benhan.kernel.clock import day_in_vietnam
from benhan.kernel.faults import Fault
from benhan.kernel.permissions import Permission
from benhan.mapping.form_answers import response_to_answers
from benhan.node.printing import paper_to_pictures
from benhan.node.records import rows as record_rows
from benhan.node.records.faults import NO_SUCH_PAPER
from benhan.node.records.life import require
from benhan.node.records.models import Paper, PaperState, Record
from benhan.node.records.rows import Done
from benhan.node.signatures import rows
from benhan.node.signatures.evidence import Confirmation, Method, Relation, Shown, checked, evidence_of
from benhan.node.signatures.faults import (
    ASKED_TOO_LONG,
    CHANGED_SINCE,
    NO_ATTESTER,
    NO_CODE_SENDER,
    NOT_DONE,
    NOT_YOUR_TURN,
    OTHER_IDENTITY,
    PAGE_CHANGED,
    WRONG_CODE,
)
from benhan.node.signatures.models import PATIENT, Chosen, Step, StepState
from benhan.node.signatures.rows import Made
from benhan.node.signatures.signing import Signatures, is_of, signable
from benhan.signing.attesting import ASKED_LIFE, Asked, Attested, Attester
from benhan.store.database import Connection
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query
from benhan.vn.systems import CCCD

CODE_DIGITS = 6
CODE_LIFE = timedelta(minutes=5)
CODE_TRIES = 3
_CODE_AAD = b"confirmation-phone"
_ASKED_AAD = b"confirmation-asked"

_PUT = query(
    "paper_confirmation_put",
    """
    insert into paper_confirmation (bucket, record, number, version, patient, confirmed_at, method, relation, signed_by,
                                    page_hash, evidence, signature)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '')
    """,
)
_OF_PAPER = query(
    "paper_confirmations",
    "select * from paper_confirmation where bucket = $1 and record = $2 and number = $3 order by confirmed_at desc",
)
_UNSIGNED = query(
    "paper_confirmations_unsigned",
    "select * from paper_confirmation where signature = '' order by confirmed_at limit $1",
    fan_out="evidence that waits for the seal lies in all compartments",
)
_SIGNED = query(
    "paper_confirmation_signed",
    """
    update paper_confirmation set signature = $6
    where bucket = $1 and record = $2 and number = $3 and version = $4 and confirmed_at = $5 and signature = ''
    """,
)
_CODE_PUT = query(
    "confirmation_code_put",
    """
    insert into confirmation_code (bucket, id, record, number, version, patient, sent_at, ends_at, code_mac, phone,
                                   page_hash)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    """,
)
_CODE_TRY = query(
    "confirmation_code_try",
    """
    update confirmation_code set tries = tries + 1
    where bucket = $1 and id = $2 and record = $3 and number = $4 and version = $5 and used_at is null
        and ends_at > $6 and tries < $7
    returning code_mac, phone, page_hash
    """,
)
_CODE_USED = query(
    "confirmation_code_used",
    "update confirmation_code set used_at = $3 where bucket = $1 and id = $2 and used_at is null returning id",
)


class CodeSender(Protocol):
    """Sends a code to a phone: an SMS or messaging provider, by whoever connects one."""

    async def send(self, phone: str, code: str) -> None:
        """Raises Conflict BA-5124 where it cannot."""
        ...


@dataclass(frozen=True, slots=True)
class Begun:
    """Where a person confirms elsewhere, and what they come back with, sealed."""

    address: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class _Pending:
    """What somebody was asked and is confirming elsewhere."""

    chosen: Chosen
    confirmation: Confirmation
    device: str
    asked: Asked
    actor: str


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """What is shown on the tablet: the pictures of the page, and the hash of the PDF that stands for it."""

    record: Record
    paper: Paper
    pictures: list[bytes]
    page_hash: str
    age: int | None
    patient: str
    number: str
    """The patient's own number of identity (CCCD); "" where it is not known."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A confirmation as it is kept; `signature` is the address of the organisation's, "" where it is not there yet."""

    bucket: int
    record: int
    patient: int
    number: int
    version: int
    confirmed_at: datetime
    method: str
    relation: str
    signed_by: str
    evidence: str
    signature: str


class Confirmations:
    """The confirmations of one store. Without `codes` no code is sent."""

    def __init__(
        self,
        signatures: Signatures,
        codes: CodeSender | None = None,
        attesters: Mapping[Method, Attester] | None = None,
    ) -> None:
        self._signatures = signatures
        self._records = signatures.records
        self._store = signatures.store
        self._codes = codes
        self._attesters = attesters or {}
        self._asked_key = self._store.keyring.derived_key("confirmation-asked")
        self._code_key = self._store.keyring.derived("confirmation-code")

    @property
    def sends_codes(self) -> bool:
        return self._codes is not None

    @property
    def attests(self) -> frozenset[Method]:
        """The ways in which somebody outside says who it is, as they are connected here."""
        return frozenset(self._attesters)

    async def shown(self, record_id: str, number: int, actor: Actor) -> ToConfirm:
        """What a patient is to confirm. Raises NotFound BA-5206; Conflict BA-5104, BA-5202; Forbidden BA-5103."""
        require(actor, Permission.RECORD_SIGN)
        admitted = await self._records.admitted(record_id, actor)
        record = signable(admitted.record)
        paper = await self._signatures.paper(record, number)
        if paper.state is PaperState.WRITING:
            raise NOT_DONE()
        await self._step(record, paper)
        (stored,) = await self._store.resources.read_many([(paper.type, paper.id)], admitted.actor)
        if stored is None or not paper.form:
            raise NO_SUCH_PAPER()
        pdf = await self._signatures.page(paper, stored)
        form = self._records.forms.by_key(paper.form)
        answers = response_to_answers(form, stored.read())
        pictures = await asyncio.to_thread(paper_to_pictures, form, answers)
        (patient,) = await self._store.resources.read_rids([("Patient", record.patient)], admitted.actor)
        if patient is None:
            raise NO_SUCH_PAPER()
        today = day_in_vietnam(self._store.clock.now()).isoformat()
        person = patient.read()
        years = _years(str(person.get("birthDate", "")), today)
        cccd = next((each["value"] for each in person.get("identifier", []) if each.get("system") == CCCD), "")
        return ToConfirm(
            record, paper, pictures, hashlib.sha256(pdf).hexdigest(), years, f"Patient/{patient.id}", str(cccd)
        )

    async def take(
        self, chosen: Chosen, page_hash: str, confirmation: Confirmation, actor: Actor, device: str, code: str = ""
    ) -> None:
        """Keep a confirmation of the page with this hash; the organisation's signature follows.

        Raises as `shown`, and Conflict BA-5105, BA-5120; Incorrect BA-5121, BA-5122, BA-5123.
        """
        shown = await self.shown(chosen.record_id, chosen.number, actor)
        record, paper = shown.record, shown.paper
        if paper.version != chosen.version:
            raise CHANGED_SINCE(version=paper.version)
        if not hmac.compare_digest(shown.page_hash, page_hash):
            raise PAGE_CHANGED()
        if confirmation.method is Method.CODE:
            phone = await self._verified(shown, confirmation.code, code)
            confirmation = replace(confirmation, phone=phone)
        if confirmation.method is Method.FINGERPRINT and confirmation.attested is None:
            said = await self._attester(confirmation.method).attest(
                self._asked(shown, ""), {"number": _number_of(confirmation, shown)}, self._store.clock.now()
            )
            confirmation = replace(confirmation, attested=said)
        if confirmation.attested is not None:
            _hold_to_person(confirmation, shown, confirmation.attested)
        confirmation = checked(confirmation, shown.age)
        step = await self._step(record, paper)
        unit = self._store.begin(actor)
        evidence = evidence_of(
            Shown(
                paper.reference, paper.version, paper.form, shown.patient, shown.age, page_hash,
                tuple(hashlib.sha256(each).hexdigest() for each in shown.pictures), device, actor.id,
                self._records.facility.code, unit.at,
            ),
            confirmation,
        )  # fmt: skip
        staged = await self._signatures.stage(evidence, record.patient)

        async def keep(connection: Connection) -> None:
            await self._signatures.blobs.keep(staged, connection)
            await connection.execute(
                _PUT, record.bucket, record.rid, paper.number, paper.version, record.patient, unit.at,
                confirmation.method.value, confirmation.relation.value, actor.id, bytes.fromhex(page_hash),
                staged.address.hex(),
            )  # fmt: skip

        made = Made(step, actor.id, "", RELATION_TITLES[confirmation.relation], self._signatures.late_h(paper), unit.at)
        unit.also(rows.confirmed(made))
        unit.also(keep)
        unit.also(record_rows.touch(record, Done(paper.number, unit.at, "confirm", actor.id, actor.role.value, None)))
        unit.record(
            Event.PAPER_CONFIRM, patient=record.patient, type_=paper.type, rid=paper.rid, paper=paper.number,
            signed=paper.version, method=confirmation.method.value,
        )  # fmt: skip
        await self._store.commit(unit)

    async def begin(
        self, chosen: Chosen, page_hash: str, confirmation: Confirmation, actor: Actor, device: str, return_url: str
    ) -> Begun:
        """Where the person confirms with a provider of identities; what `finish` needs goes back sealed.

        Raises as `take`, and Conflict BA-5490, Unavailable BA-5485. Nothing is kept yet.
        """
        shown = await self.shown(chosen.record_id, chosen.number, actor)
        if shown.paper.version != chosen.version:
            raise CHANGED_SINCE(version=shown.paper.version)
        if not hmac.compare_digest(shown.page_hash, page_hash):
            raise PAGE_CHANGED()
        asked = self._asked(shown, return_url)
        nobody = Attested("", "", asked.asked_at, {})
        checked(replace(confirmation, attested=nobody), shown.age)
        address = await self._attester(confirmation.method).begin(asked)
        pending = _Pending(chosen, confirmation, device, asked, actor.id)
        return Begun(address, self._asked_key.seal(msgspec.json.encode(pending), _ASKED_AAD))

    async def finish(self, sealed: bytes, answer: Mapping[str, str], actor: Actor) -> Chosen:
        """Keep what a person confirmed elsewhere; gives of which paper.

        Raises as `take`, Incorrect BA-5486, BA-5491.
        """
        pending = self._pending(sealed, actor)
        now = self._store.clock.now()
        if now - pending.asked.asked_at > ASKED_LIFE:
            raise ASKED_TOO_LONG()
        said = await self._attester(pending.confirmation.method).attest(pending.asked, answer, now)
        confirmation = replace(pending.confirmation, attested=said)
        await self.take(pending.chosen, pending.asked.page_hash, confirmation, actor, pending.device)
        return pending.chosen

    def asked_of(self, sealed: bytes, actor: Actor) -> Chosen:
        """Of which paper somebody is asked. Raises Incorrect BA-5491."""
        return self._pending(sealed, actor).chosen

    def _pending(self, sealed: bytes, actor: Actor) -> _Pending:
        try:
            pending = msgspec.json.decode(self._asked_key.open(sealed, _ASKED_AAD), type=_Pending)
        except (Fault, msgspec.MsgspecError) as cause:
            raise ASKED_TOO_LONG() from cause
        if pending.actor != actor.id:
            raise ASKED_TOO_LONG()
        return pending

    def _asked(self, shown: ToConfirm, return_url: str) -> Asked:
        random = self._store.random
        return Asked(
            random.bytes(16).hex(), random.bytes(32).hex(), shown.page_hash, self._store.clock.now(), return_url
        )

    def _attester(self, method: Method) -> Attester:
        found = self._attesters.get(method)
        if found is None:
            raise NO_ATTESTER()
        return found

    async def send_code(self, chosen: Chosen, phone: str, actor: Actor) -> str:
        """Send a code for the page to a phone; gives the id of the transaction. Raises as `shown`, Conflict BA-5124.

        A code is good for CODE_LIFE, CODE_TRIES tries and the one page.
        """
        if self._codes is None:
            raise NO_CODE_SENDER()
        shown = await self.shown(chosen.record_id, chosen.number, actor)
        record, paper, now = shown.record, shown.paper, self._store.clock.now()
        id_ = self._store.random.bytes(12).hex()
        number = int.from_bytes(self._store.random.bytes(8), "big") % 10**CODE_DIGITS
        code = f"{number:0{CODE_DIGITS}d}"
        async with self._store.database.connection() as connection:
            key = await self._store.keyring.data_key(record.patient, connection)
        await self._store.database.execute(
            _CODE_PUT, record.bucket, id_, record.rid, paper.number, paper.version, record.patient, now,
            now + CODE_LIFE, self._mac(id_, code), key.seal(phone.encode(), _CODE_AAD), bytes.fromhex(shown.page_hash),
        )  # fmt: skip
        await self._codes.send(phone, code)
        return id_

    async def of_paper(self, record: Record, number: int) -> list[Kept]:
        """The confirmations of a paper, newest first."""
        found = await self._store.database.fetch(_OF_PAPER, record.bucket, record.rid, number)
        return [_kept(row) for row in found]

    async def unsigned(self, count: int) -> list[tuple[Kept, bytes]]:
        """Evidence that waits for the organisation's signature, longest first, with its bytes."""
        found = [_kept(row) for row in await self._store.database.fetch(_UNSIGNED, count)]
        return [(each, await self._bytes(each.evidence, each.patient)) for each in found]

    async def keep_signature(self, kept: Kept, signature: bytes) -> None:
        """The organisation's signature over evidence, as CAdES."""
        staged = await self._signatures.stage(signature, kept.patient)
        async with self._store.database.transaction() as connection:
            await self._signatures.blobs.keep(staged, connection)
            await connection.execute(
                _SIGNED, kept.bucket, kept.record, kept.number, kept.version, kept.confirmed_at, staged.address.hex()
            )

    async def files(self, record_id: str, number: int, place: int, actor: Actor) -> tuple[bytes, bytes]:
        """The evidence of a confirmation (the newest is 0) and the organisation's signature over it, b"" without.

        Raises NotFound BA-5205, BA-5206.
        """
        record = (await self._records.admitted(record_id, actor)).record
        paper = await self._signatures.paper(record, number, or_cancelled=True)
        found = await self.of_paper(record, number)
        if not 0 <= place < len(found) or not await self._signatures.is_seen_by(paper, actor):
            raise NO_SUCH_PAPER()
        kept = found[place]
        unit = self._store.begin(actor)
        unit.record(
            Event.SIGNED_FILE_VIEW, patient=record.patient, type_=paper.type, rid=paper.rid, paper=number,
            signed=kept.version,
        )  # fmt: skip
        await self._store.commit(unit)
        evidence = await self._bytes(kept.evidence, kept.patient)
        return evidence, await self._bytes(kept.signature, kept.patient) if kept.signature else b""

    async def _verified(self, shown: ToConfirm, id_: str, code: str) -> str:
        """The phone that a code was sent to, for this very page. Raises Incorrect BA-5122."""
        record, paper, now = shown.record, shown.paper, self._store.clock.now()
        row = await self._store.database.fetchrow(
            _CODE_TRY, record.bucket, id_, record.rid, paper.number, paper.version, now, CODE_TRIES
        )
        if row is None or row["page_hash"].hex() != shown.page_hash:
            raise WRONG_CODE()
        if not hmac.compare_digest(row["code_mac"], self._mac(id_, code)):
            raise WRONG_CODE()
        if await self._store.database.fetchval(_CODE_USED, record.bucket, id_, now) is None:
            raise WRONG_CODE()
        async with self._store.database.connection() as connection:
            key = await self._store.keyring.data_key(record.patient, connection)
        return key.open(row["phone"], _CODE_AAD).decode()

    async def _step(self, record: Record, paper: Paper) -> Step:
        steps: Sequence[Step] = await self._signatures.rows.steps(record)
        for each in steps:
            if is_of(each, paper) and each.duty == PATIENT and each.state is StepState.WAITING:
                return each
        raise NOT_YOUR_TURN()

    async def _bytes(self, address: str, patient: int) -> bytes:
        return b"".join([piece async for piece in self._signatures.blobs.read(address, patient)])

    def _mac(self, id_: str, code: str) -> bytes:
        return hmac.new(self._code_key, f"{id_} {code}".encode(), "sha256").digest()


def _number_of(confirmation: Confirmation, shown: ToConfirm) -> str:
    """The number of who confirms, as far as it is known."""
    return shown.number if confirmation.relation is Relation.SELF else confirmation.number


def _hold_to_person(confirmation: Confirmation, shown: ToConfirm, said: Attested) -> None:
    """Raises Conflict BA-5487 where who was identified has another number than who confirms."""
    expected = _number_of(confirmation, shown)
    if said.number and expected and said.number != expected:
        raise OTHER_IDENTITY()


RELATION_TITLES = {
    Relation.SELF: "Người bệnh",
    Relation.PARENT: "Cha, mẹ",
    Relation.GUARDIAN: "Người giám hộ",
    Relation.SPOUSE: "Vợ, chồng",
    Relation.CHILD: "Con",
    Relation.REPRESENTATIVE: "Người đại diện",
}


def _years(born: str, today: str) -> int | None:
    """Whole years of age; None where the day of birth is not known well enough."""
    if len(born) < 4 or not born[:4].isdecimal():
        return None
    had_birthday = len(born) < 10 or today[5:10] >= born[5:10]
    return int(today[:4]) - int(born[:4]) - (0 if had_birthday else 1)


def _kept(row: object) -> Kept:
    told: dict[str, object] = dict(row)  # type: ignore[call-overload]
    return Kept(**{name: told[name] for name in Kept.__slots__})  # type: ignore[arg-type]
