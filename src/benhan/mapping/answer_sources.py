"""Where an answer to a form was taken from: kept with the answer, in the QuestionnaireResponse itself.

An extension of the answer names the resource and says in words what it was: a value that a device or a laboratory told
stays told by them, whoever put it on the paper. Source: FHIR R4 extensibility.html; the name of the extension is ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]

FROM = "urn:benhan:extension:nguon-gia-tri"


def mark_sources(response: Json, sources: Mapping[str, Json]) -> Json:
    """The response with the source (a Reference) at the answers of the fields that have one; it is changed in place."""
    for item in _items(response):
        source = sources.get(item.get("linkId", ""))
        if source is not None:
            for answer in item.get("answer", []):
                answer["extension"] = [{"url": FROM, "valueReference": source}]
    return response


def sources_of(response: Json) -> dict[str, Json]:
    """The Reference of each field whose answer was taken from somewhere."""
    found = {}
    for item in _items(response):
        for answer in item.get("answer", []):
            for each in answer.get("extension", []):
                if each.get("url") == FROM and "valueReference" in each:
                    found[item["linkId"]] = each["valueReference"]
    return found


def _items(holder: Json) -> Iterator[Json]:
    for item in holder.get("item", []):
        yield item
        yield from _items(item)
