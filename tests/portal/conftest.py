"""A portal with one hospital, and its people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from tests.clocks import SetClock

from benhan.access.roles import PERMISSIONS
from benhan.kernel.actors import Actor, Role
from benhan.kernel.ids import SystemRandom
from benhan.portal.deployments import Deployments
from benhan.portal.evidence import Evidence
from benhan.portal.facilities import Facilities
from benhan.portal.papers import Papers
from benhan.store.database import Database

NOW = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
LIST = "code,name,province,kind,owner,announced_on,source\n79001,Bệnh viện Thử,79,hospital,public,,\n"


def officer(facility: str) -> Actor:
    """An officer of a hospital."""
    return Actor("account:1", Role.FACILITY, PERMISSIONS[Role.FACILITY], facility=facility)


OWN = officer("79001")
AUTHORITY = Actor("account:2", Role.AUTHORITY, PERMISSIONS[Role.AUTHORITY])


@dataclass
class House:
    """The parts of a portal."""

    database: Database
    clock: SetClock
    facilities: Facilities
    evidence: Evidence
    papers: Papers
    deployments: Deployments

    async def entries(self, label: str) -> int:
        """How many entries of an event wait for the chain."""
        from benhan.store.ledger.events import Event

        number = next(each.number for each in Event if each.label == label)
        return int(await self.database.fetchval("select count(*) from ledger_pending where event = $1", number))


@pytest.fixture
async def house(fresh_url: str) -> AsyncIterator[House]:
    """A portal that knows one hospital."""
    database, clock = await Database.connect(fresh_url, pool_size=4), SetClock(NOW)
    facilities = Facilities(database, clock)
    evidence, papers = Evidence(database, clock, SystemRandom()), Papers(database, clock)
    await facilities.take_in(LIST.encode(), AUTHORITY)
    yield House(
        database, clock, facilities, evidence, papers, Deployments(database, clock, facilities, evidence, papers)
    )
    await database.close()
