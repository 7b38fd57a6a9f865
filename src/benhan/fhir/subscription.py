"""What a Subscription asks for, as data. Topic-based subscriptions in the form R4 takes, and R4's own criteria.

`criteria` is a topic (`urn:benhan:topic:Observation`: every resource of a type that is created or changed; with
`:create`, `:update`, `:delete` or several of them joined by `-` only what is named), a search as R4 has it
(`Observation?code=…`), which is the same topic with one filter, or the url of a SubscriptionTopic of one's own, with or
without `|version`. Filters in the backport's extension narrow it. Channels: rest-hook and websocket.
Source: FHIR R4 subscription.html; Subscriptions R5 Backport 1.1.0, StructureDefinition/backport-subscription.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qsl

from benhan.fhir.dates import range_of
from benhan.fhir.definitions import resource_types
from benhan.fhir.search_parameters import SearchRegistry
from benhan.fhir.subscription_topic import INTERACTIONS, NOT_WATCHED, Topic, filter_issue
from benhan.kernel.issues import Issue, error
from benhan.kernel.texts import Text

Json = dict[str, Any]
Filters = tuple[tuple[str, str, str], ...]
"""Of each the type ("" for any that is watched), the parameter, its value."""
Content = Literal["empty", "id-only", "full-resource"]

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
TOPIC = "urn:benhan:topic:"
CLAUSE = "http://hl7.org/fhir/R4/subscription.html"
USUAL_INTERACTIONS = frozenset({"create", "update"})
CONTENTS: tuple[Content, ...] = ("empty", "id-only", "full-resource")
CHANNELS = ("rest-hook", "websocket")
HEARTBEAT_S_LEAST, HEARTBEAT_S_MOST = 10, 24 * 3600
TIMEOUT_S_DEFAULT, TIMEOUT_S_MOST = 10, 30
EVENTS_MAX_DEFAULT, EVENTS_MAX = 20, 100
FILTERS_MAX, HEADERS_MAX = 10, 10
PAYLOADS = ("application/fhir+json", "application/json", "application/fhir+xml", "application/xml")
FHIR_VERSIONS = ("4.0", "4.0.1")
"""What the parameter fhirVersion of a payload may say. Source: components.html#subscriptions-and-fhir-versions."""
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,63}):[ \t]*([\x21-\x7e](?:[\x20-\x7e]{0,1022}[\x21-\x7e])?)")
_CANONICAL = re.compile(r"[a-z][A-Za-z0-9+.-]*:[^\s|#]{1,400}(?:\|[^\s|#]{1,64})?")
"""A scheme is written small here, so that it is never taken for a type."""
_TYPED = re.compile(r"([A-Z][A-Za-z]*)\?(.*)")
OUR_HEADERS = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "te"})

