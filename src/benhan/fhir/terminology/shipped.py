"""R4's own CodeSystems, ValueSets and ConceptMaps: what is known on an empty server, offline.

Source: HL7 FHIR R4 4.0.1, npm package hl7.fhir.r4.examples (CC0), written by tools/generate_terminology.py.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import orjson
import zstandard

Json = dict[str, Any]

FILE = Path(__file__).with_name("r4.jsonl.zst")
WHOLE_BYTES_MAX = 64 * 1024 * 1024


@cache
def _lines() -> dict[tuple[str, str], bytes]:
    """Each resource unparsed, by type and url: one never asked for costs its bytes only."""
    whole = zstandard.ZstdDecompressor().decompress(FILE.read_bytes(), max_output_size=WHOLE_BYTES_MAX)
    found = {}
    for line in whole.splitlines():
        type_, url = _member(line, b'"resourceType":"'), _member(line, b'"url":"')
        found[type_, url] = line
    return found


def _member(line: bytes, mark: bytes) -> str:
    """The text of the first member so marked; urls and types hold no escapes."""
    start = line.index(mark) + len(mark)
    return line[start : line.index(b'"', start)].decode()


@lru_cache(maxsize=512)
def shipped(type_: str, url: str) -> Json | None:
    """The shipped resource of `type_` (CodeSystem, ValueSet, ConceptMap) with this url, or None. Not to be changed."""
    line = _lines().get((type_, url))
    if line is None:
        return None
    found: Json = orjson.loads(line)
    return found


@cache
def shipped_urls(type_: str) -> tuple[str, ...]:
    """The urls of all shipped resources of `type_`."""
    return tuple(url for found, url in _lines() if found == type_)
