"""Contained resources: each has an id of its own and is referred to; they hold no others.

Source: FHIR R4 references.html#contained, rules dom-2 to dom-5 (by FHIRPath) and dom-3 (here, see `invariants`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from benhan.fhir.validation import texts
from benhan.fhir.validation.report import Path
from benhan.fhir.validation.scope import Scope
from benhan.fhir.validation.structure import compiled

Json = dict[str, Any]
ADDRESSES = frozenset({"uri", "url", "canonical"})
DOM_3 = "the contained resource SHALL be referred to from elsewhere in the resource or SHALL refer to it"


def check_contained(resource: Json, path: Path, scope: Scope) -> None:
    """Note contained resources with one id, and those nobody refers to."""
    listed = resource.get("contained")
    if not isinstance(listed, list):
        return
    scope.report.spend(len(listed) * 5)
    outside = {name: value for name, value in resource.items() if name != "contained"}
    referred = set(_fragments(outside))
    inner = [set(_fragments(each)) for each in listed]
    told = Counter(fragment for each in inner for fragment in each)
    seen: set[str] = set()
    for number, each in enumerate(listed):
        id_ = each.get("id") if isinstance(each, dict) else None
        place = (*path, "contained", number)
        if id_ in seen:
            scope.report.error("structure", (*place, "id"), texts.DOUBLED_ID, texts.CONTAINED_CLAUSE)
        if isinstance(id_, str):
            seen.add(id_)
        own = f"#{id_}"
        by_others = told[own] - (own in inner[number])
        if own not in referred and not by_others and "#" not in inner[number]:
            scope.report.error("invariant", place, texts.RULE, texts.CONTAINED_CLAUSE, key="dom-3", human=DOM_3)


def _fragments(resource: Json) -> Iterator[str]:
    """Every reference, uri, url and canonical in a resource that begins with #; other texts refer to nothing."""
    waiting: list[tuple[Any, str]] = [(resource, "Resource")]
    while waiting:
        value, type_ = waiting.pop()
        members = compiled(str(value["resourceType"]) if type_ == "Resource" else type_).members
        for name, inner in value.items():
            member = members[name]
            refers = name == "reference" or member.type in ADDRESSES
            for each in inner if type(inner) is list else (inner,):
                if type(each) is dict:
                    waiting.append((each, member.type))
                elif refers and type(each) is str and each.startswith("#"):
                    yield each
