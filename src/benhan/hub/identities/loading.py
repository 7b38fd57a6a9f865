"""The first filling of an empty index: all records held against each other at once, then written as identities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from benhan.hub.identities.faults import NOT_EMPTY
from benhan.hub.identities.matching.bulk import Deduplicated, deduplicated
from benhan.hub.identities.matching.judging import Thresholds, Verdict
from benhan.hub.identities.rows import LOCK, IdentityRows, Kept
from benhan.hub.identities.told import Told
from benhan.kernel.actors import Actor
from benhan.kernel.trace import current_trace
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.store import Store

BATCH = 5_000


class Loaded(NamedTuple):
    """How many records were written, as how many identities, and how many questions were put to reviewers."""

    records: int
    identities: int
    questions: int


async def load(store: Store, told: Sequence[Told], actor: Actor, thresholds: Thresholds | None = None) -> Loaded:
    """Write the records of an empty index, those of one person under one identity, in one transaction.

    Of a record that is told twice the last word counts. Processes that run take them in when they are next asked.
    Raises Conflict BA-6107 where records are there already.
    """
    rows = IdentityRows(store)
    by_id = {rows.record_id(each.member, each.number): each for each in told}
    ids, records = list(by_id), list(by_id.values())
    found = deduplicated([each.traits for each in records], thresholds=thresholds)
    now = store.clock.now()
    async with store.database.transaction() as connection:
        await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
        if await rows.has_records(connection):
            raise NOT_EMPTY()
        persons = np.unique(found.person).tolist()
        identities = dict(zip(persons, await rows.new_identities(connection, len(persons), now), strict=True))
        of_record = [identities[person] for person in found.person.tolist()]
        for start in range(0, len(records), BATCH):
            part = slice(start, start + BATCH)
            kept = [Kept(*each) for each in zip(ids[part], of_record[part], records[part], strict=True)]
            await rows.put_all(connection, kept, now)
        questions = _questions(found, of_record)
        for (one, other), (kind, bits) in questions.items():
            await rows.ask(connection, one, other, kind, bits, now)
        detail: dict[str, str | int] = {"count": len(records), "fresh": len(identities)}
        entry = Entry(Event.IDENTITY_LEARN, now, actor.id, actor.role.value, current_trace.get(), detail=detail)
        await append_many(connection, [entry])
    return Loaded(len(records), len(identities), len(questions))


def _questions(found: Deduplicated, of_record: Sequence[int]) -> dict[tuple[int, int], tuple[str, float]]:
    """Kind and weight by the two identities, of the weightiest pair of records between them that is in doubt."""
    questions: dict[tuple[int, int], tuple[str, float]] = {}
    pairs = found.pairs
    likely = np.flatnonzero(pairs.verdicts != Verdict.OTHER)
    for place in likely[np.argsort(pairs.bits[likely], kind="stable")].tolist():
        one, other = sorted((of_record[int(pairs.first[place])], of_record[int(pairs.second[place])]))
        if one != other:
            kind = "crossing" if pairs.verdicts[place] == Verdict.CROSSING else "review"
            questions[one, other] = (kind, float(pairs.bits[place]))
    return questions
