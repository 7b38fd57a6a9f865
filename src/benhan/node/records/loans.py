"""Lending archived records: asked for with a purpose, decided by another person, until a day, returned or revoked.

A loan of what is electronic ends by itself when its time is over; sheets of paper that were handed out are overdue
until somebody has them back. Source: requirement 63 (mượn, trả hồ sơ, auto-return and revoke); Luật Khám bệnh, chữa
bệnh 15/2023/QH15 Đ69 k4 (who may use an archived record, for which purpose).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import asyncpg
import msgspec

from benhan.kernel.actors import Actor
from benhan.kernel.faults import Conflict, FaultCode, Forbidden, Incorrect, NotFound
from benhan.kernel.issues import error
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Text
from benhan.node.access.grants import Grants
from benhan.node.records.faults import NOT_NOW, REASON_MISSING
from benhan.node.records.life import Records, require
from benhan.node.records.lifecycle import STATE_WORDS, State
from benhan.node.records.models import Record
from benhan.store.database import Connection
from benhan.store.ids import bucket_of, encode_rid
from benhan.store.ledger.events import Event
from benhan.store.sealing import DataKey
from benhan.store.sql_texts import query

NO_SUCH_LOAN = FaultCode("BA-5420", NotFound, Text("Không có lần mượn này.", "There is no such loan."))
LOAN_SETTLED = FaultCode(
    "BA-5421",
    Conflict,
    Text(
        "Lần mượn này đã được xử lý khác trước đó. Mở lại trang để xem.",
        "This loan was settled otherwise before. Open the page again.",
    ),
)
NOT_ONES_OWN = FaultCode(
    "BA-5422",
    Forbidden,
    Text(
        "Người mượn không tự duyệt cho mình. Nhờ người khác có quyền duyệt.",
        "Nobody decides on their own loan. Ask another person with the right.",
    ),
)
DAYS_WRONG = FaultCode(
    "BA-5423",
    Incorrect,
    Text("Số ngày mượn từ 1 đến {most}.", "A loan lasts from 1 to {most} days."),
)
DAYS_MAX = 90
DAYS_USUAL = 7
LISTED = 200
_AAD = b"record-loan"

_NEXT = "select nextval('record_loan_number')"
_PUT = query(
    "loan_put",
    """
    insert into record_loan (bucket, id, record, patient, asked_at, state, borrower, told)
    values ($1, $2, $3, $4, $5, 'asked', $6, $7)
    """,
)
_DECIDE = query(
    "loan_decide",
    """
    update record_loan set state = $3, decided_at = $4, decided_by = $5, ends_at = $6, sheets = $7, told = $8
    where bucket = $1 and id = $2 and state = 'asked' returning id
    """,
)
_END = query(
    "loan_end",
    """
    update record_loan set state = $3, ended_at = $4, ended_by = $5, told = $6
    where bucket = $1 and id = $2 and state = 'lent' returning id
    """,
)
_READ = query("loan_read", "select * from record_loan where bucket = $1 and id = $2")
_OF_RECORD = query(
    "loans_of_record", "select * from record_loan where bucket = $1 and record = $2 order by id desc limit 50"
)
_OPEN = query(
    "loans_open",
    "select * from record_loan where state in ('asked', 'lent') order by ends_at nulls first, id limit $1",
    fan_out="a list of work names no patient: loans lie in all compartments",
)
_OF_BORROWER = query(
    "loans_of_borrower",
    "select * from record_loan where state in ('asked', 'lent') and borrower = $1 order by id desc limit $2",
    fan_out="what somebody has borrowed lies in all compartments",
)


class LoanState(Enum):
    """Where a loan stands."""

    ASKED = "asked"
    LENT = "lent"
    REFUSED = "refused"
    RETURNED = "returned"
    REVOKED = "revoked"


class Told(msgspec.Struct, frozen=True):
    """What people wrote: for what it is wanted, why it was refused or revoked."""

    purpose: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Loan:
    """A loan. `told` is None where the patient's key was destroyed."""

    id: int
    record: int
    patient: int
    asked_at: datetime
    decided_at: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None
    sheets: int
    state: LoanState
    borrower: str
    decided_by: str
    ended_by: str
    told: Told | None

    @property
    def bucket(self) -> int:
        return bucket_of(self.patient)

    @property
    def record_id(self) -> str:
        return encode_rid(self.record)

    @property
    def key(self) -> str:
        """Its name in addresses."""
        return f"{self.bucket}-{self.id}"

    def is_open(self, at: datetime) -> bool:
        """Whether the borrower may read the record at `at`."""
        return self.state is LoanState.LENT and self.ends_at is not None and at < self.ends_at

    def is_overdue(self, at: datetime) -> bool:
        """Whether sheets of paper should be back."""
        return self.state is LoanState.LENT and bool(self.sheets) and self.ends_at is not None and at >= self.ends_at


