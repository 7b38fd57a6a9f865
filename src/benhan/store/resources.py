"""Reading resources: current, by version, their history. A view of a patient's data is in the ledger before the answer.

Concurrent reads share a statement and a transaction, so that recording every view costs little.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

import asyncpg

from benhan.kernel.actors import Actor, Role, system
from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault
from benhan.kernel.limits import Act
from benhan.kernel.trace import current_trace
from benhan.store.access_rules import AccessRules, is_hidden
from benhan.store.care import KIND_ORDER, narrowed_for, reached, reason, reasons, treated, unveiled
from benhan.store.content import ContentCodec, aad_of
from benhan.store.database import Connection, Database
from benhan.store.faults import DELETED, NO_SUCH_RESOURCE, NO_SUCH_VERSION
from benhan.store.gatherer import Gatherer
from benhan.store.ids import Ids, bucket_of, encode_rid
from benhan.store.key_faults import SHREDDED
from benhan.store.keyring import Keyring
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.opened import OpenedLately
from benhan.store.resource_types import TYPE_NAMES, TYPE_NUMBERS
from benhan.store.sealing import DataKey
from benhan.store.secrecy import Hides, bears, bears_none, hides
from benhan.store.sql_texts import query
from benhan.store.unit_of_work import Stored

VERSION_MAX = 2**31 - 1
"""The column's largest number."""

