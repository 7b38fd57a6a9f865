"""Breaking the glass as a closed loop: reason, short time, notice to officer and patient, a review nobody can skip.

Who has no relation to a patient and must look writes why; the look lasts an hour (a setting). The privacy officer finds
it in a list from the same moment, must open it before judging it, and judges with words; nobody judges their own. The
patient is told by a Communication of their compartment, which goes to the national repository and the health book.
Source: Luật Khám bệnh, chữa bệnh 15/2023/QH15 Đ69; requirements 90 (alert, short validity, review within three days).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

import asyncpg

from benhan.fhir.resource import instant, resource_of
from benhan.kernel.actors import Actor, system
from benhan.kernel.care import Use, account_key
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Text
from benhan.mapping.fhir_to_hoso_benh_an import name_of
from benhan.node.access.faults import (
    JUDGED_ALREADY,
    NO_RIGHT,
    NO_SUCH_EMERGENCY,
    NOBODY_BY_THAT_NUMBER,
    NOT_READ_YET,
    OWN_EMERGENCY,
    REASON_NEEDED,
)
from benhan.node.records.life import Facility
from benhan.store.care import put
from benhan.store.database import Connection
from benhan.store.identities import Identities
from benhan.store.ids import bucket_of
from benhan.store.ledger.events import Event
from benhan.store.ledger.find import ids_of
from benhan.store.outbox import Outbox
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.store.unit_of_work import Hook, Stored
from benhan.vn import systems

LETTERS_MIN = 10
LETTERS_MAX = 1_000
REVIEW_WITHIN = timedelta(days=3)
MOST = 300
_AAD = b"emergency-access"
_SEEING = system("emergency")


class Reason(Enum):
    """Why somebody had to look."""

    LIFE = "life"
    UNCONSCIOUS = "unconscious"
    TRANSFER = "transfer"
    DUTY = "duty"
    OTHER = "other"


REASON_WORDS = {
    Reason.LIFE: Text("Cấp cứu, nguy hiểm tính mạng", "Emergency, danger to life"),
    Reason.UNCONSCIOUS: Text("Người bệnh không khai được bệnh sử", "The patient cannot tell their history"),
    Reason.TRANSFER: Text(
        "Người bệnh vừa chuyển tới, chưa có trên hệ thống", "Just transferred, not in the system yet"
    ),
    Reason.DUTY: Text("Trực thay, hội chẩn gấp", "On call for somebody, urgent consultation"),
    Reason.OTHER: Text("Lý do khác (ghi rõ)", "Another reason (say which)"),
}


class Verdict(Enum):
    """What the officer found."""

    JUSTIFIED = "justified"
    DOUBTFUL = "doubtful"
    ABUSE = "abuse"


VERDICT_WORDS = {
    Verdict.JUSTIFIED: Text("Có lý do chính đáng", "Justified"),
    Verdict.DOUBTFUL: Text("Cần làm rõ thêm", "To be clarified"),
    Verdict.ABUSE: Text("Xem không có lý do", "Without a reason"),
}

_PUT = query(
    "emergency_put",
    """
    insert into emergency_access (bucket, id, patient, account, began_at, until_at, reason, words)
    overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8)
    """,
)
_ONE = query(
    "emergency_read",
    "select * from emergency_access where id = $1",
    fan_out="the officer's address names no patient: it is one row of few",
)
_WAITING = query(
    "emergencies_waiting",
    "select * from emergency_access where judged_at is null order by began_at limit $1",
    fan_out="the officer's work list looks at all that is not judged",
)
_JUDGED = query(
    "emergencies_judged",
    "select * from emergency_access where judged_at is not null order by began_at desc limit $1",
    fan_out="the officer's list of what was judged looks at all compartments",
)
_COUNT = query(
    "emergencies_counted",
    "select count(*) from emergency_access where judged_at is null",
    fan_out="a count over everything that waits",
)
_READ = query(
    "emergency_mark_read",
    "update emergency_access set read_at = $3, read_by = $4 where bucket = $1 and id = $2 and read_at is null",
)
_JUDGE = query(
    "emergency_judge",
    """
    update emergency_access set judged_at = $3, judged_by = $4, verdict = $5, judged_words = $6
    where bucket = $1 and id = $2 and judged_at is null and read_at is not null returning id
    """,
)
_NEXT = "select nextval(pg_get_serial_sequence('emergency_access', 'id'))"


@dataclass(frozen=True, slots=True)
class Found:
    """As little of a patient as tells whether they are the right one, before the glass is broken."""

    id: str
    rid: int
    name: str
    birth_year: str
    gender: str


@dataclass(frozen=True, slots=True)
class Emergency:
    """One breaking of the glass; words are sealed."""

    id: int
    patient: int
    account: int
    began_at: datetime
    until_at: datetime
    reason: Reason
    words: bytes
    read_at: datetime | None
    read_by: str
    judged_at: datetime | None
    judged_by: str
    verdict: Verdict | None
    judged_words: bytes | None

    def is_late(self, now: datetime) -> bool:
        """Whether it should have been judged by now."""
        return (self.judged_at or now) > self.began_at + REVIEW_WITHIN


class Emergencies:
    """The emergency accesses of one store."""

    def __init__(self, store: Store, outbox: Outbox, facility: Facility, life_s: float) -> None:
        self._store = store
        self._outbox = outbox
        self._facility = facility
        self.life = timedelta(seconds=life_s)
        self._identities = Identities(store.database, store.workshop.tokens, store.opener)

    async def find(self, number: str, actor: Actor) -> Found:
        """The patient with exactly this number, as little of them as tells that it is they.

        That somebody looked so is in the ledger. Raises NotFound BA-5318, Forbidden BA-5310.
        """
        _require_emergency(actor)
        found = await self.find_patient(number)
        unit = self._store.begin(actor)
        unit.record(Event.PATIENT_VIEW, patient=found.rid, type_="Patient", rid=found.rid, page="emergency")
        await self._store.commit(unit)
        return found

    async def find_patient(self, number: str) -> Found:
        """The patient with exactly this number, for a page that tells no more of them. Raises NotFound BA-5318."""
        number = "".join(number.split())[:60]
        kinds = (systems.CCCD, systems.BHYT_CARD, systems.patient_number(self._facility.code))
        found = await self._identities.find([("Patient", kind, number) for kind in kinds]) if number else {}
        stored = next(iter(found.values()), None)
        if stored is None or stored.deleted:
            raise NOBODY_BY_THAT_NUMBER()
        return _found(stored)

    async def shown(self, patient_id: str) -> Found:
        """The same of a patient by their id. Raises NotFound BA-0401."""
        return _found(await self._store.resources.read("Patient", patient_id, _SEEING))

    async def shown_of(self, patient: int) -> Found:
        """The same by the rid. Raises NotFound BA-0401."""
        async with self._store.database.connection() as connection:
            names = await ids_of(connection, self._store.opener, [(TYPE_NUMBERS["Patient"], patient)])
        return await self.shown(names.get((TYPE_NUMBERS["Patient"], patient), "Patient/?").partition("/")[2])

    def now(self) -> datetime:
        return self._store.clock.now()

    def rid_of(self, patient_id: str) -> int:
        """The rid of a patient."""
        return self._store.workshop.ids.rid_of("Patient", patient_id)

    async def open(self, patient_id: str, reason: Reason | None, words: str, actor: Actor) -> Emergency:
        """Let the actor in for a while, and tell officer and patient in the same commit.

        Raises Incorrect BA-5313, Forbidden BA-5310, NotFound BA-0401.
        """
        _require_emergency(actor)
        words = words.strip()[:LETTERS_MAX]
        if reason is None or sum(each.isalpha() for each in words) < LETTERS_MIN:
            raise REASON_NEEDED(least=LETTERS_MIN)
        stored = await self._store.resources.read("Patient", patient_id, _SEEING)
        account = int(actor.id.removeprefix("account:")) if actor.id.startswith("account:") else 0
        number = int(await self._store.database.fetchval(_NEXT))
        sealed = await self._sealed(stored.rid, words)
        unit = self._store.begin(actor)
        made = Emergency(
            number, stored.rid, account, unit.at, unit.at + self.life, reason, sealed, None, "", None, "", None, None
        )
        unit.also(_insert(made))
        key = account_key("emergency", actor.id)
        uses = Use.READ | Use.PRINT | Use.WRITE
        unit.also(put(stored.rid, number, key, made.began_at, made.until_at, uses=uses))
        notice = unit.create(resource_of(self._notice(patient_id, actor, made)))
        unit.record(
            Event.EMERGENCY_OPEN, patient=stored.rid, type_="Patient", rid=stored.rid, emergency=number,
            account=account, reason=reason.value,
        )  # fmt: skip
        self._outbox.put_changes(unit, stored.rid, f"Patient/{patient_id}", [f"Communication/{notice}"])
        await self._store.commit(unit)
        self._outbox.arrived.set()
        return made

    async def waiting(self) -> list[Emergency]:
        """What is not judged yet, the oldest first: nothing leaves this list but by a verdict."""
        return [_emergency(row) for row in await self._store.database.fetch(_WAITING, MOST)]

    async def judged(self) -> list[Emergency]:
        """What was judged, the newest first."""
        return [_emergency(row) for row in await self._store.database.fetch(_JUDGED, MOST)]

    async def count(self) -> int:
        """How many wait for a verdict."""
        return int(await self._store.database.fetchval(_COUNT))

    async def read(self, number: int, actor: Actor) -> Emergency:
        """One of them, opened by the officer: from then on it can be judged. Raises NotFound BA-5314."""
        _require(actor, Permission.ACCESS_REVIEW)
        found = await self._one(number)
        unit = self._store.begin(actor)
        if found.read_at is None and found.account != _account(actor):
            bucket, at = bucket_of(found.patient), unit.at

            async def mark(connection: Connection) -> None:
                await connection.execute(_READ, bucket, number, at, actor.id)

            unit.also(mark)
        unit.record(Event.EMERGENCY_READ, patient=found.patient, emergency=number)
        await self._store.commit(unit)
        return await self._one(number)

    async def again(self, number: int) -> Emergency:
        """One of them as it stands, for a page that was opened before. Raises NotFound BA-5314."""
        return await self._one(number)

    async def judge(self, number: int, verdict: Verdict | None, words: str, actor: Actor) -> None:
        """Judge one that was opened and read, with words. Raises NotFound BA-5314; Incorrect BA-5313; Conflict BA-5315
        unread, BA-5316; Forbidden BA-5317 for one's own, BA-5310."""
        _require(actor, Permission.ACCESS_REVIEW)
        found = await self._one(number)
        if found.account == _account(actor):
            raise OWN_EMERGENCY()
        words = words.strip()[:LETTERS_MAX]
        if verdict is None or sum(each.isalpha() for each in words) < LETTERS_MIN:
            raise REASON_NEEDED(least=LETTERS_MIN)
        if found.judged_at is not None:
            raise JUDGED_ALREADY()
        if found.read_at is None:
            raise NOT_READ_YET()
        sealed = await self._sealed(found.patient, words)
        unit = self._store.begin(actor)

        async def write(connection: Connection) -> None:
            values = (bucket_of(found.patient), number, unit.at, actor.id, verdict.value, sealed)
            if await connection.fetchval(_JUDGE, *values) is None:
                raise JUDGED_ALREADY()

        unit.also(write)
        unit.record(Event.EMERGENCY_JUDGE, patient=found.patient, emergency=number, verdict=verdict.value)
        await self._store.commit(unit)

    async def words_of(self, emergency: Emergency) -> tuple[str, str]:
        """What who looked wrote, and what the officer did; "" for what is not there or cannot be opened any more."""
        async with self._store.database.connection() as connection:
            keys = await self._store.keyring.data_keys([emergency.patient], connection)
        key = keys.get(emergency.patient)
        if key is None:
            return "", ""
        judged = key.open(emergency.judged_words, _AAD).decode() if emergency.judged_words is not None else ""
        return key.open(emergency.words, _AAD).decode(), judged

    async def _one(self, number: int) -> Emergency:
        row = await self._store.database.fetchrow(_ONE, number)
        if row is None:
            raise NO_SUCH_EMERGENCY()
        return _emergency(row)

    async def _sealed(self, patient: int, words: str) -> bytes:
        async with self._store.database.connection() as connection:
            key = await self._store.keyring.data_key(patient, connection)
        return key.seal(words.encode(), _AAD)

    def _notice(self, patient_id: str, actor: Actor, made: Emergency) -> dict[str, object]:
        """What tells the patient: where, when, by somebody in which role; never the reason, nor a name."""
        at = instant(made.began_at)
        text = (
            f"Hồ sơ của bạn tại {self._facility.name} được mở trong tình huống khẩn cấp."
            " Người phụ trách bảo vệ dữ liệu của cơ sở sẽ xem lại lần mở này."
        )
        facility = {"system": systems.FACILITY_CODE, "value": self._facility.code}
        return {
            "resourceType": "Communication",
            "status": "completed",
            "category": [{"coding": [{"system": systems.NOTICE, "code": f"emergency-{actor.role.value}"}]}],
            "subject": {"reference": f"Patient/{patient_id}"},
            "recipient": [{"reference": f"Patient/{patient_id}"}],
            "sender": {"identifier": facility, "display": self._facility.name},
            "sent": at,
            "payload": [{"contentString": text}],
        }


