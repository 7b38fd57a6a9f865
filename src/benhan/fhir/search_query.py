"""A search as it was asked, parsed to data; what is not understood is named, never passed over.

Source: FHIR R4 search.html. Every parameter of R4 and of the registry, chains, `_has`, `_filter`, `_list`, `_text`,
`_content`, `_type`, `_contained`, and those that shape the result. `_query` is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benhan.fhir.definitions import resource_types
from benhan.fhir.faults import BAD_QUERY
from benhan.fhir.main_values import MAIN_DATES
from benhan.fhir.search_criteria import Criterion, Include, Wanted
from benhan.fhir.search_filter import parse_filter
from benhan.fhir.search_names import Mistake, kind_of, parameter_of, parse_wanted
from benhan.fhir.search_parameters import R4, SearchRegistry
from benhan.fhir.search_texts import BAD_INCLUDE, BAD_SORT, CLAUSE, TOO_MANY, bad_value, safe
from benhan.fhir.search_values import (
    DateValue,
    Prefix,
    TokenValue,
    Value,
    split_values,
    unescape,
)
from benhan.kernel.issues import Issue, error
from benhan.kernel.texts import Text

__all__ = [
    "Criterion",
    "DateValue",
    "Include",
    "Prefix",
    "SearchQuery",
    "TokenValue",
    "Value",
    "parse_search",
    "parse_search_types",
    "split_values",
    "unescape",
]

COUNT_DEFAULT = 20
PAIRS_MAX, SORTS_MAX = 200, 6
REMEMBERED_MAX, REMEMBERED_CHARACTERS_MAX = 2_000, 200
"""So many parsed pairs are remembered, and none that is longer."""

RESULT_PARAMETERS = (
    "_contained", "_containedType", "_count", "_elements", "_explain", "_format", "_include", "_page", "_pretty",
    "_revinclude", "_sort", "_summary", "_total", "_type",
)  # fmt: skip
SEARCHABLE_KINDS = ("token", "reference", "date", "string", "uri", "number", "quantity", "composite", "special")
SORTABLE_KINDS = ("token", "reference", "date", "string", "uri", "number", "quantity")


@dataclass(slots=True)
class SearchQuery:
    """A search: of the types, what each type's resources must meet, and how the result is shaped.

    `applied` is the query as understood, for the self link; `ignored` what was left out.
    """

    type: str
    """The type searched; "" for several."""
    by_type: dict[str, list[Wanted]] = field(default_factory=dict)
    count: int = COUNT_DEFAULT
    sort: tuple[tuple[str, bool], ...] = ()
    """Parameters, each with whether it is descending; empty for the order of the store."""
    includes: list[Include] = field(default_factory=list)
    total: str = "none"
    page: str = ""
    explain: bool = False
    contained: str = "false"
    contained_type: str = "container"
    compartment: tuple[str, str] | None = None
    applied: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[Issue] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.type and not self.by_type:
            self.by_type[self.type] = []

    @property
    def criteria(self) -> list[Wanted]:
        """What a search of one type asks."""
        return self.by_type[self.type]


def parse_search(
    type_: str,
    pairs: Iterable[tuple[str, str]],
    *,
    lenient: bool = False,
    registry: SearchRegistry = R4,
    compartment: tuple[str, str] | None = None,
) -> SearchQuery:
    """The search of `type_` that percent-decoded `pairs` ask for; `compartment` (`("Patient", "1")`) narrows it.

    Raises Incorrect BA-0220 with one Issue per mistake; `lenient` collects them in `ignored` instead and leaves those
    parameters out.
    """
    query = SearchQuery(type_, compartment=compartment)
    return _parsed(query, pairs, lenient=lenient, registry=registry)


def parse_search_types(
    types: Sequence[str],
    pairs: Iterable[tuple[str, str]],
    *,
    lenient: bool = False,
    registry: SearchRegistry = R4,
    compartment: tuple[str, str] | None = None,
) -> SearchQuery:
    """The search of several types, of all where `types` is empty; `_type` among the pairs narrows them.

    A parameter must be one of each type. Raises Incorrect BA-0220.
    """
    pairs = list(pairs)
    chosen, mistakes = _types(list(types) or sorted(resource_types()), pairs)
    query = SearchQuery("", {type_: [] for type_ in chosen}, compartment=compartment)
    return _parsed(query, pairs, lenient=lenient, registry=registry, mistakes=mistakes)


def _types(types: list[str], pairs: Sequence[tuple[str, str]]) -> tuple[list[str], list[Issue]]:
    mistakes = []
    for name, text in pairs:
        if name == "_type":
            named = split_values(text)
            if any(each not in resource_types() for each in named):
                mistakes.append(bad_value("_type", "list of resource types"))
            else:
                types = [each for each in types if each in named]
    return types, mistakes


def _parsed(
    query: SearchQuery,
    pairs: Iterable[tuple[str, str]],
    *,
    lenient: bool,
    registry: SearchRegistry,
    mistakes: Sequence[Issue] = (),
) -> SearchQuery:
    found = list(mistakes)
    criteria = 0
    for number, (name, text) in enumerate(pairs):
        if number == PAIRS_MAX:
            raise BAD_QUERY(error("too-costly", "", TOO_MANY, CLAUSE), count=1)
        try:
            criteria += _add(query, name, text, registry)
        except Mistake as mistake:
            found.append(mistake.issue)
        else:
            if name not in ("_format", "_pretty"):
                query.applied.append((name, text))
    if criteria > registry.limits.criteria_max:
        raise BAD_QUERY(error("too-costly", "", TOO_MANY, CLAUSE), count=1)
    if found and not lenient:
        raise BAD_QUERY(*found, count=len(found))
    query.ignored = found
    query.count = min(query.count, registry.limits.count_max)
    return query


def _add(query: SearchQuery, name: str, text: str, registry: SearchRegistry) -> int:
    """Take in one pair; gives how many criteria it was. Raises Mistake."""
    base, _, modifier = name.partition(":")
    if base in ("_include", "_revinclude"):
        _add_include(query, base, modifier, text, registry)
        return 0
    if name == "_type" and query.type:
        _check_type(query, text)
        return 0
    setter = _SETTERS.get(name)
    if setter is not None:
        setter(query, text)
        return 0
    if name == "_sort":
        _add_sort(query, text, registry)
        return 0
    found = {type_: _wanted(type_, name, text, registry) for type_ in query.by_type}
    for type_, wanted in found.items():
        query.by_type[type_].append(wanted)
    return 1


def _wanted(type_: str, name: str, text: str, registry: SearchRegistry) -> Wanted:
    """What a pair asks, remembered for a while: apps ask for the same codes, names and states again and again."""
    asked, remembered = (type_, name, text), registry.wanted
    found = remembered.get(asked)
    if found is None:
        is_filter = name == "_filter"
        found = parse_filter(type_, text, registry) if is_filter else parse_wanted(type_, name, text, registry)
        if len(text) <= REMEMBERED_CHARACTERS_MAX:
            if len(remembered) >= REMEMBERED_MAX:
                remembered.clear()
            remembered[asked] = found
    return found


# ── what shapes the result ──


def _check_type(query: SearchQuery, text: str) -> None:
    if query.type not in split_values(text):
        raise Mistake(bad_value("_type", query.type))


def _set_count(query: SearchQuery, text: str) -> None:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise Mistake(bad_value("_count", "number"))
    query.count = int(text)


def _set_total(query: SearchQuery, text: str) -> None:
    query.total = _one_of("_total", text, ("none", "estimate", "accurate"))


def _set_summary(query: SearchQuery, text: str) -> None:
    if _one_of("_summary", text, ("true", "text", "data", "count", "false")) == "count":
        query.count = 0


def _set_contained(query: SearchQuery, text: str) -> None:
    query.contained = _one_of("_contained", text, ("true", "false", "both"))


def _set_contained_type(query: SearchQuery, text: str) -> None:
    query.contained_type = _one_of("_containedType", text, ("container", "contained"))


def _set_explain(query: SearchQuery, text: str) -> None:
    query.explain = _one_of("_explain", text, ("true", "false")) == "true"


def _set_page(query: SearchQuery, text: str) -> None:
    query.page = text


def _pass_over(_query: SearchQuery, _text: str) -> None:
    """What the answer's format and shape are asked by: read where the answer is written."""


