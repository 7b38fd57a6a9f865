"""The content of a Binary as it is: taken under its own Content-Type, given to who asks for that type by name.

Who names no type of its own (`*/*`, a browser) gets the resource: content from outside never comes as a page of ours.
It is sent as a file to be kept, not shown, with nothing allowed in it. Source: FHIR R4 binary.html#rest.
"""

from __future__ import annotations

from base64 import b64decode, b64encode

from starlette.requests import Request
from starlette.responses import Response

from benhan.access.headers import header
from benhan.fhir.resource import ParsedResource, resource_of
from benhan.fhir_api.asked import is_xml_type, media_type, own_types
from benhan.fhir_api.faults import WRONG_ACCEPT, WRONG_CONTENT_TYPE
from benhan.fhir_api.requests import beside_the_loop, check_valid, read_content
from benhan.fhir_api.responses import Answer, version_headers
from benhan.store.unit_of_work import Stored

SECURITY_CONTEXT = b"x-security-context"
_GUARDED = [
    (b"content-disposition", b"attachment"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"cache-control", b"no-store"),
]


def types_wanted(request: Request, type_: str) -> frozenset[str]:
    """The types in which a Binary's content is asked for; none where the resource is, or it is no Binary."""
    accept = header(request.scope, b"accept") if type_ == "Binary" else None
    return own_types(accept) if accept else frozenset()


def content_response(stored: Stored, wanted: frozenset[str]) -> Response:
    """The content. Raises NotAcceptable BA-0303 where it is of none of the types `wanted`."""
    binary = stored.read()
    kind = media_type(str(binary.get("contentType", "")))
    if not wanted & {kind, f"{kind.partition('/')[0]}/*"}:
        raise WRONG_ACCEPT()
    content = b64decode(str(binary.get("data", "")))
    return Answer(content, 200, [*version_headers(stored), *_GUARDED], str(binary["contentType"]))


def is_content(request: Request, type_: str) -> bool:
    """Whether the body of a request is the content of a Binary, not a resource."""
    sent = header(request.scope, b"content-type")
    return type_ == "Binary" and bool(sent) and is_xml_type(sent or "") is None


async def read_binary(request: Request, id_: str | None, limit_bytes: int) -> ParsedResource:
    """The body as a Binary of the type it says; `X-Security-Context` becomes its securityContext.

    Raises what `read_content` raises, WrongMediaType BA-0302, Incorrect BA-0210.
    """
    kind = header(request.scope, b"content-type") or ""
    if "/" not in media_type(kind) or not kind.isascii():
        raise WRONG_CONTENT_TYPE()
    content = await read_content(request, limit_bytes)
    context = header(request.scope, SECURITY_CONTEXT)
    return await beside_the_loop(_binary, content, kind, id_, context)


def _binary(content: bytes, kind: str, id_: str | None, context: str | None) -> ParsedResource:
    binary: dict[str, object] = {"resourceType": "Binary"}
    if id_ is not None:
        binary["id"] = id_
    binary["contentType"] = kind
    if context:
        binary["securityContext"] = {"reference": context}
    binary["data"] = b64encode(content).decode()
    resource = resource_of(binary)
    check_valid(resource)
    return resource
