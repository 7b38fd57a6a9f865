"""The codes of a value set, and R4's own value sets made ready. Source: FHIR R4 valueset.html, terminologies.html."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from benhan.fhir.terminology.compose import Composition, compose
from benhan.fhir.terminology.faults import NO_VALUE_SET
from benhan.fhir.terminology.grammars import GRAMMARS
from benhan.fhir.terminology.implicit import implicit_value_set
from benhan.fhir.terminology.listed import ListedSystem, listed_system
from benhan.fhir.terminology.selection import Having, Selection, listed_codes, walk
from benhan.fhir.terminology.shipped import shipped
from benhan.kernel.faults import Fault

Pair = tuple[str, str]

MIME_TYPES = "http://hl7.org/fhir/ValueSet/mimetypes"
SHORT_FORMATS = frozenset(("urn:ietf:bcp:13", name) for name in ("json", "xml", "ttl"))
"""What R4 itself writes in place of a media type (capabilitystatement.html, format; testscript.html, contentType)."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of a value set.

    `pairs` are (system, code); `open_systems` are those it takes from in a way nobody can tell here (a system that is
    not loaded); `test` says of a pair that is not among them whether it is in, None where it cannot be told. A test
    without open systems is of a value set of which nothing else is known.
    """

    pairs: frozenset[Pair]
    open_systems: frozenset[str] = frozenset()
    test: Callable[[str, str], bool | None] | None = None
    bare: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bare", frozenset(code for _, code in self.pairs))

    def contains(self, system: str | None, code: str) -> bool | None:
        """Whether the code is in; of any system where `system` is None; None where nobody can tell."""
        if (code in self.bare) if system is None else ((system, code) in self.pairs):
            return True
        if self.test is not None:
            told = self.test(system or "", code)
            if told is not None or not self.open_systems:
                return told
        for each in self.open_systems if system is None else self.open_systems & {system}:
            grammar = GRAMMARS.get(each)
            if grammar is None or grammar(code):
                return None if grammar is None else True
        return False


@lru_cache(maxsize=1024)
def shipped_codes(url: str) -> Codes | None:
    """The codes of one of R4's own value sets, or of an implicit one; None where it is not among them."""
    value_set = shipped("ValueSet", url) or implicit_value_set(url)
    if value_set is None:
        return None
    try:
        composition = compose(value_set, _find)
    except Fault:  # an import that is not shipped: nobody can tell
        return None
    codes = _codes(composition)
    return Codes(codes.pairs | SHORT_FORMATS, codes.open_systems) if url == MIME_TYPES else codes


def _find(url: str) -> dict[str, object]:
    bare = url.partition("|")[0]
    found = shipped("ValueSet", bare) or implicit_value_set(bare)
    if found is None:
        raise NO_VALUE_SET(url=bare)
    return found


def _codes(composition: Composition) -> Codes:
    pairs: set[Pair] = set()
    unknown: set[str] = set()
    for key, selection in composition.selections.items():
        listed = _listed(key.url, selection)
        if listed is None:
            unknown.add(key.url)
        else:
            pairs |= {(key.url, code) for code in listed}
    return Codes(frozenset(pairs), frozenset(unknown))


def _listed(system: str, selection: Selection) -> tuple[str, ...] | None:
    """The codes that a selection takes of a system, None where the system is not wholly known."""
    codes = listed_codes(selection)
    if codes is not None:
        return codes
    if any(isinstance(each, Having) and each.op == "regex" for each in walk(selection)):
        return None
    concepts = _system(system)
    if concepts is None or not concepts.head.is_complete:
        return None
    return tuple(each.code for each in concepts.select(selection, _never))


def _never(_pattern: str, _text: str) -> bool:
    raise AssertionError("patterns are not run here")


@lru_cache(maxsize=256)
def _system(url: str) -> ListedSystem | None:
    found = shipped("CodeSystem", url)
    return listed_system(found) if found is not None else None
