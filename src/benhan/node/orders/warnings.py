"""What speaks against orders: interactions, allergies, the same drug twice. Pure: lists in, warnings out.

Lists are catalogues of the hospital's (`TUONG_TAC`, `NHOM_DI_UNG`), loaded and dated as any other; an ATC code or the
beginning of one names a drug or a class. What is shipped is a sample. A warning forbids nothing: whoever orders all the
same says why, and the reason is kept. Source: TT 54/2017/TT-BYT (warning of interactions is a function of a HIS).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import combinations
from typing import NamedTuple

from benhan.fhir.folding import words
from benhan.kernel.texts import Text
from benhan.node.orders.lines import OrderKind, OrderLine
from benhan.vn.catalogues.catalogue import Entry


class Severity(Enum):
    """How much a warning weighs, worst first."""

    CONTRAINDICATED = "contraindicated"
    SEVERE = "severe"
    MODERATE = "moderate"


_WEIGHT = {severity: weight for weight, severity in enumerate(Severity)}


class WarningKind(Enum):
    """What a warning is of."""

    INTERACTION = "interaction"
    ALLERGY = "allergy"
    CROSS_ALLERGY = "cross_allergy"
    DOUBLE = "double"


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning: `row` is the new line that brings it, `drugs` what it is about; `origin` says where it is told.

    `key` is the same for the same warning about the same drugs, so that an answer to it is an answer to that one only.
    """

    kind: WarningKind
    severity: Severity
    row: int
    drugs: tuple[str, str]
    text: Text
    remedy: Text
    origin: str
    key: str


class Pair(NamedTuple):
    """An interaction of two drugs or classes."""

    a: str
    b: str
    severity: Severity
    text: Text
    remedy: Text
    origin: str


