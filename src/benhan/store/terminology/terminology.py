"""Every question of terminology: expansion, membership, lookup, subsumption, translation.

The port that search and validation use: `codes_of`, `is_member`, `ancestors`, `descendants`. Answers come from
resources in the store, from packages, from R4's own definitions, in this order. What is remembered is given up as soon
as any process changes terminology (within EPOCH_LIFE_S for the port, at once for the operations).
Source: FHIR R4 terminology-service.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from benhan.fhir.terminology.compose import SystemKey, Versions
from benhan.fhir.terminology.concept_map import OTHER_MAPS_MAX, Asked, Match, translate
from benhan.fhir.terminology.concepts import Concept
from benhan.fhir.terminology.faults import (
    NO_CODE,
    NO_CODE_SYSTEM,
    NO_CONCEPT_MAP,
    NO_VALUE_SET,
    NOT_ENUMERABLE,
    TOO_COSTLY,
)
from benhan.fhir.terminology.grammars import GRAMMARS
from benhan.fhir.terminology.listed import SystemHead
from benhan.fhir.terminology.selection import Every, Having, Without, listed_codes
from benhan.kernel.clock import Clock
from benhan.kernel.issues import error
from benhan.kernel.texts import Text
from benhan.store.database import Database
from benhan.store.terminology.definitions import Definitions
from benhan.store.terminology.known import Composed, Known, Part
from benhan.store.terminology.library import Library
from benhan.store.terminology.systems import System

Json = dict[str, Any]

EXPANSION_MAX = 10_000
"""Codes of an expansion that is not asked page by page, of `codes_of`, and of one page."""
DESCENDANTS_MAX = 100_000

TOO_MANY_CODES = Text("Tập mã quá lớn để trả về một lần.", "The set of codes is too large for one answer.")
NOT_MEMBER = Text("Mã không thuộc tập mã này.", "The code is not in the value set.")
NOT_IN_SYSTEM = Text("Hệ mã không có mã này.", "The code system has no such code.")
IS_ABSTRACT = Text(
    "Mã này chỉ để gom nhóm, không dùng cho dữ liệu.", "The code only groups others and is not for use in data."
)
IS_INACTIVE = Text("Mã này không còn dùng.", "The code is no longer in use.")
WRONG_DISPLAY = Text(
    "Tên gọi không khớp với mã; tên đúng là «{display}».", "The display is not that of the code: “{display}”."
)
NOT_KNOWN = Text(
    "Không biết được: ở đây không có đủ hệ mã mà tập mã dùng.",
    "Not known: a code system of the value set is not here.",
)


@dataclass(frozen=True, slots=True)
class Member:
    """One code of an expansion."""

    head: SystemHead
    concept: Concept


@dataclass(frozen=True, slots=True)
class Expansion:
    """A page of a value set; `total` counts all that match; None for a full page of a filter: counting all
    matches of a frequent word would cost a picker ten times its page."""

    total: int | None
    offset: int
    members: list[Member]
    used: list[SystemHead]


@dataclass(frozen=True, slots=True)
class Coding:
    """A code as it was sent; `system` None where none was."""

    code: str
    system: str | None = None
    version: str = ""
    display: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a coding is valid, with its display, and why not; `is_known` False where nobody can tell here."""

    result: bool
    message: Text | None = None
    display: str = ""
    system: str = ""
    code: str = ""
    is_known: bool = True


