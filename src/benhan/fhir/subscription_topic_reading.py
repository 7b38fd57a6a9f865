"""Reading a SubscriptionTopic out of the Basic that R4 writes it as; what is wrong is named by its place in R5's words.

Source: FHIR R5 subscriptiontopic.html; Subscriptions R5 Backport 1.1.0, components.html#subscription-topics-in-r4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any
from urllib.parse import parse_qsl

from benhan.fhir.definitions import resource_types
from benhan.fhir.fhirpath.expression import Expression, compile_path
from benhan.fhir.fhirpath.nodes import Call
from benhan.fhir.search_parameters import SearchRegistry
from benhan.fhir.search_query import parse_search
from benhan.fhir.search_texts import safe
from benhan.fhir.subscription_topic import (
    CLAUSE,
    COMPARATORS,
    INTERACTIONS,
    NOT_WATCHED,
    STATUSES,
    Allowed,
    Json,
    Pairs,
    Query,
    Shape,
    Topic,
    Trigger,
)
from benhan.kernel.faults import Fault
from benhan.kernel.issues import Issue, error
from benhan.kernel.texts import Text

TRIGGERS_MAX, FILTERS_MAX, SHAPES_MAX, INCLUDES_MAX = 10, 50, 10, 10
EXPRESSION_CHARACTERS_MAX = 4_000
BEYOND_ONE = frozenset({"resolve", "memberOf", "conformsTo", "subsumes", "subsumedBy"})
"""Functions that ask for more than the two versions."""

_URL = re.compile(r"http://hl7\.org/fhir/(?:4\.3|5\.0)/StructureDefinition/extension-SubscriptionTopic\.([A-Za-z.]+)")
_CANONICAL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s|#]{1,400}")
_TYPE_URL = "http://hl7.org/fhir/StructureDefinition/"
KNOWN = {
    "": {
        "url", "identifier", "version", "versionAlgorithm", "versionAlgorithmString", "name", "title", "derivedFrom",
        "status", "experimental", "date", "publisher", "contact", "description", "useContext", "jurisdiction",
        "purpose", "copyright", "copyrightLabel", "approvalDate", "lastReviewDate", "effectivePeriod",
        "resourceTrigger", "eventTrigger", "canFilterBy", "notificationShape",
    },
    "resourceTrigger": {"description", "resource", "supportedInteraction", "queryCriteria", "fhirPathCriteria"},
    "queryCriteria": {"previous", "resultForCreate", "current", "resultForDelete", "requireBoth"},
    "canFilterBy": {"description", "resource", "filterParameter", "filterDefinition", "comparator", "modifier"},
    "notificationShape": {"resource", "include", "revInclude"},
}  # fmt: skip
"""The elements of R5's resource that are read or passed over, by the element they stand in."""

UNKNOWN_ELEMENT = Text("SubscriptionTopic không có phần tử này ở đây.", "A SubscriptionTopic has no such element here.")
MISSING = Text("Thiếu {name}.", "{name} is missing.")
ONE_OF = Text("Phải là một trong: {valid}.", "It must be one of: {valid}.")
NO_URL = Text("url phải là URI tuyệt đối, không có | và #.", "url must be an absolute URI without | and #.")
NOT_A_TYPE = Text(
    "resource phải là một loại tài nguyên R4 theo dõi được.", "resource must be a type of R4 that can be watched."
)
NO_EVENTS = Text(
    "eventTrigger không được hỗ trợ: sự kiện chỉ do tạo, sửa, xoá tài nguyên. Hãy dùng resourceTrigger.",
    "eventTrigger is not supported: events come of creating, updating and deleting resources. Use resourceTrigger.",
)
NO_TRIGGER = Text("Phải có ít nhất một resourceTrigger.", "There must be a resourceTrigger at least.")
TOO_MANY = Text("Nhiều hơn {most}.", "There are more than {most}.")
NOT_A_SEARCH = Text("Không phải câu tìm kiếm hợp lệ của {type}: {reason}", "It is no valid search of {type}: {reason}")
NOT_A_PARAMETER = Text("{type} không có tham số tìm kiếm {name}.", "{type} has no search parameter {name}.")
NOT_A_TRIGGER = Text("Không resourceTrigger nào theo dõi {type}.", "No resourceTrigger watches {type}.")
NOT_A_PATH = Text("Không phải biểu thức FHIRPath dùng được: {reason}", "It is no FHIRPath that can be used: {reason}")
BEYOND = Text(
    "{name}() cần tài nguyên khác; ở đây chỉ có %previous và %current.",
    "{name}() needs other resources; here are only %previous and %current.",
)
NOT_ALONE = Text(
    "Điều kiện không được dùng chuỗi tham chiếu, _has, _list hay tập giá trị: mỗi phiên bản được xét riêng.",
    "Criteria must not use chains, _has, _list or value sets: each version is judged alone.",
)


def read_topic(basic: Json, registry: SearchRegistry) -> tuple[Topic | None, list[Issue]]:
    """The topic of a Basic, or what is wrong with it, each place in R5's words."""
    reading = _Reading(registry)
    topic = reading.topic(basic)
    return (None, reading.issues) if reading.issues else (topic, [])


