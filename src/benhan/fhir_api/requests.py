"""Reading requests: bounded bodies, content types, preferences, conditions."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from starlette.requests import Request

from benhan.access.headers import header, headers_of
from benhan.fhir.definitions import resource_types
from benhan.fhir.faults import INVALID, UNKNOWN_TYPE
from benhan.fhir.resource import ParsedResource, is_id, parse_json, parse_resource, to_bytes
from benhan.fhir.validation import check_structure
from benhan.fhir.xml_format import parse_xml_tree
from benhan.fhir_api.asked import ask, asked_of, is_xml_type
from benhan.fhir_api.compression import decompressed
from benhan.fhir_api.faults import (
    BAD_ID,
    BAD_IF_MATCH,
    BODY_TOO_LARGE,
    CLIENT_LEFT,
    TYPE_MISMATCH,
    WRONG_CONTENT_TYPE,
)
from benhan.fhir_api.subscriptions.secrets import check_headers
from benhan.kernel.actors import Actor
from benhan.kernel.texts import Language
from benhan.store.validation.aside import SWITCH_S

Result = TypeVar("Result")

LARGE_BYTES = 256 * 1024
"""From this size on a body is read and written beside the loop, so that other requests go on meanwhile."""
_LARGE = ThreadPoolExecutor(
    1, thread_name_prefix="large-bodies", initializer=sys.setswitchinterval, initargs=(SWITCH_S,)
)
"""One for all large bodies of a process: Python runs one at a time anyway. It starts with the first."""
_ETAG = re.compile(r'\s*(?:W/)?"([0-9]{1,9})"\s*')


def actor_of(request: Request) -> Actor:
    """Who asks; the door has let them in."""
    actor: Actor = request.scope["state"]["actor"]
    return actor


def language_of(scope: Any) -> Language:
    """English where the request prefers it, Vietnamese otherwise."""
    return "en" if headers_of(scope).get(b"accept-language", b"")[:2].lower() == b"en" else "vi"


def type_of_path(request: Request) -> str:
    """The resource type of the address. Raises NotFound BA-0221."""
    type_: str = request.path_params["type"]
    if type_ not in resource_types():
        raise UNKNOWN_TYPE(type=type_ if type_.isalnum() and len(type_) < 64 else "?")
    return type_


def id_of_path(request: Request) -> str:
    """The logical id of the address. Raises Incorrect BA-0314."""
    id_: str = request.path_params["id"]
    if not is_id(id_):
        raise BAD_ID()
    return id_


def check_accept(request: Request) -> None:
    """Holds what the client asks of the form of its answer against what there is. Raises as `asked_of`."""
    asked_of(request.scope)


def note_form(request: Request, pairs: list[tuple[str, str]]) -> None:
    """Takes into account what a search by POST says in its body; `pairs` are all its parameters. Raises as `ask`."""
    ask(request.scope, pairs)


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """The body as JSON, whether JSON or XML was sent, never more of it in memory than the limit.

    Raises BA-0302 for another type; what `read_content` and `parse_xml` raise.
    """
    is_xml = is_xml_type(header(request.scope, b"content-type") or "")
    if is_xml is None:
        raise WRONG_CONTENT_TYPE()
    data = await read_content(request, limit_bytes)
    return await beside_the_loop(_json_of_xml, data, limit_bytes) if is_xml else data


def _json_of_xml(data: bytes, limit_bytes: int) -> bytes:
    return to_bytes(parse_xml_tree(data, size_bytes_max=limit_bytes)[0])


async def read_content(request: Request, limit_bytes: int) -> bytes:
    """The body of any type, unpacked, never more of it in memory than the limit.

    Raises BA-0301 for more, BA-0315, and BA-2071 and BA-2072 for its Content-Encoding.
    """
    headers = headers_of(request.scope)
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared[:19]) > limit_bytes:
        raise BODY_TOO_LARGE(limit=limit_bytes)
    chunks, size, has_more = [], 0, True
    while has_more:
        message = await request.receive()
        if message["type"] != "http.request":
            raise CLIENT_LEFT()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit_bytes:
            raise BODY_TOO_LARGE(limit=limit_bytes)
        chunks.append(chunk)
        has_more = message.get("more_body", False)
    data = b"".join(chunks) if len(chunks) > 1 else chunks[0]
    coding = headers.get(b"content-encoding", b"").decode("latin-1")
    return await beside_the_loop(decompressed, data, coding, limit_bytes) if coding else data


async def beside_the_loop(act: Callable[..., Result], data: bytes, *more: Any) -> Result:
    """`act(data, …)`, in the thread of large bodies where `data` is large."""
    if len(data) < LARGE_BYTES:
        return act(data, *more)
    return await asyncio.get_running_loop().run_in_executor(_LARGE, act, data, *more)


async def read_json(request: Request, limit_bytes: int) -> tuple[Any, Any, int]:
    """The JSON of the body, for writing and for reading, and its size. Raises as `read_body` and `parse_json`."""
    data = await read_body(request, limit_bytes)
    return (*await beside_the_loop(_json, data, limit_bytes), len(data))


def _json(data: bytes, limit_bytes: int) -> tuple[Any, Any]:
    return parse_json(data, size_bytes_max=limit_bytes)


async def read_resource(request: Request, type_: str, limit_bytes: int) -> ParsedResource:
    """The valid resource of the body, of the type of the address."""
    return await beside_the_loop(_valid_resource, await read_body(request, limit_bytes), type_, limit_bytes)


def _valid_resource(data: bytes, type_: str, limit_bytes: int) -> ParsedResource:
    resource = parse_resource(data, size_bytes_max=limit_bytes)
    if resource.type != type_:
        raise TYPE_MISMATCH(type=type_)
    check_valid(resource)
    return resource


def check_valid(resource: ParsedResource) -> None:
    """Raises Incorrect BA-0210 with an Issue for each structural fault, BA-3110."""
    check_headers(resource.plain)
    issues = check_structure(resource.plain)
    if issues:
        raise INVALID(*issues, type=resource.type, count=len(issues))


def version_of_etag(header: str) -> int:
    """The version of `W/"3"`. Raises Incorrect BA-0306."""
    match = _ETAG.fullmatch(header)
    if match is None:
        raise BAD_IF_MATCH()
    return int(match[1])


def if_match(request: Request) -> int | None:
    """The version of If-Match, None where it is not sent."""
    sent = header(request.scope, b"if-match")
    return version_of_etag(sent) if sent is not None else None


def preference(request: Request, name: str) -> str:
    """The value of a preference of `Prefer` (`return`, `handling`), "" for none."""
    sent = header(request.scope, b"prefer")
    for part in sent.replace(";", ",").split(",") if sent else ():
        key, _, value = part.strip().partition("=")
        if key == name:
            return value.strip('" ')
    return ""
