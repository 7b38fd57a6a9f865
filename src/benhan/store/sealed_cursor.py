"""Where a walk over several requests goes on: sealed, bound to what was asked and by whom, dead after a while."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson

from benhan.kernel.clock import Clock
from benhan.kernel.faults import Broken, FaultCode, Incorrect, NotFound
from benhan.kernel.texts import Text
from benhan.store.sealing import DataKey

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


class SealedCursors:
    """Writes and reads cursors of one kind; a cursor holds what JSON can hold."""

    def __init__(self, key: DataKey, clock: Clock, life_s: float) -> None:
        self._key = key
        self._clock = clock
        self._life = timedelta(seconds=life_s)

    def write(self, values: Sequence[Any], bound_to: str) -> str:
        """The text that holds `values`; only a request for the same `bound_to` can use it."""
        ends = (self._clock.now() + self._life).timestamp()
        sealed = self._key.seal(orjson.dumps([ends, *values]), _aad(bound_to))
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def read(self, text: str, bound_to: str) -> list[Any]:
        """The values. Raises Incorrect BA-0320, NotFound BA-0321."""
        try:
            sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            ends, *values = orjson.loads(self._key.open(sealed, _aad(bound_to)))
        except (binascii.Error, ValueError, Broken) as cause:
            raise BAD_LINK() from cause
        if ends < self._clock.now().timestamp():
            raise DEAD_LINK()
        return list(values)


def _aad(bound_to: str) -> bytes:
    return hashlib.sha256(bound_to.encode("utf-8", "surrogatepass")).digest()
