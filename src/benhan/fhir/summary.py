"""A part of a resource: `_summary` and `_elements`; what is a part says so in its meta.

Kept in every part: id, meta, implicitRules, modifierExtension (they change what the rest means) and the mandatory
elements of the first level. Source: FHIR R4 search.html#summary, #elements; resource.html#tag-subsetted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import orjson

from benhan.fhir.definitions import Element, resource_types, summary_of, type_of
from benhan.fhir.faults import BAD_SUMMARY, COUNT_OF_A_SEARCH, SUMMARY_AND_ELEMENTS, UNKNOWN_ELEMENTS
from benhan.fhir.primitives import CHECKS
from benhan.fhir.resource import exact_json
from benhan.kernel.issues import error
from benhan.kernel.texts import Text

Json = dict[str, Any]

SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
MODES = ("true", "text", "data", "count", "false")
ELEMENTS_MAX = 200
CLAUSE = "http://hl7.org/fhir/R4/search.html#elements"
NOT_AN_ELEMENT = Text("Các phần tử có: {valid}.", "Valid elements: {valid}.")
_ALWAYS = frozenset({"resourceType", "id", "meta", "implicitRules", "modifierExtension"})
_ANSWERS = frozenset({"searchset", "history"})


@dataclass(frozen=True, slots=True)
class Part:
    """What is asked of each resource: a summary mode ("" for none) or elements (`name`, `Type.name`), never both."""

    summary: str = ""
    elements: tuple[str, ...] = ()


def parse_part(pairs: Iterable[tuple[str, str]], types: Collection[str] = ()) -> Part | None:
    """The part that percent-decoded `pairs` ask for, None for all; `types` are those asked about, none for any.

    Raises Incorrect: BA-2060 a mode that is none, BA-2061 what does not go together, BA-2062 an element that no type
    has.
    """
    modes: set[str] = set()
    elements: list[str] = []
    includes = False
    for name, text in pairs:
        if name == "_summary":
            modes.add(text)
        elif name == "_elements":
            elements += [each.strip() for each in text.split(",") if each.strip()]
        elif name.startswith(("_include", "_revinclude")):
            includes = True
    if len(modes) > 1 or not modes <= set(MODES):
        raise BAD_SUMMARY()
    mode = modes.pop() if modes else "false"
    if mode == "text" and includes:
        raise SUMMARY_AND_ELEMENTS(summary=mode, other="_include, _revinclude")
    if mode in ("true", "text", "data") and elements:
        raise SUMMARY_AND_ELEMENTS(summary=mode, other="_elements")
    _check_elements(elements, types)
    if mode == "false":
        return Part(elements=tuple(dict.fromkeys(elements))) if elements else None
    return Part(mode)


def _check_elements(elements: list[str], types: Collection[str]) -> None:
    unknown = [name for name in elements[:ELEMENTS_MAX] if not _is_known(name, types or resource_types())]
    unknown += elements[ELEMENTS_MAX:]
    if not unknown:
        return
    type_ = next(iter(types)) if len(types) == 1 else "Resource"
    valid = ", ".join(sorted(each.name.removesuffix("[x]") for each in _first_level(type_)))
    issue = error("not-supported", "_elements", NOT_AN_ELEMENT.filled(valid=valid), CLAUSE)
    raise UNKNOWN_ELEMENTS(issue, type=type_, count=len(unknown))


def _is_known(name: str, types: Collection[str]) -> bool:
    type_, _, element = name.rpartition(".")
    return any(element in _names(each) for each in ((type_,) if type_ else types) if each in resource_types())


def _first_level(type_: str) -> tuple[Element, ...]:
    definition = type_of(type_ if type_ != "Resource" else "Basic")
    assert definition is not None
    return definition.elements


@cache
def _names(type_: str) -> dict[str, frozenset[str]]:
    """What an element may be called, and the JSON members it stands for: `value`, `value[x]`, `valueString`."""
    found: dict[str, frozenset[str]] = {}
    for element in _first_level(type_):
        members = _members(element)
        found |= {each: frozenset({each}) for each in members}
        found[element.name] = found[element.name.removesuffix("[x]")] = frozenset(members)
    return found


def _members(element: Element) -> tuple[str, ...]:
    """The JSON members of an element, one for each of its types where they are a choice."""
    stem = element.name.removesuffix("[x]")
    if stem == element.name:
        return (stem,)
    return tuple(stem + each[0].upper() + each[1:] for each in element.types)


def part_of_answer(data: bytes, part: Part) -> bytes:
    """The JSON of an answer with each of its resources brought to `part`, decimals in their digits.

    An answer of a search or a history is brought to it entry by entry: `_elements` not in what was included, nothing
    in an outcome. Any other is the resource itself. Raises Incorrect BA-2063 for `count` of what is no search.
    """
    body = exact_json(data)
    if part.summary == "count":
        return orjson.dumps(_counted(body))
    if body["resourceType"] == "Bundle" and "id" not in body and body.get("type") in _ANSWERS:
        for entry in body.get("entry", ()):
            mode = entry.get("search", {}).get("mode", "match")
            if "resource" in entry and (mode == "match" or (part.summary and mode == "include")):
                entry["resource"] = part_of(entry["resource"], part)
        return orjson.dumps(body)
    return orjson.dumps(part_of(body, part))


def _counted(body: Json) -> Json:
    """A searchset without its entries, and without links to more of them."""
    if body["resourceType"] != "Bundle" or body.get("type") != "searchset" or "id" in body:
        raise COUNT_OF_A_SEARCH()
    links = [link for link in body.get("link", ()) if link["relation"] == "self"]
    told = {name: value for name, value in body.items() if name not in ("entry", "link")}
    return {**told, "link": links} if links else told


def part_of(body: Json, part: Part) -> Json:
    """The part of a resource, marked SUBSETTED."""
    if part.summary == "true":
        return _marked(_summary(body, _kept_in_summary(body["resourceType"])))
    kept = _kept(body["resourceType"], part)
    return _marked({name: value for name, value in body.items() if name.removeprefix("_") in kept})


def _marked(body: Json) -> Json:
    meta = body.get("meta", {})
    tags = [tag for tag in meta.get("tag", ()) if tag.get("code") != "SUBSETTED"]
    told = {**body, "meta": {**meta, "tag": [*tags, SUBSETTED]}}
    if "meta" in body:
        return told
    head = [name for name in ("resourceType", "id", "meta") if name in told]
    return {name: told[name] for name in (*head, *(each for each in told if each not in head))}


@lru_cache(1024)
def _kept(type_: str, part: Part) -> frozenset[str]:
    """The JSON members of the first level that stay."""
    definition = _first_level(type_)
    mandatory = frozenset[str]().union(*(_members(each) for each in definition if each.min))
    if part.summary == "text":
        return _ALWAYS | mandatory | {"text"}
    if part.summary == "data":
        return _ALWAYS | frozenset[str]().union(*(_members(each) for each in definition)) - {"text"}
    named: frozenset[str] = frozenset()
    for name in part.elements:
        of_type, _, element = name.rpartition(".")
        if of_type in ("", type_):
            named |= _names(type_).get(element, frozenset())
    return _ALWAYS | mandatory | named


@cache
def _kept_in_summary(type_: str) -> dict[str, str]:
    """The JSON members that a summary of a type keeps, each with the type of which it keeps a summary, "" for whole."""
    definition = type_of(type_)
    assert definition is not None
    marked = summary_of(type_)
    kept: dict[str, str] = {}
    for element in definition.elements:
        if element.name in marked or element.min or element.name in _ALWAYS:
            for member, inner in zip(_members(element), element.types, strict=False):
                kept[member] = inner if _has_summary(inner) else ""
    if definition.kind == "resource":
        kept["resourceType"] = ""
    return kept


def _has_summary(type_: str) -> bool:
    """Whether a summary of a type is less than all of it; resources inside and extensions are kept whole."""
    return type_ not in CHECKS and type_ not in ("Resource", "Extension", "Meta") and bool(summary_of(type_))


def _summary(body: Json, kept: dict[str, str]) -> Json:
    told: Json = {}
    for name, value in body.items():
        inner = kept.get(name.removeprefix("_"))
        if inner is None:
            continue
        told[name] = value if not inner else _inner_summary(value, _kept_in_summary(inner))
    return told


def _inner_summary(value: Any, kept: dict[str, str]) -> Any:
    """The summary of an element; whole where nothing of it would stay."""
    if isinstance(value, list):
        return [_inner_summary(each, kept) for each in value]
    return _summary(value, kept) or value
