"""Restores that were proven: a restored database opened whole, timed from the moment its restore began.

Source: TT 13/2025/TT-BYT Điều 2 k4 (ready to restore); CV 365/TTYQG-GPQLCL III.1.2 a, III.2 c.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from benhan.kernel.actors import Actor
from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text
from benhan.kernel.trace import current_trace
from benhan.store.check import check_store
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.ledger.verify import verify_ledger
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.vn.deployment.signals import Drill

SAME_STORE = FaultCode(
    "BA-6230",
    Incorrect,
    Text(
        "Cơ sở dữ liệu khôi phục chính là cơ sở đang chạy: khôi phục vào một nơi khác rồi chạy lại.",
        "The restored database is the one that runs: restore into another place, then run this again.",
    ),
)
FOREIGN_STORE = FaultCode(
    "BA-6231",
    Incorrect,
    Text(
        "Cơ sở dữ liệu này không phải bản sao của bệnh viện này. Kiểm tra địa chỉ.",
        "That database is no copy of this hospital's. Check its address.",
    ),
)
BEGAN_LATER = FaultCode(
    "BA-6232",
    Incorrect,
    Text("Giờ bắt đầu khôi phục phải trước bây giờ.", "The restore must have begun before now."),
)

_PUT = query(
    "drill_put",
    "insert into restore_drill (at, began_at, backup_at, versions, damaged, actor) values ($1, $2, $3, $4, $5, $6)",
)
_LAST = query("drills_last", "select * from restore_drill order by id desc limit $1")
_NEWEST = query(
    "ledger_newest", "select max(at) from ledger_entry", fan_out="the end of the one chain, wherever its entry lies"
)
_SAME = "select pg_control_system.system_identifier::text || ':' || current_database() from pg_control_system()"


class Drills:
    """The proven restores of one node."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def prove(
        self, restored: Store, began_at: datetime, actor: Actor, progress: Callable[[int], None] = lambda _seen: None
    ) -> Drill:
        """Open every version of a restored store and walk its ledger; what was found is kept here.

        A damaged ledger counts as one damaged version. Raises Incorrect BA-6230, BA-6231, BA-6232.
        """
        now = self._store.clock.now()
        if began_at >= now:
            raise BEGAN_LATER()
        if await restored.database.fetchval(_SAME) == await self._store.database.fetchval(_SAME):
            raise SAME_STORE()
        if restored.keyring.derived("store-name") != self._store.keyring.derived("store-name"):
            raise FOREIGN_STORE()
        checked = await check_store(restored, progress)
        verdict = await verify_ledger(restored.database, restored.keyring)
        backup_at = await restored.database.fetchval(_NEWEST) or began_at
        damaged = len(checked.damaged) + (not verdict.is_whole)
        at = self._store.clock.now()
        async with self._store.database.transaction() as connection:
            await connection.execute(_PUT, at, began_at, backup_at, checked.opened, damaged, actor.id)
            detail: dict[str, str | int] = {"count": checked.opened, "damaged": damaged}
            entry = Entry(Event.RESTORE_PROVE, at, actor.id, actor.role.value, current_trace.get(), detail=detail)
            await append_many(connection, [entry])
        return Drill(at, round((at - began_at).total_seconds()), checked.opened, damaged, backup_at)

    async def last(self, most: int) -> list[Drill]:
        """The newest, newest first."""
        return [
            Drill(
                row["at"],
                round((row["at"] - row["began_at"]).total_seconds()),
                row["versions"],
                row["damaged"],
                row["backup_at"],
            )
            for row in await self._store.database.fetch(_LAST, most)
        ]
