"""A search as it was asked, parsed to data; what is not understood is named, never passed over.

Source: FHIR R4 search.html. Parsed here: token, reference, date and string parameters, `_id`, `_lastUpdated`, `_tag`,
`_profile`, `_security`, `_source`, `_count`, `_sort`, `_include`, `_total`, `_format`, `_pretty`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum

from benhan.fhir.dates import Range, range_of
from benhan.fhir.definitions import resource_types
from benhan.fhir.faults import BAD_QUERY
from benhan.fhir.search_parameters import SearchParameter, parameters_of
from benhan.kernel.issues import Issue, error
from benhan.kernel.texts import Text

CLAUSE = "http://hl7.org/fhir/R4/search.html"
COUNT_DEFAULT, COUNT_MAX = 20, 1000
VALUES_MAX, CRITERIA_MAX, VALUE_CHARACTERS_MAX = 200, 50, 1024
PAIRS_MAX = 200

RESULT_PARAMETERS = ("_count", "_sort", "_include", "_total", "_format", "_pretty", "_page")
SEARCHABLE_KINDS = ("token", "reference", "date", "string", "uri")
MODIFIERS = {
    "token": ("not",),
    "reference": ("identifier",),
    "date": (),
    "string": ("exact", "contains"),
    "uri": (),
}

UNKNOWN_PARAMETER = Text(
    "Không có tham số {name} cho {type}.{hint} Các tham số có: {valid}.",
    "There is no parameter {name} for {type}.{hint} Valid ones: {valid}.",
)
UNKNOWN_MODIFIER = Text(
    "Tham số {name} không nhận :{modifier}. Nhận: {valid}.",
    "The parameter {name} does not take :{modifier}. It takes: {valid}.",
)
BAD_VALUE = Text("Giá trị của {name} không đúng dạng {kind}.", "The value of {name} is not of the form of a {kind}.")
BAD_SORT = Text(
    "Không sắp xếp được theo {name}. Sắp được theo: {valid}.", "Sorting by {name} is not offered. Offered: {valid}."
)
BAD_INCLUDE = Text(
    "_include phải là Loại:tham-số của một tham số tham chiếu.",
    "_include must be Type:parameter of a reference parameter.",
)
TOO_MANY = Text("Quá nhiều điều kiện hoặc giá trị.", "Too many criteria or values.")


class Prefix(Enum):
    """How a date is compared. Source: search.html#prefix."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    LT = "lt"
    GE = "ge"
    LE = "le"
    SA = "sa"
    EB = "eb"


@dataclass(frozen=True, slots=True)
class TokenValue:
    """`code`, `system|code` (system "" for `|code`), or `system|` (code None)."""

    code: str | None
    system: str | None


@dataclass(frozen=True, slots=True)
class DateValue:
    """A range and how to compare with it."""

    prefix: Prefix
    range: Range


