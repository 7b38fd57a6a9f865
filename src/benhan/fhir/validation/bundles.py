"""Bundles beyond their invariants: fullUrls, references within, a document that hangs together.

The invariants bdl-1 to bdl-12 are held by FHIRPath. Source: FHIR R4 bundle.html#bundle-unique, #references,
documents.html#content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from benhan.fhir.references import references_in
from benhan.fhir.validation import texts
from benhan.fhir.validation.report import Path
from benhan.fhir.validation.scope import Scope, entries_by_url

Json = dict[str, Any]

WITH_ADDRESSES = frozenset({"document", "message", "collection", "searchset", "history"})
"""Kinds whose entries are resources with an identity; those of a request may have none yet."""

_FORM = re.compile(
    r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+|[a-z][a-z0-9+.-]*://\S+"
)
_HTTP_ID = re.compile(r"https?://.{1,1000}/([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})")


def check_bundle(bundle: Json, path: Path, scope: Scope) -> None:
    """Note what the entries of a Bundle break together."""
    entries = [each for each in bundle.get("entry") or () if isinstance(each, dict)]
    scope.report.spend(len(entries))
    for number, entry in enumerate(entries):
        _check_full_url(bundle, entry, (*path, "entry", number), scope)
    if bundle.get("type") in ("document", "message"):
        _check_whole(bundle, entries, path, scope)


def _check_full_url(bundle: Json, entry: Json, path: Path, scope: Scope) -> None:
    full_url, resource = entry.get("fullUrl"), entry.get("resource")
    if not isinstance(full_url, str):
        if bundle.get("type") in ("document", "message") and isinstance(resource, dict):
            scope.report.error("required", path, texts.FULL_URL_MISSING, texts.BUNDLE_CLAUSE)
        return
    if not _FORM.fullmatch(full_url):
        scope.report.error("value", (*path, "fullUrl"), texts.FULL_URL_FORM, texts.BUNDLE_CLAUSE)
    match = _HTTP_ID.fullmatch(full_url)
    if match is None or not isinstance(resource, dict) or bundle.get("type") not in WITH_ADDRESSES:
        return
    if match[1] == resource.get("resourceType") and resource.get("id") not in (None, match[2]):
        scope.report.error("value", (*path, "fullUrl"), texts.FULL_URL_ID, texts.BUNDLE_CLAUSE)


def _check_whole(bundle: Json, entries: list[Json], path: Path, scope: Scope) -> None:
    """A document or message: relative references lead to its entries, and all of it hangs on the first."""
    known = entries_by_url(bundle)
    targets: dict[int, list[Json]] = {}
    for number, entry in enumerate(entries):
        resource = entry.get("resource")
        if not isinstance(resource, dict):
            continue
        found = []
        for literal in references_in(resource):
            scope.report.spend()
            target = _target(literal, entry, known)
            if target is not None:
                found.append(target)
            elif bundle["type"] == "document" and _is_within(literal):
                scope.report.warn(
                    "not-found", (*path, "entry", number, "resource"), texts.NOT_IN_BUNDLE, texts.BUNDLE_CLAUSE
                )
        targets[id(resource)] = found
    if bundle["type"] == "document" and entries and isinstance(entries[0].get("resource"), dict):
        _check_reach(entries, targets, path, scope)


def _is_within(literal: str) -> bool:
    """Whether a reference can only be meant within the Bundle: relative, or by a urn."""
    return literal.startswith("urn:") or (not literal.startswith("#") and "://" not in literal)


def _target(literal: str, entry: Json, known: dict[str, Json]) -> Json | None:
    """The entry that a reference leads to: by fullUrl; a relative one by the base of the entry it stands in."""
    bare = literal.split("/_history/", maxsplit=1)[0].partition("#")[0]
    full_url = entry.get("fullUrl")
    match = _HTTP_ID.fullmatch(full_url) if isinstance(full_url, str) else None
    if match is not None and isinstance(full_url, str):
        base = full_url[: match.start(1)]
        if base + bare in known:
            return known[base + bare]
    return known.get(bare)


def _check_reach(entries: list[Json], targets: dict[int, list[Json]], path: Path, scope: Scope) -> None:
    """Source: documents.html#content: a document holds what its Composition leads to, and what leads to that."""
    reached = set(_closure(entries[0]["resource"], targets))
    for number, entry in enumerate(entries):
        resource = entry.get("resource")
        if not isinstance(resource, dict) or id(resource) in reached:
            continue
        if not any(id(each) in reached for each in targets.get(id(resource), ())):
            scope.report.warn("informational", (*path, "entry", number), texts.NOT_REACHED, texts.BUNDLE_CLAUSE)


def _closure(first: Json, targets: dict[int, list[Json]]) -> Iterator[int]:
    waiting, seen = [first], {id(first)}
    while waiting:
        one = waiting.pop()
        yield id(one)
        for each in targets.get(id(one), ()):
            if id(each) not in seen:
                seen.add(id(each))
                waiting.append(each)