_READ = query(
    "read_current",
    f"""
    select w.place, r.type, r.rid, r.version, r.patient, r.updated_at, r.content
    from unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::smallint[]) with ordinality
        as w (bucket, type, rid, hides, place)
    left join placement p on p.bucket = w.bucket and p.type = w.type and p.rid = w.rid
    join resource r on r.bucket = coalesce(p.at_bucket, w.bucket) and r.type = w.type and r.rid = w.rid
    where r.until is null
        and case w.hides when 0 then true when 1 then {bears_none("r", "$5::bigint[]")}
            else {bears_none("r", "$6::bigint[]")} end
    """,  # noqa: S608  # constants
)
_READ_IN_CARE = query(
    "read_current_in_care",
    f"""
    select w.place, r.type, r.rid, r.version, r.patient, r.updated_at, r.content, why.key, why.source,
        w.hides = 2 and {bears("r", "$6::bigint[]")} as is_treated
    from unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::smallint[], $8::text[], $9::text[], $10::text[],
                $11::smallint[]) with ordinality
        as w (bucket, type, rid, hides, treats, treatment, archived, uses, place)
    left join placement p on p.bucket = w.bucket and p.type = w.type and p.rid = w.rid
    join resource r on r.bucket = coalesce(p.at_bucket, w.bucket) and r.type = w.type and r.rid = w.rid
    left join lateral (
        select c.key, c.source from care_relation c
        where c.bucket = r.bucket and c.patient = r.patient and c.record = 0
            and c.key = any(string_to_array(case when c.archived then w.archived else w.treatment end, E'\n'))
            and c.uses & w.uses = w.uses and c.from_at <= $12 and c.until_at > $12
        order by {KIND_ORDER} limit 1
    ) why on w.treatment is not null
    where r.until is null and (w.treatment is null or r.patient = 0 or why.key is not null)
        and case w.hides when 0 then true when 1 then {bears_none("r", "$5::bigint[]")}
            else {bears_none("r", "$6::bigint[]")} or ({bears_none("r", "$7::bigint[]")} and exists (
                select 1 from care_relation c where c.bucket = r.bucket and c.patient = r.patient and c.record = 0
                    and c.key = any(string_to_array(w.treats, E'\n')) and not c.archived
                    and c.from_at <= $12 and c.until_at > $12)) end
    """,  # noqa: S608  # constants
)
"""For who has limits of care; the reason of the look comes with the row."""
_READ_TREATED = query(
    "read_current_treated",
    """
    select w.place, r.type, r.rid, r.version, r.patient, r.updated_at, r.content, null::text as key, 0 as source,
        w.hides = 2 and r.tokens && $6::bigint[] as is_treated
    from unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::smallint[], $8::text[]) with ordinality
        as w (bucket, type, rid, hides, treats, place)
    left join placement p on p.bucket = w.bucket and p.type = w.type and p.rid = w.rid
    join resource r on r.bucket = coalesce(p.at_bucket, w.bucket) and r.type = w.type and r.rid = w.rid
    where r.until is null
        and case w.hides when 0 then true when 1 then not r.tokens && $5::bigint[]
            else not r.tokens && $6::bigint[] or (not r.tokens && $7::bigint[] and exists (
                select 1 from care_relation c where c.bucket = r.bucket and c.patient = r.patient and c.record = 0
                    and c.key = any(string_to_array(w.treats, E'\n')) and not c.archived
                    and c.from_at <= $9 and c.until_at > $9)) end
    """,
)
"""For who reads of anybody, and of what is secret of those whom they treat."""
_VERSIONS = query(
    "read_versions",
    f"""
    select v.type, v.rid, v.version, v.patient, v.updated_at, v.content, {treated("v", 7)} as is_treated from (
        select bucket, type, rid, version, patient, updated_at, content from resource
        where bucket = any($1::smallint[]) and type = $2 and rid = $3
        union all
        select bucket, type, rid, version, patient, updated_at, content from resource_history
        where bucket = any($1::smallint[]) and type = $2 and rid = $3
    ) v
    where v.version < $4 and ($6::bigint[] is null or v.patient = any($6))
        and {reached("v", 7)}
        and ($7::bigint[] is null or not exists (
            select 1 from resource c where c.bucket = any($1::smallint[]) and c.type = $2 and c.rid = $3
                and c.until is null and not {unveiled("c", 7)}))
    order by v.version desc limit $5
    """,  # noqa: S608  # constants
)
_RECENT = query(
    "read_recent_versions",
    """
    select r.type, r.rid, r.version, r.patient, r.updated_at, r.content
    from unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::int[]) as w (bucket, type, rid, version)
    left join placement p on p.bucket = w.bucket and p.type = w.type and p.rid = w.rid
    join resource r on r.bucket = coalesce(p.at_bucket, w.bucket) and r.type = w.type and r.rid = w.rid
        and r.version = w.version
    """,
)
_PLACES = query(
    "places_of",
    """
    select at_bucket from placement where bucket = $1 and type = $2 and rid = $3
    union select bucket from resource where bucket <> $1 and type = $2 and rid = $3
    union select bucket from resource_history where bucket <> $1 and type = $2 and rid = $3
    """,
    fan_out="only for a resource that a placement row says has moved: its versions may lie in several compartments",
)
_IS_PLACED = query("is_placed", "select 1 from placement where bucket = $1 and type = $2 and rid = $3")


_ANYBODY = system("resources")

_FIELDS = itemgetter("type", "rid", "version", "patient", "updated_at", "content")


class Wanted(NamedTuple):
    """A read: what ("" for whatever id is there), for whom, on which trace."""

    type: str
    id: str
    rid: int
    actor: Actor
    trace: str


