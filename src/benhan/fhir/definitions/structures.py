"""R4's own StructureDefinitions, read once and on demand: what is known on an empty server, offline.

Source: HL7 FHIR R4 4.0.1, npm package hl7.fhir.r4.examples (CC0), written by tools/generate_structures.py.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import orjson
import zstandard

Json = dict[str, Any]

FILE = Path(__file__).parent / "generated" / "structures.jsonl.zst"
WHOLE_BYTES_MAX = 64 * 1024 * 1024
CORE = "http://hl7.org/fhir/StructureDefinition/"


@cache
def _lines() -> dict[str, bytes]:
    """Each definition unparsed, by url."""
    whole = zstandard.ZstdDecompressor().decompress(FILE.read_bytes(), max_output_size=WHOLE_BYTES_MAX)
    found = {}
    for line in whole.splitlines():
        start = line.index(b'"url":"') + 7
        found[line[start : line.index(b'"', start)].decode()] = line
    return found


@lru_cache(maxsize=512)
def shipped_structure(url: str) -> Json | None:
    """R4's StructureDefinition of this url, or None. Not to be changed."""
    line = _lines().get(url)
    if line is None:
        return None
    found: Json = orjson.loads(line)
    return found
