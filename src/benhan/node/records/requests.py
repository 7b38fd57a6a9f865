"""Requests of patients for a summary or a copy of their record: Mẫu 04 in, Mẫu 03 or the copy out, by the law's clock.

Who asks is the patient or a representative; what each may have is a table. Receipt is told within two working days,
the answer given within ten. Source: Luật Khám bệnh, chữa bệnh 15/2023/QH15 Đ12 k1, Đ69 k4; TT 25/2025/TT-BYT Đ8
(Mẫu 03, 04); Luật 91/2025/QH15 and NĐ 356/2025/NĐ-CP (terms of requests of data subjects).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, NamedTuple

import asyncpg
import msgspec

from benhan.kernel.actors import Actor
from benhan.kernel.clock import day_in_vietnam
from benhan.kernel.faults import Conflict, FaultCode, Incorrect, NotFound
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Text
from benhan.node.packages.making import Packages
from benhan.node.records.faults import REASON_MISSING
from benhan.node.records.life import WHOLE, Records, require
from benhan.node.records.models import PaperState
from benhan.node.records.prints import Prints
from benhan.store.database import Connection
from benhan.store.ids import bucket_of, encode_rid
from benhan.store.ledger.events import Event
from benhan.store.sealing import DataKey
from benhan.store.sql_texts import query
from benhan.vn.working_days import after_days, after_working_days

NO_SUCH_REQUEST = FaultCode("BA-5430", NotFound, Text("Không có yêu cầu này.", "There is no such request."))
REQUEST_SETTLED = FaultCode(
    "BA-5431",
    Conflict,
    Text(
        "Yêu cầu không còn ở bước này. Mở lại trang để xem.",
        "The request is not at this step any more. Open the page again.",
    ),
)
NO_SUMMARY = FaultCode(
    "BA-5432",
    Conflict,
    Text(
        "Hồ sơ chưa có bản Tóm tắt hồ sơ bệnh án (Mẫu 03) đã viết xong. Nhờ bác sĩ lập và ký trước.",
        "The record has no finished summary (Mẫu 03). Ask the doctor to write and sign it first.",
    ),
)
NOT_FOR_THEM = FaultCode(
    "BA-5433",
    Incorrect,
    Text(
        "Người đại diện loại này chỉ được cung cấp bản tóm tắt hồ sơ bệnh án.",
        "A representative of this kind may have the summary only.",
    ),
)
ASKER_MISSING = FaultCode(
    "BA-5434",
    Incorrect,
    Text(
        "Cần họ tên người yêu cầu và giấy tờ đã đối chiếu.",
        "The name of who asks, and the paper that was compared, are needed.",
    ),
)
SUMMARY_FORM = "03/TT25"
ACKNOWLEDGE_WORKING_DAYS = 2
ANSWER_DAYS = 10
LISTED = 200
_AAD = b"record-request"

_NEXT = "select nextval('record_request_number')"
_PUT = query(
    "request_put",
    """
    insert into record_request (bucket, id, record, patient, asked_at, acknowledge_on, due_on, state, scope, way, asker,
                                taken_by, told)
    values ($1, $2, $3, $4, $5, $6, $7, 'asked', $8, $9, $10, $11, $12)
    """,
)
_MOVE = query(
    "request_move",
    """
    update record_request set state = $4, settled_at = coalesce($5, settled_at),
        settled_by = case when $5::timestamptz is null then settled_by else $6 end,
        decided_by = case when $4 in ('agreed', 'refused') then $6 else decided_by end, told = $7
    where bucket = $1 and id = $2 and state = any($3::text[]) returning id
    """,
)
_READ = query("request_read", "select * from record_request where bucket = $1 and id = $2")
_OF_PATIENT = query(
    "requests_of_patient", "select * from record_request where bucket = $1 and patient = $2 order by id desc limit 100"
)
_OPEN = query(
    "requests_open",
    """
    select * from record_request where state in ('asked', 'acknowledged', 'agreed') order by due_on, id limit $1
    """,
    fan_out="a list of work names no patient: requests lie in all compartments",
)


class State(Enum):
    """Where a request stands."""

    ASKED = "asked"
    ACKNOWLEDGED = "acknowledged"
    AGREED = "agreed"
    REFUSED = "refused"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class Scope(Enum):
    """What is asked for."""

    SUMMARY = "summary"
    COPY = "copy"
    PACKAGE = "package"


ASKERS: dict[str, tuple[Scope, ...]] = {
    "patient": tuple(Scope),
    "guardian": tuple(Scope),
    "chosen": (Scope.SUMMARY,),
    "relative": (Scope.SUMMARY,),
    "lawyer": tuple(Scope),
}
"""Who may ask for what. Source: Luật KCB Đ69 k4 d, đ; how the points of Đ8 k2 are shared out is uncertain."""


class Step(NamedTuple):
    """An act: from which states, to which, and whether it needs a reason."""

    before: tuple[State, ...]
    after: State
    needs_reason: bool = False


STEPS: dict[str, Step] = {
    "acknowledge": Step((State.ASKED,), State.ACKNOWLEDGED),
    "agree": Step((State.ASKED, State.ACKNOWLEDGED), State.AGREED),
    "refuse": Step((State.ASKED, State.ACKNOWLEDGED), State.REFUSED, needs_reason=True),
    "answer": Step((State.AGREED,), State.ANSWERED),
    "withdraw": Step((State.ASKED, State.ACKNOWLEDGED, State.AGREED), State.WITHDRAWN, needs_reason=True),
}
"""The acts as a table."""


class Told(msgspec.Struct, frozen=True):
    """What people wrote: who asks, which paper was compared, for what, why it was refused or withdrawn."""

    name: str
    paper: str
    purpose: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A request. `told` is None where the patient's key was destroyed."""

    id: int
    record: int
    patient: int
    asked_at: datetime
    settled_at: datetime | None
    acknowledge_on: date
    due_on: date
    state: State
    scope: Scope
    way: str
    asker: str
    taken_by: str
    decided_by: str
    settled_by: str
    told: Told | None

    @property
    def key(self) -> str:
        """Its name in addresses."""
        return f"{bucket_of(self.patient)}-{self.id}"

    @property
    def record_id(self) -> str:
        return encode_rid(self.record)

    @property
    def acts(self) -> list[str]:
        """What can be done with it now."""
        return [name for name, step in STEPS.items() if self.state in step.before]

    def days_left(self, today: date) -> int | None:
        """Days until the next term of the law ends, negative where it is over; None where nothing is due."""
        if not self.acts:
            return None
        wanted = self.acknowledge_on if self.state is State.ASKED else self.due_on
        return (wanted - today).days


