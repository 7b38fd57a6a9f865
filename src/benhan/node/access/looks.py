"""Who looked at a patient, and why: for the patient's page, the privacy officer, a court.

Why is what the ledger's row says (`by`). Where it says nothing the hospital is open and the right of the role was
enough; the relation that there was at that time is told beside it. Source: requirements 93 ("who looked at patient X").
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson

from benhan.kernel.actors import Actor
from benhan.kernel.care import account_key, department_key, kind_of, licence_key
from benhan.kernel.cells import plain_cell
from benhan.kernel.faults import Conflict
from benhan.store.ids import bucket_of
from benhan.store.ledger.canonical import Recorded
from benhan.store.ledger.events import Event
from benhan.store.ledger.ledger_faults import NOT_YET_SIGNED
from benhan.store.ledger.proofs import prove
from benhan.store.ledger.read import entries_of_patient
from benhan.store.sql_texts import query
from benhan.store.store import Store

PAGE = 100
EXPORTED_MAX = 2_000
PROVED_MAX = 100
"""A proof reads the whole day of its entry."""
RIGHT = "right"
"""The reason where the row names none: the right of the role in an open hospital."""

_RELATIONS = query(
    "care_of_patient_ever",
    """
    select key, source, from_at, until_at from care_relation
    where bucket = $1 and patient = $2 and record = 0 order by from_at limit 2000
    """,
)
_PEOPLE = """
select a.id, a.name, a.title, a.licence, a.fhir_user,
    array(select d.department || '|' || extract(epoch from d.from_at) || '|' || extract(epoch from d.until_at)
          from account_department d where d.account = a.id) as departments
from account a where a.id = any($1::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Look:
    """One row of the ledger: number, when, who in which role and with which title, doing what, by which reason."""

    seq: int
    at: datetime
    actor: str
    name: str
    title: str
    role: str
    event: str
    by: str
    """`person`, `department/K01`, `grant/12`, `emergency/5`, `right`."""
    related: str
    """The kind of relation that there was then, where `by` is `right`; "" for none."""
    detail: str
    hash: str


class Looks:
    """Reads who looked."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of_patient(self, patient: int, *, count: int = PAGE, before: int | None = None) -> list[Look]:
        """What was done with the data of a patient (a rid), newest first; rows that are not chained yet come first."""
        page = await entries_of_patient(self._store.database, patient, count=count, before=before)
        return await self._told(patient, page.entries)

    async def shown(self, patient: int, actor: Actor) -> list[Look]:
        """The newest looks for the privacy officer; that they were looked at is in the ledger."""
        looks = await self.of_patient(patient)
        unit = self._store.begin(actor)
        unit.record(Event.LOOKS_VIEW, patient=patient, count=len(looks), format="page")
        await self._store.commit(unit)
        return looks

    async def _told(self, patient: int, entries: Sequence[Recorded]) -> list[Look]:
        numbers = sorted({int(each.actor[8:]) for each in entries if each.actor.startswith("account:")})
        people = {f"account:{row['id']}": row for row in await self._store.database.fetch(_PEOPLE, numbers)}
        relations = await self._store.database.fetch(_RELATIONS, bucket_of(patient), patient)
        found = []
        for each in entries:
            person = people.get(each.actor)
            by = str(orjson.loads(each.detail).get("by", "")) if each.detail else ""
            related = ""
            if not by and person is not None:
                related = _related(each.at, each.actor, person, relations)
            name, title = (person["name"], person["title"]) if person is not None else (each.actor, "")
            reason = by or (RIGHT if person is not None else "")
            hash_ = each.hash.hex() if each.hash else ""
            who = (each.seq, each.at, each.actor, name, title, each.role)
            found.append(Look(*who, each.label, reason, related, each.detail, hash_))
        return found

    async def exported(self, patient: int, actor: Actor, format_: str) -> list[tuple[Look, str]]:
        """For a court: the newest looks, PROVED_MAX of them with their proof as JSON ("" until
        their day is signed). That it was handed out is in the ledger."""
        looks = await self.of_patient(patient, count=EXPORTED_MAX)
        unit = self._store.begin(actor)
        unit.record(Event.LOOKS_VIEW, patient=patient, count=len(looks), format=format_)
        await self._store.commit(unit)
        found: list[tuple[Look, str]] = []
        for each in looks:
            proof = await self._proof(each.seq) if each.seq and len(found) < PROVED_MAX else ""
            found.append((each, proof))
        return found

    async def _proof(self, seq: int) -> str:
        try:
            return (await prove(self._store.database, self._store.keyring, seq)).to_json()
        except Conflict as fault:
            if fault.code != NOT_YET_SIGNED.code:
                raise
            return ""


def looks_csv(looks: Sequence[tuple[Look, str]], header: Sequence[str]) -> bytes:
    """A table that spreadsheets open, with a mark of UTF-8; cells that would be formulas are disarmed."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(header)
    for each, proof in looks:
        cells = [
            str(each.seq or ""), each.at.isoformat(), each.actor, each.name, each.title, each.role, each.event, each.by,
            each.related, each.detail, each.hash, proof,
        ]  # fmt: skip
        writer.writerow([plain_cell(cell) for cell in cells])
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def _related(at: datetime, actor: str, person: asyncpg.Record, relations: Sequence[asyncpg.Record]) -> str:
    """The kind of the first relation of a person to the patient at a time."""
    keys = {account_key(kind, actor) for kind in ("person", "grant", "emergency")}
    keys |= {licence_key(name) for name in (person["licence"], person["fhir_user"]) if name}
    for each in person["departments"]:
        department, start, end = each.split("|")
        if float(start) <= at.timestamp() < float(end):
            keys.add(department_key(department))
    for row in relations:
        if row["key"] in keys and row["from_at"] <= at < row["until_at"]:
            return kind_of(row["key"])
    return ""
