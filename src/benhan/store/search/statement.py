"""The SQL of a search: which rows, by which path, in which order, at which moment.

Paths: by id (primary key), by patient (their compartment), else over all compartments, where PostgreSQL chooses from
its statistics of tokens between the inverted index (rare tokens) and walking the type in order until the page is full
(frequent ones). Every text names the bucket, or says why it looks everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from benhan.store.ids import bucket_of
from benhan.store.search.conditions import Conditions

FAN_OUT = "neither a patient nor an id was asked for: the answer may lie in any compartment"

COLUMNS = "r.type, r.rid, r.version, r.patient, r.updated_at, r.content, r.at_from"


@dataclass(frozen=True, slots=True)
class Order:
    """The column that orders the rows, "" for none; the rid breaks ties."""

    column: str
    descending: bool

    @property
    def sql(self) -> str:
        if not self.column:
            return f"order by r.rid {'desc' if self.descending else 'asc'}"
        if self.descending:
            return f"order by r.{self.column} desc nulls first, r.rid desc"
        return f"order by r.{self.column} asc nulls last, r.rid asc"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page before ended."""

    at: datetime | None
    rid: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A text with its parameters; `fan_out` is the reason where it names no bucket."""

    sql: str
    values: list[object]
    fan_out: str


def select(
    type_number: int,
    conditions: Conditions,
    order: Order,
    *,
    limit: int,
    moment: str = "",
    after: Place | None = None,
    placed: Sequence[int] = (),
) -> Statement:
    """The rows of a page, at most `limit`. `placed` are the buckets of asked ids that live elsewhere."""
    texts, fan_out = _where(type_number, conditions, moment, placed)
    if not order.column:
        texts.append("r.at_from is null")  # so it is for every resource of such a type; it names the index
    if after is not None:
        texts.append(_after(order, after, conditions))
    sql = f"select {COLUMNS}, pg_current_snapshot()::text as moment from resource r where "  # noqa: S608  # no value
    limited = conditions.parameters.add(limit)
    return Statement(f"{sql}{' and '.join(texts)} {order.sql} limit {limited}", conditions.parameters.values, fan_out)


def count(type_number: int, conditions: Conditions, *, moment: str = "", placed: Sequence[int] = ()) -> Statement:
    """How many rows there are in all."""
    texts, fan_out = _where(type_number, conditions, moment, placed)
    sql = "select count(*) from resource r where "
    return Statement(sql + " and ".join(texts), conditions.parameters.values, fan_out)


def _where(type_number: int, conditions: Conditions, moment: str, placed: Sequence[int]) -> tuple[list[str], str]:
    parameters = conditions.parameters
    texts = [f"r.type = {parameters.add(type_number)}", "r.content is not null", _when(conditions, moment)]
    fan_out = ""
    if conditions.rids is not None:
        buckets = sorted({bucket_of(rid) for rid in conditions.rids} | set(placed))
        texts.append(f"r.bucket = any({parameters.add(buckets)}::smallint[])")
        texts.append(f"r.rid = any({parameters.add(conditions.rids)}::bigint[])")
    elif conditions.patient is not None:
        texts.append(f"r.bucket = {parameters.add(bucket_of(conditions.patient))}")
        texts.append(f"r.patient = {parameters.add(conditions.patient)}")
    else:
        fan_out = FAN_OUT
    return [*texts, *_tokens(conditions), *conditions.texts], fan_out


def _tokens(conditions: Conditions) -> list[str]:
    parameters = conditions.parameters
    single = sorted({tokens[0] for tokens in conditions.tokens if len(tokens) == 1})
    texts = [f"r.tokens @> {parameters.add(single)}::bigint[]"] if single else []
    texts += [f"r.tokens && {parameters.add(tokens)}::bigint[]" for tokens in conditions.tokens if len(tokens) != 1]
    return texts + [f"not r.tokens && {parameters.add(tokens)}::bigint[]" for tokens in conditions.without]


def _when(conditions: Conditions, moment: str) -> str:
    """The current versions, or those that were current at `moment` (a PostgreSQL snapshot)."""
    if not moment:
        return "r.until is null"
    at = conditions.parameters.add(moment)
    return (
        f"pg_visible_in_snapshot(r.since, {at}::text::pg_snapshot)"
        f" and (r.until is null or not pg_visible_in_snapshot(r.until, {at}::text::pg_snapshot))"
    )


def _after(order: Order, after: Place, conditions: Conditions) -> str:
    parameters = conditions.parameters
    column, mark, rid = f"r.{order.column}", "<" if order.descending else ">", parameters.add(after.rid)
    if not order.column:
        return f"r.rid {mark} {rid}"
    if after.at is None:
        same = f"({column} is null and r.rid {mark} {rid})"
        return f"({same} or {column} is not null)" if order.descending else same
    at = f"{parameters.add(after.at)}::timestamptz"
    later = f"({column}, r.rid) {mark} ({at}, {rid}::bigint)"
    return later if order.descending else f"({later} or {column} is null)"
