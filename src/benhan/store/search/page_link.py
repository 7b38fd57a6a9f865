"""Links to a next page: the moment at which a search began and where its page ended, sealed as every cursor is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from benhan.kernel.clock import Clock
from benhan.store.sealed_cursor import SealedCursors
from benhan.store.sealing import DataKey
from benhan.store.search.statement import Place


@dataclass(frozen=True, slots=True)
class Link:
    """Where a search goes on: its moment and when it began, and of which segment which place or number."""

    moment: str
    began_at: datetime
    segment: int = 0
    after: Place | None = None
    offset: int = 0


class PageLinks:
    """Writes and reads links."""

    def __init__(self, key: DataKey, clock: Clock, life_s: float) -> None:
        self._cursors = SealedCursors(key, clock, life_s)

    def write(self, link: Link, bound_to: str) -> str:
        """The link's text; only a request for the same `bound_to` can use it."""
        after = link.after
        place = None if after is None else [after.at.isoformat() if after.at is not None else None, after.rid]
        told = [link.moment, link.began_at.isoformat(), link.segment, place, link.offset]
        return self._cursors.write(told, bound_to)

    def read(self, text: str, bound_to: str) -> Link:
        """The link. Raises Incorrect BA-0320, NotFound BA-0321."""
        moment, began_at, segment, place, offset = self._cursors.read(text, bound_to)
        after = Place(datetime.fromisoformat(place[0]) if place[0] else None, place[1]) if place is not None else None
        return Link(moment, datetime.fromisoformat(began_at), segment, after, offset)
