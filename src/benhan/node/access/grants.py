"""Leave given to one person for one patient or one record: with a purpose, rights, an end; it ends by itself.

Students and practitioners from elsewhere have no other way in; a lent archived record is a grant as well.
Source: Luật Khám bệnh, chữa bệnh 15/2023/QH15 Đ69 k3, k4 b, k5 (use is bound to its purpose).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

import asyncpg

from benhan.kernel.actors import Actor
from benhan.kernel.care import EVERY_USE, Use, account_key
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Text
from benhan.node.access.faults import BAD_GRANT, NO_RIGHT, NO_SUCH_GRANT
from benhan.store.care import end, put
from benhan.store.database import Connection
from benhan.store.ids import bucket_of
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.store.unit_of_work import Hook, UnitOfWork

LONGEST = timedelta(days=366)
MOST = 500
_NOTE_AAD = b"access-grant"


class Purpose(Enum):
    """What a record may be used for. Source: Luật Khám bệnh, chữa bệnh 15/2023/QH15 Đ69 k3, k4."""

    TREATMENT = "treatment"
    CONSULTATION = "consultation"
    STUDY = "study"
    RESEARCH = "research"
    LENDING = "lending"
    INSPECTION = "inspection"
    COURT = "court"
    INSURANCE = "insurance"


PURPOSE_WORDS = {
    Purpose.TREATMENT: Text("chăm sóc, điều trị", "care and treatment"),
    Purpose.CONSULTATION: Text("hội chẩn", "consultation"),
    Purpose.STUDY: Text("học tập, thực hành", "study and practice"),
    Purpose.RESEARCH: Text("nghiên cứu", "research"),
    Purpose.LENDING: Text("mượn hồ sơ lưu trữ", "loan of an archived record"),
    Purpose.INSPECTION: Text("thanh tra, kiểm tra", "inspection"),
    Purpose.COURT: Text("điều tra, xét xử, giám định", "investigation, court, forensic"),
    Purpose.INSURANCE: Text("giám định BHYT", "assessment by the insurance"),
}

_PUT = query(
    "grant_put",
    """
    insert into access_grant (bucket, id, patient, record, account, from_at, until_at, uses, purpose, given_by, note)
    overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    """,
)
_REVOKE = query(
    "grant_revoke",
    """
    update access_grant set revoked_at = $3, revoked_by = $4
    where bucket = $1 and id = $2 and revoked_at is null and until_at > $3 returning *
    """,
)
_TAKE_BACK = query(
    "grants_take_back",
    """
    update access_grant set revoked_at = $5, revoked_by = $6
    where bucket = $1 and patient = $2 and record = $3 and account = $4 and purpose = 'lending'
          and revoked_at is null and until_at > $5 returning id
    """,
)
_OF_PATIENT = query(
    "grants_of_patient",
    """
    select * from access_grant
    where bucket = $1 and patient = $2 and ($3 or (revoked_at is null and until_at > $4)) order by id desc limit $5
    """,
)
_OF_ALL = query(
    "grants_in_force",
    """
    select * from access_grant
    where revoked_at is null and until_at > $1 and ($2::bigint is null or account = $2) order by until_at limit $3
    """,
    fan_out="who keeps the grants looks at all that are in force; an account's patients lie in all compartments",
)
_NEXT = "select nextval(pg_get_serial_sequence('access_grant', 'id'))"


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant; `record` is the rid of its Composition, 0 where it is for the patient as a whole."""

    id: int
    patient: int
    record: int
    account: int
    from_at: datetime
    until_at: datetime
    revoked_at: datetime | None
    uses: Use
    purpose: Purpose
    given_by: str
    note: bytes | None

    def is_active(self, at: datetime) -> bool:
        return self.revoked_at is None and self.from_at <= at < self.until_at


