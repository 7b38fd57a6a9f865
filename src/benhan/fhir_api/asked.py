"""In which form a client asks for its answer: JSON or XML, pretty, a part of the resource.

`_format` is stronger than `Accept`; where neither prefers one, the answer has the format that was sent, else JSON.
Source: FHIR R4 http.html#mime-type, #parameters; RFC 9110 12.5.1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from benhan.access.headers import header
from benhan.fhir.definitions import resource_types
from benhan.fhir.summary import Part, parse_part
from benhan.fhir_api.faults import BAD_PRETTY, WRONG_ACCEPT

JSON_TYPES = ("application/fhir+json", "application/json", "text/json", "application/json+fhir")
XML_TYPES = ("application/fhir+xml", "application/xml", "text/xml", "application/xml+fhir")
JSON_MEDIA_TYPE = "application/fhir+json; charset=utf-8"
XML_MEDIA_TYPE = "application/fhir+xml; charset=utf-8"

_FORMATS = {**dict.fromkeys(("json", *JSON_TYPES), False), **dict.fromkeys(("xml", *XML_TYPES), True)}
"""A value of `_format` to whether it is XML."""
_BOOLEANS = {"true": True, "false": False}
_FHIR_VERSION = re.compile(r"""(?i);\s*fhirversion\s*=\s*"?(?!4\.0(?:\.1)?"?\s*(?:[;,]|$))""")
_UNQUOTED = re.compile(r"[A-Za-z0-9_.~-]*")
_WEIGHT = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
_HEADER_CHARACTERS_MAX = 2_000
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """The form asked for."""

    is_xml: bool = False
    is_pretty: bool = False
    part: Part | None = None


PLAIN = Asked()
"""JSON as it is stored."""


def asked_of(scope: Any) -> Asked:
    """The form that a request asks for, found once.

    Raises NotAcceptable BA-0303; Incorrect BA-2070 for `_pretty`, and what `parse_part` raises.
    """
    asked: Asked | None = scope.setdefault("state", {}).get("asked")
    return asked if asked is not None else ask(scope, query_of(scope))


def query_of(scope: Any) -> Pairs:
    """The parameters of the address, percent-decoded, found once."""
    state = scope.setdefault("state", {})
    pairs: Pairs | None = state.get("query")
    if pairs is None:
        text = scope.get("query_string", b"").decode("latin-1")
        pairs = state["query"] = [_pair(part) for part in text.split("&") if part]
    return pairs


def _pair(part: str) -> tuple[str, str]:
    """Name and value of a part of an address, as `parse_qsl` gives them; most of them have nothing to decode."""
    name, _, value = part.partition("=")
    return (unquote_plus(name), unquote_plus(value)) if "%" in part or "+" in part else (name, value)


def query_text(pairs: Pairs) -> str:
    """The parameters as an address has them, as `urlencode` writes them."""
    return "&".join([f"{_quoted(name)}={_quoted(value)}" for name, value in pairs])


def _quoted(text: str) -> str:
    return text if _UNQUOTED.fullmatch(text) else quote_plus(text)


def ask(scope: Any, pairs: Pairs) -> Asked:
    """The form that a request with these parameters asks for, kept for its answer: a search by POST has them inside.

    Raises as `asked_of`.
    """
    says_more = not _NAMES.isdisjoint([name for name, _ in pairs])
    named = [text for name, text in pairs if name == "_format" and text] if says_more else ()
    is_xml = (
        is_xml_format(named[-1]) if named else prefers_xml(header(scope, b"accept"), header(scope, b"content-type"))
    )
    if is_xml is None:
        raise WRONG_ACCEPT()
    asked = Asked(is_xml, _is_pretty(pairs), _part(scope, pairs)) if says_more else _OF_FORMAT[is_xml]
    scope["state"]["asked"] = asked
    return asked


_NAMES = frozenset({"_format", "_pretty", "_summary", "_elements"})
"""The parameters that say something of the form."""
_OF_FORMAT = {False: PLAIN, True: Asked(is_xml=True)}


def _is_pretty(pairs: Pairs) -> bool:
    texts = [text for name, text in pairs if name == "_pretty"]
    if any(text not in _BOOLEANS for text in texts):
        raise BAD_PRETTY()
    return bool(texts) and _BOOLEANS[texts[-1]]


def _part(scope: Any, pairs: Pairs) -> Part | None:
    """The part that a read or a search asks for; operations have parameters of these names of their own."""
    is_search = scope["path"].endswith("/_search")
    if is_operation(scope) or not (scope["method"] in ("GET", "HEAD") or is_search):
        return None
    parts = scope.get("path_params", {})
    type_ = parts.get("wanted", parts.get("type", ""))  # of a compartment, what is searched in it
    return parse_part(pairs, (type_,) if type_ in resource_types() else ())


def is_operation(scope: Any) -> bool:
    """Whether a request is of an operation (`$…`)."""
    return "/$" in scope["path"]


def is_xml_format(text: str) -> bool | None:
    """Whether a value of `_format` is XML; None where it is neither JSON nor XML. A bare `+` has become a space."""
    name = text.split(";", maxsplit=1)[0].strip().lower().replace(" ", "+")
    return None if _FHIR_VERSION.search(text) else _FORMATS.get(name)


@lru_cache(512)
def prefers_xml(accept: str | None, sent: str | None) -> bool | None:
    """Whether `Accept` prefers XML; None where it takes neither. `sent` is the type of the body, for a tie."""
    if not accept:
        return media_type(sent or "") in XML_TYPES
    weights = _weights(accept[:_HEADER_CHARACTERS_MAX])
    json, xml = _weight(weights, JSON_TYPES), _weight(weights, XML_TYPES)
    if "text/html" in weights and XML_TYPES[0] not in weights:
        return False  # a browser: it names XML, but reads JSON as well
    if json == xml:
        return None if not json else media_type(sent or "") in XML_TYPES
    return xml > json


def own_types(accept: str) -> frozenset[str]:
    """The types that `Accept` names where it takes no resource: neither FHIR's nor ranges over them, nor a page."""
    weights = _weights(accept[:_HEADER_CHARACTERS_MAX])
    takes_resources = {*JSON_TYPES, *XML_TYPES, "*/*", "application/*", "text/html"}
    if any(weights.get(name) for name in takes_resources):
        return frozenset()
    return frozenset(name for name, weight in weights.items() if weight)


