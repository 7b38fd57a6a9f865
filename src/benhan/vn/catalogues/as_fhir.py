"""A catalogue as FHIR terminology: CodeSystem and concepts, ValueSet (implicit: `url?fhir_vs`), ConceptMap.

Source: FHIR R4 codesystem.html, conceptmap.html.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

from benhan.fhir.terminology.concepts import Concept, Designation, Property
from benhan.fhir.terminology.listed import SystemHead
from benhan.vn.catalogues.catalogue import Catalogue, Content, Entry
from benhan.vn.catalogues.maps import CodeMap, shipped_maps
from benhan.vn.catalogues.shipped import catalogue, name_of, url_of

Json = dict[str, Any]

PARENT = "parent"
"""The property of a row that tells the code above it."""
_BY_DOT = frozenset({"ICD10", "ICD9CM"})
"""Lists in which a code with a dot lies below the code before it."""
LAST_DAY = date(9999, 12, 31)
_CONTENT = {
    Content.WHOLE: "complete",
    Content.PART: "fragment",
    Content.EXAMPLE: "example",
    Content.NONE: "not-present",
}


def system_head(of: Catalogue, version: str) -> SystemHead:
    """What the terminology tables keep of a catalogue."""
    return SystemHead(of.head.url, version, of.head.title.vi, "vi", _CONTENT[of.head.content])


def concepts(of: Catalogue, on: date) -> list[Concept]:
    """Every code the list ever had up to a day, with the name it has or had last; one that ended is inactive."""
    by_dot = of.head.name in _BY_DOT
    found = []
    for rows in of.by_code.values():
        begun = [each for each in rows if each.since is None or each.since <= on]
        if begun:
            last = max(begun, key=lambda each: each.since or date.min)
            above = last.properties.get(PARENT, "") or (last.code.partition(".")[0] if by_dot else "")
            parents = (above,) if above != last.code and above in of.by_code else ()
            found.append(_concept(last, parents, is_inactive=not any(each.is_on(on) for each in begun)))
    return found


def code_system(of: Catalogue, on: date) -> Json:
    """The CodeSystem of a catalogue as of a day; its version is the day of its last change."""
    head = of.head
    edition = of.edition(on)
    return {
        "resourceType": "CodeSystem",
        "url": head.url,
        **({"version": edition.isoformat()} if edition != date.min else {}),
        "name": head.name,
        "title": head.title.vi,
        "status": "active",
        **({"experimental": True} if head.content is Content.EXAMPLE else {}),
        "language": "vi",
        "caseSensitive": True,
        "valueSet": f"{head.url}?fhir_vs",
        "content": _CONTENT[head.content],
        **({"copyright": head.source} if head.source else {}),
        "property": _property_kinds(of),
        "concept": [_listed(each) for each in concepts(of, on)],
    }


def _property_kinds(of: Catalogue) -> list[Json]:
    further = dict.fromkeys(code for each in of.entries for code in each.properties if code not in ("en", PARENT))
    kinds = {
        "inactive": "boolean",
        "since": "dateTime",
        "until": "dateTime",
        PARENT: "code",
        **dict.fromkeys(further, "string"),
    }
    return [{"code": code, "type": kind} for code, kind in kinds.items()]


def concept_map(of: CodeMap) -> Json:
    """The ConceptMap of a map between two lists."""
    elements = [
        {"code": code, "target": [{"code": each.code, "equivalence": each.equivalence} for each in targets]}
        for code, targets in of.targets.items()
    ]
    return {
        "resourceType": "ConceptMap",
        "url": map_url(of.source, of.target),
        "name": f"{of.source}_{of.target}",
        "status": "active",
        "group": [{"source": url_of(of.source), "target": url_of(of.target), "element": elements}],
    }


def map_url(source: str, target: str) -> str:
    """The address of the map between two lists."""
    return f"urn:benhan:map:{url_of(source).rpartition(':')[2]}:{url_of(target).rpartition(':')[2]}"


@lru_cache(maxsize=256)
def shipped_resource(type_: str, url: str) -> Json | None:
    """The shipped CodeSystem or ConceptMap of an address, as of the last day known; None where there is none."""
    if type_ == "CodeSystem" and (name := name_of(url)):
        found = catalogue(name)
        return code_system(found, LAST_DAY) if found.head.content is not Content.NONE else None
    if type_ == "ConceptMap":
        return next((each for each in shipped_concept_maps() if each["url"] == url), None)
    return None


@lru_cache(maxsize=1)
def shipped_concept_maps() -> tuple[Json, ...]:
    """The ConceptMaps of all shipped maps."""
    return tuple(concept_map(each) for each in shipped_maps())


def _concept(entry: Entry, parents: tuple[str, ...], *, is_inactive: bool) -> Concept:
    known = {"since": entry.since, "until": entry.until}
    properties = [Property(code, "valueDateTime", day.isoformat()) for code, day in known.items() if day is not None]
    properties += [
        Property(code, "valueString", text) for code, text in entry.properties.items() if code not in ("en", PARENT)
    ]
    english = entry.properties.get("en")
    designations = (Designation("en", english),) if english else ()
    return Concept(entry.code, entry.display, "", designations, tuple(properties), parents, is_inactive)


def _listed(concept: Concept) -> Json:
    properties = [{"code": each.code, each.member: each.value} for each in concept.properties]
    properties += [{"code": PARENT, "valueCode": code} for code in concept.parents]
    if concept.is_inactive:
        properties.append({"code": "inactive", "valueBoolean": True})
    return {
        "code": concept.code,
        "display": concept.display,
        **(
            {"designation": [{"language": each.language, "value": each.value} for each in concept.designations]}
            if concept.designations
            else {}
        ),
        **({"property": properties} if properties else {}),
    }
