"""The paper parts of records that are not wholly electronic: what, how many sheets, where they stand.

Source: TT 13/2025/TT-BYT Đ4, Đ5 (hospitals that still keep some papers); Luật Lưu trữ 33/2024/QH15.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from benhan.kernel.actors import Actor
from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Text
from benhan.node.records.life import WHOLE, Records, require
from benhan.node.records.models import Medium, Record
from benhan.store.database import Connection
from benhan.store.sql_texts import query

BAD_PART = FaultCode(
    "BA-5424",
    Incorrect,
    Text(
        "Phần giấy cần tên, nơi để và số tờ từ 0 đến {most}.",
        "A paper part needs a name, a place, and 0 to {most} sheets.",
    ),
)
SHEETS_MAX = 100_000
PARTS_MAX = 100

_LIST = query("parts_of_record", "select * from record_part where bucket = $1 and record = $2 order by number")
_PUT = query(
    "part_put",
    """
    insert into record_part (bucket, record, number, sheets, place, what, changed_at, changed_by)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (bucket, record, number) do update set sheets = excluded.sheets, place = excluded.place,
        what = excluded.what, changed_at = excluded.changed_at, changed_by = excluded.changed_by
    """,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A paper part: its number in the record; 0 sheets where nothing of it is left."""

    number: int
    what: str
    place: str
    sheets: int
    changed_at: datetime


class Parts:
    """The paper parts of one store's records."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._store = records.store

    async def of(self, record: Record) -> list[Part]:
        """The paper parts of a record."""
        rows = await self._store.database.fetch(_LIST, record.bucket, record.rid)
        return [Part(row["number"], row["what"], row["place"], row["sheets"], row["changed_at"]) for row in rows]

    async def put(
        self, record_id: str, what: str, place: str, sheets: int, actor: Actor, number: int | None = None
    ) -> None:
        """A new part, or where part `number` stands now; the record becomes hybrid with its first.

        Raises NotFound BA-5205; Incorrect BA-5424; Conflict BA-5208; Forbidden BA-5213.
        """
        require(actor, Permission.RECORD_ARCHIVE)
        what, place = what.strip()[:200], place.strip()[:200]
        record = await self._records.read(record_id)
        known = len(await self.of(record))
        if not what or not place or not 0 <= sheets <= SHEETS_MAX or (number is None and known >= PARTS_MAX):
            raise BAD_PART(most=SHEETS_MAX)
        opened = await self._records.opened(record, WHOLE)
        unit = self._store.begin(actor)

        async def write(connection: Connection) -> None:
            values = (number or known + 1, sheets, place, what, unit.at, actor.id)
            await connection.execute(_PUT, record.bucket, record.rid, *values)

        unit.also(write)
        after = replace(record, medium=Medium.HYBRID) if record.medium is Medium.ELECTRONIC else record
        await self._records.write(unit, record, after, opened, "part")
        await self._store.commit(unit)
