"""Lines read, checked, indexed and packed by processes beside the one that commits: Python does one thing at a time.

The processes get the keys of the index and of ids, through the pipe they are started by; patients' keys and the one
that wraps them stay where they are, so that sealing does too. What must be said in the commit itself (a SearchParameter
that takes effect with it) is left to the process that commits.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benhan.fhir.indexing import Indexed
from benhan.fhir.search_limits import QueryLimits
from benhan.fhir.search_parameters import SearchRegistry
from benhan.kernel.actors import Actor
from benhan.kernel.ids import SystemRandom
from benhan.kernel.logs import Log
from benhan.kernel.memory import settle_memory
from benhan.kernel.parent import end_with_parent
from benhan.store.access_rules import AccessRules
from benhan.store.bulk_import import NONE_REFUSED, Lines, collect
from benhan.store.content import ContentCodec
from benhan.store.ids import Ids
from benhan.store.ledger.events import Event
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.store import Store
from benhan.store.tokens import Tokens
from benhan.store.unit_of_work import UnitOfWork, Verb, Workshop, Write

log = Log("import")

AHEAD = 2
"""Batches for each process that are read before those before them are committed."""
NICENESS = 5
"""Whoever waits for a page goes first."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Row = tuple[str, str, int, int, bool, bytes, list[int], Indexed]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch of lines as another process has understood it."""

    rows: list[Row]
    lines: Lines

    def into(self, unit: UnitOfWork) -> Lines:
        """Let `unit`, of an actor without limits, write them; gives what `collect` would."""
        for type_, id_, rid, patient, is_new, packed, tokens, indexed in self.rows:
            unit.take(
                Write(
                    Verb.CREATE if is_new else Verb.UPDATE,
                    type_,
                    id_,
                    rid,
                    TYPE_NUMBERS[type_],
                    patient=patient,
                    packed=packed,
                    tokens=tokens,
                    indexed=indexed,
                    assigned=is_new,
                )
            )
        unit.record(Event.BULK_IMPORT, count=len(unit.writes))
        return self.lines


@dataclass(frozen=True, slots=True)
class Tools:
    """What a process needs to prepare lines as the store would."""

    index_key: bytes = field(repr=False)
    id_key: bytes = field(repr=False)
    dictionaries: Path
    custom: Sequence[Mapping[str, Any]]
    limits: QueryLimits
    depth_max: int


class ImportWorkers:
    """`count` processes for the lines of one store, started with the first batch that is given to them."""

    def __init__(self, store: Store, count: int) -> None:
        self._store = store
        self._pool: ProcessPoolExecutor | None = None
        self._registry: SearchRegistry | None = None
        self.count = count

    async def prepare(self, batch: list[bytes], first: int, type_: str, actor: Actor) -> Prepared | None:
        """What `collect` would make of `batch`; None where the process that commits has to see to it itself.

        That is so where the policy of writes looks at the resources, where the search parameters have changed
        meanwhile, and from the time on when a process was killed.
        """
        if not self.count or not self._store.gate.is_open:
            return None
        registry = self._store.parameters.current
        pool = self._pool_for(registry)
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(pool, _prepare, batch, first, type_, actor)
        except BrokenProcessPool:
            log.warning("import.worker_lost")
            self.count = 0
            return None
        return found if registry is self._store.parameters.current else None

    async def close(self) -> None:
        """End the processes."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    def _pool_for(self, registry: SearchRegistry) -> ProcessPoolExecutor:
        if self._pool is not None and registry is not self._registry:
            self._pool.shutdown(wait=False)
            self._pool = None
        if self._pool is None:
            keyring, workshop = self._store.keyring, self._store.workshop
            tools = Tools(
                keyring.index_key,
                keyring.id_key,
                workshop.codec.folder,
                registry.custom,
                registry.limits,
                workshop.depth_max,
            )
            self._registry = registry
            self._pool = ProcessPoolExecutor(
                self.count, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(tools,)
            )
        return self._pool


_workshop: Workshop | None = None
"""Of a worker's process."""


def _begin(tools: Tools) -> None:
    global _workshop  # noqa: PLW0603  # a task is given to a process, not to an object in it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells all; the parent ends us
    end_with_parent()  # a parent that is killed cannot tell us: its end of the queue is ours, too, and never closes
    os.nice(NICENESS)
    random = SystemRandom()
    ids, tokens = Ids(tools.id_key, random), Tokens(tools.index_key)
    registry = SearchRegistry(tools.custom, tools.limits)
    codec = ContentCodec(tools.dictionaries)
    _workshop = Workshop(ids, tokens, codec, AccessRules(ids, tokens), lambda: registry, tools.depth_max)
    settle_memory()


def _prepare(batch: list[bytes], first: int, type_: str, actor: Actor) -> Prepared | None:
    assert _workshop is not None
    unit = UnitOfWork(_workshop, actor, _EPOCH)
    lines = collect(unit, batch, first, NONE_REFUSED, type_)
    if unit.hooks:
        return None
    return Prepared([_row(write) for write in unit.writes], lines)


def _row(write: Write) -> Row:
    """What of a write is not told by the rest; its terms are in its tokens."""
    assert write.indexed is not None
    indexed = replace(write.indexed, terms=(), patient=None)
    return write.type, write.id, write.rid, write.patient, write.assigned, write.packed, write.tokens, indexed
