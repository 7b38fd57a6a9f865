"""The wards of a hospital: one board is one statement, whose sealed rows are opened once.

Who lies where is in the Encounters; a board shows what an actor may see of them, and that it was looked at is in the
ledger. Source: CV 365/TTYQG-GPQLCL III.1.1 a (treatment and care), đ (every view is recorded).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import asyncpg
import orjson

from benhan.fhir.resource import instant, resource_of
from benhan.fhir.terms import code_term, system_code_term
from benhan.kernel.actors import Actor
from benhan.kernel.clock import VIETNAM, day_in_vietnam
from benhan.kernel.permissions import Permission
from benhan.kernel.trace import current_trace
from benhan.mapping.result_views import FLAGS, flag_of
from benhan.node.records.composed import ACCOUNT
from benhan.node.records.life import require
from benhan.node.ward.board import BedLine, RecordMark, is_treated_by, lines_of, taken_by
from benhan.node.ward.faults import NOT_STAYING
from benhan.node.ward.places import place_of
from benhan.store.care import reached, reasons, unveiled
from benhan.store.ids import encode_rid
from benhan.store.ledger.events import Event
from benhan.store.ledger.views import Views, append_views
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.sql_texts import query
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored
from benhan.vn import systems

Json = dict[str, Any]

STAYS_MAX = 2_000
"""Stays that a list of departments counts; boards show as many."""
STAYING = ("IMP", "ACUTE", "NONAC", "OBSENC", "SS", "EMER")
"""Classes of encounters whose patient lies in a bed. Source: http://terminology.hl7.org/CodeSystem/v3-ActCode."""
_CLASS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_ALWAYS = tuple(TYPE_NUMBERS[each] for each in ("AllergyIntolerance", "Patient"))
_ORDERS = tuple(TYPE_NUMBERS[each] for each in ("MedicationRequest", "NutritionOrder", "ServiceRequest"))
_GIVEN, _OBSERVED = TYPE_NUMBERS["MedicationAdministration"], TYPE_NUMBERS["Observation"]

_STAYS = query(
    "ward_stays",
    f"""
    select type, rid, version, patient, updated_at, content from resource r
    where type = $1 and tokens @> $2::bigint[] and tokens && $3::bigint[] and until is null and content is not null
          and {unveiled("r", 5)} and {reached("r", 5)} order by rid limit $4
    """,  # noqa: S608  # constants
    fan_out="who lies in a ward lies in all compartments",
)
_BOARD = query(
    "ward_board",
    f"""
    with stay as materialized (
        select bucket, type, rid, version, patient, updated_at, content from resource r
        where type = $1 and tokens @> $2::bigint[] and tokens && $3::bigint[] and until is null
              and content is not null and {unveiled("r", 5)} and {reached("r", 5)} order by rid limit $4
    )
    select s.type, s.rid, s.version, s.patient, s.updated_at, s.content, m.rid as record, p.unsigned, p.writing
    from stay s
    left join medical_record m on m.bucket = s.bucket and m.encounter = s.rid and m.cancelled_at is null
    left join lateral (
        select count(*) filter (where state = 'done') as unsigned, count(*) filter (where state = 'writing') as writing
        from record_paper where bucket = m.bucket and record = m.rid and cancelled_at is null
    ) p on true
    union all
    select r.type, r.rid, r.version, r.patient, r.updated_at, r.content, null, null, null
    from (select distinct bucket, patient from stay) s
    join lateral (
        select * from resource r where r.bucket = s.bucket and r.patient = s.patient and r.type = any($12::smallint[])
        union all
        select * from resource r where r.bucket = s.bucket and r.patient = s.patient and r.type = any($13::smallint[])
            and r.tokens && $14::bigint[]
        union all
        select * from resource r where r.bucket = s.bucket and r.patient = s.patient and r.type = $15
            and r.at_from >= $17
        union all
        select * from resource r where r.bucket = s.bucket and r.patient = s.patient and r.type = $16
            and r.at_from >= $18 and not r.tokens && $19::bigint[]
    ) r on r.until is null and r.content is not null and {unveiled("r", 5)} and {reached("r", 5)}
    """,  # noqa: S608  # constants
    fan_out="who lies in a ward lies in all compartments",
)


@dataclass(frozen=True, slots=True)
class Department:
    """A department that somebody lies in: its name or code as the HIS writes it, how many, how many are one's own."""

    name: str
    patients: int
    mine: int


