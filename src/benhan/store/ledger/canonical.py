"""The bytes of an entry that its hash covers, in one form that a court can compute again.

Big-endian numbers of fixed width, then four texts, each after its length in bytes. `at` counts microseconds since
2000-01-01 UTC, as PostgreSQL does. The function ledger_canonical of the schema gives the same bytes.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from benhan.store.ids import decode_id, encode_rid
from benhan.store.ledger.events import EVENTS_BY_NUMBER

HASH_BYTES = 32
START = bytes(HASH_BYTES)
"""The hash before the first entry."""

_FIXED = struct.Struct(">qqqqihhh")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as it is kept; `seq` is 0 and `hash` empty while it waits to be chained. `detail` is its JSON text."""

    seq: int
    at: datetime
    patient: int
    rid: int
    version: int
    bucket: int
    event: int
    type: int
    actor: str
    role: str
    trace: str
    detail: str
    hash: bytes = b""

    @property
    def label(self) -> str:
        """`source:subject:action`, or the number where this program does not know it."""
        event = EVENTS_BY_NUMBER.get(self.event)
        return event.label if event is not None else str(self.event)

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON; rids as text, since JSON numbers of 63 bits are not safe everywhere."""
        return {
            "seq": self.seq,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "patient": encode_rid(self.patient),
            "rid": encode_rid(self.rid),
            "version": self.version,
            "bucket": self.bucket,
            "event": self.event,
            "type": self.type,
            "actor": self.actor,
            "role": self.role,
            "trace": self.trace,
            "detail": self.detail,
        }


def recorded_of_json(told: dict[str, Any]) -> Recorded:
    """The entry that `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    patient, rid = decode_id(told["patient"]), decode_id(told["rid"])
    if patient is None or rid is None:
        raise ValueError("not a rid")
    return Recorded(
        int(told["seq"]),
        datetime.fromisoformat(told["at"]),
        patient,
        rid,
        int(told["version"]),
        int(told["bucket"]),
        int(told["event"]),
        int(told["type"]),
        str(told["actor"]),
        str(told["role"]),
        str(told["trace"]),
        str(told["detail"]),
    )


def canonical_bytes(entry: Recorded) -> bytes:
    """What the hash of `entry` covers besides the hash before it. Raises struct.error for a number out of range."""
    at = (entry.at - _EPOCH) // _MICROSECOND
    fixed = _FIXED.pack(entry.seq, at, entry.patient, entry.rid, entry.version, entry.bucket, entry.event, entry.type)
    texts = (entry.actor.encode(), entry.role.encode(), bytes.fromhex(entry.trace), entry.detail.encode())
    return fixed + b"".join(len(text).to_bytes(4, "big") + text for text in texts)


def link(previous: bytes, canonical: bytes) -> bytes:
    """The hash of an entry that follows one with hash `previous`."""
    return hashlib.sha256(previous + canonical).digest()
