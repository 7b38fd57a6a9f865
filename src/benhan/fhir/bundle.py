"""Bundles put together from resources as they are stored, without reading them again. Source: FHIR R4 bundle.html."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its resource as bytes (empty for none) and its other members."""

    resource: bytes = b""
    full_url: str = ""
    search_mode: str = ""
    request: Json | None = None
    response: Json | None = None
    search: Json | None = None
    """Beside `search_mode`, where there is more to say of a match: its score."""

    def written(self) -> bytes:
        """The JSON of the entry."""
        parts = []
        if self.full_url:
            parts.append(b'"fullUrl":' + orjson.dumps(self.full_url))
        if self.resource:
            parts.append(b'"resource":' + self.resource)
        if self.search is not None:
            parts.append(b'"search":' + orjson.dumps(self.search))
        elif self.search_mode:
            parts.append(b'"search":{"mode":' + orjson.dumps(self.search_mode) + b"}")
        if self.request is not None:
            parts.append(b'"request":' + orjson.dumps(self.request))
        if self.response is not None:
            parts.append(b'"response":' + orjson.dumps(self.response))
        return b"{" + b",".join(parts) + b"}"


def bundle_bytes(
    type_: str,
    entries: Iterable[Entry],
    *,
    links: Sequence[tuple[str, str]] = (),
    total: int | None = None,
    timestamp: str = "",
) -> bytes:
    """The JSON of a Bundle; without `timestamp` it has none."""
    return written_bundle(type_, [entry.written() for entry in entries], links=links, total=total, timestamp=timestamp)


def written_bundle(
    type_: str,
    entries: Sequence[bytes],
    *,
    links: Sequence[tuple[str, str]] = (),
    total: int | None = None,
    timestamp: str = "",
) -> bytes:
    """The JSON of a Bundle whose entries are written already."""
    head: Json = {"resourceType": "Bundle", "type": type_}
    if timestamp:
        head["timestamp"] = timestamp
    if total is not None:
        head["total"] = total
    if links:
        head["link"] = [{"relation": relation, "url": url} for relation, url in links]
    body = orjson.dumps(head)
    if not entries:
        return body
    return b"".join((body[:-1], b',"entry":[', b",".join(entries), b"]}"))


class Found(Protocol):
    """A resource as it is answered."""

    @property
    def type(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def content(self) -> bytes: ...


def entry_bytes(found: Iterable[Found], base_url: str, mode: str) -> list[bytes]:
    """The entries of a searchset, written at once: for those that are given by the thousand."""
    address = orjson.dumps(base_url)[1:-1]
    end = f',"search":{{"mode":"{mode}"}}}}'.encode()
    return [
        b'{"fullUrl":"%b/%b/%b","resource":%b%b' % (address, each.type.encode(), each.id.encode(), each.content, end)
        for each in found
    ]