class Terminology:
    """Answers questions of terminology on one store."""

    def __init__(self, database: Database, clock: Clock, definitions: Definitions) -> None:
        self._library = Library(database, clock, definitions)

    @property
    def definitions(self) -> Definitions:
        """Where resources are found."""
        return self._library.definitions

    # ── the port of search and validation ──

    async def codes_of(self, value_set_url: str) -> list[tuple[str, str]] | None:
        """Every (system, code) of a value set; None where it, or a system it takes from, is not known here.

        Raises Incorrect BA-2256 for one of more than EXPANSION_MAX codes, and what composing raises.
        """
        known = await self._library.known(fresh=False)
        if await self._library.value_set(known, value_set_url) is None:
            return None
        composed = await self._library.composed(known, value_set_url)
        if composed.unlisted or any(_is_guess(part) for part in composed.parts):
            return None
        expansion = await self._expand(known, composed)
        return [(each.head.url, each.concept.code) for each in expansion.members]

    async def is_member(self, value_set_url: str, system: str, code: str) -> bool | None:
        """Whether a value set has a code (of any system where `system` is ""); None where nobody can tell here."""
        known = await self._library.known(fresh=False)
        if await self._library.value_set(known, value_set_url) is None:
            return None
        composed = await self._library.composed(known, value_set_url)
        verdict = await self._in_value_set(composed, Coding(code, system or None), abstract=True)
        return verdict.result if verdict.is_known else None

    async def descendants(self, system: str, code: str) -> list[tuple[str, str]] | None:
        """(system, code) of `code` and every code below it; None where the system is not known here."""
        found = await self._library.system(await self._library.known(fresh=False), SystemKey(system))
        if found is None or found.head.is_sample:
            return None
        return [(system, each) for each in (code, *await found.descendants(code, DESCENDANTS_MAX))]

    async def ancestors(self, system: str, code: str) -> list[tuple[str, str]] | None:
        """(system, code) of `code` and every code above it; None where the system is not known here."""
        found = await self._library.system(await self._library.known(fresh=False), SystemKey(system))
        if found is None or found.head.is_sample:
            return None
        return [(system, each) for each in (code, *await found.ancestors(code))]

    # ── operations ──

    async def expand(
        self,
        value_set: str | Json,
        *,
        words: Sequence[str] = (),
        offset: int = 0,
        count: int | None = None,
        active_only: bool = False,
        selectable_only: bool = False,
        versions: Versions | None = None,
        without: Sequence[SystemKey] = (),
    ) -> Expansion:
        """The codes of a value set (by canonical, or as a resource) that have the folded `words`.

        `selectable_only` leaves out codes that only group others; `without` are systems left out, of any version where
        none is named.

        Raises NotFound BA-2250, BA-2251, Incorrect BA-2256 without `count` above EXPANSION_MAX codes, Unsupported
        BA-2257, and what composing raises.
        """
        known = await self._library.known()
        composed = await self._composed(known, value_set, versions)
        if selectable_only or without:
            composed = _narrowed(composed, without, selectable_only=selectable_only)
        for key, _ in composed.unlisted:
            raise NOT_ENUMERABLE(url=key.url) if key.url in GRAMMARS else NO_CODE_SYSTEM(url=_canonical(key))
        return await self._expand(known, composed, words, offset, count, active_only=active_only)

    async def value_set(self, canonical: str) -> Json:
        """The ValueSet of a canonical, as it was expanded last. Raises NotFound BA-2251."""
        found = await self._library.value_set(await self._library.known(fresh=False), canonical)
        if found is None:
            raise NO_VALUE_SET(url=canonical)
        return found

    async def make_ready(self, system: str, version: str = "") -> None:
        """Let a code system be ready to be asked, where it is known here. Raises Busy BA-2263, Incorrect BA-2265."""
        await self._library.system(await self._library.known(), SystemKey(system, version))

    async def lookup(self, system: str, code: str, version: str = "") -> tuple[SystemHead, Concept, list[str]]:
        """The system's head, the concept, the codes right below it. Raises NotFound BA-2250, BA-2253."""
        found = await self._system(SystemKey(system, version))
        concept = await found.find(code)
        if concept is None:
            raise NO_CODE(url=system)
        return found.head, concept, await self._children(found, concept)

    async def validate_in_system(self, system: str, coding: Coding, *, abstract: bool = True) -> Verdict:
        """Whether a code system has the code, and the display where one is sent. Raises NotFound BA-2250."""
        if system in GRAMMARS and await self._library.system(await self._library.known(), SystemKey(system)) is None:
            return _of_grammar(system, coding)
        found = await self._system(SystemKey(system, coding.version))
        concept = await found.find(coding.code)
        if concept is None:
            known = found.head.is_complete
            return Verdict(False, NOT_IN_SYSTEM, system=system, code=coding.code, is_known=known)
        return _judged(found.head, concept, coding, abstract=abstract)

    async def validate_in_value_set(
        self, value_set: str | Json, codings: Sequence[Coding], *, abstract: bool = True
    ) -> Verdict:
        """Whether a value set has one of `codings`; the first that is, else why the first is not."""
        composed = await self._composed(await self._library.known(), value_set)
        verdicts = [await self._in_value_set(composed, coding, abstract=abstract) for coding in codings]
        return next((each for each in verdicts if each.result), verdicts[0])

    async def subsumes(self, system: str, code_a: str, code_b: str, version: str = "") -> str:
        """equivalent, subsumes, subsumed-by or not-subsumed. Raises NotFound BA-2250, BA-2253."""
        found = await self._system(SystemKey(system, version))
        concepts = [await found.find(code) for code in (code_a, code_b)]
        if concepts[0] is None or concepts[1] is None:
            raise NO_CODE(url=system)
        code_a, code_b = concepts[0].code, concepts[1].code
        if code_a == code_b:
            return "equivalent"
        if code_a in await found.ancestors(code_b):
            return "subsumes"
        return "subsumed-by" if code_b in await found.ancestors(code_a) else "not-subsumed"

    async def translate(
        self, asked: Asked, concept_map: str | Json | None = None, *, source: str = "", target: str = ""
    ) -> list[Match]:
        """The matches of every map that applies, none twice; `source` and `target` are value sets it must be between.

        Raises NotFound BA-2252 for a map that is not known.
        """
        known = await self._library.known()
        waiting = [
            each
            for each in await self._maps(known, asked, concept_map)
            if source in ("", _side(each, "source")) and target in ("", _side(each, "target"))
        ]
        found: dict[Match, None] = {}
        followed: set[str] = set()
        while waiting:
            translation = translate(waiting.pop(0), asked)
            found.update(dict.fromkeys(translation.matches))
            for url in translation.other_maps:
                if url not in followed and len(followed) < OTHER_MAPS_MAX:
                    followed.add(url)
                    other = await self._library.concept_map(known, url)
                    waiting += [other] if other is not None else []
        return list(found)

    # ── how ──

    async def _composed(self, known: Known, value_set: str | Json, versions: Versions | None = None) -> Composed:
        if isinstance(value_set, str):
            if versions is None:
                return await self._library.composed(known, value_set)
            found = await self._library.value_set(known, value_set)
            if found is None:
                raise NO_VALUE_SET(url=value_set)
            value_set = found
        return await self._library.compose(known, value_set, versions)

    async def _system(self, key: SystemKey) -> System:
        found = await self._library.system(await self._library.known(), key)
        if found is None:
            raise NO_CODE_SYSTEM(url=_canonical(key))
        return found

    async def _children(self, system: System, concept: Concept) -> list[str]:
        selection = Having("parent", "=", concept.code)
        below = await system.page(selection, (), active_only=False, offset=0, count=EXPANSION_MAX)
        return [each.code for each in below]

    async def _expand(
        self,
        known: Known,
        composed: Composed,
        words: Sequence[str] = (),
        offset: int = 0,
        count: int | None = None,
        *,
        active_only: bool = False,
    ) -> Expansion:
        active_only = active_only or composed.composition.is_active_only
        wanted = min(count, EXPANSION_MAX) if count is not None else EXPANSION_MAX + 1
        members: list[Member] = []
        total, skip = 0, offset
        is_picker = bool(words) and len(composed.parts) == 1
        for part in composed.parts:
            need = wanted - len(members)
            rows = []
            if need > 0:
                rows = await part.system.page(part.selection, words, active_only=active_only, offset=skip, count=need)
            members += [Member(part.system.head, each) for each in rows]
            here = skip + len(rows)
            if count is not None and (len(rows) == need or not rows):
                if is_picker and rows:
                    return Expansion(None, offset, members, [part.system.head])
                here = await _count(known, part, words, active_only=active_only)
            total += here
            skip = max(0, skip - here)
        if count is None and len(members) > EXPANSION_MAX:
            raise TOO_COSTLY(error("too-costly", "ValueSet", TOO_MANY_CODES), limit=EXPANSION_MAX)
        used = [part.system.head for part in composed.parts]
        return Expansion(total, offset, members, used)

    async def _in_value_set(self, composed: Composed, coding: Coding, *, abstract: bool) -> Verdict:
        unknown = False
        for part in composed.parts:
            if coding.system in (None, part.key.url):
                concept = await part.system.takes(part.selection, coding.code)
                if concept is not None:
                    if composed.composition.is_active_only and concept.is_inactive:
                        return Verdict(False, IS_INACTIVE, concept.display, part.key.url, concept.code)
                    return _judged(part.system.head, concept, coding, abstract=abstract)
                unknown = unknown or (coding.system is not None and _is_guess(part))
        for key, selection in composed.unlisted:
            if coding.system in (None, key.url):
                if isinstance(selection, Every) and key.url in GRAMMARS:
                    if GRAMMARS[key.url](coding.code):
                        return Verdict(True, system=key.url, code=coding.code)
                    continue
                unknown = unknown or listed_codes(selection) is None
        if unknown:
            return Verdict(False, NOT_KNOWN, system=coding.system or "", code=coding.code, is_known=False)
        return Verdict(False, NOT_MEMBER, system=coding.system or "", code=coding.code)

    async def _maps(self, known: Known, asked: Asked, concept_map: str | Json | None) -> list[Json]:
        if isinstance(concept_map, dict):
            return [concept_map]
        if concept_map is not None:
            found = await self._library.concept_map(known, concept_map)
            if found is None:
                raise NO_CONCEPT_MAP()
            return [found]
        systems = (asked.system, asked.target_system)
        return await self.definitions.maps(*(reversed(systems) if asked.is_reverse else systems))


