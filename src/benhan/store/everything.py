"""Everything of a patient or an encounter, page by page, as of the moment the first page was read.

One statement reads a page out of one compartment. A page ends after `count` resources, or where the sealed bytes of
what came before reach a bound, so that large attachments do not make a large page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from benhan.fhir.main_values import PATIENT_ELEMENTS
from benhan.fhir.search_parameters import parameters_of
from benhan.fhir.terms import reference_term
from benhan.kernel.actors import Actor, Role
from benhan.kernel.limits import Act
from benhan.kernel.trace import current_trace
from benhan.store.care import reasons
from benhan.store.contents import Opened, open_contents
from benhan.store.ids import SHARED, bucket_of
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.search.expressions import Expression
from benhan.store.search.statement import Parameters, Statement, condition
from benhan.store.sql_texts import query
from benhan.store.store import Store

PAGE_BYTES = 16 * 1024 * 1024
PATIENT = TYPE_NUMBERS["Patient"]

_NOW = "r.until is null"
_THEN = """pg_visible_in_snapshot(r.since, $13::text::pg_snapshot)
            and (r.until is null or not pg_visible_in_snapshot(r.until, $13::text::pg_snapshot))"""
_PAGE = """
    select type, rid, version, patient, updated_at, content, remaining, pg_current_snapshot()::text as moment from (
        select r.type, r.rid, r.version, r.patient, r.updated_at, r.content,
            sum(octet_length(r.content)) over (order by r.type <> {patient}, r.type, r.rid)
                - octet_length(r.content) as before,
            count(*) over (order by r.type <> {patient}, r.type, r.rid
                rows between current row and unbounded following) as remaining
        from resource r
        where r.bucket = $1 and r.patient = $2 and r.content is not null and {when}
            and ($3::smallint[] is null or r.type = any($3))
            and ($4::timestamptz is null or r.updated_at > $4)
            and ($5::timestamptz is null or r.at_from is null or r.type = {patient}
                or coalesce(r.at_to, r.at_from + interval '1 second') > $5)
            and ($6::timestamptz is null or r.at_from is null or r.type = {patient} or r.at_from < $6)
            and {limits}
            and ($7::bigint[] is null or r.tokens && $7 or r.type = {patient} or (r.type = {encounter} and r.rid = $8))
            and (r.type <> {patient}, r.type, r.rid) > ($9::smallint <> {patient}, $9::smallint, $10::bigint)
        order by r.type <> {patient}, r.type, r.rid limit $11
    ) page where before < $12
"""
_NUMBERS = {"patient": PATIENT, "encounter": TYPE_NUMBERS["Encounter"]}
_FIRST = query("everything_first", _PAGE.format(when=_NOW, limits="true", **_NUMBERS))
_NEXT = query("everything_next", _PAGE.format(when=_THEN, limits="true", **_NUMBERS))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended, and the moment the first one was read."""

    moment: str
    type: int
    rid: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose everything: the patient's rid (0: nobody's), the encounter where it is one's; what of it.

    `start` and `end` bound the main date; what has none is always among it, as is the patient.
    """

    patient: int
    encounter: str = ""
    encounter_rid: int = 0
    types: frozenset[str] | None = None
    since: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and where the next one begins; None at the end."""

    resources: list[Opened]
    next: Place | None


async def read_page(store: Store, wanted: Wanted, actor: Actor, *, count: int, after: Place | None = None) -> Page:
    """A page of everything. What it shows is in the ledger before it returns."""
    start = after or Place("", PATIENT, -1)
    values: list[Any] = [
        bucket_of(wanted.patient) if wanted.patient else SHARED,
        wanted.patient,
        sorted(TYPE_NUMBERS[each] for each in wanted.types) if wanted.types is not None else None,
        wanted.since,
        wanted.start,
        wanted.end,
        _tokens(store, wanted.encounter) if wanted.encounter else None,
        wanted.encounter_rid,
        start.type,
        start.rid,
        count,
        PAGE_BYTES,
    ]
    async with store.database.transaction() as connection:
        await connection.execute("set local plan_cache_mode = force_custom_plan")
        if after is not None:
            values.append(after.moment)
        if store.workshop.rules.is_free(actor):
            rows = await connection.fetch(_FIRST if after is None else _NEXT, *values)
        else:
            limited = _limited(store, actor, values, is_first=after is None)
            rows = await connection.fetch(limited.sql, *limited.values)
        keys = await store.keyring.data_keys({row["patient"] for row in rows}, connection)
        opened = open_contents(rows, keys, store.workshop.codec)
        why = await reasons(connection, actor, [wanted.patient])
        await append_many(connection, _entries(store, wanted, actor, len(opened), why.get(wanted.patient, "")))
    if not rows or rows[-1]["remaining"] == 1:
        return Page(opened, None)
    moment = after.moment if after is not None else rows[0]["moment"]
    return Page(opened, Place(moment, rows[-1]["type"], rows[-1]["rid"]))


def _limited(store: Store, actor: Actor, values: list[Any], *, is_first: bool) -> Statement:
    """The page for an actor from whom some types, or some resources of them, are kept."""
    parameters, tokens, rules = Parameters(list(values)), store.workshop.tokens, store.workshop.rules
    types: dict[Expression, list[int]] = {}
    for type_, number in TYPE_NUMBERS.items():
        if rules.grants(actor, type_, Act.SEARCH):
            types.setdefault(rules.allowed(actor, type_, Act.SEARCH), []).append(number)
    texts = [
        f"(r.type = any({parameters.add(numbers)}::smallint[]) and {condition(allowed, tokens, parameters)})"
        for allowed, numbers in types.items()
    ]
    limits = f"({' or '.join(texts) or 'false'})"
    sql = _PAGE.format(when=_NOW if is_first else _THEN, limits=limits, **_NUMBERS)
    return Statement(sql, parameters.values, "")


def _entries(store: Store, wanted: Wanted, actor: Actor, count: int, why: str) -> list[Entry]:
    """The view, where it shows a patient's data to anybody."""
    if actor.role is Role.SYSTEM or not wanted.patient:
        return []
    number, rid = (_NUMBERS["encounter"], wanted.encounter_rid) if wanted.encounter else (PATIENT, wanted.patient)
    return [
        Entry(
            Event.RESOURCE_EVERYTHING,
            store.clock.now(),
            actor.id,
            actor.role.value,
            current_trace.get(),
            wanted.patient,
            number,
            rid,
            detail={"count": count, **actor.through, **({"by": why} if why else {})},
        )
    ]


def _tokens(store: Store, encounter: str) -> list[int]:
    """What a resource of an encounter's compartment is found by."""
    return store.workshop.tokens.of_all(reference_term(path, f"Encounter/{encounter}") for path in _encounter_paths())


@cache
def _encounter_paths() -> Sequence[str]:
    """Where the types of a patient's compartment name their encounter. Source: compartmentdefinition-encounter.html."""
    return [
        path
        for type_ in PATIENT_ELEMENTS
        for code in ("encounter", "context")
        if (parameter := parameters_of(type_).get(code)) is not None and parameter.type == "reference"
        for path in parameter.paths
    ]
