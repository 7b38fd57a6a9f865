"""The rows of what this hospital has asked others: codes, digests and states, never content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from benhan.store.database import Connection
from benhan.store.ids import bucket_of
from benhan.store.sql_texts import query
from benhan.store.store import Store

_PUT = query(
    "exchange_asked_put",
    """
    insert into exchange_asked (bucket, ask, patient, asked_at, changed_at, asked_by, purpose, basis, kinds, state)
    values ($1, $2, $3, $4, $4, $5, $6, $7, $8, 'asked')
    """,
)
_TAKEN = query(
    "exchange_asked_taken",
    """
    update exchange_asked set state = $3, exchange = $4, fault = $5, changed_at = $6
    where bucket = $1 and ask = $2
    """,
)
_PUT_PART = query(
    "exchange_part_put",
    """
    insert into exchange_part (bucket, ask, holder, state, fault, changed_at) values ($1, $2, $3, $4, $5, $6)
    on conflict (bucket, ask, holder) do update set state = $4, fault = $5, changed_at = $6
        where exchange_part.state = 'waiting'
    """,
)
_OF_ASK = query(
    "exchange_asked_of",
    "select * from exchange_asked where ask = $1",
    fan_out="an answer names the ask by its digest alone",
)
_OF_PATIENT = query(
    "exchange_asked_of_patient",
    """
    select a.*, coalesce(array_agg(p.holder || ' ' || p.state || ' ' || p.fault order by p.holder)
                         filter (where p.holder is not null), '{}') as parts
    from exchange_asked a left join exchange_part p on p.bucket = a.bucket and p.ask = a.ask
    where a.bucket = $1 and a.patient = $2 group by a.bucket, a.ask order by a.asked_at desc
    """,
)


class AskedPart(NamedTuple):
    """How a holder has answered: waiting, given, nothing, refused, rejected; why, a reason or a code."""

    holder: str
    state: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Something this hospital has asked: of whom, by whom, why; `parts` are holders and their states."""

    ask: str
    patient: int
    asked_at: datetime
    asked_by: str
    purpose: str
    basis: str
    kinds: tuple[str, ...]
    state: str
    exchange: str
    fault: str
    parts: tuple[AskedPart, ...] = ()


class AskedRows:
    """What one hospital has asked."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, connection: Connection, asked: Asked) -> None:
        """Keep an ask, before it is sent."""
        await connection.execute(
            _PUT, bucket_of(asked.patient), asked.ask, asked.patient, asked.asked_at, asked.asked_by, asked.purpose,
            asked.basis, " ".join(asked.kinds),
        )  # fmt: skip

    async def taken(self, asked: Asked, state: str, exchange: str, holders: Sequence[str], fault: str = "") -> None:
        """What the hub said to an ask."""
        now, bucket = self._store.clock.now(), bucket_of(asked.patient)
        async with self._store.database.transaction() as connection:
            await connection.execute(_TAKEN, bucket, asked.ask, state, exchange, fault, now)
            for holder in holders:
                await connection.execute(_PUT_PART, bucket, asked.ask, holder, "waiting", "", now)

    async def part(self, connection: Connection, asked: Asked, holder: str, state: str, fault: str = "") -> None:
        """How a holder answered."""
        bucket = bucket_of(asked.patient)
        await connection.execute(_PUT_PART, bucket, asked.ask, holder, state, fault, self._store.clock.now())

    async def of_ask(self, digest: str) -> Asked | None:
        """What was asked by an ask of a digest."""
        row = await self._store.database.fetchrow(_OF_ASK, digest)
        return _asked(row) if row is not None else None

    async def of_patient(self, patient: int) -> list[Asked]:
        """What was asked of a patient, newest first."""
        return [_asked(row) for row in await self._store.database.fetch(_OF_PATIENT, bucket_of(patient), patient)]


def _asked(row: object) -> Asked:
    told = dict(row)  # type: ignore[call-overload]
    parts = tuple(AskedPart(*each.split(" ", 2)) for each in told.get("parts", ()))
    return Asked(
        told["ask"], told["patient"], told["asked_at"], told["asked_by"], told["purpose"], told["basis"],
        tuple(told["kinds"].split()), told["state"], told["exchange"], told["fault"], parts,
    )  # fmt: skip
