"""The headers of a Subscription's channel, which may hold a receiver's secret: written, sent, and never read back.

An answer shows the name of each header and HIDDEN in the place of its value; the store keeps the value, sealed, and
whoever may export everything finds it in their export. A value that was hidden cannot be written back, and what has
headers is replaced as a whole, not patched: a patch could copy a value to where it is shown.
"""

from __future__ import annotations

from typing import Any

import orjson

from benhan.fhir.resource import exact_json
from benhan.fhir_api.subscriptions.faults import HEADERS_NOT_PATCHED, HIDDEN_HEADER

Json = dict[str, Any]
HIDDEN = "***"
_MARK = b'"resourceType":"Subscription"'


def without_secrets(data: bytes) -> bytes:
    """FHIR JSON of our own with the headers of every Subscription in it hidden; the same where there is none."""
    if _MARK not in data or b'"header":' not in data:
        return data
    body = exact_json(data)
    _hide(body)
    return orjson.dumps(body)


def _hide(value: Any) -> None:
    if isinstance(value, dict):
        headers = _headers_of(value)
        headers[:] = [_hidden(each) for each in headers]
        for each in value.values():
            _hide(each)
    elif isinstance(value, list):
        for each in value:
            _hide(each)


def _hidden(header: Any) -> str:
    name, colon, _ = str(header).partition(":")
    return f"{name}: {HIDDEN}" if colon else HIDDEN


def check_headers(resource: Json) -> None:
    """Raises Incorrect BA-3110 where a Subscription brings back a header whose value was hidden."""
    if any(str(each).partition(":")[2].strip() == HIDDEN or each == HIDDEN for each in _headers_of(resource)):
        raise HIDDEN_HEADER()


def check_patched(current: Json) -> None:
    """Raises Incorrect BA-3111 where a resource that is to be patched is a Subscription with headers."""
    if _headers_of(current):
        raise HEADERS_NOT_PATCHED()


def _headers_of(resource: Json) -> list[Any]:
    """The list of the headers of a Subscription; an empty one for everything else."""
    channel = resource.get("channel") if resource.get("resourceType") == "Subscription" else None
    headers = channel.get("header") if isinstance(channel, dict) else None
    return headers if isinstance(headers, list) else []
