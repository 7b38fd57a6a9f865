"""The master patient index: learns records of members, tells who is one person, asks reviewers where it is in doubt.

A record is learned under a lock that all processes share, so that two members who tell of one new person at once make
one identity. What the process holds in memory is brought up to date before every act and every question.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from benhan.fhir.patient_match import Grade
from benhan.hub.identities.faults import CROSSING, NO_SUCH_IDENTITY, NO_SUCH_QUESTION
from benhan.hub.identities.joins import Joins
from benhan.hub.identities.matching.explained import Reason
from benhan.hub.identities.matching.faces import citizen_number
from benhan.hub.identities.matching.index import Candidate, Index
from benhan.hub.identities.matching.judging import Thresholds, Verdict
from benhan.hub.identities.matching.levels import is_slip
from benhan.hub.identities.matching.traits import Traits
from benhan.hub.identities.rows import LOCK, IdentityRows, Kept, Question
from benhan.hub.identities.told import PEOPLES, Told, as_kept, hold_enough, patient_to_told, succeeded
from benhan.kernel.actors import Actor
from benhan.kernel.clock import VIETNAM
from benhan.kernel.trace import current_trace
from benhan.store.database import Connection
from benhan.store.gatherer import Gatherer
from benhan.store.ids import encode_rid
from benhan.store.ledger.append import Entry, append_many
from benhan.store.ledger.events import Event
from benhan.store.store import Store

Json = dict[str, Any]

LEARNED_MAX = 500
"""Records of one act, so that others need not wait for the lock longer than some seconds."""
MATCHED_MAX = 32
"""Questions that are answered in one look."""
CANDIDATES_MAX = 50
QUESTIONS_MAX = 5
"""Reviewers are asked about so many identities at most when one record comes."""
_GRADES = {Verdict.SAME: Grade.PROBABLE, Verdict.REVIEW: Grade.POSSIBLE, Verdict.CROSSING: Grade.POSSIBLE}
CERTAIN_BITS = 14.0
"""From so much on (16,000 to 1) a match is told as certain."""


@dataclass(frozen=True, slots=True)
class Learned:
    """The identity that stands for the person of a record, and whether it was made for it."""

    identity: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Match:
    """A person who may be meant: the surest of their records, how sure, and why."""

    identity: int
    record: int
    probability: float
    grade: Grade
    reasons: list[Reason]


class _Asked(NamedTuple):
    traits: Traits
    limit: int
    entry: Entry


class Identities:
    """One process's view of the index; `start` reads it in, `stop` ends what waits for questions."""

    def __init__(self, store: Store, thresholds: Thresholds | None = None) -> None:
        self._store = store
        self._rows = IdentityRows(store)
        self._index = Index(thresholds=thresholds)
        self._joins = Joins()
        self._joins_seen = self._records_seen = 0
        self._reading = asyncio.Lock()
        self._asked: Gatherer[_Asked, list[Match]] = Gatherer(self._match_all, workers=1, batch_max=MATCHED_MAX)

    async def start(self) -> None:
        """Read all identities in: some 20 microseconds each."""
        async with self._store.database.connection() as connection:
            await self._catch_up(connection)
        self._asked.start()

    async def stop(self) -> None:
        await self._asked.stop()

    # ── learning ──

    async def learn(self, member: str, patients: Sequence[Json], actor: Actor) -> list[Learned]:
        """Take records of a member in, new or told again; gives the person of each. All or none is written.

        Raises Incorrect BA-6100 for a Patient without the member's own number.
        """
        assert len(patients) <= LEARNED_MAX, "the door parts what is longer"
        now = self._store.clock.now()
        told = [patient_to_told(each, member, now.astimezone(VIETNAM).date()) for each in patients]
        async with self._writing() as connection:
            ids = [self._rows.record_id(each.member, each.number) for each in told]
            known = await self._rows.by_ids(connection, ids)
            young = self._index.beside([], [], [])
            found = [
                await self._learn(connection, young, id_, each, known, now) for id_, each in zip(ids, told, strict=True)
            ]
            fresh = sum(each.is_new for each in found)
            await self._note(
                connection, actor, Event.IDENTITY_LEARN, {"member": member, "count": len(told), "fresh": fresh}
            )
        return [Learned(self._joins.root(each.identity), each.is_new) for each in found]

    async def _learn(
        self, connection: Connection, young: Index, id_: int, told: Told, known: dict[int, Kept], now: datetime
    ) -> Learned:
        """`young` holds what this act has learned so far: memory changes by what is committed alone."""
        before = known.get(id_)
        both = (index.find([told.traits], CANDIDATES_MAX)[0] for index in (self._index, young))
        likely = sorted((each for found in both for each in found if each.record != id_), key=lambda each: -each.bits)
        if before is not None:
            told = Told(told.member, told.number, told.traits, succeeded(before.told.history, told.history, now))
            learned = Learned(before.identity, is_new=False)
        else:
            learned = await self._recognised(connection, told, likely, now)
        kept = Kept(id_, learned.identity, told)
        await self._rows.put(connection, kept, now)
        await self._ask(connection, learned.identity, likely, now)
        known[id_] = kept
        young.add([id_], [learned.identity], [told.traits])
        return learned

    async def _recognised(self, connection: Connection, told: Told, likely: list[Candidate], now: datetime) -> Learned:
        """The identity of the likeliest record that is of the same person, else a new one."""
        for each in likely:
            if each.verdict is Verdict.SAME and not await self._is_contradicted(connection, told, each):
                return Learned(each.identity, is_new=False)
        mother = 0
        if told.mother is not None:
            mothers = self._joins.roots(each.identity for each in await self._rows.named(connection, [told.mother]))
            mother = mothers.pop() if len(mothers) == 1 else 0
        return Learned(await self._rows.new_identity(connection, now, mother), is_new=True)

    async def _is_contradicted(self, connection: Connection, told: Told, candidate: Candidate) -> bool:
        """Whether another record of the candidate's person bears another citizen number than the one told."""
        number = citizen_number(told.traits.citizen_number)
        if not number:
            return False
        records = await self._rows.of_identities(connection, self._joins.family(candidate.identity))
        numbers = {citizen_number(each.told.traits.citizen_number) for each in records} - {0}
        return bool(numbers) and number not in numbers and not any(is_slip(number, each) for each in numbers)

    async def _ask(self, connection: Connection, identity: int, likely: list[Candidate], now: datetime) -> None:
        """Put to the reviewers who else the record may be of."""
        asked = {self._joins.root(identity)}
        for each in likely:
            root = self._joins.root(each.identity)
            if root not in asked and len(asked) <= QUESTIONS_MAX:
                asked.add(root)
                kind = "crossing" if each.verdict is Verdict.CROSSING else "review"
                await self._rows.ask(connection, self._joins.root(identity), root, kind, each.bits, now)

    # ── finding ──

    async def match(self, traits: Traits, actor: Actor, limit: int = 10, member: str = "") -> list[Match]:
        """Persons who may be meant, the likeliest first, each once.

        Raises Incorrect BA-6106 where too little is told.
        """
        hold_enough(traits)
        detail: dict[str, str | int] = {"member": member, "count": 1}
        return await self._asked.ask(_Asked(traits, limit, self._entry(actor, Event.IDENTITY_MATCH, detail)))

    async def _match_all(self, asked: Sequence[_Asked]) -> list[list[Match]]:
        """The answers to what was asked meanwhile, in one look; in the ledger before they are given."""
        async with self._store.database.transaction() as connection:
            await self._catch_up(connection)
            await append_many(connection, [each.entry for each in asked])
        found = self._index.find([each.traits for each in asked], CANDIDATES_MAX)
        return [self._matches(likely, each.limit) for likely, each in zip(found, asked, strict=True)]

    def _matches(self, likely: list[Candidate], limit: int) -> list[Match]:
        """The persons of candidates, each once by the surest."""
        found: dict[int, Match] = {}
        for each in likely:
            root = self._joins.root(each.identity)
            if root not in found and len(found) < limit:
                grade = Grade.CERTAIN if self._is_certain(each) else _GRADES[each.verdict]
                found[root] = Match(root, each.record, each.probability, grade, each.reasons)
        return list(found.values())

    @staticmethod
    def _is_certain(candidate: Candidate) -> bool:
        return candidate.verdict is Verdict.SAME and candidate.bits >= CERTAIN_BITS

    async def records_of(self, identity: int) -> list[Told]:
        """What members told of a person, all who were found to be one with them."""
        async with self._store.database.connection() as connection:
            await self._catch_up(connection)
            found = await self._rows.of_identities(connection, self._joins.family(identity))
        return [each.told for each in found]

    async def identity_of(self, identifiers: Sequence[tuple[str, str]]) -> int | None:
        """The identity of the one person that identifiers name, None for nobody.

        Raises Conflict BA-6101 where they name several.
        """
        async with self._store.database.connection() as connection:
            await self._catch_up(connection)
            return await self._one(connection, identifiers)

    async def identifiers_of(self, told: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """All identifiers, present and former, of the one person that `told` names; `told` where nobody is known.

        Numbers that a register corrected count too: something may be filed under them. Raises Conflict BA-6101.
        """
        async with self._store.database.connection() as connection:
            await self._catch_up(connection)
            identity = await self._one(connection, told)
            if identity is None:
                return list(told)
            records = await self._rows.of_identities(connection, self._joins.family(identity))
        found = [held.key for each in records for held in each.told.history if held.system in PEOPLES]
        return list(dict.fromkeys([*told, *found, *(each.told.own_key for each in records)]))

    async def _one(self, connection: Connection, identifiers: Sequence[tuple[str, str]]) -> int | None:
        """The one person who bears all identifiers that anybody bears: another's beside their own does no harm."""
        wanted = [as_kept(each) for each in identifiers]
        named = await self._rows.named(connection, wanted)
        bearers = [self._joins.roots(each.identity for each in named if each.told.bears(one)) for one in wanted]
        known = [each for each in bearers if each]
        if not known:
            return None
        common = set.intersection(*known)
        if len(common) != 1:
            raise CROSSING()
        return common.pop()

    async def children_of(self, identity: int) -> list[int]:
        """The identities of those who came as newborns under a person's number."""
        async with self._store.database.connection() as connection:
            await self._catch_up(connection)
            children = await self._rows.children(connection, self._joins.family(identity))
        return sorted(self._joins.roots(children))

    # ── the reviewers' desk ──

    async def questions(self, actor: Actor, count: int = 50) -> list[Question]:
        """What waits for a reviewer, the oldest first; those whose identities were joined meanwhile are left out."""
        async with self._store.database.transaction() as connection:
            await self._catch_up(connection)
            found = await self._rows.open_questions(connection, count)
            await self._note(connection, actor, Event.IDENTITY_VIEW, {"count": len(found)})
        return [each for each in found if self._joins.root(each.identity) != self._joins.root(each.other)]

    async def compared(self, question: Question) -> list[Match]:
        """The records of both sides held against each other, the likeliest pair first, with the reasons in words."""
        async with self._store.database.connection() as connection:
            await self._catch_up(connection)
            mine = await self._rows.of_identities(connection, self._joins.family(question.identity))
            theirs = await self._rows.of_identities(connection, self._joins.family(question.other))
        scratch = self._index.beside(
            [each.id for each in theirs], [each.identity for each in theirs], [each.told.traits for each in theirs]
        )
        found = [
            Match(self._joins.root(each.identity), each.record, each.probability, _GRADES[each.verdict], each.reasons)
            for likely in scratch.find([each.told.traits for each in mine])
            for each in likely
        ]
        return sorted(found, key=lambda each: -each.probability)

    async def answer(self, question: int, actor: Actor, *, is_one: bool) -> None:
        """A reviewer's answer; with yes the two are joined. Raises NotFound BA-6105, Conflict BA-6103."""
        now = self._store.clock.now()
        async with self._writing() as connection:
            asked = await self._rows.question(connection, question)
            if asked is None:
                raise NO_SUCH_QUESTION()
            await self._rows.settle(connection, question, "one" if is_one else "two", now, actor.id)
            detail: dict[str, str | int] = {"question": encode_rid(question), "verdict": "one" if is_one else "two"}
            await self._note(connection, actor, Event.IDENTITY_JUDGE, detail)
            if is_one:
                await self._join(connection, asked.other, asked.identity, actor, encode_rid(question))

    async def join(self, gone: int, kept: int, actor: Actor) -> None:
        """Two identities are one person; `kept` stands for it. Raises NotFound BA-6102, Conflict BA-6103."""
        async with self._writing() as connection:
            for each in (gone, kept):
                if not await self._rows.is_there(connection, each):
                    raise NO_SUCH_IDENTITY()
            await self._join(connection, gone, kept, actor, "")

    async def _join(self, connection: Connection, one: int, other: int, actor: Actor, question: str) -> None:
        gone, kept = self._joins.joinable(one, other)
        await self._rows.join(connection, gone, kept)
        detail: dict[str, str | int] = {"identity": encode_rid(gone), "into": encode_rid(kept), "question": question}
        await self._note(connection, actor, Event.IDENTITY_JOIN, detail)

    async def part(self, identity: int, actor: Actor) -> None:
        """Take the join of an identity back: everything that refers to it is its own again. Raises Conflict BA-6104."""
        async with self._writing() as connection:
            kept = self._joins.partable(identity)
            await self._rows.join(connection, identity, 0)
            detail: dict[str, str | int] = {"identity": encode_rid(identity), "into": encode_rid(kept)}
            await self._note(connection, actor, Event.IDENTITY_PART, detail)

    async def move(self, member: str, number: str, identity: int, actor: Actor) -> None:
        """A member's record is of another person than it was taken for; of a new one where `identity` is 0.

        Raises NotFound BA-6102 where record or identity is not there.
        """
        now = self._store.clock.now()
        async with self._writing() as connection:
            id_ = self._rows.record_id(member, number)
            kept = (await self._rows.by_ids(connection, [id_])).get(id_)
            if kept is None or (identity and not await self._rows.is_there(connection, identity)):
                raise NO_SUCH_IDENTITY()
            identity = identity or await self._rows.new_identity(connection, now, 0)
            await self._rows.put(connection, Kept(id_, identity, kept.told), now)
            detail: dict[str, str | int] = {
                "record": encode_rid(id_),
                "identity": encode_rid(kept.identity),
                "into": encode_rid(identity),
            }
            await self._note(connection, actor, Event.IDENTITY_MOVE, detail)

    # ── staying up to date ──

    async def _catch_up(self, connection: Connection) -> None:
        """Take in what other processes, or this one, have committed."""
        async with self._reading:
            for number, identity, into in await self._rows.newer_joins(connection, self._joins_seen):
                self._joins.put(identity, into)
                self._joins_seen = number
            async for newer in self._rows.newer_faces(connection, self._records_seen):
                self._index.add(newer.records, newer.identities, newer.traits)
                self._records_seen = newer.number

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[Connection]:
        """A transaction under the lock of all writers, with what they committed taken in."""
        async with self._store.database.transaction() as connection:
            await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
            await self._catch_up(connection)
            yield connection

    async def _note(self, connection: Connection, actor: Actor, event: Event, detail: dict[str, str | int]) -> None:
        await append_many(connection, [self._entry(actor, event, detail)])

    def _entry(self, actor: Actor, event: Event, detail: dict[str, str | int]) -> Entry:
        return Entry(event, self._store.clock.now(), actor.id, actor.role.value, current_trace.get(), detail=detail)
