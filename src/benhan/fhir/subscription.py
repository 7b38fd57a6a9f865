"""What a Subscription asks for, as data. Topic-based subscriptions in the form R4 takes, and R4's own criteria.

`criteria` is a topic (`urn:benhan:topic:Observation`: every resource of a type that is created or changed; with
`:create`, `:update`, `:delete` or several of them joined by `-` only what is named), narrowed by filters in the
backport's extension, or a search as R4 has it (`Observation?code=…`), which is the same topic with one
filter. Channels: rest-hook and websocket.
Source: FHIR R4 subscription.html; Subscriptions R5 Backport 1.1.0, StructureDefinition/backport-subscription.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qsl

from benhan.fhir.dates import range_of
from benhan.fhir.definitions import resource_types
from benhan.kernel.issues import Issue, error
from benhan.kernel.texts import Text

Json = dict[str, Any]
Filters = tuple[tuple[tuple[str, str], ...], ...]
Content = Literal["empty", "id-only", "full-resource"]

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
TOPIC = "urn:benhan:topic:"
CLAUSE = "http://hl7.org/fhir/R4/subscription.html"
INTERACTIONS = ("create", "update", "delete")
"""What can happen to a resource. Source: SubscriptionTopic.resourceTrigger.supportedInteraction (R5)."""
USUAL_INTERACTIONS = frozenset({"create", "update"})
CONTENTS: tuple[Content, ...] = ("empty", "id-only", "full-resource")
CHANNELS = ("rest-hook", "websocket")
HEARTBEAT_S_LEAST, HEARTBEAT_S_MOST = 10, 24 * 3600
TIMEOUT_S_DEFAULT, TIMEOUT_S_MOST = 10, 30
EVENTS_MAX_DEFAULT, EVENTS_MAX = 20, 100
FILTERS_MAX, HEADERS_MAX = 10, 10
NOT_WATCHED = frozenset({"Subscription", "AuditEvent", "Parameters", "OperationOutcome"})
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,63}):[ \t]*([\x21-\x7e](?:[\x20-\x7e]{0,1022}[\x21-\x7e])?)")
OUR_HEADERS = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "te"})

UNKNOWN_TOPIC = Text(
    "criteria phải là {topic}<Loại>[:create-update-delete] hoặc một câu tìm kiếm <Loại>?…, với loại tài nguyên được"
    " theo dõi.",
    "criteria must be {topic}<Type>[:create-update-delete] or a search <Type>?… of a type that can be watched.",
)
WRONG_FILTER = Text("Bộ lọc phải là câu tìm kiếm của cùng loại.", "A filter must be a search of the same type.")
WRONG_CHANNEL = Text("Kênh phải là một trong: {valid}.", "The channel must be one of: {valid}.")
WRONG_PAYLOAD = Text("payload phải là application/fhir+json.", "payload must be application/fhir+json.")
WRONG_ENDPOINT = Text("rest-hook cần endpoint bắt đầu bằng https://.", "A rest-hook needs an endpoint, https://….")
WRONG_HEADER = Text(
    "Tiêu đề HTTP không hợp lệ hoặc do hệ thống tự đặt.", "The header is not valid, or is not yours to set."
)
WRONG_NUMBER = Text("Phải là số từ {least} đến {most}.", "It must be a number from {least} to {most}.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a Subscription asks for. `filters` must each hold; `headers` may hold secrets and are never shown."""

    type: str
    filters: Filters
    channel: str
    endpoint: str
    headers: tuple[tuple[str, str], ...]
    content: Content
    has_payload: bool
    heartbeat_s: int
    timeout_s: int
    events_max: int
    ends_at: datetime | None
    interactions: frozenset[str] = USUAL_INTERACTIONS

    @property
    def topic(self) -> str:
        if self.interactions == USUAL_INTERACTIONS:
            return TOPIC + self.type
        return f"{TOPIC}{self.type}:{'-'.join(each for each in INTERACTIONS if each in self.interactions)}"

    @property
    def watches_deletions(self) -> bool:
        return "delete" in self.interactions

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The search of every filter together."""
        return [pair for each in self.filters for pair in each]

    def __repr__(self) -> str:
        return f"Wish({self.type}, {self.channel})"


def read_wish(subscription: Json) -> tuple[Wish | None, list[Issue]]:
    """The wish of a Subscription, or what is wrong with it."""
    issues: list[Issue] = []
    channel = subscription.get("channel") or {}
    type_, interactions, filters = _criteria(subscription, issues)
    kind = str(channel.get("type", ""))
    if kind not in CHANNELS:
        issues.append(_wrong("Subscription.channel.type", WRONG_CHANNEL.filled(valid=", ".join(CHANNELS))))
    endpoint = str(channel.get("endpoint", ""))
    if kind == "rest-hook" and not re.match(r"https?://[^\s/@]+", endpoint):
        issues.append(_wrong("Subscription.channel.endpoint", WRONG_ENDPOINT))
    payload = channel.get("payload")
    if payload is not None and str(payload).split(";")[0].strip() not in ("application/fhir+json", "application/json"):
        issues.append(_wrong("Subscription.channel.payload", WRONG_PAYLOAD))
    wish = Wish(
        type_,
        filters,
        kind,
        endpoint,
        _headers(channel, issues),
        _content(channel, has_payload=payload is not None),
        payload is not None,
        _number(channel, "backport-heartbeat-period", 0, HEARTBEAT_S_LEAST, HEARTBEAT_S_MOST, issues),
        _number(channel, "backport-timeout", TIMEOUT_S_DEFAULT, 1, TIMEOUT_S_MOST, issues),
        _number(channel, "backport-max-count", EVENTS_MAX_DEFAULT, 1, EVENTS_MAX, issues),
        _end(subscription),
        interactions,
    )
    return (None, issues) if issues else (wish, [])


def _criteria(subscription: Json, issues: list[Issue]) -> tuple[str, frozenset[str], Filters]:
    """The type that is watched, what of it, and its filters."""
    told = str(subscription.get("criteria", ""))
    searches: list[str] = []
    interactions, is_known = USUAL_INTERACTIONS, True
    if told.startswith(TOPIC):
        type_, colon, names = told.removeprefix(TOPIC).partition(":")
        if colon:
            listed = names.split("-")
            interactions = frozenset(listed)
            is_known = len(interactions) == len(listed) and interactions <= set(INTERACTIONS)
    else:
        type_, _, search = told.partition("?")
        searches = [search] if search else []
    if type_ not in resource_types() or type_ in NOT_WATCHED or not is_known:
        issues.append(_wrong("Subscription.criteria", UNKNOWN_TOPIC.filled(topic=TOPIC)))
        return "", interactions, ()
    for each in _extensions(subscription.get("_criteria") or {}, "backport-filter-criteria"):
        of_type, _, search = str(each.get("valueString", "")).partition("?")
        if of_type != type_ or not search or len(searches) >= FILTERS_MAX:
            issues.append(_wrong("Subscription.criteria", WRONG_FILTER))
        else:
            searches.append(search)
    return type_, interactions, tuple(tuple(parse_qsl(search, keep_blank_values=True)) for search in searches)


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


def _content(channel: Json, *, has_payload: bool) -> Content:
    """What notifications carry: as the extension says, else R4's meaning of payload (none: nothing but the news)."""
    for each in _extensions(channel.get("_payload") or {}, "backport-payload-content"):
        for content in CONTENTS:
            if each.get("valueCode") == content:
                return content
    return "full-resource" if has_payload else "empty"


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


def _extensions(element: Json, name: str) -> list[Json]:
    return [each for each in element.get("extension") or () if each.get("url") == f"{BACKPORT}/{name}"]


def _wrong(place: str, text: Text) -> Issue:
    return error("value", place, text, CLAUSE)