NO_TOPIC = Text(
    "criteria phải là {topic}<Loại>[:create-update-delete], url của một SubscriptionTopic, hoặc một câu tìm kiếm"
    " <Loại>?…, với loại tài nguyên được theo dõi.",
    "criteria must be {topic}<Type>[:create-update-delete], the url of a SubscriptionTopic, or a search <Type>?…, of"
    " a type that can be watched.",
)
WRONG_FILTER = Text("Bộ lọc phải là câu tìm kiếm của cùng loại.", "A filter must be a search of the same type.")
WRONG_CHANNEL = Text("Kênh phải là một trong: {valid}.", "The channel must be one of: {valid}.")
WRONG_PAYLOAD = Text(
    "payload phải là một trong: {valid}, fhirVersion (nếu có) 4.0.",
    "payload must be one of: {valid}, and fhirVersion (if any) 4.0.",
)
WRONG_CONTENT = Text("Mức nội dung phải là một trong: {valid}.", "The payload content must be one of: {valid}.")
WRONG_ENDPOINT = Text("rest-hook cần endpoint bắt đầu bằng https://.", "A rest-hook needs an endpoint, https://….")
WRONG_HEADER = Text(
    "Tiêu đề HTTP không hợp lệ hoặc do hệ thống tự đặt.", "The header is not valid, or is not yours to set."
)
WRONG_NUMBER = Text("Phải là số từ {least} đến {most}.", "It must be a number from {least} to {most}.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a Subscription asks for. `filters` must each hold; `headers` may hold secrets and are never shown.

    `topic` is the canonical by which it is told; `types` is empty where that is one's own and `own` not known yet.
    """

    topic: str
    types: tuple[str, ...]
    filters: Filters
    channel: str
    endpoint: str
    headers: tuple[tuple[str, str], ...]
    payload: str
    """The media type of notifications."""
    content: Content
    heartbeat_s: int
    timeout_s: int
    events_max: int
    ends_at: datetime | None
    interactions: frozenset[str] = USUAL_INTERACTIONS
    own: Topic | None = None

    @property
    def is_of_own_topic(self) -> bool:
        return not self.topic.startswith(TOPIC)

    @property
    def watches_deletions(self) -> bool:
        return self.own.watches_deletions if self.own is not None else "delete" in self.interactions

    @property
    def is_in_xml(self) -> bool:
        return self.payload.partition(";")[0].strip().endswith("xml")

    def pairs(self, type_: str) -> list[tuple[str, str]]:
        """The search of every filter of a type together."""
        return [(name, value) for of_type, name, value in self.filters if of_type in ("", type_)]

    def __repr__(self) -> str:
        return f"Wish({self.topic}, {self.channel})"


def read_wish(subscription: Json) -> tuple[Wish | None, list[Issue]]:
    """The wish of a Subscription, or what is wrong with it. What its own topic says of it is held against `bound`."""
    issues: list[Issue] = []
    channel = subscription.get("channel") or {}
    topic, types, interactions = _topic(str(subscription.get("criteria", "")), issues)
    kind = str(channel.get("type", ""))
    wanted = {
        each.get("valueCoding", {}).get("code") for each in _extensions(channel.get("_type"), "backport-channel-type")
    }
    if kind not in CHANNELS or not wanted <= {kind}:
        issues.append(_wrong("Subscription.channel.type", WRONG_CHANNEL.filled(valid=", ".join(CHANNELS))))
    endpoint = str(channel.get("endpoint", ""))
    if kind == "rest-hook" and not re.match(r"https?://[^\s/@]+", endpoint):
        issues.append(_wrong("Subscription.channel.endpoint", WRONG_ENDPOINT))
    wish = Wish(
        topic,
        types,
        _filters(subscription, types, issues),
        kind,
        endpoint,
        _headers(channel, issues),
        _payload(channel, issues),
        _content(channel, issues),
        _number(channel, "backport-heartbeat-period", 0, HEARTBEAT_S_LEAST, HEARTBEAT_S_MOST, issues),
        _number(channel, "backport-timeout", TIMEOUT_S_DEFAULT, 1, TIMEOUT_S_MOST, issues),
        _number(channel, "backport-max-count", EVENTS_MAX_DEFAULT, 1, EVENTS_MAX, issues),
        _end(subscription),
        interactions,
    )
    return (None, issues) if issues else (wish, [])


def bound(wish: Wish, topic: Topic, registry: SearchRegistry) -> tuple[Wish, list[Issue]]:
    """A wish with its own topic, and what of its filters the topic does not offer.

    A filter without a type is one of every type that the topic watches.
    """
    issues = []
    for type_, name, value in wish.filters:
        if type_ and type_ not in topic.types:
            issues.append(_wrong("Subscription.criteria", WRONG_FILTER))
            continue
        reasons = (filter_issue(topic, each, name, value, registry) for each in ([type_] if type_ else topic.types))
        issues += [_wrong("Subscription.criteria", reason) for reason in reasons if reason is not None]
    return replace(wish, types=topic.types, own=topic), issues


def _topic(criteria: str, issues: list[Issue]) -> tuple[str, tuple[str, ...], frozenset[str]]:
    """The canonical of the topic, the types that are watched (none for one of one's own), what of them."""
    interactions, is_known = USUAL_INTERACTIONS, True
    if criteria.startswith(TOPIC):
        type_, colon, names = criteria.removeprefix(TOPIC).partition(":")
        if colon:
            listed = names.split("-")
            interactions = frozenset(listed)
            is_known = len(interactions) == len(listed) and interactions <= set(INTERACTIONS)
    elif _CANONICAL.fullmatch(criteria):
        return criteria, (), interactions
    else:
        type_ = criteria.partition("?")[0]
    if type_ not in resource_types() or type_ in NOT_WATCHED or not is_known:
        issues.append(_wrong("Subscription.criteria", NO_TOPIC.filled(topic=TOPIC)))
        return "", (), interactions
    return _name(type_, interactions), (type_,), interactions


def _name(type_: str, interactions: frozenset[str]) -> str:
    if interactions == USUAL_INTERACTIONS:
        return TOPIC + type_
    return f"{TOPIC}{type_}:{'-'.join(each for each in INTERACTIONS if each in interactions)}"


def topics_of_types() -> list[str]:
    """The topics that every store has."""
    return [TOPIC + each for each in sorted(resource_types()) if each not in NOT_WATCHED]


def _filters(subscription: Json, types: tuple[str, ...], issues: list[Issue]) -> Filters:
    """The filters of R4's own criteria and of the backport's extension, which may name a type in two ways.

    Source: components.html#subscription-filters, `[resourceType].[filterParameter]=[value]`; the guide's own examples
    write `[resourceType]?[filterParameter]=[value]`.
    """
    criteria = str(subscription.get("criteria", ""))
    told = [criteria] if criteria.partition("?")[2] and _CANONICAL.fullmatch(criteria) is None else []
    extensions = _extensions(subscription.get("_criteria"), "backport-filter-criteria")
    told += [str(each.get("valueString", "")) for each in extensions]
    found = []
    for each in told[:FILTERS_MAX]:
        match = _TYPED.fullmatch(each)
        of_type, search = (match[1], match[2]) if match is not None else ("", each)
        pairs = [_typed(of_type, *pair) for pair in parse_qsl(search, keep_blank_values=True)]
        if not pairs or (types and any(type_ not in ("", *types) for type_, _, _ in pairs)):
            issues.append(_wrong("Subscription.criteria", WRONG_FILTER))
        found += pairs
    if len(told) > FILTERS_MAX:
        issues.append(_wrong("Subscription.criteria", WRONG_FILTER))
    return tuple(found)


def _typed(of_type: str, name: str, value: str) -> tuple[str, str, str]:
    type_, dot, rest = name.partition(".")
    return (type_, rest, value) if dot and type_ in resource_types() else (of_type, name, value)


def _headers(channel: Json, issues: list[Issue]) -> tuple[tuple[str, str], ...]:
    found = []
    told = channel.get("header") or []
    for each in told[:HEADERS_MAX]:
        match = _HEADER.fullmatch(str(each).strip())
        if match is None or match[1].lower() in OUR_HEADERS:
            issues.append(_wrong("Subscription.channel.header", WRONG_HEADER))
        else:
            found.append((match[1], match[2]))
    if len(told) > HEADERS_MAX:
        issues.append(_wrong("Subscription.channel.header", WRONG_HEADER))
    return tuple(found)


def _payload(channel: Json, issues: list[Issue]) -> str:
    """The media type of what is sent; FHIR's JSON where none is told."""
    told = str(channel.get("payload", PAYLOADS[0])).strip()
    kind, *parameters = [part.strip() for part in told.split(";")]
    versions = [
        value.strip('" ')
        for name, _, value in (each.partition("=") for each in parameters)
        if name.strip() == "fhirVersion"
    ]
    if kind not in PAYLOADS or not set(versions) <= set(FHIR_VERSIONS) or not told.isascii() or not told.isprintable():
        issues.append(_wrong("Subscription.channel.payload", WRONG_PAYLOAD.filled(valid=", ".join(PAYLOADS))))
    return told


def _content(channel: Json, issues: list[Issue]) -> Content:
    """What notifications carry: as the extension says, else R4's meaning of payload (none: nothing but the news)."""
    for each in _extensions(channel.get("_payload"), "backport-payload-content"):
        for content in CONTENTS:
            if each.get("valueCode") == content:
                return content
        issues.append(_wrong("Subscription.channel.payload", WRONG_CONTENT.filled(valid=", ".join(CONTENTS))))
    return "full-resource" if channel.get("payload") is not None else "empty"


def _number(channel: Json, name: str, default: int, least: int, most: int, issues: list[Issue]) -> int:
    for each in _extensions(channel, name):
        value = next((value for key, value in each.items() if key.startswith("value")), None)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        told = WRONG_NUMBER.filled(least=least, most=most)
        issues.append(_wrong(f"Subscription.channel.extension('{BACKPORT}/{name}')", told))
    return default


def _end(subscription: Json) -> datetime | None:
    span = range_of(str(subscription["end"])) if "end" in subscription else None
    return span[0] if span is not None else None


def _extensions(element: Json | None, name: str) -> list[Json]:
    found: Iterable[Json] = (element or {}).get("extension") or ()
    return [each for each in found if each.get("url") == f"{BACKPORT}/{name}"]


def _wrong(place: str, text: Text) -> Issue:
    return error("value", place, text, CLAUSE)
