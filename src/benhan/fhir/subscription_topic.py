"""A SubscriptionTopic of one's own, as data: what happening to which resources is an event, and what is told with it.

R4 has no such resource: it is written as a Basic whose code is `http://hl7.org/fhir/fhir-types|SubscriptionTopic`, its
elements as R5's in extensions (`http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic.url`, …; those
of 4.3 are read alike). `status` may stand in `modifierExtension`, as it changes the meaning.

Not supported, and refused by name: eventTrigger (events that no interaction with a resource tells of), chains and value
sets in the searches of a trigger (a version is judged alone), functions of FHIRPath that need other resources.
Source: FHIR R5 subscriptiontopic.html; Subscriptions R5 Backport 1.1.0, components.html#subscription-topics-in-r4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from benhan.fhir.fhirpath.compiler import as_items
from benhan.fhir.fhirpath.expression import Expression
from benhan.fhir.search_parameters import SearchParameter, SearchRegistry
from benhan.fhir.search_texts import safe
from benhan.kernel.texts import Text

Json = dict[str, Any]
Pairs = tuple[tuple[str, str], ...]

CODE_SYSTEM, CODE = "http://hl7.org/fhir/fhir-types", "SubscriptionTopic"
EXTENSION = "http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic."
CLAUSE = "http://hl7.org/fhir/R5/subscriptiontopic.html"
STATUSES = ("draft", "active", "retired", "unknown")
INTERACTIONS = ("create", "update", "delete")
"""What can happen to a resource. Source: SubscriptionTopic.resourceTrigger.supportedInteraction."""
NOT_WATCHED = frozenset({"Subscription", "AuditEvent", "Parameters", "OperationOutcome"})
COMPARATORS = frozenset({"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"})
STEPS_MAX = 100_000
"""What judging one version may take."""
NOT_OFFERED = Text(
    "Chủ đề không cho lọc {type} theo {name}; được: {valid}.",
    "The topic does not let {type} be filtered by {name}; it offers: {valid}.",
)
NO_MODIFIER = Text(
    "Chủ đề không cho bổ từ này ở {name}; được: {valid}.",
    "The topic does not let {name} have this modifier; it offers: {valid}.",
)
NO_COMPARATOR = Text(
    "Chủ đề không cho phép so sánh này ở {name}; được: {valid}.",
    "The topic does not let {name} be compared so; it offers: {valid}.",
)


class Version(Protocol):
    """A version of a resource that is judged."""

    @property
    def resource(self) -> Json: ...


Meets = Callable[[Pairs, Version], bool]
"""Whether a version satisfies a search of its type."""


@dataclass(frozen=True, slots=True)
class Query:
    """queryCriteria: searches that the version before and the one written must satisfy; None where there is none."""

    previous: Pairs | None
    current: Pairs | None
    result_for_create: bool
    """What counts for `previous` where there was nothing before; False where it is not said."""
    result_for_delete: bool
    require_both: bool


@dataclass(frozen=True, slots=True)
class Trigger:
    """resourceTrigger: where both `query` and `path` stand, both must hold."""

    type: str
    interactions: frozenset[str]
    query: Query | None
    path: Expression | None

    @property
    def needs_previous(self) -> bool:
        """Whether the version before decides something."""
        return self.path is not None or (self.query is not None and self.query.previous is not None)


@dataclass(frozen=True, slots=True)
class Allowed:
    """canFilterBy: a parameter that subscribers may filter by, for one type; "" for each that is watched."""

    type: str
    parameter: str
    modifiers: frozenset[str]
    comparators: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shape:
    """notificationShape: what comes along with a resource of the type, as pairs of a search."""

    type: str
    pairs: Pairs


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic; `version` is "" where it has none."""

    url: str
    version: str
    status: str
    triggers: tuple[Trigger, ...]
    allowed: tuple[Allowed, ...]
    shapes: tuple[Shape, ...]

    @property
    def types(self) -> tuple[str, ...]:
        """What is watched, in the order of the triggers."""
        return tuple(dict.fromkeys(each.type for each in self.triggers))

    @property
    def watches_deletions(self) -> bool:
        return any("delete" in each.interactions for each in self.triggers)

    def is_named(self, canonical: str) -> bool:
        """Whether `url` or `url|version` names it."""
        url, bar, version = canonical.partition("|")
        return url == self.url and (not bar or version == self.version)

    def searches(self) -> list[tuple[str, str, Pairs]]:
        """Every search of its triggers: the place it stands at, its type, its pairs."""
        return [
            (f"SubscriptionTopic.resourceTrigger[{number}].queryCriteria.{name}", each.type, pairs)
            for number, each in enumerate(self.triggers)
            if each.query is not None
            for name, pairs in (("previous", each.query.previous), ("current", each.query.current))
            if pairs is not None
        ]

    def along(self, type_: str) -> Pairs:
        """What a search for a resource of `type_` includes."""
        return tuple(pair for each in self.shapes if each.type == type_ for pair in each.pairs)

    def is_event(self, type_: str, interaction: str, before: Version | None, now: Version | None, meets: Meets) -> bool:
        """Whether an interaction is an event: what was there before, and what was written (None: nothing, a deletion).

        Raises the Faults of evaluating FHIRPath.
        """
        return any(
            _triggers(each, before, now, meets)
            for each in self.triggers
            if each.type == type_ and interaction in each.interactions
        )


