"""What a search asks, compiled to an expression about rows: one file per parameter type."""

from __future__ import annotations

from benhan.fhir.content_words import has_words, is_kept, narrative_of, texts_in
from benhan.fhir.folding import words
from benhan.fhir.search_criteria import (
    Both,
    Chain,
    Criterion,
    Either,
    FullText,
    Has,
    InList,
    Negated,
    Wanted,
)
from benhan.fhir.search_names import kind_of
from benhan.fhir.search_parameters import SearchRegistry
from benhan.fhir.search_query import REMEMBERED_MAX
from benhan.fhir.search_values import CompositeValue, DateValue, Prefix, TokenValue, Value
from benhan.store.ids import Ids
from benhan.store.search.composite import composite
from benhan.store.search.date import date
from benhan.store.search.expressions import (
    Asking,
    Candidate,
    Checked,
    Everything,
    Expression,
    Linked,
    Not,
    Nothing,
    OfIds,
    Present,
    all_of,
    any_of,
)
from benhan.store.search.near import near
from benhan.store.search.number import number
from benhan.store.search.quantity import quantity
from benhan.store.search.reference import reference
from benhan.store.search.string import string
from benhan.store.search.token import narrowed_by_words, token
from benhan.store.search.uri import uri

Remembered = dict[tuple[int, str, str], tuple[Criterion, Expression]]
"""Expressions by the identity of their criterion, which is kept with them so that no other takes its place."""


class Compiler:
    """Compiles what is asked of the resources of a type."""

    def __init__(
        self, registry: SearchRegistry, ids: Ids, asking: Asking, remembered: Remembered | None = None
    ) -> None:
        self.registry = registry
        self.ids = ids
        self.asking = asking
        self._remembered: Remembered = {} if remembered is None else remembered

    def expression(self, wanted: Wanted, type_: str) -> Expression:
        """What the rows of `type_` must satisfy."""
        match wanted:
            case Criterion():
                return self._once(wanted, type_)
            case Chain(parameter, _):
                return Linked(wanted, Present(parameter.bit) if parameter.bit >= 0 else Everything())
            case Has() | InList():
                return Linked(wanted, Everything())
            case FullText(code, values):
                return any_of([full_text(code, type_, value) for value in values])
            case Both(parts, _):
                return all_of([self.expression(part, type_) for part in parts])
            case Either(parts, _):
                return any_of([self.expression(part, type_) for part in parts])
            case Negated(part, _):
                return Not(self.expression(part, type_))

    def all_of(self, wanted: list[Wanted], type_: str) -> Expression:
        """What the rows must satisfy for everything that is wanted."""
        return all_of([self.expression(each, type_) for each in wanted])

    def _once(self, criterion: Criterion, type_: str) -> Expression:
        """The expression of a criterion, the same one for the same object where the time of asking plays no part."""
        asked = (id(criterion), type_, self.asking.base_url)
        known = self._remembered.get(asked)
        if known is not None:
            return known[1]
        found = self._criterion(criterion, type_)
        if not any(_is_about_now(value) for value in criterion.values):
            if len(self._remembered) >= REMEMBERED_MAX:
                self._remembered.clear()
            self._remembered[asked] = (criterion, found)
        return found

    def _criterion(self, criterion: Criterion, type_: str) -> Expression:
        if criterion.modifier == "missing":
            return _missing(criterion)
        match kind_of(criterion.parameter) if criterion.code != "_id" else "_id":
            case "_id":
                return self._by_id(criterion, type_)
            case "token":
                return token(criterion, type_)
            case "reference":
                return reference(criterion, type_, self.ids, self.asking.base_url)
            case "string":
                return string(criterion)
            case "uri":
                return uri(criterion)
            case "date":
                return date(criterion, type_, self.registry, self.asking.now)
            case "number":
                return number(criterion)
            case "quantity":
                return quantity(criterion, type_, self.registry)
            case "composite":
                return composite(criterion, type_, self)
        return near(criterion)

    def _by_id(self, criterion: Criterion, type_: str) -> Expression:
        codes = [value.code for value in criterion.values if isinstance(value, TokenValue) and value.code]
        found = OfIds(tuple(dict.fromkeys(self.ids.rid_of(type_, code) for code in codes)))
        return Not(found) if criterion.modifier == "not" else found


def _is_about_now(value: Value) -> bool:
    """Whether what a value means depends on the time at which it is asked: a date that is nearly so."""
    if isinstance(value, CompositeValue):
        return any(_is_about_now(part) for part in value.parts)
    return isinstance(value, DateValue) and value.prefix is Prefix.AP


def _missing(criterion: Criterion) -> Expression:
    """A column of bits tells which parameters have a value; every resource has an id and a last change."""
    parameter = criterion.parameter
    always = parameter.code in ("_id", "_lastUpdated") or parameter.computed
    is_missing = criterion.values == ("true",)
    if always:
        return Nothing() if is_missing else Everything()
    there = Present(parameter.bit)
    return Not(there) if is_missing else there


def full_text(code: str, type_: str, text: str) -> Expression:
    """All words of `text` stand in the narrative (`_text`) or in any text of the resource (`_content`)."""

    wanted = words(text)
    if code == "_content" and wanted and all(is_kept(word) for word in wanted):
        return narrowed_by_words(type_, text)

    def check(candidate: Candidate) -> bool:
        texts = narrative_of(candidate.plain) if code == "_text" else texts_in(candidate.plain)
        return has_words(texts, text)

    return Checked(narrowed_by_words(type_, text), check)