class Wards:
    """The wards of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def departments(self, actor: Actor) -> list[Department]:
        """The departments by name, each with its patients; whom nobody has put anywhere is under ""."""
        require(actor, Permission.RECORD_VIEW)
        counts: Counter[str] = Counter()
        mine: Counter[str] = Counter()
        for stored in await self._stays(actor, []):
            encounter = orjson.loads(stored.content)
            name = place_of(encounter).department
            counts[name] += 1
            mine[name] += is_treated_by(encounter, actor.id)
        return [Department(name, counts[name], mine[name]) for name in sorted(counts)]

    async def board(self, department: str, actor: Actor) -> list[BedLine]:
        """Who lies in a department ("": in none), by bed. That the board was looked at is in the ledger, once for each
        patient on it."""
        narrowed = [self._token("location.location", systems.DEPARTMENT, department)] if department else []
        return await self._board(actor, narrowed, lambda line: line.place.department == department)

    async def mine(self, actor: Actor) -> list[BedLine]:
        """Whom an actor treats, in whichever department."""
        narrowed = [self._token("participant.individual", ACCOUNT, actor.id)]
        return await self._board(actor, narrowed, lambda line: line.is_mine)

    async def take(self, encounter_id: str, actor: Actor, name: str) -> None:
        """Treat a patient from now on; the doctor before is ended.

        Raises NotFound BA-0401; Conflict BA-5351 where the stay is over; Forbidden BA-5213.
        """
        require(actor, Permission.ORDER_WRITE)
        stored = await self.stay(encounter_id, actor)
        encounter = stored.read()
        if is_treated_by(encounter, actor.id):
            return
        unit = self._store.begin(actor)
        unit.update(resource_of(taken_by(encounter, actor.id, name, instant(unit.at))), if_match=stored.version)
        await self._store.commit(unit)

    async def stay(self, encounter_id: str, actor: Actor) -> Stored:
        """The encounter of a patient who is here. Raises NotFound BA-0401; Conflict BA-5351."""
        stored = await self._store.resources.read("Encounter", encounter_id, actor)
        if stored.read().get("status") not in ("in-progress", "arrived", "triaged", "onleave"):
            raise NOT_STAYING()
        return stored

    def _token(self, path: str, system: str, value: str) -> int:
        return self._store.workshop.tokens.of(system_code_term(f"Encounter.{path}.identifier", system, value))

    def _narrowing(self, actor: Actor, tokens: Iterable[int]) -> list[Any]:
        """The first parameters of both statements: who is here, of a class that lies in a bed, and `tokens`."""
        of = self._store.workshop.tokens.of
        here = [of(code_term("Encounter.status", "in-progress")), *tokens]
        classes = [of(system_code_term("Encounter.class", _CLASS, each)) for each in STAYING]
        return [TYPE_NUMBERS["Encounter"], here, classes, STAYS_MAX, *self._store.workshop.rules.veil(actor).values]

    async def _stays(self, actor: Actor, tokens: Iterable[int]) -> list[Stored]:
        async with self._store.database.connection() as connection:
            rows = await connection.fetch(_STAYS, *self._narrowing(actor, tokens))
            opened = await self._store.opener.open_all(rows, connection)
        return [each for each in opened if each is not None]

    async def _board(self, actor: Actor, tokens: Iterable[int], wanted: Callable[[BedLine], bool]) -> list[BedLine]:
        require(actor, Permission.RECORD_VIEW)
        now = self._store.clock.now()
        today = datetime.combine(day_in_vietnam(now), time(), VIETNAM)
        of = self._store.workshop.tokens.of
        opens = [
            of(code_term(f"{type_}.status", status))
            for type_ in ("MedicationRequest", "NutritionOrder", "ServiceRequest")
            for status in ("active", "on-hold")
        ]
        signs = [of(code_term("Observation.category", "vital-signs"))]
        parameters = [
            *self._narrowing(actor, tokens), _ALWAYS, _ORDERS, opens, _GIVEN, _OBSERVED,
            today, today - timedelta(days=1), signs,
        ]  # fmt: skip
        async with self._store.database.connection() as connection:
            rows = await connection.fetch(_BOARD, *parameters)
            opened = await self._store.opener.open_all(rows, connection)
        pairs = [(row, each) for row, each in zip(rows, opened, strict=True) if each is not None]
        encounters: list[Json] = []
        others: list[Json] = []
        for _, each in pairs:
            if each.type == "Encounter":
                encounters.append(orjson.loads(each.content))
            elif each.type != "Observation":
                others.append(orjson.loads(each.content))
            elif _is_flagged(each):
                others.append(each.read())
        lines = [each for each in lines_of(encounters, others, _records(pairs), actor.id, now) if wanted(each)]
        await self._note(actor, {self._store.workshop.ids.rid_of("Patient", each.patient.id) for each in lines}, now)
        return lines

    async def _note(self, actor: Actor, patients: set[int], at: datetime) -> None:
        """Record the look: once for the board, and once for each patient on it with the reason they were in reach.

        So each can be shown, and can prove, who saw them, and nothing of who lay beside them.
        """
        shown: dict[str, dict[int, int]] = {"": {0: len(patients)}}
        async with self._store.database.transaction() as connection:
            why = await reasons(connection, actor, patients)
            for each in patients:
                shown.setdefault(why.get(each, ""), {})[each] = 1
            views = [
                Views(
                    Event.WARD_VIEW, at, actor.id, actor.role.value, current_trace.get(), 0,
                    {"by": by} if by else {}, counts,
                )
                for by, counts in sorted(shown.items())
            ]  # fmt: skip
            await append_views(connection, views)


def _is_flagged(stored: Stored) -> bool:
    """Whether an observation is out of its range: of many few are, so that the others are looked at quickly only."""
    tail = stored.tail
    if b'"interpretation"' not in tail and b'"referenceRange"' not in tail:
        return False
    return flag_of(orjson.loads(_HEAD + tail)) in FLAGS


_HEAD = b'{"meta":{"_":0'
"""Stands before a tail where nobody asks for id and version."""


def _records(pairs: Iterable[tuple[asyncpg.Record, Stored]]) -> dict[str, RecordMark]:
    """The records of the stays, by the encounter's id."""
    return {
        stored.id: RecordMark(encode_rid(row["record"]), row["unsigned"], row["writing"])
        for row, stored in pairs
        if row["record"] is not None
    }
