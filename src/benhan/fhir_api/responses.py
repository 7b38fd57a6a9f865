"""Writing responses: stored bytes as they are, the headers of versions, faults as OperationOutcome."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formatdate
from functools import lru_cache
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.access.faults import MethodNotAllowed, TooMany
from benhan.fhir.outcome import outcome_of, outcome_of_issues
from benhan.fhir_api.faults import NotAcceptable, PreconditionFailed, TooLarge, WrongMediaType
from benhan.fhir_api.requests import language_of, preference
from benhan.kernel.faults import Fault
from benhan.kernel.issues import Issue, Severity
from benhan.kernel.texts import Text
from benhan.kernel.trace import current_trace
from benhan.store.unit_of_work import Stored

MEDIA_TYPE = "application/fhir+json; charset=utf-8"

STATUSES = {
    "incorrect": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "unsupported": 501,
    "not_found": 404,
    "gone": 410,
    "conflict": 409,
    "busy": 503,
    "unavailable": 503,
    "interrupted": 500,
    "broken": 500,
}
"""Category of Fault to HTTP status."""

_SPECIAL: dict[type[Fault], int] = {
    TooLarge: 413,
    WrongMediaType: 415,
    NotAcceptable: 406,
    PreconditionFailed: 412,
    MethodNotAllowed: 405,
    TooMany: 429,
}
_BY_CODE = {"BA-0210": 422, "BA-0412": 412, "BA-2150": 412}
DONE = Text("Đã làm xong.", "Done.")
DELETED = Text("Số tài nguyên đã xoá: {count}.", "Resources deleted: {count}.")


def status_of(fault: Fault) -> int:
    """The HTTP status of a fault."""
    return _BY_CODE.get(fault.code) or _SPECIAL.get(type(fault)) or STATUSES[fault.category]


def fault_response(scope: Any, fault: Fault) -> Response:
    """An OperationOutcome with the status of the fault."""
    outcome = outcome_of(fault, language_of(scope), current_trace.get())
    headers = {"retry-after": "1"} if fault.retryable else {}
    if fault.category == "unauthenticated":
        headers["www-authenticate"] = "Bearer"
    allowed = scope.get("state", {}).get("allow")
    if allowed:
        headers["allow"] = allowed
    return Response(orjson.dumps(outcome), status_of(fault), headers, MEDIA_TYPE)


def json_response(content: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """FHIR JSON as it is."""
    return Response(content, status, headers, MEDIA_TYPE)


def version_headers(stored: Stored) -> dict[str, str]:
    """ETag and Last-Modified."""
    return {"etag": stored.etag, "last-modified": _http_date(int(stored.updated_at.timestamp()))}


@lru_cache(4096)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def written_response(request: Request, stored: Stored, base_url: str) -> Response:
    """The answer to create and update, as `Prefer: return` asks; the resource itself by default."""
    headers = version_headers(stored)
    status = 201 if stored.created else 200
    if stored.created:
        headers["location"] = f"{base_url}/{stored.type}/{stored.id}/_history/{stored.version}"
    wanted = preference(request, "return")
    if wanted == "minimal":
        return Response(b"", status, headers)
    if wanted == "OperationOutcome":
        done = outcome_of_issues([Issue(Severity.INFORMATION, "informational", DONE)], language_of(request.scope))
        return json_response(orjson.dumps(done), status, headers)
    return json_response(stored.content, status, headers)


def deleted_response(request: Request, deleted: Sequence[Stored]) -> Response:
    """The answer to a deletion: 204, with ETag where one was deleted; 200 with words where `Prefer` asks for them."""
    headers = {"etag": deleted[0].etag} if len(deleted) == 1 else None
    if preference(request, "return") != "OperationOutcome":
        return Response(b"", 204, headers)
    told = Issue(Severity.INFORMATION, "informational", DELETED.filled(count=len(deleted)))
    return json_response(orjson.dumps(outcome_of_issues([told], language_of(request.scope))), 200, headers)
