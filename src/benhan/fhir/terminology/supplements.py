"""What supplements add to a code system: designations and properties of codes that it has, never codes.

Source: FHIR R4 codesystem.html#supplements. A display of a supplement is a designation in the supplement's language;
its tree and definitions change nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from benhan.fhir.folding import words
from benhan.fhir.terminology.concepts import Concept, Designation, Property, read_concepts
from benhan.fhir.terminology.faults import BAD_CODE_SYSTEM

Json = dict[str, Any]

SUPPLEMENTED_MAX = 50_000
"""Codes that the supplements of one system speak of: they are held in memory."""


class Added(NamedTuple):
    """What is added to one concept."""

    designations: tuple[Designation, ...] = ()
    properties: tuple[Property, ...] = ()


class Supplements:
    """The supplements of one code system, ready to be laid onto its concepts."""

    def __init__(self, resources: Iterable[Json]) -> None:
        """Raises Incorrect BA-2265 for more than SUPPLEMENTED_MAX codes."""
        self.used: list[str] = []
        self._added: dict[str, Added] = {}
        for each in resources:
            self._take(each)
        self._words = sorted(
            {
                (word, code)
                for code, added in self._added.items()
                for each in added.designations
                for word in words(each.value)
            }
        )

    def _take(self, resource: Json) -> None:
        url, version = str(resource.get("url", "")), str(resource.get("version", ""))
        language = str(resource.get("language", ""))
        self.used.append(f"{url}|{version}" if version else url)
        for each in read_concepts(resource):
            known = self._added.get(each.code, Added())
            own = (Designation(language, each.display),) if each.display else ()
            self._added[each.code] = Added(
                (*known.designations, *own, *each.designations), (*known.properties, *each.properties)
            )
            if len(self._added) > SUPPLEMENTED_MAX:
                raise BAD_CODE_SYSTEM(reason=f"its supplements speak of more than {SUPPLEMENTED_MAX} codes")

    def onto(self, concept: Concept) -> Concept:
        """`concept` with what is added to it; itself where nothing is."""
        added = self._added.get(concept.code)
        if added is None:
            return concept
        named = {(concept.display, "")} | {(each.value, each.language) for each in concept.designations}
        return replace(
            concept,
            designations=(
                *concept.designations,
                *(each for each in added.designations if (each.value, each.language) not in named),
            ),
            properties=(
                *concept.properties,
                *(each for each in added.properties if each not in concept.properties),
            ),
            words=(),
        )

    def codes_with(self, prefix: str) -> list[str]:
        """The codes that get a folded word that begins with `prefix`."""
        found: dict[str, None] = {}
        for word, code in self._words[bisect_left(self._words, (prefix, "")) :]:
            if not word.startswith(prefix):
                break
            found[code] = None
        return list(found)


def supplements_of(resources: Iterable[Json], url: str, version: str) -> list[Json]:
    """Those that are active supplements of `version` of the code system `url`, in the order of their addresses."""
    found = [
        each
        for each in resources
        if each.get("content") == "supplement"
        and each.get("status") == "active"
        and each.get("supplements") in (url, f"{url}|{version}")
    ]
    return sorted(found, key=lambda each: str(each.get("url", "")))
