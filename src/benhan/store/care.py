"""Relations of care in SQL: which patients an actor's keys reach, kept up to date by what is written.

Every statement that reads for a person asks for a row of `care_relation` in the row's own compartment; nothing is taken
out after the SQL. A relation ends, it is not removed, so that it can be said later why somebody could look.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from benhan.kernel.actors import Actor
from benhan.kernel.care import Care, Reach, Use, kind_of
from benhan.mapping.encounter_to_care import Relation
from benhan.store.database import Connection
from benhan.store.ids import bucket_of
from benhan.store.secrecy import bears_none
from benhan.store.sql_texts import query

Hook = Callable[[Connection], Awaitable[None]]

KINDS = ("person", "department", "review", "archive", "grant", "emergency")
"""In the order in which they are told as the reason of a look, where several hold."""
KIND_ORDER = (
    "array_position(array['person', 'department', 'review', 'archive', 'grant', 'emergency'],"
    " split_part(c.key, '/', 1))"
)

RELATED = (
    "exists (select 1 from care_relation c where c.bucket = {bucket} and c.patient = {patient}"
    " and c.record = {record}"
    " and c.key = any(case when c.archived then {archived}::text[] else {treatment}::text[] end)"
    " and c.uses & {uses}::smallint = {uses}::smallint and c.from_at <= {at}::timestamptz"
    " and c.until_at > {at}::timestamptz offset 0)"
)
"""Whether a relation reaches a patient. The offset keeps PostgreSQL from making a join of it, which would begin with
all relations that somebody has."""
_WHY_ONE = (
    "(select c.source || ' ' || c.key from care_relation c where c.bucket = {bucket} and c.patient = {patient}"
    " and c.record = 0 and c.key = any(case when c.archived then {archived}::text[] else {treatment}::text[] end)"
    " and c.uses & {uses}::smallint = {uses}::smallint and c.from_at <= {at}::timestamptz"
    " and c.until_at > {at}::timestamptz order by {order} limit 1)"
)
TREATED = (
    "exists (select 1 from care_relation c where c.bucket = {row}.bucket and c.patient = {row}.patient"
    " and c.record = 0 and c.key = any({treats}) and not c.archived and c.from_at <= {at} and c.until_at > {at})"
)
"""Whether who asks treats the patient of `row` now."""
KEPT = "({hidden}::bigint[] is null or {shown} or ({told} and {treated}))"
"""Whether a row bears no label that is kept: one that only strangers are kept from is not kept from who treats."""

_SETTLE = query(
    "care_settle",
    """
    with given as (
        select * from unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::text[], $5::timestamptz[],
                             $6::timestamptz[]) as g (bucket, patient, source, key, from_at, until_at)
    ), ended as (
        update care_relation c set until_at = $10
        from unnest($7::smallint[], $8::bigint[], $9::bigint[]) as s (bucket, patient, source)
        where c.bucket = s.bucket and c.patient = s.patient and c.source = s.source and c.record = 0
              and c.until_at > $10 and not exists (
                  select 1 from given g where g.bucket = c.bucket and g.patient = c.patient and g.source = c.source
                      and g.key = c.key)
    )
    insert into care_relation (bucket, patient, source, key, from_at, until_at, uses, archived)
    select g.bucket, g.patient, g.source, g.key, g.from_at, g.until_at, 63, exists (
        select 1 from medical_record m where m.bucket = g.bucket and m.encounter = g.source
            and m.archived_at is not null and m.cancelled_at is null)
    from given g
    on conflict (bucket, patient, key, source, record) do update
        set from_at = excluded.from_at, until_at = excluded.until_at
        where (care_relation.from_at, care_relation.until_at) is distinct from (excluded.from_at, excluded.until_at)
    """,
)
_PUT = query(
    "care_put",
    """
    insert into care_relation (bucket, patient, source, record, key, from_at, until_at, uses, archived)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (bucket, patient, key, source, record) do update set from_at = least(care_relation.from_at, $6),
        until_at = excluded.until_at, uses = excluded.uses, archived = excluded.archived
    """,
)
_END = query(
    "care_end",
    """
    update care_relation set until_at = $5
    where bucket = $1 and patient = $2 and source = $3 and key = $4 and until_at > $5
    """,
)
_OVER = query(
    "care_over",
    """
    update care_relation c set until_at = $4
    from unnest($1::smallint[], $2::bigint[], $3::bigint[]) as s (bucket, patient, source)
    where c.bucket = s.bucket and c.patient = s.patient and (c.source = s.source or s.source = 0) and c.record = 0
          and c.until_at > $4 and split_part(c.key, '/', 1) in ('person', 'department')
    """,
)
_ARCHIVE = query(
    "care_archive",
    "update care_relation set archived = true where bucket = $1 and patient = $2 and source = any($3::bigint[])",
)
_WHY = query(
    "care_why",
    f"""
    select distinct on (c.patient) c.patient, c.key, c.source
    from unnest($1::smallint[], $2::bigint[]) as w (bucket, patient)
    join care_relation c on c.bucket = w.bucket and c.patient = w.patient
    where c.record = 0 and c.key = any(case when c.archived then $3::text[] else $4::text[] end)
          and c.uses & $5::smallint = $5::smallint and c.from_at <= $6 and c.until_at > $6
    order by c.patient, {KIND_ORDER}
    """,  # noqa: S608  # constants
)
_MINE = query(
    "care_mine",
    """
    select distinct patient from care_relation
    where key = any($1::text[]) and until_at > $4 and from_at <= $4 and record = 0
          and uses & $5::smallint = $5::smallint
          and key = any(case when archived then $2::text[] else $3::text[] end)
    limit $6
    """,
    fan_out="whose patients somebody's are is asked by who they are: they lie in all compartments",
)


def related(row: str, reach: Sequence[str], at: str, record: str = "0", whose: tuple[str, str] | None = None) -> str:
    """The condition that the patient of `row` is in reach; `reach` names the parameters treatment, archived, uses.

    Where all rows are of one patient, `whose` names their bucket and rid: PostgreSQL then asks once for all of them.
    """
    treatment, archived, uses = reach
    bucket, patient = whose or (f"{row}.bucket", f"{row}.patient")
    return RELATED.format(
        bucket=bucket, patient=patient, record=record, treatment=treatment, archived=archived, uses=uses, at=at
    )


def why(reach: Sequence[str], at: str, whose: tuple[str, str]) -> str:
    """A value that tells by which relation one patient is in reach, as `told_reason` reads it; null by none."""
    treatment, archived, uses = reach
    return _WHY_ONE.format(
        bucket=whose[0], patient=whose[1], treatment=treatment, archived=archived, uses=uses, at=at, order=KIND_ORDER
    )


def told_reason(told: str) -> str:
    """A relation as the ledger tells it, from what `why` gave."""
    source, _, key = told.partition(" ")
    return reason(key, int(source))


class Veil:
    """What is kept from an actor, as the values of seven parameters, and conditions that use them.

    Source: Luật 64/2006/QH11 Điều 30 (who treats is told of HIV); Luật Khám bệnh, chữa bệnh 15/2023/QH15 Đ69.
    """

    def __init__(self, actor: Actor, hidden: list[int] | None, always: list[int]) -> None:
        self.hidden = hidden
        self.always = always
        self.reach = reach_of(actor)
        self.treats = list(actor.care.treats) if actor.care is not None else []
        self.at = actor.care.at if actor.care is not None else None

    @property
    def values(self) -> list[Any]:
        """The values, in the order that `secrecy` and `reached` number them."""
        reach = self.reach
        return [
            self.hidden,
            self.always,
            self.treats,
            list(reach.treatment) if reach is not None else None,
            list(reach.archived) if reach is not None else None,
            int(reach.use) if reach is not None else 0,
            self.at,
        ]


def treated(row: str, first: int) -> str:
    """Whether who asks treats the patient of `row` now; `first` is the number of the veil's first parameter."""
    return treated_by(row, f"${first + 2}::text[]", f"${first + 6}::timestamptz")