class _Reading:
    """One reading of a topic, which collects what is wrong."""

    def __init__(self, registry: SearchRegistry) -> None:
        self._registry = registry
        self.issues: list[Issue] = []

    def topic(self, basic: Json) -> Topic:
        told = self._members(basic, "", "SubscriptionTopic")
        url = self._text(told, "url", "SubscriptionTopic", is_required=True)
        if url and _CANONICAL.fullmatch(url) is None:
            self._wrong("SubscriptionTopic.url", NO_URL)
        status = self._text(told, "status", "SubscriptionTopic", is_required=True)
        if status and status not in STATUSES:
            self._wrong("SubscriptionTopic.status", ONE_OF.filled(valid=", ".join(STATUSES)))
        for number, _ in enumerate(told.get("eventTrigger", ())):
            self.issues.append(error("not-supported", f"SubscriptionTopic.eventTrigger[{number}]", NO_EVENTS, CLAUSE))
        triggers = tuple(
            self._trigger(each, place) for each, place in self._each(told, "resourceTrigger", TRIGGERS_MAX)
        )
        if not triggers and not told.get("eventTrigger"):
            self._wrong("SubscriptionTopic.resourceTrigger", NO_TRIGGER, "required")
        types = tuple(dict.fromkeys(each.type for each in triggers if each.type))
        allowed = tuple(
            self._allowed(each, place, types) for each, place in self._each(told, "canFilterBy", FILTERS_MAX)
        )
        shapes = tuple(
            self._shape(each, place, types) for each, place in self._each(told, "notificationShape", SHAPES_MAX)
        )
        return Topic(url, self._text(told, "version", "SubscriptionTopic"), status, triggers, allowed, shapes)

    def _trigger(self, element: Json, place: str) -> Trigger:
        told = self._members(element, "resourceTrigger", place)
        type_ = self._type(told, place, is_required=True)
        named = self._texts(told, "supportedInteraction", place)
        if not set(named) <= set(INTERACTIONS):
            self._wrong(f"{place}.supportedInteraction", ONE_OF.filled(valid=", ".join(INTERACTIONS)))
        query = next(
            (self._query(each, where, type_) for each, where in self._each(told, "queryCriteria", 1, place)), None
        )
        path = self._path(self._text(told, "fhirPathCriteria", place), f"{place}.fhirPathCriteria")
        return Trigger(type_, frozenset(named or INTERACTIONS), query, path)

    def _query(self, element: Json, place: str, type_: str) -> Query:
        told = self._members(element, "queryCriteria", place)
        results = {}
        for name in ("resultForCreate", "resultForDelete"):
            text = self._text(told, name, place)
            if text and text not in ("test-passes", "test-fails"):
                self._wrong(f"{place}.{name}", ONE_OF.filled(valid="test-passes, test-fails"))
            results[name] = text == "test-passes"
        searches = {
            name: self._search(self._text(told, name, place), f"{place}.{name}", type_)
            for name in ("previous", "current")
        }
        if searches["previous"] is None and searches["current"] is None:
            self._wrong(place, MISSING.filled(name="previous | current"), "required")
        both = any(each.get("valueBoolean") is True for each in told.get("requireBoth", ()))
        return Query(
            searches["previous"], searches["current"], results["resultForCreate"], results["resultForDelete"], both
        )

    def _search(self, text: str, place: str, type_: str) -> Pairs | None:
        """A search of `type_`, with or without `Type?` before it."""
        if not text:
            return None
        of_type, mark, rest = text.partition("?")
        pairs = tuple(parse_qsl(rest if mark and of_type == type_ else text, keep_blank_values=True))
        return self._checked(pairs, place, type_) if type_ else pairs

    def _checked(self, pairs: Pairs, place: str, type_: str) -> Pairs:
        try:
            query = parse_search(type_, pairs, registry=self._registry)
        except Fault as fault:
            reason = fault.issues[0].text if fault.issues else fault.text
            self._wrong(place, NOT_A_SEARCH.filled(type=type_, reason=reason.en))
        else:
            if not pairs or (place.endswith(("previous", "current")) and not query.criteria):
                self._wrong(place, NOT_A_SEARCH.filled(type=type_, reason="-"))
        return pairs

    def _path(self, text: str, place: str) -> Expression | None:
        if not text:
            return None
        if len(text) > EXPRESSION_CHARACTERS_MAX:
            self._wrong(place, TOO_MANY.filled(most=EXPRESSION_CHARACTERS_MAX))
            return None
        try:
            path = compile_path(text)
        except Fault as fault:
            self._wrong(place, NOT_A_PATH.filled(reason=f"{fault.code} {fault.text.en}"))
            return None
        for name in sorted(set(_called(path.tree)) & BEYOND_ONE):
            self._wrong(place, BEYOND.filled(name=name), "not-supported")
        return path

    def _allowed(self, element: Json, place: str, types: Sequence[str]) -> Allowed:
        told = self._members(element, "canFilterBy", place)
        type_ = self._type(told, place, types)
        name = self._text(told, "filterParameter", place, is_required=True)
        for each in [type_] if type_ else types:
            if name and name not in self._registry.parameters_of(each):
                self._wrong(f"{place}.filterParameter", NOT_A_PARAMETER.filled(type=each, name=safe(name)))
        listed = self._texts(told, "modifier", place)
        comparators = {*self._texts(told, "comparator", place), *(each for each in listed if each in COMPARATORS)}
        if not comparators <= COMPARATORS:
            self._wrong(f"{place}.comparator", ONE_OF.filled(valid=", ".join(sorted(COMPARATORS))))
        return Allowed(type_, name, frozenset(listed) - COMPARATORS, frozenset(comparators))

    def _shape(self, element: Json, place: str, types: Sequence[str]) -> Shape:
        told = self._members(element, "notificationShape", place)
        type_ = self._type(told, place, types, is_required=True)
        pairs: list[tuple[str, str]] = []
        for name, parameter in (("include", "_include"), ("revInclude", "_revinclude")):
            for number, text in enumerate(self._texts(told, name, place)):
                found = _includes(parameter, text)
                if type_:
                    self._checked(found, f"{place}.{name}[{number}]", type_)
                pairs += found
        if len(pairs) > INCLUDES_MAX:
            self._wrong(place, TOO_MANY.filled(most=INCLUDES_MAX))
        return Shape(type_, tuple(pairs))

    # ── members ──

    def _members(self, element: Json, within: str, place: str) -> dict[str, list[Json]]:
        """The elements of R5 that stand in the extensions of `element`, by name; other extensions are passed over."""
        told: dict[str, list[Json]] = {}
        for each in (*(element.get("extension") or ()), *(element.get("modifierExtension") or ())):
            url = str(each.get("url", ""))
            match = _URL.fullmatch(url)
            if match is None and (":" in url or not within):
                continue
            name = (match[1] if match is not None else url).rpartition(".")[2]
            if name in KNOWN[within]:
                told.setdefault(name, []).append(each)
            else:
                self._wrong(f"{place}.{safe(name)}", UNKNOWN_ELEMENT, "structure")
        return told

    def _each(
        self, told: Mapping[str, list[Json]], name: str, most: int, place: str = "SubscriptionTopic"
    ) -> Iterable[tuple[Json, str]]:
        found = told.get(name, [])
        if len(found) > most:
            self._wrong(f"{place}.{name}", TOO_MANY.filled(most=most), "too-costly")
        if most == 1:
            return [(each, f"{place}.{name}") for each in found[:1]]
        return [(each, f"{place}.{name}[{number}]") for number, each in enumerate(found[:most])]

    def _texts(self, told: Mapping[str, list[Json]], name: str, place: str) -> list[str]:
        found = []
        for each in told.get(name, ()):
            value = next((value for key, value in each.items() if key.startswith("value")), None)
            if isinstance(value, str) and value.strip():
                found.append(value.strip())
            else:
                self._wrong(f"{place}.{name}", MISSING.filled(name="value[x]"), "required")
        return found

    def _text(self, told: Mapping[str, list[Json]], name: str, place: str, *, is_required: bool = False) -> str:
        found = self._texts(told, name, place)
        if len(found) > 1:
            self._wrong(f"{place}.{name}", TOO_MANY.filled(most=1))
        if is_required and not told.get(name):
            self._wrong(f"{place}.{name}", MISSING.filled(name=name), "required")
        return found[0] if found else ""

    def _type(
        self,
        told: Mapping[str, list[Json]],
        place: str,
        among: Sequence[str] | None = None,
        *,
        is_required: bool = False,
    ) -> str:
        """The type that `resource` names, by its name or the url of its definition; "" for none."""
        name = self._text(told, "resource", place, is_required=is_required).removeprefix(_TYPE_URL)
        if not name:
            return ""
        if name not in resource_types() or name in NOT_WATCHED:
            self._wrong(f"{place}.resource", NOT_A_TYPE)
            return ""
        if among is not None and name not in among:
            self._wrong(f"{place}.resource", NOT_A_TRIGGER.filled(type=name))
        return name

    def _wrong(self, place: str, text: Text, kind: str = "value") -> None:
        self.issues.append(error(kind, place, text, CLAUSE))


def _includes(parameter: str, text: str) -> Pairs:
    """The pairs of `Encounter:patient&iterate=Patient:link`. Source: SubscriptionTopic.notificationShape.include."""
    first, *more = text.split("&")
    found = [(parameter, first)]
    for each in more:
        name, _, value = each.partition("=")
        found.append((f"{parameter}:{name.removeprefix(f'{parameter}:')}", value.replace(".", ":", 1)))
    return tuple(found)


def _called(node: Any) -> Iterable[str]:
    """The names of the functions that an expression calls."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Call):
            yield each.name
        if isinstance(each, tuple):
            waiting += each
        elif is_dataclass(each) and not isinstance(each, type):
            waiting += [getattr(each, field.name) for field in fields(each)]
