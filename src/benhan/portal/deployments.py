"""How hospitals stand and where they are on their way: figures, documents and steps brought together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import msgspec

from benhan.kernel.actors import Actor
from benhan.kernel.clock import Clock, day_in_vietnam
from benhan.kernel.permissions import Permission
from benhan.portal.acts import record
from benhan.portal.evidence import Evidence, EvidenceKey, Report
from benhan.portal.facilities import Facilities, Facility
from benhan.portal.faults import CHANGED_MEANWHILE, NOT_ONES_FACILITY, NOT_READY
from benhan.portal.papers import Paper, Papers
from benhan.portal.workflow import Act, Deployment, State, Told, filled, frozen, step
from benhan.store.database import Connection, Database
from benhan.store.ledger.events import Event
from benhan.store.sql_texts import query
from benhan.vn.deployment.judging import Judged, judge

_READ = query("deployment_read", "select * from deployment where facility = $1")
_NEW = query(
    "deployment_new",
    """
    insert into deployment (facility, changed_at, published_at, version, state, told) values ($1, $2, $3, 1, $4, $5)
    on conflict (facility) do nothing returning version
    """,
)
_PUT = query(
    "deployment_put",
    """
    update deployment set changed_at = $2, published_at = $3, version = version + 1, state = $4, told = $5
    where facility = $1 and version = $6 returning version
    """,
)
_ACT = query(
    "deployment_act_put",
    "insert into deployment_act (facility, number, at, act, actor, reason) values ($1, $2, $3, $4, $5, $6)",
)
_ACTS = query("deployment_acts", "select * from deployment_act where facility = $1 order by number desc limit 100")


@dataclass(frozen=True, slots=True)
class Done:
    """An act on the way: when, what, by whom, why."""

    at: datetime
    act: Act
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is known of a hospital."""

    facility: Facility
    deployment: Deployment
    judged: list[Judged]
    papers: list[Paper]
    reports: Sequence[Report]
    keys: list[EvidenceKey]
    acts: list[Done]

    @property
    def report(self) -> Report | None:
        """The newest report."""
        return self.reports[0] if self.reports else None


class Deployments:
    """The hospitals' ways of one portal."""

    def __init__(
        self, database: Database, clock: Clock, facilities: Facilities, evidence: Evidence, papers: Papers
    ) -> None:
        self._database = database
        self._clock = clock
        self._facilities = facilities
        self._evidence = evidence
        self._papers = papers

    async def standing(self, code: str, reports: int = 30) -> Standing:
        """Raises NotFound BA-6210."""
        facility = await self._facilities.read(code)
        papers, told = await self._papers.of(code), await self._evidence.last(code, reports)
        signals = told[0].signals if told else None
        judged = judge(signals, {each.criterion for each in papers}, self._clock.now())
        rows = await self._database.fetch(_ACTS, code)
        acts = [Done(row["at"], Act(row["act"]), row["actor"], row["reason"]) for row in rows]
        return Standing(facility, await self._read(code), judged, papers, told, await self._evidence.keys(code), acts)

    async def act(self, code: str, act: Act, form: dict[str, str], version: int, actor: Actor) -> Deployment:
        """Go a step; `version` is that of the page it was asked from.

        Publishing asks that the nine points of TT 13 are met now. Raises NotFound BA-6210, Forbidden BA-6216, Conflict
        BA-6217, BA-6218, BA-6223, Incorrect BA-6219.
        """
        require_own(code, actor)
        now, standing = self._clock.now(), await self.standing(code, reports=1)
        before = standing.deployment
        if version != before.version:
            raise CHANGED_MEANWHILE()
        state = step(before.state, act)
        told = filled(before.told, act, form, day_in_vietnam(now))
        if act is Act.ASSESS:
            number = standing.report.signals.number if standing.report is not None else 0
            told = msgspec.structs.replace(told, points=frozen(standing.judged), report_number=number)
        if act is Act.PUBLISH:
            _require_met(standing.judged)
        published = now if act is Act.PUBLISH else before.published_at if state is State.PUBLISHED else None
        after = Deployment(code, before.version + 1, state, now, published, told)
        async with self._database.transaction() as connection:
            await _put(connection, before.version, after)
            reason = form.get("reason", "").strip()
            await connection.execute(_ACT, code, after.version, now, act.value, actor.id, reason)
            await record(connection, Event.DEPLOYMENT_ACT, now, actor, facility=code, act=act.value)
        return after

    async def _read(self, code: str) -> Deployment:
        row = await self._database.fetchrow(_READ, code)
        return _of_row(row) if row is not None else Deployment(code, 0, State.PREPARING, None, None, Told())


def require_own(code: str, actor: Actor) -> None:
    """Raises Forbidden BA-6216 where an officer of a hospital is at another's."""
    if actor.facility != code and not actor.may(Permission.DEPLOYMENT_OVERSEE):
        raise NOT_ONES_FACILITY()


def _require_met(judged: list[Judged]) -> None:
    lacking = [each.criterion.clause for each in judged if each.criterion.set == "tt13" and not each.is_met]
    if lacking:
        raise NOT_READY(count=len(lacking), names="; ".join(lacking))


async def _put(connection: Connection, version: int, after: Deployment) -> None:
    row = (after.facility, after.changed_at, after.published_at, after.state.value, msgspec.json.encode(after.told))
    changed = await connection.fetchval(_PUT, *row, version) if version else await connection.fetchval(_NEW, *row)
    if changed is None:
        raise CHANGED_MEANWHILE()


def _of_row(row: asyncpg.Record) -> Deployment:
    return Deployment(
        row["facility"],
        row["version"],
        State(row["state"]),
        row["changed_at"],
        row["published_at"],
        msgspec.json.decode(row["told"], type=Told),
    )