class Opener:
    """Opens sealed rows with the keys of their patients."""

    def __init__(self, keyring: Keyring, codec: ContentCodec) -> None:
        self._keyring = keyring
        self._codec = codec
        self._lately = OpenedLately()
        keyring.when_forgotten.append(self._lately.forget)

    async def open_all(self, rows: Sequence[asyncpg.Record], connection: Connection) -> list[Stored | None]:
        """Each row (type, rid, version, patient, updated_at, content) opened; None where its key was destroyed."""
        patients = {row["patient"] for row in rows if row["content"] is not None}
        keys = await self._keyring.data_keys(patients, connection) if patients else {}
        opened = self._opened
        return [
            opened(number, rid, version, patient, updated_at, content, keys)
            for number, rid, version, patient, updated_at, content in map(_FIELDS, rows)
        ]

    def _opened(
        self,
        number: int,
        rid: int,
        version: int,
        patient: int,
        updated_at: datetime,
        content: bytes | None,
        keys: dict[int, DataKey],
    ) -> Stored | None:
        type_, chosen_id, tail = TYPE_NAMES[number], "", b""
        if content is not None:
            key = keys.get(patient)
            if key is None:
                return None
            known = self._lately.get(content, type_, rid, version, patient)
            if known is not None:
                return known
            chosen_id, tail = self._codec.unpack(type_, key.open(content, aad_of(number, rid, version)), patient)
        found = Stored(
            type_,
            chosen_id or encode_rid(rid),
            rid,
            version,
            updated_at,
            content is None,
            version == 1,
            patient,
            tail,
        )
        if content is not None and self._keyring.is_remembered(patient):  # not destroyed while its row was read
            self._lately.keep(content, found)
        return found


