"""`_elements` of an export: what was asked for and what must be there, marked as a part.

Source: FHIR R4 search.html#elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson

from benhan.fhir.definitions import type_of
from benhan.fhir.resource import parse_json

SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}


def narrowed_to(content: bytes, elements: Sequence[str]) -> bytes:
    """A resource with `elements` (`name` or `Type.name`) alone, its id, meta and mandatory elements; decimals exact."""
    body, _ = parse_json(content, size_bytes_max=len(content))
    kept = _kept(body["resourceType"], tuple(elements))
    if kept is None:
        return content
    told: dict[str, Any] = {name: value for name, value in body.items() if name.removeprefix("_") in kept}
    meta = told["meta"]
    told["meta"] = {**meta, "tag": [*meta.get("tag", []), SUBSETTED]}
    return orjson.dumps(told)


@lru_cache(512)
def _kept(type_: str, elements: tuple[str, ...]) -> frozenset[str] | None:
    """The JSON members that stay; None where nothing was asked of this type."""
    asked = {each.removeprefix(f"{type_}.") for each in elements if "." not in each or each.startswith(f"{type_}.")}
    if not asked:
        return None
    definition = type_of(type_)
    assert definition is not None
    kept = {"resourceType", "id", "meta"}
    for element in definition.elements:
        stem = element.name.removesuffix("[x]")
        if stem in asked or element.min > 0:
            kept |= {stem + each[0].upper() + each[1:] for each in element.types} if stem != element.name else {stem}
    return frozenset(kept)
