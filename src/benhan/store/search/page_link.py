"""Links to a next page: sealed, bound to what was asked and by whom, dead after a while.

A link holds the moment at which the search began and where the page ended.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from benhan.kernel.clock import Clock
from benhan.kernel.faults import Broken, FaultCode, Incorrect, NotFound
from benhan.kernel.texts import Text
from benhan.store.sealing import DataKey
from benhan.store.search.statement import Place

BAD_LINK = FaultCode(
    "BA-0320",
    Incorrect,
    Text("Liên kết trang không hợp lệ. Tìm lại từ đầu.", "The page link is not valid. Search again from the start."),
)
DEAD_LINK = FaultCode(
    "BA-0321",
    NotFound,
    Text("Liên kết trang đã hết hạn. Tìm lại từ đầu.", "The page link has expired. Search again from the start."),
)


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
        self._key = key
        self._clock = clock
        self._life = timedelta(seconds=life_s)

    def write(self, link: Link, bound_to: str) -> str:
        """The link's text; only a request for the same `bound_to` can use it."""
        after = link.after
        place = None if after is None else [after.at.isoformat() if after.at is not None else None, after.rid]
        ends = (self._clock.now() + self._life).timestamp()
        told = [link.moment, link.began_at.isoformat(), link.segment, place, link.offset, ends]
        sealed = self._key.seal(orjson.dumps(told), _aad(bound_to))
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def read(self, text: str, bound_to: str) -> Link:
        """The link. Raises Incorrect BA-0320, NotFound BA-0321."""
        try:
            sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            moment, began_at, segment, place, offset, ends = orjson.loads(self._key.open(sealed, _aad(bound_to)))
        except (binascii.Error, ValueError, Broken) as cause:
            raise BAD_LINK() from cause
        if ends < self._clock.now().timestamp():
            raise DEAD_LINK()
        after = Place(datetime.fromisoformat(place[0]) if place[0] else None, place[1]) if place is not None else None
        return Link(moment, datetime.fromisoformat(began_at), segment, after, offset)


def _aad(bound_to: str) -> bytes:
    return hashlib.sha256(bound_to.encode("utf-8", "surrogatepass")).digest()
