"""Destruction of records out of their term: proposed as a batch, looked at by a council, approved by another person,
carried out by destroying keys, with minutes. The storage number stays, never given again; the ledger keeps the act.

A patient's key seals all their records. Who has others gets a new key first: what stays is sealed anew, what is
destroyed is not, and the key before is gone. Source: Luật Lưu trữ 33/2024/QH15 Đ16, Đ36; TT 33/2025/TT-BYT (terms);
NIST SP 800-88 (cryptographic erase).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

import asyncpg

from benhan.kernel.actors import Actor
from benhan.kernel.clock import VIETNAM, day_in_vietnam
from benhan.kernel.faults import Conflict, Fault, FaultCode, Forbidden, Incorrect, NotFound
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Text
from benhan.kernel.trace import current_trace
from benhan.node.printing import papers_to_pdf
from benhan.node.records.content import encounters_of
from benhan.node.records.life import WHOLE, Records, require
from benhan.node.records.lifecycle import State
from benhan.node.records.models import Record
from benhan.store.compartment import read_compartment
from benhan.store.database import Connection
from benhan.store.ids import bucket_of
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.rekeying import finish_replacements, replace_key
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.shredding import shred_patient
from benhan.store.sql_texts import query
from benhan.vn.forms.typeset import Sheet, string_literal
from benhan.vn.retention import FOR_EVER, HELD, TOO_EARLY, RetentionClass

NO_SUCH_BATCH = FaultCode("BA-5441", NotFound, Text("Không có đợt tiêu huỷ này.", "There is no such batch."))
BATCH_SETTLED = FaultCode(
    "BA-5442",
    Conflict,
    Text(
        "Đợt tiêu huỷ không còn ở bước này. Mở lại trang để xem.",
        "The batch is not at this step any more. Open the page again.",
    ),
)
SAME_PERSON = FaultCode(
    "BA-5443",
    Forbidden,
    Text(
        "Người lập danh sách không tự duyệt. Nhờ người khác có quyền duyệt.",
        "Who made the list does not approve it. Ask another person with the right.",
    ),
)
NOTHING_DUE = FaultCode(
    "BA-5444",
    Incorrect,
    Text(
        "Không có hồ sơ nào hết thời hạn lưu trữ để tiêu huỷ.",
        "No record is out of its term.",
    ),
)
COUNCIL_MISSING = FaultCode(
    "BA-5445",
    Incorrect,
    Text(
        "Cần số quyết định và ít nhất ba người của hội đồng, mỗi người một dòng.",
        "The number of the decision and at least three members of the council, a line each, are needed.",
    ),
)
IN_BATCH_MAX = 500
COUNCIL_LEAST = 3

_DUE = query(
    "records_out_of_term",
    """
    select m.* from medical_record m
    where m.state = 'archived' and m.cancelled_at is null and m.keep_until < $1
        and not exists (select 1 from record_hold h
            where h.bucket = m.bucket and h.record = m.rid and h.released_at is null)
        and not exists (select 1 from destruction_item i
            where i.bucket = m.bucket and i.record = m.rid and i.state <> 'left_out')
        and not exists (select 1 from record_loan l
            where l.bucket = m.bucket and l.record = m.rid and l.state = 'lent')
    order by m.keep_until, m.storage_number limit $2
    """,
    fan_out="what is out of its term lies in all compartments",
)
_PUT = """
    insert into destruction_batch (proposed_at, state, proposed_by, decision, council)
    values ($1, 'proposed', $2, $3, $4) returning id
"""
_PUT_ITEM = query(
    "destruction_item_put",
    """
    insert into destruction_item (bucket, batch, record, patient, keep_until, closed_at, state, storage_number, form,
                                  retention)
    values ($1, $2, $3, $4, $5, $6, 'listed', $7, $8, $9)
    """,
)
_APPROVE = """
    update destruction_batch set state = 'approved', approved_at = $2, approved_by = $3
    where id = $1 and state = 'proposed' returning id
"""
_DROP = """
    update destruction_batch set state = 'dropped', done_at = $2, done_by = $3
    where id = $1 and state in ('proposed', 'approved') returning id
"""
_DONE = """
    update destruction_batch set state = 'done', done_at = $2, done_by = $3
    where id = $1 and state = 'approved' returning id
