"""References among the entries of a bundle, made real in the bytes of each resource.

A reference may be the fullUrl of an entry (`urn:uuid:…`, `urn:oid:…`, an address), relative to the address that its own
entry bears, of a version, or a search (`Patient?identifier=…`). Everything else stays as it was written.
Source: FHIR R4 bundle.html#references, http.html#trules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import orjson

# Each begins with letters that the engine looks for at once; in compact JSON `":"` stands nowhere but before a text.
_URN = re.compile(rb'":"(urn:(?<!"value":"urn:)(?:uuid|oid):[^"\\]{1,100})"')
_REFERENCE = re.compile(rb'"reference":"([^"\\]*(?:\\.[^"\\]*)*)"')
_LINK = re.compile(rb'(href|src)=\\"(urn:(?:uuid|oid):[^"\\]{1,100})\\"')
_SEARCH = re.compile(r"([A-Z][A-Za-z]{1,63})\?(.+)", re.DOTALL)
_RESTFUL = re.compile(r"(https?://.+)/([A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64})")
_VERSION = "/_history/"


@dataclass(slots=True)
class Real:
    """What references become: `addresses` by fullUrl, `versions` of entries by fullUrl, `searches` by their text."""

    addresses: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    searches: dict[str, str] = field(default_factory=dict)
    has_addresses: bool = False
    """Whether some fullUrl is an http address, so that relative references must be looked at."""
    written: dict[bytes, bytes] = field(default_factory=dict)
    """`addresses` as they stand in JSON: most references are found here at once."""

    def add(self, full_url: str, address: str) -> None:
        self.addresses[full_url] = address
        self.written[full_url.encode()] = f'"{address}"'.encode()
        self.has_addresses = self.has_addresses or not full_url.startswith("urn:")

    def of(self, reference: str, base: str = "") -> str | None:
        """What `reference` becomes, None where it stays; `base` is the server that the entry's fullUrl names."""
        found = self.searches.get(reference)
        if found is not None:
            return found
        whole, mark, fragment = reference.partition("#")
        stem, version_mark, _ = whole.partition(_VERSION)
        known = stem if stem in self.addresses else f"{base}/{stem}" if base else ""
        address = self.addresses.get(known)
        if address is None:
            return None
        if version_mark:
            version = self.versions.get(known)
            return f"{address}{_VERSION}{version}{mark}{fragment}" if version is not None else None
        return address + mark + fragment


def base_of(full_url: str) -> str:
    """The server that an address as fullUrl names, "" for a urn."""
    match = _RESTFUL.fullmatch(full_url)
    return match[1] if match is not None else ""


def rewritten(raw: bytes, real: Real, base: str = "") -> bytes:
    """The compact JSON of a resource with its references made real; the same object where there is nothing to do."""
    if b'"urn:' in raw:
        raw = _replaced(_URN, b'":', raw, real, base)
    if real.searches or real.has_addresses:
        raw = _replaced(_REFERENCE, b'"reference":', raw, real, base)
    if b'=\\"urn:' in raw:
        raw = _LINK.sub(lambda match: _link(match, real), raw)
    return raw


def _replaced(pattern: re.Pattern[bytes], before: bytes, raw: bytes, real: Real, base: str) -> bytes:
    written = real.written

    def put(match: re.Match[bytes]) -> bytes:
        at_once = written.get(match[1])
        if at_once is not None:
            return before + at_once
        found = real.of(_text(match), base)
        return match[0] if found is None else before + orjson.dumps(found)

    return pattern.sub(put, raw)


def _link(match: re.Match[bytes], real: Real) -> bytes:
    found = real.of(match[2].decode())
    return match[0] if found is None else match[1] + b'=\\"' + found.encode() + b'\\"'


def searches_in(raw: bytes) -> list[tuple[str, str, str]]:
    """The conditional references in the compact JSON of a resource: the whole, its type, its query."""
    if b"?" not in raw:
        return []
    texts = [_text(match) for match in _REFERENCE.finditer(raw)]
    matches = [_SEARCH.fullmatch(text) for text in texts if "?" in text]
    return [(match[0], match[1], match[2]) for match in matches if match is not None]


def versioned_in(raw: bytes) -> list[str]:
    """The references of a version in the compact JSON of a resource, without the version."""
    if b"/_history/" not in raw:
        return []
    texts = [_text(match) for match in _REFERENCE.finditer(raw)]
    return [text.partition(_VERSION)[0] for text in texts if _VERSION in text]


def urns_in(raw: bytes) -> list[str]:
    """The urn references in the compact JSON of a resource."""
    if b'"urn:' not in raw:
        return []
    found = (_text(match).partition("#")[0] for match in _REFERENCE.finditer(raw) if match[1].startswith(b"urn:"))
    return [text.partition(_VERSION)[0] for text in found if text.startswith(("urn:uuid:", "urn:oid:"))]


def _text(match: re.Match[bytes]) -> str:
    """The string that a match holds, its JSON escapes undone."""
    written = match[1]
    text: str = orjson.loads(b'"' + written + b'"') if b"\\" in written else written.decode()
    return text
