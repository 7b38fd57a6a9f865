"""The Ministry's hub: health check-ups, there within 24 hours; files that a check-up program hands in, and those made
of encounters of the record, which wait for the doctor's signature.

A file goes once the concluding doctor and the facility have signed it; the facility's signature is added here where its
certificate is. A message keeps its number at every try, so that one whose answer was lost is not counted twice; a
duplicate that the hub tells of after an earlier try is this very message.
Source: QĐ 1551/QĐ-BYT 2026 PL02, QĐ 2062/QĐ-BYT 2026.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from benhan.kernel.actors import Actor
from benhan.kernel.clock import VIETNAM, Clock, day_in_vietnam
from benhan.kernel.faults import Fault
from benhan.kernel.ids import RandomSource
from benhan.kernel.texts import Text
from benhan.kernel.trace import new_trace_id
from benhan.node.loaded_lists import LoadedLists
from benhan.node.sends.check_ups import CheckUps
from benhan.node.sends.destination import Made, Mode, Receipt
from benhan.node.sends.facility_signer import FacilitySigner
from benhan.node.sends.faults import (
    CHECK_UP_WRONG,
    HAS_ANOTHER,
    OTHER_SUBJECT,
    PARTLY_TAKEN,
    TO_SIGN,
    TO_SIGN_BY_DOCTOR,
)
from benhan.store.ids import SHARED
from benhan.store.inbox import reasons_of
from benhan.store.send_state import SendState
from benhan.store.sends import About, Message, Sends, Wish
from benhan.store.tokens import Tokens
from benhan.transports import emrhub_client
from benhan.transports.emrhub_client import EmrhubClient
from benhan.vn.bhyt.dates import is_minute
from benhan.vn.emrhub.results import Outcome
from benhan.vn.ksk.check import check_ksk
from benhan.vn.ksk.document import CheckUp, ksk_to_xml, parse_ksk
from benhan.vn.ksk.signing_places import DoctorSigned, Signed

KSK = "ksk"
OF_RECORD = "Encounter/"
"""How the subject of a check-up begins that was made of the record."""
WITHIN = timedelta(hours=24)
"""By when a check-up must be at the hub. Source: QĐ 1551/QĐ-BYT 2026."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of a file that was handed in: its message, or why there is none; whether it was there already."""

    name: str
    key: str = ""
    is_known: bool = False
    fault: Fault | None = None


