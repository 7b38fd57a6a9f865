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


def bundle_bytes(
    type_: str, entries: Iterable[Entry], *, links: Sequence[tuple[str, str]] = (), total: int | None = None
) -> bytes:
    """The JSON of a Bundle."""
    head: Json = {"resourceType": "Bundle", "type": type_}
    if total is not None:
        head["total"] = total
    if links:
        head["link"] = [{"relation": relation, "url": url} for relation, url in links]
    written = [_entry(entry) for entry in entries]
    body = orjson.dumps(head)
    if not written:
        return body
    return body[:-1] + b',"entry":[' + b",".join(written) + b"]}"


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


def _entry(entry: Entry) -> bytes:
    parts = []
    if entry.full_url:
        parts.append(b'"fullUrl":' + orjson.dumps(entry.full_url))
    if entry.resource:
        parts.append(b'"resource":' + entry.resource)
    if entry.search is not None:
        parts.append(b'"search":' + orjson.dumps(entry.search))
    elif entry.search_mode:
        parts.append(b'"search":{"mode":' + orjson.dumps(entry.search_mode) + b"}")
    if entry.request is not None:
        parts.append(b'"request":' + orjson.dumps(entry.request))
    if entry.response is not None:
        parts.append(b'"response":' + orjson.dumps(entry.response))
    return b"{" + b",".join(parts) + b"}"