class Grants:
    """The grants of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def now(self) -> datetime:
        """The moment by which grants have ended or not."""
        return self._store.clock.now()

    async def grant(
        self,
        account: int,
        patient: int,
        uses: Use,
        purpose: Purpose,
        until_at: datetime,
        actor: Actor,
        *,
        record: int = 0,
        from_at: datetime | None = None,
        note: str = "",
    ) -> Grant:
        """Let `account` use what is of `patient` (a rid), or one `record` of theirs alone; gives the grant.

        It is in the ledger. Writing cannot be granted. Raises Forbidden BA-5310 where the actor may not give grants,
        Incorrect BA-5311.
        """
        if not actor.may(Permission.ACCESS_GRANT):
            raise NO_RIGHT()
        now = self._store.clock.now()
        from_at = from_at or now
        if not uses & Use.READ or uses & ~(EVERY_USE & ~Use.WRITE) or not from_at < until_at <= now + LONGEST:
            raise BAD_GRANT(days=LONGEST.days)
        sealed = await self._sealed(patient, note) if note.strip() else None
        number = int(await self._store.database.fetchval(_NEXT))
        made = Grant(number, patient, record, account, from_at, until_at, None, uses, purpose, actor.id, sealed)
        unit = self._store.begin(actor)
        _give(unit, made)
        await self._store.commit(unit)
        return made

    async def lend(self, unit: UnitOfWork, account: int, patient: int, record: int, until_at: datetime) -> None:
        """Add to `unit` the grant that a loan of an archived record is: its borrower may read that record.

        Whoever calls has checked the right to lend.
        """
        number = int(await self._store.database.fetchval(_NEXT))
        _give(
            unit,
            Grant(
                number, patient, record, account, unit.at, until_at, None, Use.READ, Purpose.LENDING, unit.actor.id,
                None,
            ),
        )  # fmt: skip

    def take_back(self, unit: UnitOfWork, account: int, patient: int, record: int) -> None:
        """Add to `unit` the end of the grants that loans of a record were."""

        async def write(connection: Connection) -> None:
            values = (bucket_of(patient), patient, record, account, unit.at, unit.actor.id)
            for row in await connection.fetch(_TAKE_BACK, *values):
                await end(patient, row["id"], account_key("grant", f"account:{account}"), unit.at)(connection)

        unit.also(write)

    async def revoke(self, number: int, patient: int, actor: Actor) -> None:
        """End a grant now. Raises NotFound BA-5312, Forbidden BA-5310."""
        if not actor.may(Permission.ACCESS_GRANT):
            raise NO_RIGHT()
        unit = self._store.begin(actor)
        grants = [each for each in await self.of_patient(patient) if each.id == number]
        if not grants:
            raise NO_SUCH_GRANT()
        account = grants[0].account

        async def write(connection: Connection) -> None:
            if await connection.fetchrow(_REVOKE, bucket_of(patient), number, unit.at, actor.id) is None:
                raise NO_SUCH_GRANT()

        unit.also(write)
        unit.also(end(patient, number, account_key("grant", f"account:{account}"), unit.at))
        unit.record(Event.ACCESS_REVOKE, patient=patient, grant=number, account=account)
        await self._store.commit(unit)

    async def of_patient(self, patient: int, *, past: bool = False) -> list[Grant]:
        """The grants on a patient (a rid) that are in force or will be, newest first; with `past` those that ended."""
        now = self._store.clock.now()
        rows = await self._store.database.fetch(_OF_PATIENT, bucket_of(patient), patient, past, now, MOST)
        return [_grant(row) for row in rows]

    async def active(self, account: int | None = None) -> list[Grant]:
        """The grants in force or to come, of one account or of all, the soonest to end first."""
        now = self._store.clock.now()
        return [_grant(row) for row in await self._store.database.fetch(_OF_ALL, now, account, MOST)]

    async def note_of(self, grant: Grant) -> str:
        """What was written beside a grant, "" where nothing was or its key is gone."""
        if grant.note is None:
            return ""
        async with self._store.database.connection() as connection:
            keys = await self._store.keyring.data_keys([grant.patient], connection)
        key = keys.get(grant.patient)
        return key.open(grant.note, _NOTE_AAD).decode() if key is not None else ""

    async def _sealed(self, patient: int, note: str) -> bytes:
        async with self._store.database.connection() as connection:
            key = await self._store.keyring.data_key(patient, connection)
        return key.seal(note.strip().encode(), _NOTE_AAD)


def _give(unit: UnitOfWork, made: Grant) -> None:
    key = account_key("grant", f"account:{made.account}")
    unit.also(_insert(made))
    unit.also(put(made.patient, made.id, key, made.from_at, made.until_at, record=made.record, uses=made.uses))
    unit.record(
        Event.ACCESS_GRANT, patient=made.patient, type_="Composition" if made.record else "Patient",
        rid=made.record or made.patient, grant=made.id, account=made.account, purpose=made.purpose.value,
    )  # fmt: skip


def _insert(grant: Grant) -> Hook:
    async def write(connection: Connection) -> None:
        await connection.execute(
            _PUT, bucket_of(grant.patient), grant.id, grant.patient, grant.record, grant.account, grant.from_at,
            grant.until_at, int(grant.uses), grant.purpose.value, grant.given_by, grant.note,
        )  # fmt: skip

    return write


def _grant(row: asyncpg.Record) -> Grant:
    return Grant(
        row["id"],
        row["patient"],
        row["record"],
        row["account"],
        row["from_at"],
        row["until_at"],
        row["revoked_at"],
        Use(row["uses"]),
        Purpose(row["purpose"]),
        row["given_by"],
        row["note"],
    )
