"""FHIR resources for the benchmarks: the synthetic hospital's messages, mapped as the node maps them.

The mixture is a laboratory's: many Observations, fewer reports, orders and specimens, few patients and encounters.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from benhan.demo.people import make_people
from benhan.demo.scenario import HOSPITALS, stays
from benhan.fhir.resource import to_bytes
from benhan.hl7v2.er7 import parse_er7
from benhan.mapping.mapped import Context, MappedMessage
from benhan.mapping.message_to_fhir import message_to_fhir

NOW = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
PEOPLE_AT_ONCE = 200
_REFERENCE = re.compile(rb'"urn:mapped:([^"]+)"')


def resources() -> Iterator[bytes]:
    """Resources as JSON, each with an id of its own, without end; those referred to come first."""
    seen: set[str] = set()
    seed = 0
    while True:
        seed += 1
        people = make_people(seed, PEOPLE_AT_ONCE, date(2026, 6, 1))
        for messages in stays(HOSPITALS[0], people, NOW, seed):
            for message in messages:
                context = Context(f"{seed:05d}")  # another facility each time, so that nobody comes twice
                yield from _fresh(message_to_fhir(parse_er7(message.content), context), seed, seen)


def _fresh(mapped: MappedMessage, seed: int, seen: set[str]) -> Iterator[bytes]:
    ids = {each.key: _id_of(str(each.identities[0]) + str(seed)) for each in mapped.resources}
    types = {each.key: each.resource["resourceType"] for each in mapped.resources}

    def real(match: re.Match[bytes]) -> bytes:
        key = match[1].decode()
        return f'"{types[key]}/{ids[key]}"'.encode()

    for each in mapped.resources:
        id_ = ids[each.key]
        if id_ not in seen:
            seen.add(id_)
            yield _REFERENCE.sub(real, to_bytes({**each.resource, "id": id_}))


def _id_of(text: str) -> str:
    """An id as other servers give them: the 36 characters of a UUID."""
    digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


def write_ndjson(path: Path, count: int) -> int:
    """Write `count` resources, one a line; gives the bytes written."""
    size = 0
    source = resources()
    with path.open("wb") as file:
        for _ in range(count):
            line = next(source) + b"\n"
            size += file.write(line)
    return size
