"""ConceptMap as a translation. Source: FHIR R4 conceptmap.html, conceptmap-operation-translate.html."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

NOT_MATCHED = frozenset({"unmatched", "disjoint"})
TURNED = {
    "wider": "narrower",
    "subsumes": "specializes",
    "narrower": "wider",
    "specializes": "subsumes",
}
"""What an equivalence becomes when the map is read from target to source."""
OTHER_MAPS_MAX = 10


@dataclass(frozen=True, slots=True)
class Match:
    """One translation: how equivalent, to what (system, version, code, display), by which map."""

    equivalence: str
    system: str
    version: str
    code: str
    display: str
    source: str
    product: tuple[tuple[str, str, str], ...] = ()
    """Property, system, code that come with it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A code to translate, as it was asked."""

    system: str
    code: str
    target_system: str = ""
    is_reverse: bool = False


@dataclass(frozen=True, slots=True)
class Translation:
    """What a map gives, and the maps it sends on to for what it does not map."""

    matches: tuple[Match, ...]
    other_maps: tuple[str, ...]


def translate(concept_map: Json, asked: Asked) -> Translation:
    """The matches of `asked` in every group of the map that it may belong to."""
    url = str(concept_map.get("url", ""))
    matches: list[Match] = []
    other: list[str] = []
    for group in concept_map.get("group") or ():
        if asked.is_reverse:
            matches += _turned(group, asked, url)
        elif _belongs(group, asked):
            found = [each for each in group.get("element") or () if each.get("code") == asked.code]
            matches += [_match(each, group, url) for element in found for each in element.get("target") or ()]
            if not found:
                _unmapped(group, asked, url, matches, other)
    return Translation(tuple(matches), tuple(other))


def _belongs(group: Json, asked: Asked) -> bool:
    source, target = group.get("source", ""), group.get("target", "")
    if asked.system and source and source != asked.system:
        return False
    return not asked.target_system or not target or target == asked.target_system


def _match(target: Json, group: Json, url: str) -> Match:
    product = tuple(
        (str(each.get("property", "")), str(each.get("system", "")), str(each.get("value", "")))
        for each in target.get("product") or ()
    )
    return Match(
        str(target.get("equivalence", "equivalent")),
        str(group.get("target", "")),
        str(group.get("targetVersion", "")),
        str(target.get("code", "")),
        str(target.get("display", "")),
        url,
        product,
    )


def _turned(group: Json, asked: Asked, url: str) -> list[Match]:
    """The elements whose target is the code asked for."""
    source, target = group.get("source", ""), group.get("target", "")
    if (asked.system and target and target != asked.system) or (
        asked.target_system and source and source != asked.target_system
    ):
        return []
    return [
        Match(
            TURNED.get(each.get("equivalence", ""), str(each.get("equivalence", "equivalent"))),
            str(source),
            str(group.get("sourceVersion", "")),
            str(element.get("code", "")),
            str(element.get("display", "")),
            url,
        )
        for element in group.get("element") or ()
        for each in element.get("target") or ()
        if each.get("code") == asked.code
    ]


def _unmapped(group: Json, asked: Asked, url: str, matches: list[Match], other: list[str]) -> None:
    """What the group says of codes it does not map: the same code, a fixed one, or another map."""
    told = group.get("unmapped") or {}
    match told.get("mode"):
        case "provided":
            matches.append(Match("equal", str(group.get("target", "")), "", asked.code, "", url))
        case "fixed":
            code, display = str(told.get("code", "")), str(told.get("display", ""))
            matches.append(Match("wider", str(group.get("target", "")), "", code, display, url))
        case "other-map":
            other.append(str(told.get("url", "")))