class Resources:
    """Reads by id; `start` and `stop` frame its life."""

    def __init__(self, database: Database, ids: Ids, opener: Opener, clock: Clock, rules: AccessRules) -> None:
        self._database = database
        self._ids = ids
        self._opener = opener
        self._clock = clock
        self._rules = rules
        self._reads: Gatherer[Wanted, Stored | Fault] = Gatherer(self._read_batch)

    def start(self) -> None:
        self._reads.start()

    async def stop(self) -> None:
        await self._reads.stop()

    async def read(self, type_: str, id_: str, actor: Actor) -> Stored:
        """The current version. Raises NotFound BA-0401, BA-0402 (deleted), BA-0503 (its key was destroyed).

        What the limits of `actor` hide is not there: BA-0401; a type they grant nothing of is Forbidden BA-2300.
        """
        self._rules.rules_for(actor, type_, Act.READ)
        answer = await self._ask(type_, id_, actor)
        if isinstance(answer, Fault):
            raise answer
        return answer

    async def read_many(self, wanted: Iterable[tuple[str, str]], actor: Actor) -> list[Stored | None]:
        """The current versions of (type, id) pairs, None for what is not there, is deleted or destroyed."""
        granted = [(type_, id_) for type_, id_ in wanted if self._rules.grants(actor, type_, Act.READ)]
        answers = await asyncio.gather(*(self._ask(type_, id_, actor) for type_, id_ in granted))
        return [None if isinstance(answer, Fault) else answer for answer in answers]

    async def read_rids(self, wanted: Iterable[tuple[str, int]], actor: Actor) -> list[Stored | None]:
        """The same by (type, rid), for who keeps rids: the id of a resource may be one that its sender chose."""
        trace = current_trace.get()
        granted = [
            Wanted(type_, "", rid, actor, trace) for type_, rid in wanted if self._rules.grants(actor, type_, Act.READ)
        ]
        answers = await asyncio.gather(*map(self._reads.ask, granted))
        return [None if isinstance(answer, Fault) else answer for answer in answers]

    async def vread(self, type_: str, id_: str, version: int, actor: Actor) -> Stored:
        """One version. Raises NotFound BA-0401, BA-0403, BA-0402 where that version is the deletion, BA-0503."""
        if not 0 < version < VERSION_MAX:
            raise NO_SUCH_VERSION(type=type_, id=id_, version=version)
        found = await self.history(type_, id_, actor, count=1, before_version=version + 1)
        if not found or found[0].version != version:
            raise NO_SUCH_VERSION(type=type_, id=id_, version=version)
        if found[0].deleted:
            raise DELETED(type=type_, id=id_)
        return found[0]

    async def versions(self, wanted: Sequence[tuple[str, int, int]]) -> dict[tuple[str, int, int], Stored]:
        """Versions by (type, rid, version) for a task of the system itself: no rules are held against them.

        Deletions are among them; what is not there, or cannot be opened any more, is missing.
        """
        if not wanted:
            return {}
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                _RECENT,
                [bucket_of(rid) for _, rid, _ in wanted],
                [TYPE_NUMBERS[type_] for type_, _, _ in wanted],
                [rid for _, rid, _ in wanted],
                [version for *_, version in wanted],
            )
            opened = await self._opener.open_all(rows, connection)
        recent = {(row["type"], row["rid"], row["version"]) for row in rows}
        found = {(each.type, each.rid, each.version): each for each in opened if each is not None}
        for key in wanted:  # few: they lie in the history, or where it was before
            if (TYPE_NUMBERS[key[0]], *key[1:]) not in recent and (moved := await self._moved(*key)) is not None:
                found[key] = moved
        return found

    async def _moved(self, type_: str, rid: int, version: int) -> Stored | None:
        number = TYPE_NUMBERS[type_]
        async with self._database.connection() as connection:
            buckets = await self._buckets(connection, number, rid)
            rows = await connection.fetch(
                _VERSIONS, buckets, number, rid, version + 1, 1, None, *self._rules.veil(_ANYBODY).values
            )
            [stored] = await self._opener.open_all(rows, connection) if rows else [None]
        return stored if stored is not None and stored.version == version else None

    async def history(
        self, type_: str, id_: str, actor: Actor, *, count: int = 50, before_version: int = VERSION_MAX
    ) -> list[Stored]:
        """Versions before `before_version`, newest first, deletions included. Raises NotFound BA-0401, BA-0503."""
        number, rid = TYPE_NUMBERS[type_], self._ids.rid_of(type_, id_)
        reach = self._rules.patients_of(actor, type_, Act.READ)
        patients = sorted(reach) if reach is not None else None
        veil = self._rules.veil(actor)
        async with self._database.transaction() as connection:
            buckets = await self._buckets(connection, number, rid)
            rows = await connection.fetch(
                _VERSIONS, buckets, number, rid, before_version, count, patients, *veil.values
            )
            opened = await self._opener.open_all(rows, connection)
            is_treated = any(row["is_treated"] for row in rows)
            seen = [
                each
                for each, before in zip(opened, [*opened, None][1:], strict=True)
                if self._rules.admits(actor, Act.READ, each, is_treated=is_treated)
                and not _tells_of_hidden(actor, each, before, is_treated=is_treated)
            ]
            if not seen:
                raise NO_SUCH_RESOURCE(type=type_, id=id_)
            found = [_named(each, id_) for each in seen if each is not None]
            if not found:
                raise SHREDDED()
            patient = next((each.patient for each in found if each.patient), 0)
            if patient and actor.role is not Role.SYSTEM:
                why = await reasons(connection, actor, [patient])
                entry = self._entry(Event.RESOURCE_HISTORY, found[0], actor, current_trace.get(), why.get(patient, ""))
                await append_many(connection, [entry])
        return found

    async def _buckets(self, connection: Connection, number: int, rid: int) -> list[int]:
        home = bucket_of(rid)
        if await connection.fetchval(_IS_PLACED, home, number, rid) is None:
            return [home]
        return [home, *(row["at_bucket"] for row in await connection.fetch(_PLACES, home, number, rid))]

    async def _ask(self, type_: str, id_: str, actor: Actor) -> Stored | Fault:
        rid = self._ids.rid_of(type_, id_)
        return await self._reads.ask(Wanted(type_, id_, rid, actor, current_trace.get()))

    async def _read_batch(self, batch: Sequence[Wanted]) -> list[Stored | Fault]:
        async with self._database.connection() as connection:
            rows = await self._rows(connection, batch)
            rows = [row for row in rows if self._may_open(batch[row["place"] - 1], row)]
            opened = await self._opener.open_all(rows, connection)
            found = {row["place"] - 1: each for row, each in zip(rows, opened, strict=True)}
            in_care = {row["place"] - 1: row for row in rows if "is_treated" in row}
            answers = [self._answer(wanted, index, found, in_care.get(index)) for index, wanted in enumerate(batch)]
            views = [
                self._entry(
                    Event.RESOURCE_VIEW, answer, wanted.actor, wanted.trace, _why(wanted.actor, in_care.get(index))
                )
                for index, (wanted, answer) in enumerate(zip(batch, answers, strict=True))
                if isinstance(answer, Stored) and answer.patient and wanted.actor.role is not Role.SYSTEM
            ]
            await append_many(connection, views)
        return answers

    async def _rows(self, connection: Connection, batch: Sequence[Wanted]) -> list[asyncpg.Record]:
        values = [
            [bucket_of(each.rid) for each in batch],
            [TYPE_NUMBERS[each.type] for each in batch],
            [each.rid for each in batch],
            [hides(each.actor) for each in batch],
            self._rules.hidden_at(Hides.WITHHELD),
            self._rules.hidden_at(Hides.SECRETS),
        ]
        cares = [narrowed_for(each.actor) for each in batch]
        at = max((each.actor.care.at for each in batch if each.actor.care is not None), default=None)
        if at is None:
            return await connection.fetch(_READ, *values)
        columns = [list(column) for column in zip(*cares, strict=True)]
        if all(treatment is None for _, treatment, _, _ in cares):
            treats = columns[0]
            return await connection.fetch(_READ_TREATED, *values, self._rules.hidden_from_treating(), treats, at)
        return await connection.fetch(_READ_IN_CARE, *values, self._rules.hidden_from_treating(), *columns, at)

    def _may_open(self, wanted: Wanted, row: asyncpg.Record) -> bool:
        actor = wanted.actor
        return actor.limits is None or self._rules.admits_patient(actor, wanted.type, Act.READ, row["patient"])

    def _answer(
        self, wanted: Wanted, index: int, found: dict[int, Stored | None], in_care: asyncpg.Record | None
    ) -> Stored | Fault:
        is_treated = in_care is not None and in_care["is_treated"]
        if not self._rules.admits(wanted.actor, Act.READ, found.get(index), is_treated=is_treated):
            return NO_SUCH_RESOURCE(type=wanted.type, id=wanted.id)
        return _answer(wanted, index, found)

    def _entry(self, event: Event, seen: Stored, actor: Actor, trace: str, why: str = "") -> Entry:
        return Entry(
            event,
            self._clock.now(),
            actor.id,
            actor.role.value,
            trace,
            seen.patient,
            TYPE_NUMBERS[seen.type],
            seen.rid,
            seen.version,
            {**actor.through, "by": why} if why else actor.through,
        )


