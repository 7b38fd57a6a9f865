"""Some thousand rows of the store, kept as bits in the order of their dates: how often terms go together, and when.

PostgreSQL's own statistics count each token alone. Of a code and a unit, of a name and a year, and of a code that was
used in one decade only, the sample tells: each token is a number with a bit for each row of a type, oldest first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

ROWS = 6_000
_SEEN_LEAST = 3
"""A token that fewer rows of the sample have is left to PostgreSQL's statistics."""

Row = tuple[int, datetime | None, Sequence[int]]


@dataclass(frozen=True, slots=True)
class TypeSample:
    """The sampled rows of one type: how many, their dates (the last `count - len(dates)` have none), their tokens."""

    count: int = 0
    dates: Sequence[datetime] = ()
    tokens: dict[int, int] = field(default_factory=dict)
    terms: float = 0.0
    """How many a row has on the average."""

    @property
    def all(self) -> int:
        """The bits of all rows."""
        return (1 << self.count) - 1

    def with_any(self, tokens: Iterable[int]) -> int:
        """The bits of the rows that have one of the tokens."""
        found = 0
        for token in tokens:
            found |= self.tokens.get(token, 0)
        return found

    def between(self, start: datetime | None, end: datetime | None) -> int:
        """The bits of the rows that begin in start ≤ date < end."""
        low = bisect_left(self.dates, start) if start is not None else 0
        high = bisect_left(self.dates, end) if end is not None else len(self.dates)
        return (1 << high) - (1 << low) if high > low else 0


def sampled(rows: Iterable[Row]) -> dict[int, TypeSample]:
    """The samples of the types in `rows`."""
    by_type: dict[int, list[tuple[datetime | None, Sequence[int]]]] = defaultdict(list)
    for type_, at, tokens in rows:
        by_type[type_].append((at, tokens))
    return {type_: _of_type(of_type) for type_, of_type in by_type.items()}


def _of_type(rows: list[tuple[datetime | None, Sequence[int]]]) -> TypeSample:
    dated = sorted(((at, tokens) for at, tokens in rows if at is not None), key=lambda row: row[0])
    ordered = [tokens for _, tokens in dated] + [tokens for at, tokens in rows if at is None]
    seen = Counter(token for tokens in ordered for token in tokens)
    frequent = {token: bytearray(len(rows) // 8 + 1) for token, times in seen.items() if times >= _SEEN_LEAST}
    for number, tokens in enumerate(ordered):
        for token in tokens:
            if token in frequent:
                frequent[token][number >> 3] |= 1 << (number & 7)
    bits = {token: int.from_bytes(each, "little") for token, each in frequent.items()}
    return TypeSample(len(rows), [at for at, _ in dated], bits, seen.total() / len(rows))
