"""The rows of packages that arrived: waiting ones sealed with a key of the packages, joined ones with the patient's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import asyncpg
import msgspec

from benhan.kernel.faults import Fault
from benhan.node.packages.faults import ALREADY_THERE, IS_SETTLED, NO_SUCH_PACKAGE
from benhan.store.database import Connection
from benhan.store.ids import bucket_of
from benhan.store.inbox import reasons_of
from benhan.store.sealing import DataKey
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.store.unit_of_work import Hook

PAGE = 50
_ABOUT, _CONTENT = b"package-about", b"package"

_NEXT = "select nextval('record_package_number')"
_PUT = query(
    "package_put",
    """
    insert into record_package (bucket, id, received_at, settled_at, patient, content_hash, size, state, fault, sender,
                                brought_by, settled_by, about, content)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    on conflict do nothing returning id
    """,
)
_KNOWN = query(
    "package_known",
    "select 1 from record_package where content_hash = $1 limit 1",
    fan_out="a package that arrives says of whom it is only after it is opened",
)
_HEAD = "bucket, id, received_at, settled_at, patient, size, state, fault, sender, brought_by, settled_by, about"
_LIST = query(
    "packages_listed",
    f"select {_HEAD} from record_package where bucket = 0 and state = any($1::text[]) and id < $2"  # noqa: S608
    " order by id desc limit $3",
)
_OF_PATIENT = query(
    "packages_of_patient",
    f"select {_HEAD} from record_package where bucket = $1 and patient = $2 order by id desc",  # noqa: S608
)
_READ = query("package_read", "select * from record_package where bucket = $1 and id = $2")
_REFUSE = query(
    "package_refuse",
    """
    update record_package set state = 'refused', settled_at = $2, settled_by = $3, about = $4
    where bucket = 0 and id = $1 and state in ('waiting', 'faulty') returning id
    """,
)
_TAKE = query(
    "package_take", "delete from record_package where bucket = 0 and id = $1 and state = 'waiting' returning id"
)


class State(Enum):
    """Where a package stands."""

    WAITING = "waiting"
    FAULTY = "faulty"
    JOINED = "joined"
    REFUSED = "refused"


class About(msgspec.Struct, frozen=True):
    """What is told of a package to who may see it: name of the file, person, form, sender; reasons (place, vi, en)."""

    file: str
    person: str = ""
    form: str = ""
    sender: str = ""
    reasons: tuple[tuple[str, str, str], ...] = ()
    note: str = ""
    """Why somebody refused it."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A package that arrived; `content` is empty in lists."""

    id: int
    received_at: datetime
    settled_at: datetime | None
    patient: int
    size: int
    state: State
    fault: str
    sender: str
    brought_by: str
    settled_by: str
    about: About
    content: bytes = b""


class PackageRows:
    """Reads and writes the packages of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._own = store.keyring.derived_key("packages")

    async def put(self, content: bytes, state: State, fault: str, sender: str, about: About, by: str) -> int:
        """Keep a package that arrived; its number. Committed when this returns. Raises Conflict BA-5415."""
        digest = self._hash(content)
        database = self._store.database
        if await database.fetchval(_KNOWN, digest):
            raise ALREADY_THERE()
        number = int(await database.fetchval(_NEXT))
        kept = await database.fetchval(
            _PUT, 0, number, self._store.clock.now(), None, 0, digest, len(content), state.value, fault, sender, by,
            "", _sealed(self._own, about), self._own.seal(content, _CONTENT),
        )  # fmt: skip
        if kept is None:
            raise ALREADY_THERE()
        return number

    async def listed(self, states: tuple[State, ...], before: int = 2**62) -> list[Arrived]:
        """Packages of nobody yet, newest first."""
        rows = await self._store.database.fetch(_LIST, [each.value for each in states], before, PAGE)
        return [_arrived(row, self._own) for row in rows]

    async def of_patient(self, patient: int) -> list[Arrived]:
        """The packages that were joined to a patient; none where the key was destroyed."""
        rows = await self._store.database.fetch(_OF_PATIENT, bucket_of(patient), patient)
        if not rows:
            return []
        async with self._store.database.connection() as connection:
            key = (await self._store.keyring.data_keys([patient], connection)).get(patient)
        return [_arrived(row, key) for row in rows] if key is not None else []

    async def read(self, number: int, patient: int = 0) -> Arrived:
        """A package with its content; of a patient where one is named. Raises NotFound BA-5414, BA-0503."""
        bucket = bucket_of(patient) if patient else 0
        row = await self._store.database.fetchrow(_READ, bucket, number)
        if row is None or row["patient"] != patient:
            raise NO_SUCH_PACKAGE()
        key = self._own
        if patient:
            async with self._store.database.connection() as connection:
                key = await self._store.keyring.data_key(patient, connection)
        return _arrived(row, key, with_content=True)

    def refuse(self, package: Arrived, at: datetime, by: str, note: str) -> Hook:
        """Put a package aside; it is kept. Raises Conflict BA-5416 where it is settled."""
        about = msgspec.structs.replace(package.about, note=note)

        async def write(connection: Connection) -> None:
            sealed = _sealed(self._own, about)
            if await connection.fetchval(_REFUSE, package.id, at, by, sealed) is None:
                raise IS_SETTLED()

        return write

    def join(self, package: Arrived, patient: int, at: datetime, by: str) -> Hook:
        """Give a package to a patient, sealed with their key. Raises Conflict BA-5416 where it is settled."""

        async def write(connection: Connection) -> None:
            if await connection.fetchval(_TAKE, package.id) is None:
                raise IS_SETTLED()
            key = await self._store.keyring.data_key(patient, connection, create=True)
            await connection.execute(
                _PUT, bucket_of(patient), package.id, package.received_at, at, patient, self._hash(package.content),
                package.size, State.JOINED.value, "", package.sender, package.brought_by, by,
                _sealed(key, package.about), key.seal(package.content, _CONTENT),
            )  # fmt: skip

        return write

    def _hash(self, content: bytes) -> int:
        return self._store.workshop.tokens.of_bytes(b"package" + content)


def faulty(file: str, fault: Fault) -> About:
    """What is told of a package that cannot be opened."""
    return About(file, reasons=reasons_of(fault))


def _sealed(key: DataKey, about: About) -> bytes:
    return key.seal(msgspec.json.encode(about), _ABOUT)


def _arrived(row: Mapping[str, Any] | asyncpg.Record, key: DataKey, *, with_content: bool = False) -> Arrived:
    about = msgspec.json.decode(key.open(row["about"], _ABOUT), type=About)
    content = key.open(row["content"], _CONTENT) if with_content else b""
    return Arrived(
        row["id"], row["received_at"], row["settled_at"], row["patient"], row["size"], State(row["state"]),
        row["fault"], row["sender"], row["brought_by"], row["settled_by"], about, content,
    )  # fmt: skip
