"""Which concepts of one code system a value set takes, as data; and the test of one concept against it.

The store turns the same data into SQL for large systems. Source: FHIR R4 valueset.html#compositions,
valueset-filter-operator.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from benhan.fhir.terminology.concepts import Concept
from benhan.fhir.terminology.faults import BAD_FILTER, BAD_REGEX

OPERATORS = ("=", "is-a", "descendent-of", "is-not-a", "regex", "in", "not-in", "generalizes", "exists")
SELF = frozenset({"concept", "code"})
"""Names under which a filter means the code itself."""
REGEX_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Every:
    """Every concept of the system."""

    @property
    def size(self) -> int:
        """How many leaves a walk over it meets; parts that are shared count as often as they are met."""
        return 1


@dataclass(frozen=True, slots=True)
class Codes:
    """The concepts of these codes, in this order where they stand alone."""

    codes: tuple[str, ...]
    members: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", frozenset(self.codes))

    @property
    def size(self) -> int:
        return 1


@dataclass(frozen=True, slots=True)
class Having:
    """The concepts whose property `name` satisfies `op` with `value`."""

    name: str
    op: str
    value: str

    @property
    def size(self) -> int:
        return 1

    @property
    def values(self) -> tuple[str, ...]:
        """The values of `in` and `not-in`."""
        return tuple(each.strip() for each in self.value.split(","))


@dataclass(frozen=True, slots=True)
class Both:
    """What every part takes."""

    parts: tuple[Selection, ...]
    size: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", sum(each.size for each in self.parts))


@dataclass(frozen=True, slots=True)
class Either:
    """What any part takes."""

    parts: tuple[Selection, ...]
    size: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", sum(each.size for each in self.parts))


@dataclass(frozen=True, slots=True)
class Without:
    """What `whole` takes and `excluded` does not."""

    whole: Selection
    excluded: Selection
    size: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", self.whole.size + self.excluded.size)


Selection = Every | Codes | Having | Both | Either | Without


def check_filter(property_: str, op: str, value: str) -> Having:
    """The filter as data. Raises Incorrect BA-2258 for an unknown operator or a wrong value, BA-2259."""
    wrong_exists = op == "exists" and value not in ("true", "false")
    if op not in OPERATORS or not property_ or not value or wrong_exists:
        raise BAD_FILTER(property=_safe(property_), op=_safe(op), valid=", ".join(OPERATORS))
    if op == "regex":
        check_regex(value)
    return Having(property_, op, value)


def check_regex(pattern: str) -> None:
    """Raises Incorrect BA-2259 for what is too long, or needs more than a finite automaton.

    What is left runs in the database's own automaton, in time that grows with the text only.
    """
    import re

    if len(pattern) > REGEX_CHARACTERS_MAX:
        raise BAD_REGEX()
    too_free = "(?=" in pattern or "(?!" in pattern or "(?<" in pattern or "(?P" in pattern
    counts = [int(each) for each in re.findall(r"[0-9]+", " ".join(re.findall(r"\{([^}]*)\}", pattern))[:1000])]
    if too_free or re.search(r"\\[0-9mMAZyY]", pattern) or max(counts, default=0) > 100:
        raise BAD_REGEX()
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as cause:
        raise BAD_REGEX() from cause


def walk(selection: Selection) -> Iterator[Selection]:
    """`selection` and every part of it."""
    yield selection
    match selection:
        case Both(parts) | Either(parts):
            for part in parts:
                yield from walk(part)
        case Without(whole, excluded):
            yield from walk(whole)
            yield from walk(excluded)


def listed_codes(selection: Selection) -> tuple[str, ...] | None:
    """The codes where they are listed one by one, without a filter or a whole system; None otherwise."""
    if any(isinstance(each, Every | Having) for each in walk(selection)):
        return None
    return tuple(dict.fromkeys(code for each in walk(selection) if isinstance(each, Codes) for code in each.codes))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What testing a concept needs to know of its system: the codes above and below, matches of patterns."""

    ancestors: Callable[[str], frozenset[str]]
    children: Callable[[str], tuple[str, ...]]
    matches: Callable[[str, str], bool]
    """(pattern, text): whether the whole text is of the pattern."""


def takes(selection: Selection, concept: Concept, around: Surroundings) -> bool:
    """Whether `selection` takes `concept`."""
    match selection:
        case Every():
            return True
        case Codes():
            return concept.code in selection.members
        case Both(parts):
            return all(takes(each, concept, around) for each in parts)
        case Either(parts):
            return any(takes(each, concept, around) for each in parts)
        case Without(whole, excluded):
            return takes(whole, concept, around) and not takes(excluded, concept, around)
        case Having():
            return _has(selection, concept, around)


def _has(having: Having, concept: Concept, around: Surroundings) -> bool:
    match having.op:
        case "is-a":
            return concept.code == having.value or having.value in around.ancestors(concept.code)
        case "descendent-of":
            return having.value in around.ancestors(concept.code)
        case "is-not-a":
            return concept.code != having.value and having.value not in around.ancestors(concept.code)
        case "generalizes":
            return concept.code == having.value or concept.code in around.ancestors(having.value)
        case "exists":
            return bool(values_of(concept, having.name, around)) == (having.value == "true")
        case "in":
            return not set(having.values).isdisjoint(values_of(concept, having.name, around))
        case "not-in":
            return set(having.values).isdisjoint(values_of(concept, having.name, around))
        case "regex":
            return any(around.matches(having.value, each) for each in values_of(concept, having.name, around))
        case _:
            return having.value in values_of(concept, having.name, around)


def values_of(concept: Concept, property_: str, around: Surroundings) -> tuple[str, ...]:
    """The values of a property of a concept as texts; the concept's own members are properties too."""
    if property_ in SELF:
        return (concept.code,)
    match property_:
        case "display":
            return (concept.display,) if concept.display else ()
        case "parent":
            return concept.parents
        case "child":
            return around.children(concept.code)
        case "inactive":
            return ("true" if concept.is_inactive else "false",)
        case "abstract" | "notSelectable":
            return ("true" if concept.is_abstract else "false",)
        case _:
            return tuple(each.text for each in concept.properties if each.code == property_)


def _safe(text: str) -> str:
    return text if len(text) <= 40 and text.replace("-", "").replace("_", "").isalnum() else "?"