def _one_of(name: str, text: str, valid: tuple[str, ...]) -> str:
    if text not in valid:
        raise Mistake(bad_value(name, " | ".join(valid)))
    return text


_SETTERS = {
    "_contained": _set_contained,
    "_containedType": _set_contained_type,
    "_count": _set_count,
    "_elements": _pass_over,
    "_explain": _set_explain,
    "_format": _pass_over,
    "_page": _set_page,
    "_pretty": _pass_over,
    "_summary": _set_summary,
    "_total": _set_total,
    "_type": _pass_over,
}


# ── order ──


def sortable(type_: str, registry: SearchRegistry = R4) -> list[str]:
    """The parameters a search of `type_` can be sorted by; those of the store's own order first."""
    main = MAIN_DATES.get(type_)
    first = ["_lastUpdated", *([main] if main else [])]
    others = sorted(
        code
        for code, each in registry.parameters_of(type_).items()
        if (each.type in SORTABLE_KINDS or code == "_id") and code not in first and not each.building
    )
    return [*first, *others]


def _add_sort(query: SearchQuery, text: str, registry: SearchRegistry) -> None:
    keys = list(query.sort)
    for each in text.split(","):
        name = each.removeprefix("-")
        for type_ in query.by_type:
            offered = sortable(type_, registry)
            if name not in offered:
                told = BAD_SORT.filled(name=safe(name), valid=", ".join(offered))
                raise Mistake(error("not-supported", "_sort", told, CLAUSE))
        if name in (known for known, _ in keys) or len(keys) == SORTS_MAX:
            raise Mistake(error("value", "_sort", TOO_MANY, CLAUSE))
        keys.append((name, each.startswith("-")))
    query.sort = tuple(keys)