def _weights(accept: str) -> dict[str, float]:
    """Each media range of `Accept` with its weight; ranges of another version of FHIR are left out."""
    found: dict[str, float] = {}
    for part in accept.split(","):
        if _FHIR_VERSION.search(part):
            continue
        name, *parameters = part.split(";")
        weight = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip().lower() == "q":
                weight = float(value.strip()) if _WEIGHT.fullmatch(value.strip()) else 0.0
        name = name.strip().lower()
        found[name] = max(found.get(name, 0.0), weight)
    return found


def _weight(weights: dict[str, float], types: Sequence[str]) -> float:
    """The weight of a format: of its own names where one stands there, else of the narrowest range over them."""
    named = [weights[type_] for type_ in types if type_ in weights]
    if named:
        return max(named)
    return weights.get("application/*", weights.get("*/*", 0.0))


@lru_cache(512)
def is_xml_type(content_type: str) -> bool | None:
    """Whether a body of this type is XML; None where it is neither JSON nor XML, or of another version of FHIR."""
    sent = media_type(content_type)
    if _FHIR_VERSION.search(content_type) or sent not in (*JSON_TYPES, *XML_TYPES):
        return None
    return sent in XML_TYPES


def media_type(content_type: str) -> str:
    """`Content-Type` without its parameters."""
    return content_type.split(";", maxsplit=1)[0].strip().lower()
