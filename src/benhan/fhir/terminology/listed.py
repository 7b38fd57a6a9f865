"""A code system held in memory: what a CodeSystem resource lists, ready to be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from benhan.fhir.terminology.compose import Told
from benhan.fhir.terminology.concepts import Concept, Designation, has_words, read_concepts
from benhan.fhir.terminology.hierarchy import ancestors_of, children_of, descendants_of
from benhan.fhir.terminology.selection import Codes, Selection, Surroundings, takes

Json = dict[str, Any]


class SystemHead:
    """What is told of a code system besides its concepts."""

    def __init__(
        self,
        url: str,
        version: str = "",
        title: str = "",
        language: str = "",
        content: str = "complete",
        *,
        is_case_sensitive: bool = True,
        is_sample: bool = False,
        supplements: Sequence[str] = (),
    ) -> None:
        self.url = url
        self.version = version
        self.title = title
        self.language = language
        self.content = content
        self.is_case_sensitive = is_case_sensitive
        self.is_sample = is_sample
        """Whether a few of its codes only are here, for pickers: of others, names, order nothing can be told."""
        self.supplements = tuple(supplements)
        """The canonicals of what adds to it."""

    def supplemented(self, supplements: Sequence[str]) -> SystemHead:
        """The same head, of a system to which `supplements` add."""
        return SystemHead(
            self.url,
            self.version,
            self.title,
            self.language,
            self.content,
            is_case_sensitive=self.is_case_sensitive,
            is_sample=self.is_sample,
            supplements=supplements,
        )

    @property
    def is_complete(self) -> bool:
        """Whether a code that is not there is none."""
        return self.content in ("complete", "supplement")


def read_head(resource: Json) -> SystemHead:
    """The head of a CodeSystem."""
    return SystemHead(
        str(resource.get("url", "")),
        str(resource.get("version", "")),
        str(resource.get("title") or resource.get("name") or ""),
        str(resource.get("language", "")),
        str(resource.get("content", "complete")),
        is_case_sensitive=resource.get("caseSensitive") is not False,
        is_sample=resource.get("content") == "example" and resource.get("experimental") is True,
    )


class ListedSystem:
    """The concepts of a system in memory, in their order."""

    def __init__(self, head: SystemHead, concepts: Iterable[Concept]) -> None:
        self.head = head
        self.concepts = {each.code: each for each in concepts}
        self._parents: Mapping[str, tuple[str, ...]] = {
            code: each.parents for code, each in self.concepts.items() if each.parents
        }
        self._children = children_of(self._parents)
        self._above: dict[str, frozenset[str]] = {}
        self._folded: dict[str, str] = {}
        if not head.is_case_sensitive:
            self._folded = {code.casefold(): code for code in self.concepts}

    def find(self, code: str) -> Concept | None:
        """The concept of `code`; case does not matter where the system says so."""
        found = self.concepts.get(code)
        if found is None and self._folded:
            return self.concepts.get(self._folded.get(code.casefold(), ""))
        return found

    def ancestors(self, code: str) -> frozenset[str]:
        """Every code above `code`."""
        above = self._above.get(code)
        if above is None:
            above = self._above[code] = frozenset(ancestors_of(code, self._parents))
        return above

    def descendants(self, code: str) -> list[str]:
        """Every code below `code`."""
        return descendants_of(code, self._children)

    def children(self, code: str) -> tuple[str, ...]:
        """The codes right below `code`."""
        return tuple(self._children.get(code, ()))

    def select(self, selection: Selection, matches: Callable[[str, str], bool]) -> list[Concept]:
        """The concepts that `selection` takes: in the listed order where it lists codes, else in the system's."""
        if isinstance(selection, Codes):
            found = (self.find(code) for code in selection.codes)
            return list({each.code: each for each in found if each is not None}.values())
        around = Surroundings(self.ancestors, self.children, matches)
        return [each for each in self.concepts.values() if takes(selection, each, around)]


def listed_system(resource: Json) -> ListedSystem:
    """The system of a CodeSystem resource."""
    return ListedSystem(read_head(resource), read_concepts(resource))


def with_told(concept: Concept, told: Told | None) -> Concept:
    """`concept` with the words a value set gives it in place of its own."""
    if told is None or not (told.display or told.designations):
        return concept
    own: tuple[Designation, ...] = concept.designations
    return Concept(
        concept.code,
        told.display or concept.display,
        concept.definition,
        (*told.designations, *own),
        concept.properties,
        concept.parents,
        concept.is_inactive,
        concept.is_abstract,
    )


def filtered(concepts: Iterable[Concept], wanted: list[str], *, active_only: bool) -> list[Concept]:
    """Those with the folded words `wanted`, and only active ones where that is asked."""
    return [
        each for each in concepts if not (active_only and each.is_inactive) and (not wanted or has_words(each, wanted))
    ]
