"""Rows opened to the JSON that is answered, many at a time and nothing else: for what reads by the thousand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from benhan.fhir.resource import instant
from benhan.store.content import ContentCodec, aad_of
from benhan.store.ids import encode_rid
from benhan.store.resource_types import TYPE_NAMES
from benhan.store.sealing import DataKey


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
    unpack, heads = codec.unpack, _Heads()
    for row in rows:
        number, rid, version, patient = row["type"], row["rid"], row["version"], row["patient"]
        key = keys.get(patient)
        if key is None:
            continue
        type_ = TYPE_NAMES[number]
        chosen_id, tail = unpack(type_, key.open(row["content"], aad_of(number, rid, version)))
        id_ = chosen_id or encode_rid(rid)
        at = row["updated_at"]
        found.append(Opened(type_, id_, rid, patient, at, heads.of(type_, id_, version, at) + tail))
    return found


class _Heads:
    """`head_bytes` for many rows: those of one commit share an instant, which is written once."""

    def __init__(self) -> None:
        self._texts: dict[datetime, str] = {}

    def of(self, type_: str, id_: str, version: int, at: datetime) -> bytes:
        text = self._texts.get(at)
        if text is None:
            text = self._texts[at] = instant(at)
        head = f'{{"resourceType":"{type_}","id":"{id_}","meta":{{"versionId":"{version}","lastUpdated":"{text}"'
        return head.encode()