class Loans:
    """The loans of one store's records."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._store = records.store
        self._grants = Grants(records.store)

    async def ask(self, record_id: str, purpose: str, actor: Actor) -> str:
        """Ask for an archived record; gives the key of the loan.

        Raises NotFound BA-5205; Conflict BA-5201 where it is not archived; Incorrect BA-5204; Forbidden BA-5213.
        """
        require(actor, Permission.RECORD_VIEW)
        record = await self._records.read(record_id)
        if record.state is not State.ARCHIVED:
            raise NOT_NOW(error("business-rule", "loan", STATE_WORDS[record.state]))
        if not purpose.strip():
            raise REASON_MISSING()
        number = int(await self._store.database.fetchval(_NEXT))
        key = await self._key(record.patient)
        sealed = key.seal(msgspec.json.encode(Told(purpose.strip()[:1000])), _AAD)
        unit = self._store.begin(actor)

        async def write(connection: Connection) -> None:
            await connection.execute(_PUT, record.bucket, number, record.rid, record.patient, unit.at, actor.id, sealed)

        unit.also(write)
        self._note(unit, record.patient, record.rid, number, "ask")
        await self._store.commit(unit)
        return f"{record.bucket}-{number}"

    async def lend(self, key: str, actor: Actor, *, days: int = DAYS_USUAL, sheets: int = 0) -> None:
        """Lend it for so many days, with so many sheets of its paper parts.

        Raises NotFound BA-5420; Conflict BA-5421; Forbidden BA-5213, BA-5422; Incorrect BA-5423.
        """
        if not 1 <= days <= DAYS_MAX:
            raise DAYS_WRONG(most=DAYS_MAX)
        loan = await self._decidable(key, actor)
        ends_at = self._store.clock.now() + timedelta(days=days)
        await self._settle(loan, actor, LoanState.LENT, "lend", loan.told, ends_at, max(sheets, 0))

    async def refuse(self, key: str, reason: str, actor: Actor) -> None:
        """Raises as `lend`, and Incorrect BA-5204."""
        loan = await self._decidable(key, actor)
        await self._settle(loan, actor, LoanState.REFUSED, "refuse", _with(loan, reason), None, 0)

    async def give_back(self, key: str, actor: Actor) -> None:
        """Returned: by the borrower where it is electronic, by who keeps the archive where paper is out.

        Raises NotFound BA-5420; Conflict BA-5421; Forbidden BA-5213.
        """
        loan = await self.read(key)
        if loan.borrower != actor.id or loan.sheets:
            require(actor, Permission.RECORD_LEND)
        await self._settle(loan, actor, LoanState.RETURNED, "return", loan.told)

    async def revoke(self, key: str, reason: str, actor: Actor) -> None:
        """Taken back before its time, with a reason. Raises as `give_back`, and Incorrect BA-5204."""
        require(actor, Permission.RECORD_LEND)
        loan = await self.read(key)
        await self._settle(loan, actor, LoanState.REVOKED, "revoke", _with(loan, reason))

    async def read(self, key: str) -> Loan:
        """Raises NotFound BA-5420."""
        bucket, _, number = key.partition("-")
        is_key = bucket.isascii() and bucket.isdecimal() and len(bucket) < 5 and number.isdecimal() and len(number) < 19
        row = await self._store.database.fetchrow(_READ, int(bucket), int(number)) if is_key else None
        if row is None:
            raise NO_SUCH_LOAN()
        return (await self._opened([row]))[0]

    async def open(self, actor: Actor) -> list[Loan]:
        """Loans that are asked for or lent: all for who decides on them, one's own for everybody else."""
        if actor.may(Permission.RECORD_LEND):
            return await self._opened(await self._store.database.fetch(_OPEN, LISTED))
        return await self._opened(await self._store.database.fetch(_OF_BORROWER, actor.id, LISTED))

    async def of_record(self, record: Record) -> list[Loan]:
        """All loans of a record, newest first."""
        return await self._opened(await self._store.database.fetch(_OF_RECORD, record.bucket, record.rid))

    async def _decidable(self, key: str, actor: Actor) -> Loan:
        require(actor, Permission.RECORD_LEND)
        loan = await self.read(key)
        if loan.borrower == actor.id:
            raise NOT_ONES_OWN()
        return loan

    async def _settle(
        self, loan: Loan, actor: Actor, state: LoanState, act: str, told: Told | None, *more: Any
    ) -> None:
        """`more` are the end and the sheets of a loan that is decided; one that ends has none."""
        key = await self._key(loan.patient)
        sealed = key.seal(msgspec.json.encode(told), _AAD)
        unit = self._store.begin(actor)

        async def write(connection: Connection) -> None:
            values = (loan.bucket, loan.id, state.value, unit.at, actor.id, *more, sealed)
            settled = await connection.fetchval(_DECIDE if more else _END, *values)
            if settled is None:
                raise LOAN_SETTLED()

        unit.also(write)
        account = loan.borrower.removeprefix("account:")
        if account.isdecimal():
            if state is LoanState.LENT:
                await self._grants.lend(unit, int(account), loan.patient, loan.record, more[0])
            elif not more:
                self._grants.take_back(unit, int(account), loan.patient, loan.record)
        self._note(unit, loan.patient, loan.record, loan.id, act)
        await self._store.commit(unit)

    def _note(self, unit: Any, patient: int, record: int, number: int, act: str) -> None:
        unit.record(Event.LOAN_ACT, patient=patient, type_="Composition", rid=record, loan=number, act=act)

    async def _key(self, patient: int) -> DataKey:
        async with self._store.database.connection() as connection:
            return await self._store.keyring.data_key(patient, connection)

    async def _opened(self, rows: list[asyncpg.Record]) -> list[Loan]:
        async with self._store.database.connection() as connection:
            keys = await self._store.keyring.data_keys({row["patient"] for row in rows}, connection)
        return [_loan(row, keys.get(row["patient"])) for row in rows]


def _with(loan: Loan, reason: str) -> Told:
    if not reason.strip():
        raise REASON_MISSING()
    return Told(loan.told.purpose if loan.told is not None else "", reason.strip()[:1000])


def _loan(row: Mapping[str, Any] | asyncpg.Record, key: DataKey | None) -> Loan:
    told = msgspec.json.decode(key.open(row["told"], _AAD), type=Told) if key is not None and row["told"] else None
    return Loan(
        row["id"], row["record"], row["patient"], row["asked_at"], row["decided_at"], row["ends_at"], row["ended_at"],
        row["sheets"], LoanState(row["state"]), row["borrower"], row["decided_by"], row["ended_by"], told,
    )  # fmt: skip