def treated_by(row: str, treats: str, at: str) -> str:
    """Whether who holds the keys `treats` treats the patient of `row` at a moment; both name parameters."""
    return TREATED.format(row=row, treats=treats, at=at)


def unveiled(row: str, first: int) -> str:
    """Whether `row` (with its tokens) bears no label that is kept."""
    hidden, always = f"${first}", f"${first + 1}"
    shown, told = bears_none(row, hidden), bears_none(row, f"{always}::bigint[]")
    return KEPT.format(hidden=hidden, shown=shown, told=told, treated=treated(row, first))


def reached(row: str, first: int) -> str:
    """Whether the patient of `row` is in reach; what is of no patient is."""
    treatment, archived, uses, at = (f"${first + place}" for place in (3, 4, 5, 6))
    return f"({treatment}::text[] is null or {row}.patient = 0 or {related(row, (treatment, archived, uses), at)})"


def reach_of(actor: Actor) -> Reach | None:
    """Whose records the actor may read, None for anybody's; an app must be let share them besides."""
    if actor.care is None:
        return None
    return narrowed(actor.care, Use.SHARE if actor.client else Use.READ)


def narrowed(care: Care, use: Use) -> Reach | None:
    """The reach of a use by which something is read as well: both must be allowed. None where it is anybody's."""
    reading, using = care.of(Use.READ), care.of(use)
    if reading.is_free and using.is_free:
        return None
    if use == Use.READ or using.is_free:
        return reading
    if reading.is_free:
        return using
    both = Use.READ | use
    return Reach(
        both,
        tuple(each for each in using.treatment if each in reading.treatment),
        tuple(each for each in using.archived if each in reading.archived),
    )