def _answer(wanted: Wanted, index: int, found: dict[int, Stored | None]) -> Stored | Fault:
    if index not in found:
        return NO_SUCH_RESOURCE(type=wanted.type, id=wanted.id)
    stored = found[index]
    if stored is None:
        return SHREDDED()
    if stored.deleted:
        return DELETED(type=wanted.type, id=wanted.id)
    if wanted.id and stored.id != wanted.id:  # two ids with the same keyed hash: what is there is another resource
        return NO_SUCH_RESOURCE(type=wanted.type, id=wanted.id)
    return stored


def _why(actor: Actor, row: asyncpg.Record | None) -> str:
    """By which relation a row was reached, "" where none was needed."""
    if row is None or row["key"] is None:
        return actor.care.by if actor.care is not None else ""
    return reason(row["key"], row["source"])


def _tells_of_hidden(actor: Actor, stored: Stored | None, before: Stored | None, *, is_treated: bool) -> bool:
    """Whether a version is the deletion of what is kept from the actor."""
    if stored is None or not stored.deleted or before is None:
        return False
    return is_hidden(actor, before, is_treated=is_treated)


def _named(stored: Stored, id_: str) -> Stored:
    """A deletion holds no content, so its id is the one it was asked by."""
    return replace(stored, id=id_) if stored.deleted else stored