# ── what comes along ──


def _add_include(query: SearchQuery, name: str, modifier: str, text: str, registry: SearchRegistry) -> None:
    again, reverse = modifier in ("iterate", "recurse"), name == "_revinclude"
    if (modifier and not again) or len(query.includes) == registry.limits.includes_max:
        raise Mistake(error("value", name, TOO_MANY if not modifier else _bad_include(name, query, registry), CLAUSE))
    if text == "*":
        query.includes.append(Include("", None, "", reverse, again))
        return
    source, _, rest = text.partition(":")
    code, _, target = rest.partition(":")
    fits = source in resource_types() and (reverse or again or source in query.by_type)
    if not fits or (target and target not in resource_types()):
        raise Mistake(error("value", name, _bad_include(name, query, registry), CLAUSE))
    if code == "*":
        query.includes.append(Include(source, None, target, reverse, again))
        return
    parameter = registry.parameters_of(source).get(code)
    if parameter is None or kind_of(parameter) != "reference":
        raise Mistake(error("value", name, _bad_include(name, query, registry), CLAUSE))
    query.includes.append(Include(source, parameter_of(source, code, registry), target, reverse, again))


def _bad_include(name: str, query: SearchQuery, registry: SearchRegistry) -> Text:
    type_ = query.type or next(iter(query.by_type), "Resource")
    codes = registry.parameters_of(type_).items() if type_ != "Resource" else ()
    valid = sorted(code for code, each in codes if each.type == "reference")
    return BAD_INCLUDE.filled(name=name, type=type_, valid=", ".join(valid) or "–")
