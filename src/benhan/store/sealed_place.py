"""Where a list goes on, sealed for a link: bound to what was asked and by whom, dead after a while."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import timedelta
from typing import Any

import orjson

from benhan.kernel.clock import Clock
from benhan.kernel.faults import Broken
from benhan.store.sealing import DataKey
from benhan.store.search.page_link import BAD_LINK, DEAD_LINK


class SealedPlaces:
    """Writes and reads places; a place is a list of what JSON can hold."""

    def __init__(self, key: DataKey, clock: Clock, life_s: float) -> None:
        self._key = key
        self._clock = clock
        self._life = timedelta(seconds=life_s)

    def write(self, place: list[Any], bound_to: str) -> str:
        """The text of a place; only a request for the same `bound_to` can use it."""
        ends = (self._clock.now() + self._life).timestamp()
        sealed = self._key.seal(orjson.dumps([ends, place]), _aad(bound_to))
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def read(self, text: str, bound_to: str) -> list[Any]:
        """The place. Raises Incorrect BA-0320, NotFound BA-0321."""
        try:
            sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            ends, place = orjson.loads(self._key.open(sealed, _aad(bound_to)))
        except (binascii.Error, ValueError, Broken) as cause:
            raise BAD_LINK() from cause
        if ends < self._clock.now().timestamp():
            raise DEAD_LINK()
        found: list[Any] = place
        return found


def _aad(bound_to: str) -> bytes:
    return hashlib.sha256(bound_to.encode("utf-8", "surrogatepass")).digest()
