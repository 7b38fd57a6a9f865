"""How many rows a token or a type has, as PostgreSQL last counted, and a sample of rows: what a path is chosen by.

Read from its statistics (`analyze` makes them), kept for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benhan.kernel.clock import Clock
from benhan.store.database import Database
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.search.sample import ROWS as SAMPLE_ROWS
from benhan.store.search.sample import TypeSample, sampled
from benhan.store.sql_texts import query

FRESH_S = 30.0
SAMPLE_FRESH_S = 900.0
_GROWN = 1.2
"""When the table is so much larger, the sample is drawn anew before its time."""

_READ = query(
    "search_statistics",
    """
    select c.reltuples::float8 as rows, s.attname,
        case when s.attname = 'tokens' then s.most_common_elems::text end as elements,
        case when s.attname = 'tokens' then s.most_common_elem_freqs end as element_freqs,
        case when s.attname = 'type' then s.most_common_vals::text end as types,
        case when s.attname = 'type' then s.most_common_freqs end as type_freqs
    from pg_class c
    left join pg_stats s on s.schemaname = 'public' and s.tablename = c.relname and s.attname in ('tokens', 'type')
    where c.oid = 'resource'::regclass
    """,
)

_SAMPLE = query(
    "search_sample",
    "select type, at_from, tokens from resource tablesample system ($1) where until is null and content is not null",
    fan_out="it draws rows of all compartments to count by, and shows none",
)


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows of the table, of each type, and of each frequent token; `known` is False before the first `analyze`."""

    known: bool = False
    rows: float = 0.0
    types: dict[int, float] = field(default_factory=dict)
    tokens: dict[int, float] = field(default_factory=dict)
    rare: float = 0.0
    """The most rows that a token may have that is not among the frequent ones."""
    sample: dict[int, TypeSample] = field(default_factory=dict)
    plans: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)
    """What `plan.choose` has made of these counts."""
    reached: dict[Hashable, int] = field(default_factory=dict, compare=False, repr=False)
    """How many patients somebody's keys were seen to reach, for the choice of a path only."""

    def of_type(self, type_: str) -> float:
        """Rows of a type."""
        return self.types.get(TYPE_NUMBERS[type_], 1.0)

    def share_reached(self, keys: Hashable) -> float:
        """The share of the patients whom keys reach; 0 where that was not seen yet."""
        return min(1.0, self.reached.get(keys, 0) / max(self.of_type("Patient"), 1.0))

    def with_any(self, tokens: Sequence[int]) -> float:
        """Rows with one of the tokens, at the most."""
        return sum(self.tokens.get(token, self.rare) for token in tokens)

    def sample_of(self, type_: str) -> TypeSample:
        """The sampled rows of a type; none for "", any type."""
        return self.sample.get(TYPE_NUMBERS[type_], _NONE) if type_ else _NONE


_NONE = TypeSample()


class Statistics:
    """The counts, read anew when they are old."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._counted = Counted()
        self._read_at: float | None = None
        self._sample: dict[int, TypeSample] = {}
        self._sampled_at: float | None = None
        self._sampled_rows = 0.0

    async def counted(self) -> Counted:
        """The counts as of half a minute ago at the most."""
        now = self._clock.monotonic_s()
        if self._read_at is None or not 0 <= now - self._read_at < FRESH_S:
            self._read_at = now
            self._counted = await self._read(now)
        return self._counted

    def forget(self) -> None:
        """Read them anew at the next search."""
        self._read_at = self._sampled_at = None

    async def _read(self, now: float) -> Counted:
        rows = await self._database.fetch(_READ)
        total = max(rows[0]["rows"], 0.0) if rows else 0.0
        types: dict[int, float] = {}
        tokens: dict[int, float] = {}
        rare = 0.0
        for row in rows:
            if row["types"]:
                numbers = _numbers(row["types"])
                types = {number: freq * total for number, freq in zip(numbers, row["type_freqs"], strict=True)}
            if row["elements"]:
                numbers = _numbers(row["elements"])
                freqs = row["element_freqs"][: len(numbers)]
                tokens = {number: freq * total for number, freq in zip(numbers, freqs, strict=True)}
                rare = min(freqs, default=0.0) * total / 2
        if not types or not tokens:
            return Counted(rows=total)
        return Counted(True, total, types, tokens, rare, await self._sample_of(total, now))

    async def _sample_of(self, total: float, now: float) -> dict[int, TypeSample]:
        """The sample of a table of `total` rows."""
        is_fresh = self._sampled_at is not None and 0 <= now - self._sampled_at < SAMPLE_FRESH_S
        if not is_fresh or not self._sampled_rows / _GROWN <= total <= self._sampled_rows * _GROWN:
            self._sampled_at, self._sampled_rows = now, total
            share = min(100.0, 100.0 * SAMPLE_ROWS / max(total, 1.0))
            rows = await self._database.fetch(_SAMPLE, share)
            self._sample = await asyncio.to_thread(sampled, (tuple(row) for row in rows))
        return self._sample


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.strip("{}").split(",") if each]