Value = TokenValue | DateValue | str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter of the query: any of its values must match; a `modifier` changes how."""

    parameter: SearchParameter
    modifier: str
    values: tuple[Value, ...]

    @property
    def code(self) -> str:
        return self.parameter.code


@dataclass(frozen=True, slots=True)
class Include:
    """`_include=Type:parameter[:target]`."""

    parameter: SearchParameter
    target: str


@dataclass(slots=True)
class SearchQuery:
    """A search of one type: every criterion must hold. `applied` is the query as understood, for the self link."""

    type: str
    criteria: list[Criterion] = field(default_factory=list)
    count: int = COUNT_DEFAULT
    sort: tuple[str, bool] | None = None
    """Parameter and whether descending; None for the order of the store."""
    includes: list[Include] = field(default_factory=list)
    total: str = "none"
    page: str = ""
    applied: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[Issue] = field(default_factory=list)


def parse_search(type_: str, pairs: Iterable[tuple[str, str]], *, lenient: bool = False) -> SearchQuery:
    """The search of `type_` that percent-decoded `pairs` ask for.

    Raises Incorrect BA-0220 with one Issue per mistake; `lenient` collects them in `ignored` instead and leaves those
    parameters out.
    """
    query = SearchQuery(type_)
    mistakes: list[Issue] = []
    for number, (name, text) in enumerate(pairs):
        if number == PAIRS_MAX:
            raise BAD_QUERY(error("too-costly", "", TOO_MANY, CLAUSE), count=1)
        found: list[Issue] = []
        _add(query, name, text, found)
        if not found:
            query.applied.append((name, text))
        mistakes += found
    if len(query.criteria) > CRITERIA_MAX:
        raise BAD_QUERY(error("too-costly", "", TOO_MANY, CLAUSE), count=1)
    if mistakes and not lenient:
        raise BAD_QUERY(*mistakes, count=len(mistakes))
    query.ignored = mistakes
    return query


def _add(query: SearchQuery, name: str, text: str, mistakes: list[Issue]) -> None:
    if name in ("_format", "_pretty", "_summary", "_elements"):
        return  # they shape the answer
    if name == "_page":
        query.page = text
    elif name == "_count":
        _add_count(query, text, mistakes)
    elif name == "_sort":
        _add_sort(query, text, mistakes)
    elif name == "_include":
        _add_include(query, text, mistakes)
    elif name == "_total":
        if text in ("none", "estimate", "accurate"):
            query.total = text
        else:
            mistakes.append(_bad_value(name, "none | estimate | accurate"))
    else:
        _add_criterion(query, name, text, mistakes)


def _add_count(query: SearchQuery, text: str, mistakes: list[Issue]) -> None:
    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        query.count = min(int(text), COUNT_MAX)
    else:
        mistakes.append(_bad_value("_count", "number"))


def sortable(type_: str) -> list[str]:
    """The parameters a search of `type_` can be sorted by."""
    from benhan.fhir.main_values import MAIN_DATES

    main = MAIN_DATES.get(type_)
    return ["_lastUpdated", *([main] if main else [])]


def _add_sort(query: SearchQuery, text: str, mistakes: list[Issue]) -> None:
    offered = sortable(query.type)
    name = text.removeprefix("-")
    if name in offered and query.sort is None:
        query.sort = (name, text.startswith("-"))
        return
    told = BAD_SORT.filled(name=_safe(name), valid=", ".join(offered))
    mistakes.append(error("not-supported", "_sort", told, CLAUSE))


def _add_include(query: SearchQuery, text: str, mistakes: list[Issue]) -> None:
    parts = text.split(":")
    parameter = parameters_of(query.type).get(parts[1]) if 2 <= len(parts) <= 3 and parts[0] == query.type else None
    target = parts[2] if len(parts) == 3 else ""
    if parameter is None or parameter.type != "reference" or (target and target not in resource_types()):
        mistakes.append(error("value", "_include", BAD_INCLUDE, CLAUSE))
    else:
        query.includes.append(Include(parameter, target))


def _add_criterion(query: SearchQuery, name: str, text: str, mistakes: list[Issue]) -> None:
    code, _, modifier = name.partition(":")
    parameter = parameters_of(query.type).get(code)
    if parameter is None or (parameter.type not in SEARCHABLE_KINDS and code not in ("_id", "_lastUpdated")):
        mistakes.append(_unknown(query.type, code))
        return
    kind = "token" if code == "_id" else "date" if code == "_lastUpdated" else parameter.type
    targets = resource_types() if kind == "reference" else frozenset()
    valid = MODIFIERS[kind] if not code.startswith("_l") and code != "_id" else ()
    if modifier and modifier not in valid and modifier not in targets:
        told = UNKNOWN_MODIFIER.filled(name=code, modifier=_safe(modifier), valid=", ".join(valid) or "–")
        mistakes.append(error("not-supported", code, told, CLAUSE))
        return
    texts = split_values(text)
    if len(texts) > VALUES_MAX or any(len(each) > VALUE_CHARACTERS_MAX for each in texts):
        mistakes.append(error("too-costly", code, TOO_MANY, CLAUSE))
        return
    values = [_value(kind, modifier, each) for each in texts]
    if any(value is None for value in values):
        mistakes.append(_bad_value(code, kind))
        return
    query.criteria.append(Criterion(parameter, modifier, tuple(value for value in values if value is not None)))


def _value(kind: str, modifier: str, text: str) -> Value | None:
    if not text:
        return None
    if kind == "date":
        return _date(text)
    if kind == "token" or modifier == "identifier":
        return _token(text)
    return unescape(text)


def _token(text: str) -> TokenValue | None:
    parts = _split(text, "|")
    if len(parts) == 1:
        return TokenValue(unescape(parts[0]), None)
    if len(parts) != 2 or not any(parts):
        return None
    return TokenValue(unescape(parts[1]) or None, unescape(parts[0]))


def _date(text: str) -> DateValue | None:
    prefix = Prefix.EQ
    if text[:2].isalpha():
        try:
            prefix = Prefix(text[:2])
        except ValueError:
            return None
        text = text[2:]
    range_ = range_of(text.replace(" ", "+"))
    return DateValue(prefix, range_) if range_ is not None else None


def split_values(text: str) -> list[str]:
    """The values of an OR, parted by commas that are not escaped."""
    return _split(text, ",")


def _split(text: str, mark: str) -> list[str]:
    if "\\" not in text:
        return text.split(mark)
    return [
        part.replace("\x00", "\\") for part in re.split(rf"(?<!\\){re.escape(mark)}", text.replace("\\\\", "\\\x00"))
    ]


def unescape(text: str) -> str:
    r"""`text` without the escapes `\,`, `\|`, `\$`, `\\`. Source: search.html#escaping."""
    return re.sub(r"\\([,|$\\])", r"\1", text) if "\\" in text else text


def _unknown(type_: str, code: str) -> Issue:
    valid = sorted(
        name
        for name, each in parameters_of(type_).items()
        if each.type in SEARCHABLE_KINDS or name in ("_id", "_lastUpdated")
    )
    near = get_close_matches(code[:64], valid, 1)
    hint = Text(f" Có phải {near[0]}?", f" Did you mean {near[0]}?") if near else Text("", "")
    told = Text(
        UNKNOWN_PARAMETER.vi.format(name=_safe(code), type=type_, hint=hint.vi, valid=", ".join(valid)),
        UNKNOWN_PARAMETER.en.format(name=_safe(code), type=type_, hint=hint.en, valid=", ".join(valid)),
    )
    return error("not-supported", _safe(code), told, CLAUSE)


def _bad_value(name: str, kind: str) -> Issue:
    return error("value", name, BAD_VALUE.filled(name=name, kind=kind), CLAUSE)


def _safe(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_:.-]{1,64}", name) else "?"


def as_pairs(values: Sequence[tuple[str, str]]) -> str:
    """`values` as a query string."""
    from urllib.parse import urlencode

    return urlencode(values)