@dataclass(frozen=True, slots=True)
class Given:
    """What was given: the name of the file, its type, its bytes."""

    name: str
    media_type: str
    content: bytes


class Requests:
    """The requests of one store's patients."""

    def __init__(self, records: Records, prints: Prints, packages: Packages) -> None:
        self._records = records
        self._store = records.store
        self._prints = prints
        self._packages = packages

    async def ask(
        self, record_id: str, scope: Scope, asker: str, told: Told, actor: Actor, *, way: str = "desk"
    ) -> str:
        """Take a request in; gives its key.

        Raises NotFound BA-5205; Incorrect BA-5433, BA-5434; Forbidden BA-5213.
        """
        require(actor, Permission.RECORD_REQUEST)
        if not told.name.strip() or not told.paper.strip():
            raise ASKER_MISSING()
        if scope not in ASKERS.get(asker, ()):
            raise NOT_FOR_THEM()
        record = (await self._records.admitted(record_id, actor)).record
        number = int(await self._store.database.fetchval(_NEXT))
        key = await self._key(record.patient)
        unit = self._store.begin(actor)
        today = day_in_vietnam(unit.at)
        values = (
            record.bucket, number, record.rid, record.patient, unit.at,
            after_working_days(today, ACKNOWLEDGE_WORKING_DAYS), after_days(today, ANSWER_DAYS), scope.value, way,
            asker, actor.id, key.seal(msgspec.json.encode(told), _AAD),
        )  # fmt: skip

        async def write(connection: Connection) -> None:
            await connection.execute(_PUT, *values)

        unit.also(write)
        unit.record(
            Event.REQUEST_ACT, patient=record.patient, type_="Composition", rid=record.rid, request=number, act="ask"
        )
        await self._store.commit(unit)
        return f"{record.bucket}-{number}"

    async def act(self, key: str, act: str, actor: Actor, *, reason: str = "") -> None:
        """Acknowledge, agree, refuse or withdraw; `answer` gives what is asked for.

        Raises NotFound BA-5430; Conflict BA-5431; Incorrect BA-5204; Forbidden BA-5213.
        """
        require(actor, Permission.RECORD_REQUEST)
        request = await self.read(key)
        await self._move(request, act, actor, reason)

    async def answer(self, key: str, actor: Actor, name: str) -> Given:
        """What is asked for, made and noted as given by `name`; nothing is noted where it cannot be made.

        Raises NotFound BA-5430; Conflict BA-5431, BA-5432; Forbidden BA-5213; what prints and packages raise.
        """
        require(actor, Permission.RECORD_REQUEST)
        request = await self.read(key)
        if request.state not in STEPS["answer"].before:
            raise REQUEST_SETTLED()
        given = await self._given(request, actor, name)
        await self._move(request, "answer", actor, "")
        return given

    async def read(self, key: str) -> Request:
        """Raises NotFound BA-5430."""
        bucket, _, number = key.partition("-")
        is_key = bucket.isascii() and bucket.isdecimal() and len(bucket) < 5 and number.isdecimal() and len(number) < 19
        row = await self._store.database.fetchrow(_READ, int(bucket), int(number)) if is_key else None
        if row is None:
            raise NO_SUCH_REQUEST()
        return (await self._opened([row]))[0]

    async def open(self, actor: Actor) -> list[Request]:
        """What waits, the most urgent first."""
        require(actor, Permission.RECORD_REQUEST)
        return await self._opened(await self._store.database.fetch(_OPEN, LISTED))

    async def of_patient(self, patient_id: str, actor: Actor) -> list[Request]:
        """All requests about a patient, newest first."""
        require(actor, Permission.RECORD_REQUEST)
        rid = self._store.workshop.ids.rid_of("Patient", patient_id)
        return await self._opened(await self._store.database.fetch(_OF_PATIENT, bucket_of(rid), rid))

    async def _given(self, request: Request, actor: Actor, name: str) -> Given:
        if request.scope is Scope.PACKAGE:
            made = await self._packages.make(request.record_id, actor)
            return Given(made.name, "application/zip", made.content)
        if request.scope is Scope.COPY:
            printed = await self._prints.whole(request.record_id, actor, name)
            return Given("ban-sao-ho-so.pdf", "application/pdf", printed.pdf)
        opened = await self._records.opened(await self._records.read(request.record_id), WHOLE)
        done = (PaperState.DONE, PaperState.SIGNED)
        summaries = [
            each.number for each in opened.papers
            if each.form_number == SUMMARY_FORM and each.state in done and not each.is_cancelled
        ]  # fmt: skip
        if not summaries:
            raise NO_SUMMARY()
        printed = await self._prints.paper(request.record_id, summaries[-1], actor, name)
        return Given("tom-tat-ho-so.pdf", "application/pdf", printed.pdf)

    async def _move(self, request: Request, act: str, actor: Actor, reason: str) -> None:
        step = STEPS.get(act)
        if step is None or request.state not in step.before:
            raise REQUEST_SETTLED()
        if step.needs_reason and not reason.strip():
            raise REASON_MISSING()
        told = request.told or Told("", "")
        if reason.strip():
            told = msgspec.structs.replace(told, reason=reason.strip()[:1000])
        sealed = (await self._key(request.patient)).seal(msgspec.json.encode(told), _AAD)
        unit = self._store.begin(actor)
        is_end = step.after in (State.REFUSED, State.ANSWERED, State.WITHDRAWN)
        values = (
            bucket_of(request.patient), request.id, [each.value for each in step.before], step.after.value,
            unit.at if is_end else None, actor.id, sealed,
        )  # fmt: skip

        async def write(connection: Connection) -> None:
            if await connection.fetchval(_MOVE, *values) is None:
                raise REQUEST_SETTLED()

        unit.also(write)
        unit.record(
            Event.REQUEST_ACT, patient=request.patient, type_="Composition", rid=request.record, request=request.id,
            act=act,
        )  # fmt: skip
        await self._store.commit(unit)

    async def _key(self, patient: int) -> DataKey:
        async with self._store.database.connection() as connection:
            return await self._store.keyring.data_key(patient, connection)

    async def _opened(self, rows: Sequence[asyncpg.Record]) -> list[Request]:
        async with self._store.database.connection() as connection:
            keys = await self._store.keyring.data_keys({row["patient"] for row in rows}, connection)
        return [_request(row, keys.get(row["patient"])) for row in rows]


def _request(row: Mapping[str, Any] | asyncpg.Record, key: DataKey | None) -> Request:
    told = msgspec.json.decode(key.open(row["told"], _AAD), type=Told) if key is not None and row["told"] else None
    return Request(
        row["id"], row["record"], row["patient"], row["asked_at"], row["settled_at"], row["acknowledge_on"],
        row["due_on"], State(row["state"]), Scope(row["scope"]), row["way"], row["asker"], row["taken_by"],
        row["decided_by"], row["settled_by"], told,
    )  # fmt: skip