def _require(actor: Actor, permission: Permission) -> None:
    if not actor.may(permission):
        raise NO_RIGHT()


def _require_emergency(actor: Actor) -> None:
    """Raises Forbidden BA-5310 for whom the matrix would give nothing by it, such as students."""
    _require(actor, Permission.EMERGENCY)
    if actor.care is not None and account_key("emergency", actor.id) not in actor.care.of(Use.READ).treatment:
        raise NO_RIGHT()


def _account(actor: Actor) -> int:
    return int(actor.id.removeprefix("account:")) if actor.id.startswith("account:") else -1


def _found(stored: Stored) -> Found:
    patient = stored.read()
    birth, gender = patient.get("birthDate", ""), patient.get("gender", "")
    return Found(stored.id, stored.rid, name_of(patient) or "—", str(birth)[:4], str(gender))


def _insert(made: Emergency) -> Hook:
    async def write(connection: Connection) -> None:
        await connection.execute(
            _PUT, bucket_of(made.patient), made.id, made.patient, made.account, made.began_at, made.until_at,
            made.reason.value, made.words,
        )  # fmt: skip

    return write


def _emergency(row: asyncpg.Record) -> Emergency:
    return Emergency(
        row["id"],
        row["patient"],
        row["account"],
        row["began_at"],
        row["until_at"],
        Reason(row["reason"]),
        row["words"],
        row["read_at"],
        row["read_by"],
        row["judged_at"],
        row["judged_by"],
        Verdict(row["verdict"]) if row["verdict"] else None,
        row["judged_words"],
    )
