"""A concept of a code system: its code, its words, its properties, its place in the hierarchy.

Source: FHIR R4 codesystem.html#concept, codesystem-concept-properties.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from benhan.fhir.folding import words

Json = dict[str, Any]

INACTIVE_STATES = frozenset({"retired", "inactive"})
WORDS_MAX = 200
"""Words a concept is found by; a definition-like display does not fill the index."""


class Designation(NamedTuple):
    """Other words for a concept: in a language, for a use (a Coding, or None)."""

    language: str
    value: str
    use: Json | None = None


class Property(NamedTuple):
    """A property of a concept: its code, FHIR's name of its member (`valueCode`), its value."""

    code: str
    member: str
    value: Any

    @property
    def text(self) -> str:
        """The value as a filter compares it: the code of a Coding, `true`, digits as written."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        if isinstance(self.value, dict):
            return str(self.value.get("code", ""))
        if isinstance(self.value, Decimal):
            return format(self.value, "f")
        return str(self.value)


@dataclass(slots=True)
class Concept:
    """One concept. `parents` are codes of the same system; `display` is in the system's own language."""

    code: str
    display: str = ""
    definition: str = ""
    designations: tuple[Designation, ...] = ()
    properties: tuple[Property, ...] = ()
    parents: tuple[str, ...] = ()
    is_inactive: bool = False
    is_abstract: bool = False
    words: tuple[str, ...] = field(default=(), compare=False)

    def shown_in(self, language: str) -> str:
        """The display in `language` (`vi` is satisfied by `vi-VN` and the other way round), else its own."""
        if language:
            for each in self.designations:
                if same_language(each.language, language):
                    return each.value
        return self.display

    def folded(self) -> tuple[str, ...]:
        """The folded words of code, display and designations, each once; made once."""
        if not self.words:
            self.words = tuple(words_of(self))
        return self.words


def words_of(concept: Concept) -> list[str]:
    """The folded words a concept is found by."""
    texts = [concept.code, concept.display, *(each.value for each in concept.designations)]
    return list(dict.fromkeys(word for text in texts for word in words(text)))[:WORDS_MAX]


def has_words(concept: Concept, wanted: list[str]) -> bool:
    """Whether each of the folded words `wanted` begins a word of the concept, in any order."""
    known = concept.folded()
    return all(any(word.startswith(each) for word in known) for each in wanted)


def same_language(one: str, other: str) -> bool:
    """Whether two language tags are the same, or one is the other with a region."""
    one, other = one.lower(), other.lower()
    return bool(one) and (one == other or one.startswith(f"{other}-") or other.startswith(f"{one}-"))


def read_concepts(resource: Json) -> Iterator[Concept]:
    """The concepts of a CodeSystem in their order, each once; the tree and the properties give the parents.

    A code that stands twice keeps its first words and gains the other place's parent.
    """
    marks = _marks(resource)
    found: dict[str, Concept] = {}
    further: dict[str, list[str]] = {}
    level: list[tuple[Json, str]] = [(each, "") for each in reversed(_listed(resource))]
    while level:
        told, parent = level.pop()
        code = told.get("code")
        if not isinstance(code, str) or not code:
            continue
        if code in found:
            further.setdefault(code, []).append(parent)
        else:
            found[code] = _concept(told, parent, marks, further)
            level += [(each, code) for each in reversed(_listed(told))]
    for code, concept in found.items():
        added = [each for each in further.get(code, ()) if each and each not in concept.parents and each != code]
        if added:
            concept.parents = (*concept.parents, *dict.fromkeys(added))
        yield concept


class _Marks(NamedTuple):
    """Which declared property codes of a system say parent, child, inactive, status, not selectable."""

    parent: frozenset[str]
    child: frozenset[str]
    inactive: frozenset[str]
    status: frozenset[str]
    abstract: frozenset[str]


def _marks(resource: Json) -> _Marks:
    uris = {each.get("code", ""): each.get("uri", "") for each in resource.get("property", ())}

    def named(*names: str) -> frozenset[str]:
        return frozenset(names) | {code for code, uri in uris.items() if uri.rpartition("#")[2] in names}

    return _Marks(
        named("parent", "subsumedBy"), named("child"), named("inactive"), named("status"),
        named("notSelectable", "abstract"),
    )  # fmt: skip


def _listed(told: Json) -> list[Json]:
    listed = told.get("concept")
    return listed if isinstance(listed, list) else []


def _concept(told: Json, parent: str, marks: _Marks, further: dict[str, list[str]]) -> Concept:
    code = str(told["code"])
    properties = tuple(_properties(told))
    parents = [parent] if parent else []
    parents += [each.text for each in properties if each.code in marks.parent]
    for each in properties:
        if each.code in marks.child:
            further.setdefault(each.text, []).append(code)
    return Concept(
        code,
        str(told.get("display", "")),
        str(told.get("definition", "")),
        tuple(
            Designation(each.get("language", ""), each["value"], each.get("use"))
            for each in told.get("designation", ())
            if isinstance(each.get("value"), str)
        ),
        properties,
        tuple(dict.fromkeys(each for each in parents if each and each != code)),
        any(_is_inactive(each, marks) for each in properties),
        any(each.code in marks.abstract and each.value is True for each in properties),
    )


def _is_inactive(property_: Property, marks: _Marks) -> bool:
    if property_.code in marks.inactive:
        return property_.text == "true"
    return property_.code in marks.status and property_.text.lower() in INACTIVE_STATES


def _properties(told: Json) -> Iterator[Property]:
    for each in told.get("property", ()):
        for member, value in each.items():
            if member.startswith("value") and isinstance(each.get("code"), str):
                yield Property(each["code"], member, value)