class MinistryHub:
    """The destination `emrhub`."""

    name = "emrhub"
    adapter = "emrhub/QD2062"
    title = Text("Trục dữ liệu Bộ Y tế (khám sức khoẻ)", "The Ministry's hub (health check-ups)")
    side_by_side = 1
    try_s = 90.0
    away = frozenset(
        each.code
        for each in (
            emrhub_client.NOT_REACHED,
            emrhub_client.HUB_BUSY,
            emrhub_client.NOT_LET_IN,
            emrhub_client.NO_ACKNOWLEDGEMENT,
        )
    )

    def __init__(
        self,
        sends: Sends,
        tokens: Tokens,
        clock: Clock,
        random: RandomSource,
        mode: Mode,
        lists: LoadedLists,
        *,
        client: EmrhubClient | None,
        signer: FacilitySigner | None,
        check_ups: CheckUps | None = None,
    ) -> None:
        """`client` is needed where `mode` is AUTO; without `signer` files come signed by both; without `check_ups` none
        is made of the record."""
        assert client is not None or mode is not Mode.AUTO
        self.mode = mode
        self._sends = sends
        self._tokens = tokens
        self._clock = clock
        self._random = random
        self._lists = lists
        self._client = client
        self._signer = signer
        self._check_ups = check_ups

    async def receive(self, name: str, content: bytes, actor: Actor) -> Handed:
        """Take a check-up's file: it is committed when this returns. One that is no check-up is told, not kept."""
        try:
            check = parse_ksk(content)
        except Fault as fault:
            return Handed(name, fault=fault)
        await self._sends.begin(self.name)
        subject, says = self._subject(check), self._says(check)
        made = await self._made(check, content, "")
        before = await self._sends.last(SHARED, self.name, KSK, subject)
        if before is not None and before.content_hash == says and before.state is not SendState.PARKED:
            return Handed(name, before.key, is_known=True)
        held = made.held
        wish = Wish(
            patient=0,
            destination=self.name,
            kind=KSK,
            subject=subject,
            about=About(made.label, reasons_of(held) if held is not None else ()),
            trace=new_trace_id(self._random),
            asked_by=actor.id,
            due_at=self._due_at(check),
            content=content,
            content_hash=says,
            state=SendState.PARKED if held is not None else SendState.WAITING,
            fault=held.code if held is not None else "",
        )
        keys = await self._sends.put([wish])
        return Handed(name, keys[0], fault=held)

    async def wishes(self, patient: int, trace: str, began_at: datetime) -> Sequence[Wish]:
        """The check-ups of the record that ended since the destination is on; the others come as files."""
        if self._check_ups is None:
            return []
        ended = await self._check_ups.ended(patient, day_in_vietnam(began_at))
        return [Wish(patient, self.name, KSK, subject, About(""), trace, due_at=at + WITHIN) for subject, at in ended]

    async def make(self, message: Message) -> Made | None:
        """The file of a check-up of the record, for the doctor to sign; None where a program handed it in itself."""
        assert self._check_ups is not None  # who made the message knew them
        check = await self._check_ups.read(message.subject)
        if check is None or await self._sends.last(SHARED, self.name, KSK, self._subject(check)) is not None:
            return None
        return await self._made(check, ksk_to_xml(check), message.number)

    async def check_mended(self, message: Message, content: bytes) -> Made:
        """The file as it may be sent, or what holds it. Raises Incorrect BA-3560, BA-3999."""
        check = parse_ksk(content)
        is_same = self._subject(check) == message.subject
        if message.subject.startswith(OF_RECORD):
            is_same = bool(message.about.label) and check.value("XML2", "MA_LK") == message.about.label
        if not is_same:
            raise OTHER_SUBJECT(expected=message.about.label)
        return await self._made(check, content, message.number)

    async def _made(self, check: CheckUp, content: bytes, number: str) -> Made:
        says, label = self._says(check), check.value("XML2", "MA_LK")
        number = number or (self._client.new_number() if self._client is not None else "")
        made = Made(content, says, label, number)
        wrong = [issue for issue in check_ksk(check, await self._lists.now()) if issue.is_error]
        if wrong:
            return replace(made, held=CHECK_UP_WRONG(*wrong, count=len(wrong)))
        if not check.doctor_signature:
            return replace(made, held=TO_SIGN_BY_DOCTOR())
        if check.facility_signature:
            return made
        if self._signer is None:
            return replace(made, held=TO_SIGN())
        signature = await asyncio.to_thread(self._signer.signature_of, content)
        return replace(made, content=DoctorSigned(content).with_facility(signature).content)

    async def send(self, message: Message) -> Receipt:
        """The hub's receipt. Raises what `EmrhubClient.push` raises, Incorrect BA-3995."""
        assert self._client is not None
        pushed = await self._client.push(Signed(message.content), message.number)
        answer = pushed.acknowledgement
        words = answer.data_state_msg or answer.res_msg
        if pushed.outcome is Outcome.PARTLY:
            return Receipt(answer.txn_id, words, PARTLY_TAKEN())
        if pushed.outcome is Outcome.DUPLICATE and message.version > 1 and message.attempts == 1:
            raise HAS_ANOTHER()  # it is the version before this one that the hub has
        return Receipt(answer.txn_id, words)

    def file_name(self, message: Message) -> str:
        return f"KSK-{message.key}.xml"

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    def _subject(self, check: CheckUp) -> str:
        """What a later version of the same check-up has too: whose program, which number; else who and when."""
        own = check.value("XML2", "MA_LK") or "|".join(
            (check.value("XML1", "SO_CCCD"), check.value("XML1", "HO_TEN"), check.value("XML2", "NGAY_VAO"))
        )
        token = self._tokens.of(f"ksk\x1f{check.facility}\x1f{own}")
        return f"KSK/{token & (2**64 - 1):016x}"

    def _says(self, check: CheckUp) -> int:
        """What a check-up says, whoever signed it, on whichever day its file was made."""
        return self._tokens.of_bytes(ksk_to_xml(replace(check, made_on="")))

    def _due_at(self, check: CheckUp) -> datetime:
        ended = check.value("XML2", "NGAY_RA") or check.value("XML2", "NGAY_VAO")
        if not is_minute(ended):
            return self._clock.now() + WITHIN
        return datetime.strptime(ended, "%Y%m%d%H%M").replace(tzinfo=VIETNAM) + WITHIN
