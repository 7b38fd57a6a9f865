"""FHIR resources for the benchmarks: the synthetic hospital's messages, mapped as the node maps them.

The mixture is a laboratory's: many Observations, fewer reports, orders and specimens, few patients and encounters.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from benhan.fhir.resource import to_bytes
from benhan.hl7v2.er7 import parse_er7
from benhan.mapping.mapped import Context, MappedMessage
from benhan.mapping.message_to_fhir import message_to_fhir
from benhan.store.ids import BUCKETS, encode_rid
from plain_hospital import HOSPITALS, make_people, stays

NOW = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
PEOPLE_AT_ONCE = 200
_REFERENCE = re.compile(rb'"urn:mapped:([^"]+)"')


def resources(*, foreign: bool = True, seed: int = 0) -> Iterator[bytes]:
    """Resources as JSON, each with an id of its own, without end; those referred to come first.

    `foreign` ids are UUIDs, as other servers give them; else they are of the form that the node gives.
    """
    while True:
        seed += 1
        seen: set[str] = set()  # of these people alone: another seed's ids are others
        people = make_people(seed, PEOPLE_AT_ONCE, date(2026, 6, 1))
        for messages in stays(HOSPITALS[0], people, NOW, seed):
            for message in messages:
                context = Context(f"{seed:05d}")  # another facility each time, so that nobody comes twice
                yield from _fresh(message_to_fhir(parse_er7(message.content), context), seed, seen, foreign)


def _fresh(mapped: MappedMessage, seed: int, seen: set[str], foreign: bool) -> Iterator[bytes]:
    patient = str(mapped.patient.identities[0]) + str(seed)
    ids = {each.key: _id_of(patient, str(each.identities[0]) + str(seed), foreign) for each in mapped.resources}
    types = {each.key: each.resource["resourceType"] for each in mapped.resources}

    def real(match: re.Match[bytes]) -> bytes:
        key = match[1].decode()
        return f'"{types[key]}/{ids[key]}"'.encode()

    for each in mapped.resources:
        id_ = ids[each.key]
        if id_ not in seen:
            seen.add(id_)
            yield _REFERENCE.sub(real, to_bytes({**each.resource, "id": id_}))


def _id_of(patient: str, text: str, foreign: bool) -> str:
    """A UUID, or a rid of the patient's bucket as the node writes it."""
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    if foreign:
        return str(UUID(bytes=digest))
    bucket = int.from_bytes(hashlib.blake2b(patient.encode(), digest_size=2).digest(), "big") % (BUCKETS - 1) + 1
    return encode_rid(bucket << 51 | int.from_bytes(digest[:6], "big"))


def write_ndjson(path: Path, count: int, *, foreign: bool = True, seed: int = 0) -> int:
    """Write `count` resources, one a line; gives the bytes written."""
    size = 0
    source = resources(foreign=foreign, seed=seed)
    with path.open("wb") as file:
        for _ in range(count):
            line = next(source) + b"\n"
            size += file.write(line)
    return size
