"""The portal of the social insurance: the claim of each ended episode with costs, the check-in of each insured visit.

A claim is made anew from the record whenever that has changed, by the decision of the day on which the episode ended;
the portal keeps one record of an MA_LK, so that a later version replaces the one before and the same one sent twice
does no harm. Claims that break a blocking rule are kept back, since the portal would refuse them or the insurance cut
their costs. Source: QĐ 130/QĐ-BYT, QĐ 3176/QĐ-BYT; CV 1245/BHXH-CNTT (03/05/2024).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from benhan.kernel.actors import system
from benhan.kernel.clock import Clock, day_in_vietnam
from benhan.kernel.texts import Text
from benhan.mapping.bhyt.rows_from_fhir import minute
from benhan.mapping.fhir_to_bhyt import fhir_to_bhyt, fhir_to_checkin
from benhan.mapping.fhir_to_hoso_benh_an import Record
from benhan.mapping.fhir_to_hoso_benh_an.record import visit_number
from benhan.mapping.mapped import Json
from benhan.node.bhyt_knowledge import BhytKnowledge
from benhan.node.records.content import belonging, read_record
from benhan.node.sends.destination import Made, Mode, Receipt
from benhan.node.sends.facility_signer import PLACE, FacilitySigner
from benhan.node.sends.faults import BREAKS_RULES, OTHER_SUBJECT, TO_SIGN
from benhan.store.compartment import read_compartment
from benhan.store.ids import bucket_of
from benhan.store.send_state import SendState
from benhan.store.sends import About, Message, Sends, Wish
from benhan.store.store import Store
from benhan.transports import bhxh_client
from benhan.transports.bhxh_client import BhxhClient, is_signed
from benhan.vn.bhyt.claim import Claim
from benhan.vn.bhyt.claim_check import check_claim
from benhan.vn.bhyt.messages import claim_in
from benhan.vn.bhyt.rules.context import Knowledge, SentClaims
from benhan.vn.bhyt.rules.rule import Level
from benhan.vn.bhyt.tables import tables_on
from benhan.vn.bhyt.write import checkin_to_bytes, claims_to_bytes

CLAIM, CHECKIN = "claim", "checkin"
COSTS = ("Claim", "Invoice", "ChargeItem")
"""What says that an episode has costs."""
CHECKIN_WITHIN = timedelta(days=1)
"""A check-in of a visit that ended longer ago says nothing to the portal."""
ACTOR = system("sends")
SENT_ONCE = "F09"
"""The rule that a visit goes under one MA_LK. Whatever its level, a second claim does not go by itself, lest it be paid
twice before anybody looks."""
_GONE = (SendState.SENT, SendState.RECEIVED, SendState.READY, SendState.BY_HAND)
_NO_CHECKIN = ("2",)
"""MA_DOITUONG_KCB of emergencies: they need none."""


@dataclass(frozen=True, slots=True)
class BhytWishes:
    """What a hospital wants sent: check-ins too or not; episodes that ended from which day on, None: since it is on."""

    checkins: bool = False
    since: date | None = None
    delay_s: float = 600.0
    """How long the record of an ended episode rests before it is sent: the last results and papers come in."""


class BhytPortal:
    """The destination `bhxh`."""

    name = "bhxh"
    adapter = "bhxh/QD3176"
    title = Text("Cổng giám định BHYT (BHXH Việt Nam)", "Health insurance portal (Vietnam Social Security)")
    side_by_side = 4
    try_s = 90.0
    away = frozenset(
        each.code
        for each in (
            bhxh_client.NOT_REACHED,
            bhxh_client.PORTAL_FAILED,
            bhxh_client.BAD_ANSWER,
            bhxh_client.NOT_LET_IN,
        )
    )

    def __init__(
        self,
        store: Store,
        sends: Sends,
        known: BhytKnowledge,
        facility: str,
        mode: Mode,
        *,
        client: BhxhClient | None,
        signer: FacilitySigner | None,
        wishes: BhytWishes,
    ) -> None:
        """`client` is needed where `mode` is AUTO; without `signer` every file waits to be signed by hand."""
        assert client is not None or mode is not Mode.AUTO
        self.mode = mode
        self._store = store
        self._sends = sends
        self._known = known
        self._facility = facility
        self._client = client
        self._signer = signer
        self._wishes = wishes

    @property
    def _clock(self) -> Clock:
        return self._store.clock

    async def wishes(self, patient: int, trace: str, began_at: datetime) -> Sequence[Wish]:
        """A claim of each ended episode with costs, a check-in of each visit that has none yet."""
        types = ("Encounter", "Coverage", *COSTS)
        found = await read_compartment(self._store, ACTOR, patient, types)
        contents = [each.read() for each in found]
        today, since = day_in_vietnam(self._clock.now()), self._wishes.since or day_in_vietnam(began_at)
        wanted: list[Wish] = []
        for encounter in (each for each in contents if each["resourceType"] == "Encounter"):
            own = belonging(contents, encounter["id"])
            subject = f"Encounter/{encounter['id']}"
            if _day(encounter, "end") >= since and is_due(encounter, own):
                wanted.append(Wish(patient, self.name, CLAIM, subject, About(""), trace, delay_s=self._wishes.delay_s))
            is_insured = any(each["resourceType"] == "Coverage" for each in own)
            is_now = encounter.get("status") == "in-progress" or _day(encounter, "end") >= today - CHECKIN_WITHIN
            if self._wishes.checkins and is_insured and is_now and _day(encounter, "start") >= since:
                told = await self._sends.of_subject(bucket_of(patient), self.name, subject)
                if not any(kind == CHECKIN for kind, _ in told):
                    wanted.append(Wish(patient, self.name, CHECKIN, subject, About(""), trace))
        return wanted

    async def make(self, message: Message) -> Made | None:
        """The signed file of an episode, held where it breaks a rule or nobody can sign it here. Raises BA-3401."""
        record = await read_record(self._store, self._facility, message.subject.removeprefix("Encounter/"), ACTOR)
        if message.kind == CHECKIN:
            return await asyncio.to_thread(self._checkin, record)
        if not is_due(record.encounter, record.resources):
            return None
        claim = await asyncio.to_thread(fhir_to_bhyt, record)
        if claim.summary.get("MA_CSKCB") != self._facility:
            return None  # a file of another hospital that was only kept here
        known = replace(await self._known.now(), sent=await self._sent_otherwise(message, claim))
        return await asyncio.to_thread(self._made, record, claim, known)

    async def _sent_otherwise(self, message: Message, claim: Claim) -> SentClaims | None:
        """The MA_LK under which a claim of this very visit has gone already: one stay may be two encounters, that of
        the wards' messages and that of the insurance's files."""
        came = claim.summary.get("NGAY_VAO", "")
        for each in await read_compartment(self._store, ACTOR, message.patient, ("Encounter",)):
            other = each.read()
            subject = f"Encounter/{each.id}"
            if subject == message.subject or minute(other.get("period", {}).get("start", "")) != came:
                continue
            told = await self._sends.of_subject(message.bucket, self.name, subject)
            if any(kind == CLAIM and state in _GONE for kind, state in told):
                visit = claim.summary.get("MA_BN", ""), came
                return SentClaims({}, {visit: visit_number(other)})
        return None

    def _made(self, record: Record, claim: Claim, known: Knowledge) -> Made:
        today = day_in_vietnam(self._clock.now())
        tables = tables_on(_day(record.encounter, "end"))
        file = claims_to_bytes(self._facility, today, [claim], tables)
        says = self._store.workshop.tokens.of_bytes(claims_to_bytes(self._facility, date.min, [claim], tables))
        found = check_claim(claim, known).findings
        broken = [each.to_issue() for each in found if each.level is Level.BLOCK or each.rule == SENT_ONCE]
        if broken:
            return Made(file, says, claim.ma_lk, held=BREAKS_RULES(*broken, count=len(broken)))
        return self._signed(file, says, claim.ma_lk)

    def _checkin(self, record: Record) -> Made | None:
        row = fhir_to_checkin(record)
        has_cost = row.get("NGAY_YL") and any(row.get(name) for name in ("MA_DICH_VU", "MA_THUOC", "MA_VAT_TU"))
        is_wanted = row.get("MA_THE_BHYT") and row.get("MA_DOITUONG_KCB") not in _NO_CHECKIN
        if not has_cost or not is_wanted or row.get("MA_CSKCB") != self._facility:
            return None
        file = checkin_to_bytes([row], tables_on(_day(record.encounter, "start")))
        return self._signed(file, self._store.workshop.tokens.of_bytes(file), row["MA_LK"])

    def _signed(self, file: bytes, says: int, label: str) -> Made:
        if self._signer is None:
            return Made(file, says, label, held=TO_SIGN())
        return Made(self._signer.in_place(file), says, label)

    async def send(self, message: Message) -> Receipt:
        """The portal's receipt of a file. Raises what `BhxhClient.send` raises."""
        assert self._client is not None
        send = self._client.check_in if message.kind == CHECKIN else self._client.send
        accepted = await send(message.content)
        return Receipt(accepted.transaction, accepted.text)

    async def check_mended(self, message: Message, content: bytes) -> Made:
        """A file signed, or mended and signed, by hand. Raises Incorrect BA-3400, BA-3999."""
        return await asyncio.to_thread(self._mended, message, content)

    def _mended(self, message: Message, content: bytes) -> Made:
        claim = claim_in(content)
        if claim.ma_lk != message.about.label or claim.summary.get("MA_CSKCB") != self._facility:
            raise OTHER_SUBJECT(expected=message.about.label)
        says = self._store.workshop.tokens.of_bytes(content)
        if is_signed(content):
            return Made(content, says, claim.ma_lk)
        if content.count(PLACE) != 1:
            return Made(content, says, claim.ma_lk, held=TO_SIGN())
        return self._signed(content, says, claim.ma_lk)

    def file_name(self, message: Message) -> str:
        """As the portal's own page takes it."""
        kind = "XML0" if message.kind == CHECKIN else "GIAMDINHHS"
        return f"{kind}-{self._facility}-{message.key}.xml"

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()


def is_due(encounter: Json, resources: Sequence[Json]) -> bool:
    """Whether an episode has ended and has costs: without them there is nothing to claim."""
    has_costs = any(each["resourceType"] in COSTS for each in resources)
    return encounter.get("status") == "finished" and bool(encounter.get("period", {}).get("end")) and has_costs


def _day(encounter: Json, which: str) -> date:
    """The first or last day of an encounter; before all days where it is not told."""
    text = encounter.get("period", {}).get(which, "")[:10]
    return date.fromisoformat(text) if len(text) == 10 else date.min