def _is_guess(part: Part) -> bool:
    """Whether a part takes what it finds from a system of which examples only are here."""
    return part.system.head.is_sample and listed_codes(part.selection) is None


async def _count(known: Known, part: Part, words: Sequence[str], *, active_only: bool) -> int:
    """How many concepts a part has in all, remembered."""
    key = (part.key, part.selection, tuple(words), active_only)
    if key not in known.counts:
        known.counts.put(key, await part.system.count(part.selection, words, active_only=active_only))
    return known.counts.get(key)


def _side(concept_map: Json, side: str) -> str:
    """The value set on one side of a map, without its version."""
    told = concept_map.get(f"{side}Canonical") or concept_map.get(f"{side}Uri") or ""
    return str(told).partition("|")[0]


def _canonical(key: SystemKey) -> str:
    return f"{key.url}|{key.version}" if key.version else key.url


def _of_grammar(system: str, coding: Coding) -> Verdict:
    if GRAMMARS[system](coding.code):
        return Verdict(True, display=coding.display, system=system, code=coding.code)
    return Verdict(False, NOT_IN_SYSTEM, system=system, code=coding.code)


def _judged(head: SystemHead, concept: Concept, coding: Coding, *, abstract: bool) -> Verdict:
    """The verdict on a coding whose concept is there."""
    if concept.is_abstract and not abstract:
        return Verdict(False, IS_ABSTRACT, concept.display, head.url, concept.code)
    names = [name for name in (concept.display, *(each.value for each in concept.designations)) if name]
    if head.is_sample:  # its codes are the system's, its words need not be
        return Verdict(True, None, concept.display, head.url, concept.code)
    if coding.display and names and _plain(coding.display) not in {_plain(name) for name in names}:
        told = WRONG_DISPLAY.filled(display=concept.display or names[0])
        return Verdict(False, told, concept.display, head.url, concept.code)
    return Verdict(True, None, concept.display, head.url, concept.code)


def _plain(text: str) -> str:
    """A display as it is compared: without case and with single spaces, accents kept."""
    return " ".join(text.casefold().split())


def _narrowed(composed: Composed, without: Sequence[SystemKey], *, selectable_only: bool) -> Composed:
    """`composed` without some systems, and without codes that only group others."""

    def is_left(key: SystemKey) -> bool:
        return not any(each.url == key.url and each.version in ("", key.version) for each in without)

    grouping = Having("abstract", "=", "true")
    return Composed(
        composed.composition,
        tuple(
            replace(part, selection=Without(part.selection, grouping)) if selectable_only else part
            for part in composed.parts
            if is_left(SystemKey(part.key.url, part.key.version or part.system.head.version))
        ),
        tuple((key, selection) for key, selection in composed.unlisted if is_left(key)),
    )
