"""Rows opened to the JSON that is answered, many at a time and nothing else: for what reads by the thousand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from benhan.fhir.resource import instant
from benhan.store.content import ContentCodec, aad_of
from benhan.store.ids import encode_rid
from benhan.store.resource_types import TYPE_NAMES
from benhan.store.sealing import DataKey

_FIELDS = itemgetter("type", "rid", "version", "patient", "updated_at", "content")


class Opened(NamedTuple):
    """A resource as it is answered."""

    type: str
    id: str
    rid: int
    patient: int
    updated_at: datetime
    content: bytes


def open_contents(rows: Sequence[Any], keys: Mapping[int, DataKey], codec: ContentCodec) -> list[Opened]:
    """Each row (type, rid, version, patient, updated_at, content) opened; left out where its key was destroyed.

    Raises Broken BA-0501 for a damaged row. Touches no event loop: it may run in a thread.
    """
    found = []
    unpack, pack_aad = codec.unpack, aad_of
    instants: dict[datetime, str] = {}  # the rows of one commit share theirs
    for number, rid, version, patient, at, sealed in map(_FIELDS, rows):
        key = keys.get(patient)
        if key is None:
            continue
        type_ = TYPE_NAMES[number]
        chosen_id, tail = unpack(type_, key.open(sealed, pack_aad(number, rid, version)), patient)
        id_ = chosen_id or encode_rid(rid)
        told = instants.get(at)
        if told is None:
            told = instants[at] = instant(at)
        head = f'{{"resourceType":"{type_}","id":"{id_}","meta":{{"versionId":"{version}","lastUpdated":"{told}"'
        found.append(Opened(type_, id_, rid, patient, at, head.encode() + tail))
    return found
