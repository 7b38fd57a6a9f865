"""How often the gate found errors, by sender, profile or rule, type and mode: to be read before a policy is enforced.

Counted in memory and added to a table every few seconds, so that no write waits for it; what a killed process counted
in its last seconds is lost. A table and not the ledger: these are numbers about senders, no acts, and they are cleared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from benhan.fhir.validation.policy import Mode
from benhan.kernel.clock import Clock
from benhan.kernel.faults import Fault
from benhan.kernel.logs import Log
from benhan.store.database import Database
from benhan.store.sql_texts import query

log = Log("validation")

FLUSHED_S = 5.0
KINDS_MAX = 2_000
"""Kinds of findings that are held until they are written; further ones are counted as of an unknown profile."""
UNKNOWN = "?"
"""A profile that is not known, whose url may be anything a sender wrote."""

_ADD = query(
    "validation_findings_add",
    """
    insert into validation_finding (sender, what, type, mode, resources, errors, first_at, last_at)
    select *, $7, $7 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
    on conflict (sender, what, type, mode) do update set
        resources = validation_finding.resources + excluded.resources,
        errors = validation_finding.errors + excluded.errors,
        last_at = excluded.last_at
    """,
)
_READ = query(
    "validation_findings_read",
    """
    select sender, what, type, mode, resources, errors, first_at, last_at
    from validation_finding order by resources desc, sender, what, type, mode
    """,
)
_TOTALS = query(
    "validation_findings_totals",
    "select mode, sum(resources)::bigint as resources from validation_finding group by mode",
)
_CLEAR = query("validation_findings_clear", "delete from validation_finding")


class Kind(NamedTuple):
    """What is counted together; `what` is the url of a profile, `R4`, `references` or `extensions`."""

    sender: str
    what: str
    type: str
    mode: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Resources of a kind that had errors, and all their errors."""

    kind: Kind
    resources: int
    errors: int
    first_at: datetime
    last_at: datetime


class Findings:
    """The counts of a store: kept by its processes between `start` and `stop`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._counts: dict[Kind, tuple[int, int]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="validation findings")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self._flush_or_log()

    def count(self, kind: Kind, errors: int) -> None:
        """One resource more that had so many errors."""
        if kind not in self._counts and len(self._counts) >= KINDS_MAX:
            kind = Kind(UNKNOWN, UNKNOWN, UNKNOWN, kind.mode)
        resources, before = self._counts.get(kind, (0, 0))
        self._counts[kind] = resources + 1, before + errors

    async def flush(self) -> None:
        """Write what was counted since the last time; where that fails it is kept for the next."""
        counts, self._counts = self._counts, {}
        if not counts:
            return
        kinds = sorted(counts)  # processes lock the rows in one order
        columns = [[getattr(kind, name) for kind in kinds] for name in Kind._fields]
        numbers = [[counts[kind][place] for kind in kinds] for place in (0, 1)]
        try:
            await self._database.execute(_ADD, *columns, *numbers, self._clock.now())
        except Fault:
            for kind, (resources, errors) in counts.items():
                later = self._counts.get(kind, (0, 0))
                self._counts[kind] = resources + later[0], errors + later[1]
            raise

    async def read(self) -> list[Finding]:
        """All counts, the most frequent first."""
        rows = await self._database.fetch(_READ)
        return [
            Finding(
                Kind(*(row[name] for name in Kind._fields)),
                row["resources"],
                row["errors"],
                row["first_at"],
                row["last_at"],
            )
            for row in rows
        ]

    async def totals(self) -> Mapping[str, float]:
        """Resources with errors by mode, for `/metrics`."""
        found = {mode.value: 0.0 for mode in Mode if mode is not Mode.OFF}
        return found | {row["mode"]: float(row["resources"]) for row in await self._database.fetch(_TOTALS)}

    async def clear(self) -> None:
        """Begin to count anew."""
        await self._database.execute(_CLEAR)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSHED_S)
            await self._flush_or_log()

    async def _flush_or_log(self) -> None:
        try:
            await self.flush()
        except Fault as fault:
            log.warning("validation.not_counted", fault=fault.code)
