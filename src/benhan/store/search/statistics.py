"""How many rows a token or a type has, as PostgreSQL last counted: what a path is chosen by.

Read from its statistics (`analyze` makes them), kept for a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benhan.kernel.clock import Clock
from benhan.store.database import Database
from benhan.store.resource_types import TYPE_NUMBERS
from benhan.store.sql_texts import query

FRESH_S = 30.0

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


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows of the table, of each type, and of each frequent token; `known` is False before the first `analyze`."""

    known: bool = False
    rows: float = 0.0
    types: dict[int, float] = field(default_factory=dict)
    tokens: dict[int, float] = field(default_factory=dict)
    rare: float = 0.0
    """The most rows that a token may have that is not among the frequent ones."""

    def of_type(self, type_: str) -> float:
        """Rows of a type."""
        return self.types.get(TYPE_NUMBERS[type_], 1.0)

    def with_any(self, tokens: Sequence[int]) -> float:
        """Rows with one of the tokens, at the most."""
        return sum(self.tokens.get(token, self.rare) for token in tokens)


class Statistics:
    """The counts, read anew when they are old."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._counted = Counted()
        self._read_at: float | None = None

    async def counted(self) -> Counted:
        """The counts as of half a minute ago at the most."""
        now = self._clock.monotonic_s()
        if self._read_at is None or not 0 <= now - self._read_at < FRESH_S:
            self._read_at = now
            self._counted = await self._read()
        return self._counted

    def forget(self) -> None:
        """Read them anew at the next search."""
        self._read_at = None

    async def _read(self) -> Counted:
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
        return Counted(bool(types and tokens), total, types, tokens, rare)


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.strip("{}").split(",") if each]