"""
_READ_BATCH = "select * from destruction_batch where id = $1"
_BATCHES = "select * from destruction_batch order by id desc limit 100"
_ITEMS = query(
    "destruction_items",
    "select * from destruction_item where batch = $1 order by storage_number",
    fan_out="a batch names records of all compartments",
)
_LEAVE_OUT = query(
    "destruction_leave_out",
    """
    update destruction_item set state = 'left_out', why = $4
    where bucket = $1 and batch = $2 and record = $3 and state = 'listed'
    """,
)
_LEAVE_ALL_OUT = query(
    "destruction_leave_all_out",
    "update destruction_item set state = 'left_out' where batch = $1 and state = 'listed'",
    fan_out="a batch names records of all compartments",
)
_DESTROYED = query(
    "destruction_item_done",
    """
    update destruction_item set state = 'destroyed', destroyed_at = $4
    where bucket = $1 and batch = $2 and record = $3 and state = 'listed' returning record
    """,
)
_HELD = query(
    "is_record_held",
    "select 1 from record_hold where bucket = $1 and record = $2 and released_at is null limit 1",
)
_EMPTY_RANGES = query(
    "empty_ranges",
    """
    delete from range_index i using unnest($2::smallint[], $3::bigint[]) as w (type, rid)
    where i.bucket = $1 and i.type = w.type and i.rid = w.rid
    """,
)
_EMPTY_CURRENT = query(
    "empty_current",
    """
    update resource r set content = null, tokens = '{}', at_from = null, at_to = null, quantity = null
    from unnest($2::smallint[], $3::bigint[]) as w (type, rid)
    where r.bucket = $1 and r.type = w.type and r.rid = w.rid
    """,
)
_EMPTY_HISTORY = query(
    "empty_history",
    """
    update resource_history r set content = null from unnest($2::smallint[], $3::bigint[]) as w (type, rid)
    where r.bucket = $1 and r.type = w.type and r.rid = w.rid
    """,
)
_EMPTY_REASONS = query("empty_reasons", "update record_act set reason = null where bucket = $1 and record = $2")
_EMPTY_DRAFTS = query("empty_drafts", "delete from paper_draft where bucket = $1 and record = $2")
_EMPTY_LOANS = query("empty_loans", "update record_loan set told = '' where bucket = $1 and record = $2")
_EMPTY_REQUESTS = query("empty_requests", "update record_request set told = '' where bucket = $1 and record = $2")
_EMPTY_REFUSALS = query("empty_refusals", "update signing_step set reason = null where bucket = $1 and record = $2")
_EMPTY_PHONES = query("empty_phones", "delete from confirmation_code where bucket = $1 and record = $2")
_EMPTY_SIGNED = query(
    "end_signed_files",
    """
    delete from blob b using (
        select address from signed_paper where bucket = $1 and record = $2
        union all select evidence from paper_confirmation where bucket = $1 and record = $2
        union all select signature from paper_confirmation where bucket = $1 and record = $2 and signature <> ''
    ) f where b.bucket = $1 and b.address = decode(f.address, 'hex')
    """,
)
"""The key of a file is gone with its row; the file itself goes when orphans are swept."""
_MARK = query(
    "mark_destroyed",
    """
    update medical_record set state = 'destroyed', version = version + 1
    where bucket = $1 and rid = $2 and state = 'archived' returning version
    """,
)
_NOTE = query(
    "note_destroyed",
    """
    insert into record_act (bucket, record, number, paper, at, act, actor, role)
    values ($1, $2, $3, 0, $4, 'destroy', $5, $6)
    """,
)


class BatchState(Enum):
    """Where a batch stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Item:
    """A record of a batch: `state` is listed, left_out (`why`: the code of a fault) or destroyed."""

    record: int
    patient: int
    keep_until: date
    closed_at: datetime | None
    destroyed_at: datetime | None
    state: str
    storage_number: str
    form: str
    retention: str
    why: str

    @property
    def bucket(self) -> int:
        return bucket_of(self.patient)


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch with its records."""

    id: int
    proposed_at: datetime
    approved_at: datetime | None
    done_at: datetime | None
    state: BatchState
    proposed_by: str
    approved_by: str
    done_by: str
    decision: str
    council: str
    items: tuple[Item, ...] = ()


class Destruction:
    """The batches of one store. `settle_s`: see `replace_key`."""

    def __init__(self, records: Records, *, settle_s: float = 5.0) -> None:
        self._records = records
        self._store = records.store
        self._settle_s = settle_s

    async def due(self, actor: Actor) -> list[Record]:
        """Records that are out of their term, held by nobody, lent to nobody, in no batch; the oldest first."""
        require(actor, Permission.RECORD_DESTROY)
        today = day_in_vietnam(self._store.clock.now())
        rows = await self._store.database.fetch(_DUE, today, IN_BATCH_MAX)
        return [await self._records.rows.read(row["rid"]) for row in rows]

    async def propose(self, decision: str, council: str, actor: Actor) -> int:
        """A batch of all that is due; gives its number. Raises Incorrect BA-5444, BA-5445; Forbidden BA-5213."""
        records = await self.due(actor)
        members = [line.strip()[:200] for line in council.splitlines() if line.strip()]
        if not decision.strip() or len(members) < COUNCIL_LEAST:
            raise COUNCIL_MISSING()
        if not records:
            raise NOTHING_DUE()
        now = self._store.clock.now()
        async with self._store.database.transaction() as connection:
            number = int(await connection.fetchval(_PUT, now, actor.id, decision.strip()[:200], "\n".join(members)))
            for each in records:
                await connection.execute(
                    _PUT_ITEM, each.bucket, number, each.rid, each.patient, each.keep_until, each.closed_at,
                    each.storage_number, each.form, each.retention,
                )  # fmt: skip
            await self._note(connection, actor, now, number, "propose", len(records))
        return number

    async def approve(self, number: int, actor: Actor) -> None:
        """Approve what another person proposed. Raises NotFound BA-5441; Conflict BA-5442; Forbidden BA-5443."""
        require(actor, Permission.RECORD_DESTROY)
        batch = await self.read(number)
        if batch.proposed_by == actor.id:
            raise SAME_PERSON()
        await self._step("approve", number, actor, len(batch.items))

    async def drop(self, number: int, actor: Actor) -> None:
        """Give a batch up; its records may be proposed again. Raises as `approve`."""
        require(actor, Permission.RECORD_DESTROY)
        await self._step("drop", number, actor, 0)

    async def leave_out(self, number: int, record_id: str, actor: Actor) -> None:
        """Take a record off the list, as the council decided. Raises as `approve`."""
        require(actor, Permission.RECORD_DESTROY)
        batch = await self.read(number)
        if batch.state is not BatchState.PROPOSED:
            raise BATCH_SETTLED()
        record = await self._records.read(record_id)
        await self._store.database.execute(_LEAVE_OUT, record.bucket, number, record.rid, "")

    async def carry_out(self, number: int, actor: Actor, progress: Callable[[int], None] = lambda _done: None) -> Batch:
        """Destroy the records of an approved batch, one after the other; taken up again where it was stopped.

        A record that is held by now, or kept longer, is left out with the reason. Raises NotFound BA-5441; Conflict
        BA-5442, BA-0515; Forbidden BA-5213. Afterwards rotate the key-encryption key: see `benhan records destroy`.
        """
        require(actor, Permission.RECORD_DESTROY)
        batch = await self.read(number)
        if batch.state is not BatchState.APPROVED:
            raise BATCH_SETTLED()
        await finish_replacements(self._store.database, self._store.keyring, settle_s=self._settle_s)
        for done, item in enumerate(batch.items, 1):
            if item.state == "listed":
                await self._carry_out_one(batch, item, actor)
            progress(done)
        await self._step("done", number, actor, len(batch.items))
        return await self.read(number)

    async def read(self, number: int) -> Batch:
        """A batch with its records. Raises NotFound BA-5441."""
        row = await self._store.database.fetchrow(_READ_BATCH, number)
        if row is None:
            raise NO_SUCH_BATCH()
        items = await self._store.database.fetch(_ITEMS, number)
        return _batch(row, tuple(_item(each) for each in items))

    async def batches(self, actor: Actor) -> list[Batch]:
        """All batches, newest first, without their records."""
        require(actor, Permission.RECORD_DESTROY)
        return [_batch(row, ()) for row in await self._store.database.fetch(_BATCHES)]

    async def minutes(self, number: int, actor: Actor) -> bytes:
        """The minutes of a batch as PDF/A, out of what is kept of it; they name no patient."""
        require(actor, Permission.RECORD_DESTROY)
        batch = await self.read(number)
        names = {each.form: self._records.forms.by_key(each.form).name for each in batch.items}
        sheet = minutes_of(batch, self._records.facility.name, names)
        return await asyncio.to_thread(papers_to_pdf, [sheet], batch.done_at or batch.proposed_at)

    async def _carry_out_one(self, batch: Batch, item: Item, actor: Actor) -> None:
        try:
            record = await self._records.rows.read(item.record)
            await self._hold_to_term(record)
        except Fault as fault:
            if fault.category not in ("conflict", "not_found"):
                raise
            await self._store.database.execute(_LEAVE_OUT, item.bucket, batch.id, item.record, fault.code)
            return
        own, stays = await self._parted(record)

        async def erase(connection: Connection) -> None:
            await self._erase(connection, record, batch, own, actor)

        if stays:
            await replace_key(
                self._store.database, self._store.keyring, self._store.random, self._store.clock, record.patient, erase,
                settle_s=self._settle_s,
            )  # fmt: skip
            return
        with contextlib.suppress(NotFound):  # it was destroyed before this was stopped
            await shred_patient(self._store.database, self._store.keyring, self._store.clock, actor, record.patient)
        async with self._store.database.transaction() as connection:
            await erase(connection)

    async def _hold_to_term(self, record: Record) -> None:
        """Raises Conflict BA-3290, BA-3291, BA-3292, BA-5442."""
        if record.state is not State.ARCHIVED or record.is_cancelled:
            raise BATCH_SETTLED()
        if await self._store.database.fetchval(_HELD, record.bucket, record.rid):
            raise HELD()
        if record.keep_until is None:
            raise FOR_EVER()
        if day_in_vietnam(self._store.clock.now()) <= record.keep_until:
            raise TOO_EARLY(until=f"{record.keep_until:%d/%m/%Y}")

    async def _parted(self, record: Record) -> tuple[list[tuple[int, int]], bool]:
        """What goes with a record (type numbers and rids), and whether other episodes of the patient stay."""
        found = await read_compartment(self._store, WHOLE, record.patient)
        ids = {(each.type, each.rid): f"{each.type}/{each.id}" for each in found}
        encounter = ids.get(("Encounter", record.encounter), "")
        papers = {ids.get((each.type, each.rid), "") for each in await self._records.rows.papers(record)}
        own: list[tuple[int, int]] = []
        stays = False
        for each in found:
            named = {link for link in encounters_of(each.read()) if link}
            reference = f"{each.type}/{each.id}"
            is_record = each.type == "Composition" and each.rid == record.rid
            is_encounter = each.type == "Encounter" and each.rid == record.encounter
            goes = (
                is_record or is_encounter or named == {encounter} or (reference in papers and not named - {encounter})
            )
            if goes:
                own.append((TYPE_NUMBERS[each.type], each.rid))
            elif each.type == "Encounter":
                stays = True
        others = await self._records.rows.of_patient(record.patient, WHOLE)
        stays = stays or any(each.rid != record.rid and each.state is not State.DESTROYED for each in others)
        return own, stays

    async def _erase(
        self, connection: Connection, record: Record, batch: Batch, own: Sequence[tuple[int, int]], actor: Actor
    ) -> None:
        """Wipe what goes with a record, mark it, and keep the act in the ledger; all or nothing."""
        now = self._store.clock.now()
        version = await connection.fetchval(_MARK, record.bucket, record.rid)
        done = await connection.fetchval(_DESTROYED, record.bucket, batch.id, record.rid, now)
        if version is None or done is None:
            raise BATCH_SETTLED()
        types, rids = [type_ for type_, _ in own], [rid for _, rid in own]
        await connection.execute(_EMPTY_RANGES, record.bucket, types, rids)
        await connection.execute(_EMPTY_CURRENT, record.bucket, types, rids)
        await connection.execute(_EMPTY_HISTORY, record.bucket, types, rids)
        await connection.execute(_EMPTY_REASONS, record.bucket, record.rid)
        await connection.execute(_EMPTY_DRAFTS, record.bucket, record.rid)
        await connection.execute(_EMPTY_LOANS, record.bucket, record.rid)
        await connection.execute(_EMPTY_REQUESTS, record.bucket, record.rid)
        await connection.execute(_EMPTY_REFUSALS, record.bucket, record.rid)
        await connection.execute(_EMPTY_PHONES, record.bucket, record.rid)
        await connection.execute(_EMPTY_SIGNED, record.bucket, record.rid)
        await connection.execute(_NOTE, record.bucket, record.rid, version, now, actor.id, actor.role.value)
        await append_many(
            connection,
            [self._entry(actor, now, batch.id, "destroy", len(own), patient=record.patient, rid=record.rid)],
        )

    async def _step(self, act: str, number: int, actor: Actor, count: int) -> None:
        now = self._store.clock.now()
        async with self._store.database.transaction() as connection:
            if act == "approve":
                moved = await connection.fetchval(_APPROVE, number, now, actor.id)
            else:
                moved = await connection.fetchval(_DROP if act == "drop" else _DONE, number, now, actor.id)
            if moved is None:
                raise BATCH_SETTLED()
            if act == "drop":
                await connection.execute(_LEAVE_ALL_OUT, number)
            await self._note(connection, actor, now, number, act, count)

    async def _note(self, connection: Connection, actor: Actor, at: datetime, batch: int, act: str, count: int) -> None:
        await append_many(connection, [self._entry(actor, at, batch, act, count)])

    def _entry(
        self, actor: Actor, at: datetime, batch: int, act: str, count: int, *, patient: int = 0, rid: int = 0
    ) -> Entry:
        type_ = TYPE_NUMBERS["Composition"] if rid else 0
        return Entry(
            Event.DESTRUCTION_ACT, at, actor.id, actor.role.value, current_trace.get(), patient, type_, rid,
            detail={"batch": batch, "act": act, "count": count},
        )  # fmt: skip


def minutes_of(batch: Batch, facility: str, forms: dict[str, str]) -> Sheet:
    """The minutes as a page: the decision, the council, each record by its storage number, what became of it."""

    def line(words: str) -> str:
        return f"par({string_literal(words)})"

    def at(instant: datetime | None) -> str:
        return instant.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y") if instant is not None else "........"

    told = {"listed": "chờ", "left_out": "không tiêu huỷ", "destroyed": "đã tiêu huỷ"}
    heads = "".join(f"strong({string_literal(each)}), " for each in (
        "Số lưu trữ", "Loại bệnh án", "Loại hồ sơ lưu trữ", "Kết thúc", "Giữ đến hết", "Kết quả"))  # fmt: skip
    cells = []
    for each in batch.items:
        closed = day_in_vietnam(each.closed_at).strftime("%d/%m/%Y") if each.closed_at is not None else ""
        retention = RetentionClass[each.retention].value.name.vi if each.retention in RetentionClass.__members__ else ""
        kept = each.keep_until.strftime("%d/%m/%Y")
        row = (each.storage_number, forms[each.form], retention, closed, kept, f"{told[each.state]} {each.why}".strip())
        cells += [f"text({string_literal(cell)})" for cell in row]
    destroyed = sum(each.state == "destroyed" for each in batch.items)
    table = f'filled("all", (1.3fr, 2fr, 2fr, 1.2fr, 1.2fr, 1.5fr), ({heads}), {", ".join(cells)})'
    body = (
        f"align(center, title({string_literal('BIÊN BẢN TIÊU HUỶ HỒ SƠ BỆNH ÁN')}))",
        line(f"{facility} · Đợt số {batch.id} · Quyết định số {batch.decision}"),
        line(f"Lập danh sách: {at(batch.proposed_at)} · Duyệt: {at(batch.approved_at)}"),
        line(f"Tiêu huỷ xong: {at(batch.done_at)}"),
        line("Hội đồng xác định giá trị tài liệu:"),
        *(line(f"– {member}") for member in batch.council.split("\n")),
        line(f"Số hồ sơ trong danh sách: {len(batch.items)}; đã tiêu huỷ: {destroyed}."),
        line("Cách tiêu huỷ: huỷ khoá mã hoá, không khôi phục được, kể cả từ bản sao lưu."),
        table,
        line("Chữ ký của hội đồng:"),
        "v(6em)",
    )  # fmt: skip
    return Sheet("Biên bản tiêu huỷ hồ sơ bệnh án", body, {})


def _batch(row: asyncpg.Record, items: tuple[Item, ...]) -> Batch:
    told: dict[str, Any] = dict(row)
    return Batch(**{**told, "state": BatchState(told["state"])}, items=items)


def _item(row: asyncpg.Record) -> Item:
    names = Item.__dataclass_fields__
    return Item(**{name: row[name] for name in names})