def narrowed_for(actor: Actor) -> tuple[str, str | None, str | None, int]:
    """What a statement for many actors at once needs of one: the keys by which they treat, and those of their reach for
    what is under treatment and archived (None: anybody), a key a line; the bits of the use."""
    reach = reach_of(actor)
    treats = "\n".join(actor.care.treats) if actor.care is not None else ""
    if reach is None:
        return treats, None, None, 0
    return treats, "\n".join(reach.treatment), "\n".join(reach.archived), int(reach.use)


async def reasons(connection: Connection, actor: Actor, patients: Iterable[int]) -> dict[int, str]:
    """By which relation the actor reaches each of these patients (rids); who has none is missing."""
    reach, wanted = reach_of(actor), sorted({each for each in patients if each})
    if actor.care is None or not wanted:
        return {}
    if reach is None:
        return dict.fromkeys(wanted, actor.care.by) if actor.care.by else {}
    rows = await connection.fetch(
        _WHY, [bucket_of(each) for each in wanted], wanted, list(reach.archived), list(reach.treatment),
        int(reach.use), actor.care.at,
    )  # fmt: skip
    return {row["patient"]: reason(row["key"], row["source"]) for row in rows}


def reason(key: str, source: int) -> str:
    """A relation as the ledger tells it: `person`, `department/K01`, `grant/12`, `emergency/5`."""
    kind = kind_of(key)
    if kind == "department":
        return key
    return f"{kind}/{source}" if kind in ("grant", "emergency") else kind


async def may_use(connection: Connection, actor: Actor, patient: int, use: Use) -> str | None:
    """By which relation an actor may use what is of a patient so, "" where none is needed; None where they may not."""
    reach = narrowed(actor.care, use) if actor.care is not None else None
    if reach is None or actor.care is None:
        return ""
    rows = await connection.fetch(
        _WHY, [bucket_of(patient)], [patient], list(reach.archived), list(reach.treatment), int(reach.use),
        actor.care.at,
    )  # fmt: skip
    return reason(rows[0]["key"], rows[0]["source"]) if rows else None


async def own_patients(connection: Connection, actor: Actor, most: int) -> list[int] | None:
    """The patients (rids) whom the actor reaches; None where it is anybody, or more than `most`."""
    reach = reach_of(actor)
    if reach is None or actor.care is None:
        return None
    keys = sorted({*reach.treatment, *reach.archived})
    rows = await connection.fetch(
        _MINE, keys, list(reach.archived), list(reach.treatment), actor.care.at, int(reach.use), most + 1
    )
    return [row["patient"] for row in rows] if len(rows) <= most else None


async def treated_among(connection: Connection, care: Care, patients: Sequence[int]) -> frozenset[int]:
    """Those of these patients whom the person treats now."""
    rows = await connection.fetch(
        _WHY, [bucket_of(each) for each in patients], list(patients), [], list(care.treats), int(Use.READ), care.at
    )
    return frozenset(row["patient"] for row in rows)


# What a unit of work does in its own transaction


async def settle(connection: Connection, asked: Sequence[tuple[int, int, Sequence[Relation], datetime]]) -> None:
    """The relations that encounters make, as they were just written; what they make no more ends."""
    latest: dict[tuple[int, int], tuple[Sequence[Relation], datetime]] = {}
    for patient, source, relations, at in asked:
        latest[patient, source] = (relations, at)
    rows = [
        (bucket_of(patient), patient, source, each.key, each.from_at, each.until_at)
        for (patient, source), (relations, _) in latest.items()
        for each in relations
    ]
    given = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(6)]
    patients, sources = [patient for patient, _ in latest], [source for _, source in latest]
    await connection.execute(
        _SETTLE, *given, [bucket_of(each) for each in patients], patients, sources, max(at for _, at in latest.values())
    )


async def end_all(connection: Connection, gone: Collection[tuple[int, int]], at: datetime) -> None:
    """What encounters made of a patient is over: pairs of patient and Encounter; of a patient with 0, all of it.

    They were deleted, or written for another patient since.
    """
    patients, sources = [patient for patient, _ in gone], [source for _, source in gone]
    await connection.execute(_OVER, [bucket_of(each) for each in patients], patients, sources, at)


def put(
    patient: int,
    source: int,
    key: str,
    from_at: datetime,
    until_at: datetime,
    *,
    record: int = 0,
    uses: Use = Use.READ,
    archived: bool = False,
) -> Hook:
    """A relation to a patient, or to one record of theirs."""

    async def write(connection: Connection) -> None:
        await connection.execute(
            _PUT, bucket_of(patient), patient, source, record, key, from_at, until_at, int(uses), archived
        )

    return write


def end(patient: int, source: int, key: str, at: datetime) -> Hook:
    """A relation is over."""

    async def write(connection: Connection) -> None:
        await connection.execute(_END, bucket_of(patient), patient, source, key, at)

    return write


def archive(patient: int, sources: Sequence[int]) -> Hook:
    """What these sources (an Encounter, its record) made is of an archived record now."""

    async def write(connection: Connection) -> None:
        await connection.execute(_ARCHIVE, bucket_of(patient), patient, list(sources))

    return write