class Class(NamedTuple):
    """A class that an allergy may be of: the words people write for it, its ATC codes, those that cross."""

    code: str
    text: Text
    words: frozenset[str]
    atc: tuple[str, ...]
    cross: tuple[str, ...]
    origin: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The lists of a day; a row that cannot be read is left out of them."""

    pairs: tuple[Pair, ...] = ()
    classes: tuple[Class, ...] = ()


def knowledge_of(interactions: Mapping[str, Entry], classes: Mapping[str, Entry]) -> Knowledge:
    """What the rows of both lists say."""
    return Knowledge(
        tuple(pair for each in interactions.values() if (pair := _pair(each)) is not None),
        tuple(_class(each) for each in classes.values()),
    )


def _pair(entry: Entry) -> Pair | None:
    told = entry.properties
    severity = next((each for each in Severity if each.value == told.get("severity", Severity.SEVERE.value)), None)
    a, b = told.get("a", "").strip().upper(), told.get("b", "").strip().upper()
    if severity is None or not a or not b:
        return None
    text = Text(entry.display, told.get("en", entry.display))
    remedy = Text(told.get("remedy", ""), told.get("remedy_en", told.get("remedy", "")))
    return Pair(a, b, severity, text, remedy, told.get("origin", ""))


def _class(entry: Entry) -> Class:
    told = entry.properties
    named = frozenset((*words(told.get("words", "")), *(words(entry.display) if " " not in entry.display else ())))
    atc, cross = (tuple(told.get(name, "").upper().split()) for name in ("atc", "cross"))
    return Class(
        entry.code, Text(entry.display, told.get("en", entry.display)), named, atc, cross, told.get("origin", "")
    )


class Drug(NamedTuple):
    """A drug as warnings see it: what it is called, its ATC code, the row of the new line (-1: it is given already)."""

    words: str
    atc: str
    row: int = -1


class Allergy(NamedTuple):
    """What somebody does not bear, as it was written, with its ATC code where it has one."""

    words: str
    atc: str = ""


def warnings_of(
    lines: Sequence[OrderLine], present: Iterable[Drug], allergies: Sequence[Allergy], known: Knowledge
) -> list[Warned]:
    """What speaks against new lines, worst first; what concerns only drugs that are given already is not told again."""
    new = [Drug(each.words, each.atc, row) for row, each in enumerate(lines) if each.kind is OrderKind.DRUG]
    found = list(_of_pairs([*new, *present], known))
    for drug in new:
        found += _of_allergies(drug, allergies, known)
    by_key = {each.key: each for each in sorted(found, key=lambda each: -_WEIGHT[each.severity])}
    return sorted(by_key.values(), key=lambda each: (_WEIGHT[each.severity], each.row, each.key))


TWICE = Text("Hai thuốc cùng hoạt chất", "Two drugs of the same substance")
TWICE_REMEDY = Text("Chỉ giữ một, hoặc ngừng thuốc cũ", "Keep one, or stop the earlier")
ALLERGIC = Text("Người bệnh dị ứng: {words}", "The patient is allergic to {words}")
CROSSING = Text("Có thể dị ứng chéo với {words}", "May cross with the allergy to {words}")
CHOOSE_OTHER = Text("Chọn thuốc khác", "Choose another drug")


def _of_pairs(drugs: Sequence[Drug], known: Knowledge) -> Iterator[Warned]:
    for one, other in combinations([each for each in drugs if each.atc], 2):
        if one.row < 0 and other.row < 0:
            continue
        row = max(one.row, other.row)
        names = (one.words, other.words)
        if one.atc == other.atc:
            yield _warned(WarningKind.DOUBLE, Severity.SEVERE, row, names, TWICE, TWICE_REMEDY, "", one.atc)
            continue
        for pair in known.pairs:
            if _is_pair(pair, one.atc, other.atc):
                code = f"{pair.a}+{pair.b}"
                yield _warned(
                    WarningKind.INTERACTION, pair.severity, row, names, pair.text, pair.remedy, pair.origin, code
                )


def _is_pair(pair: Pair, one: str, other: str) -> bool:
    return (one.startswith(pair.a) and other.startswith(pair.b)) or (
        one.startswith(pair.b) and other.startswith(pair.a)
    )


def _of_allergies(drug: Drug, allergies: Sequence[Allergy], known: Knowledge) -> Iterator[Warned]:
    own = frozenset(words(drug.words))
    for allergy in allergies:
        told = frozenset(words(allergy.words))
        names = (drug.words, allergy.words)
        is_same = bool(drug.atc and allergy.atc and drug.atc.startswith(allergy.atc)) or _shares_name(own, told)
        if is_same:
            yield _allergic(WarningKind.ALLERGY, Severity.CONTRAINDICATED, drug, names, ALLERGIC, "")
        for each in known.classes:
            if not (told & each.words or (allergy.atc and _begins(allergy.atc, each.atc))):
                continue
            if drug.atc and _begins(drug.atc, each.atc):
                yield _allergic(WarningKind.ALLERGY, Severity.CONTRAINDICATED, drug, names, ALLERGIC, each.origin)
            elif drug.atc and _begins(drug.atc, each.cross):
                yield _allergic(WarningKind.CROSS_ALLERGY, Severity.SEVERE, drug, names, CROSSING, each.origin)


def _shares_name(drug: frozenset[str], allergy: frozenset[str]) -> bool:
    """Whether a drug and an allergy share a word that names a substance, not a strength or a form."""
    return any(len(word) >= 5 and word.isalpha() and word not in _COMMON for word in drug & allergy)


_COMMON = frozenset(("thuoc", "khang", "sinh", "truyen", "natri", "vitamin", "clorid", "uong", "tiem", "dich"))
"""Words that many names have; an allergy that holds one is not to each of those drugs."""


def _begins(code: str, starts: Iterable[str]) -> bool:
    return any(code.startswith(each) for each in starts)


def _allergic(
    kind: WarningKind, severity: Severity, drug: Drug, names: tuple[str, str], text: Text, origin: str
) -> Warned:
    return _warned(kind, severity, drug.row, names, text.filled(words=names[1]), CHOOSE_OTHER, origin, kind.value)


def _warned(
    kind: WarningKind,
    severity: Severity,
    row: int,
    names: tuple[str, str],
    text: Text,
    remedy: Text,
    origin: str,
    code: str,
) -> Warned:
    key = "|".join((kind.value, code, *sorted(names)))
    return Warned(kind, severity, row, names, text, remedy, origin, key)
