"""Forms as they are sent: bounded, read once, and still there for who reads the body after us."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from benhan.access.faults import BAD_FORM

FORM_BYTES_MAX = 1024 * 1024
FORM_FIELDS_MAX = 5_000
"""The largest form of TT 32 has 285 fields, some of them tables."""
FORM_TYPE = b"application/x-www-form-urlencoded"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


def is_form(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request says it carries a form."""
    return headers.get(b"content-type", b"").split(b";")[0].strip().lower() == FORM_TYPE


async def read_form(receive: Receive) -> tuple[dict[str, str], Receive]:
    """The fields of a form, and a `receive` that gives the same body again. Raises Incorrect BA-0913."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise BAD_FORM(limit=FORM_BYTES_MAX)
        body += message.get("body", b"")
        if len(body) > FORM_BYTES_MAX:
            raise BAD_FORM(limit=FORM_BYTES_MAX)
        if not message.get("more_body"):
            return _parsed(bytes(body)), _again(bytes(body), receive)


def _parsed(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX, errors="strict"
        )
    except ValueError as cause:
        raise BAD_FORM(limit=FORM_BYTES_MAX) from cause
    return dict(fields)


def _again(body: bytes, receive: Receive) -> Receive:
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
