"""References inside resources. Source: FHIR R4 references.html, bundle.html#references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]


def rewrite_references(content: Any, real: Mapping[str, str]) -> Any:
    """A copy of `content` with each reference that `real` knows replaced; nothing else changes.

    Only the member `reference` of a Reference is looked at, and uri members whose whole value is a key of `real`
    (`urn:uuid:…` may stand there too, as the rules of transactions say).
    """
    if isinstance(content, dict):
        return {name: _rewritten(name, value, real) for name, value in content.items()}
    if isinstance(content, list):
        return [rewrite_references(each, real) for each in content]
    return content


def _rewritten(name: str, value: Any, real: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        if name == "reference" or value.startswith("urn:uuid:"):
            base, mark, version = value.partition("#")
            return real.get(base, base) + mark + version if base in real else value
        return value
    return rewrite_references(value, real)


def references_in(content: Any) -> Iterator[str]:
    """Every literal reference in `content`."""
    if isinstance(content, dict):
        reference = content.get("reference")
        if isinstance(reference, str):
            yield reference
        for value in content.values():
            yield from references_in(value)
    elif isinstance(content, list):
        for each in content:
            yield from references_in(each)