def _triggers(trigger: Trigger, before: Version | None, now: Version | None, meets: Meets) -> bool:
    if trigger.query is not None and not _query_holds(trigger.query, before, now, meets):
        return False
    if trigger.path is None:
        return True
    previous, current = before.resource if before else None, now.resource if now else None
    variables = {"previous": as_items(previous), "current": as_items(current)}
    return trigger.path.holds(current or previous, variables=variables, steps_max=STEPS_MAX) is True


def _query_holds(query: Query, before: Version | None, now: Version | None, meets: Meets) -> bool:
    """Source: SubscriptionTopic.resourceTrigger.queryCriteria and its members (R5)."""
    outcomes = []
    if query.previous is not None:
        outcomes.append(query.result_for_create if before is None else meets(query.previous, before))
    if query.current is not None:
        outcomes.append(query.result_for_delete if now is None else meets(query.current, now))
    return all(outcomes) if query.require_both else any(outcomes)


def is_topic(resource: Mapping[str, Any]) -> bool:
    """Whether a resource is a Basic that says it is a SubscriptionTopic."""
    codings = (resource.get("code") or {}).get("coding") or () if resource.get("resourceType") == "Basic" else ()
    return any(each.get("system") == CODE_SYSTEM and each.get("code") == CODE for each in codings)


def filter_issue(topic: Topic, type_: str, name: str, value: str, registry: SearchRegistry) -> Text | None:
    """Why a subscriber may not filter the resources of `type_` so; None where they may."""
    code, _, modifier = name.partition(":")
    found = [each for each in topic.allowed if each.parameter == code and each.type in ("", type_)]
    if not found:
        listed = {each.parameter for each in topic.allowed if each.type in ("", type_)}
        return NOT_OFFERED.filled(name=safe(code), type=type_, valid=", ".join(sorted(listed)) or "-")
    modifiers = {each for one in found for each in one.modifiers}
    if modifier and modifier not in modifiers:
        return NO_MODIFIER.filled(name=code, valid=", ".join(sorted(modifiers)) or "-")
    comparators = {"eq"} | {each for one in found for each in one.comparators}
    used = _comparators(registry.parameters_of(type_)[code], value)
    if not used <= comparators:
        return NO_COMPARATOR.filled(name=code, valid=", ".join(sorted(comparators)))
    return None


def _comparators(parameter: SearchParameter, value: str) -> set[str]:
    """The comparators that a value begins with, where its parameter is of a type that has some."""
    if parameter.type not in ("number", "date", "quantity"):
        return set()
    return {each[:2] for each in value.split(",") if each[:2] in COMPARATORS}
