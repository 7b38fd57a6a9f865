"""Writing responses: stored bytes as they are, the headers of versions, faults as OperationOutcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from email.utils import formatdate
from functools import lru_cache
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from benhan.access.faults import MethodNotAllowed, TooMany
from benhan.access.headers import Header, header
from benhan.fhir.outcome import outcome_of, outcome_of_issues
from benhan.fhir.resource import exact_json
from benhan.fhir.summary import part_of_answer
from benhan.fhir.xml_format import to_xml
from benhan.fhir_api.asked import JSON_MEDIA_TYPE, PLAIN, XML_MEDIA_TYPE, Asked, asked_of, is_operation
from benhan.fhir_api.compression import CODINGS, SIZE_BYTES_MIN, coding_of, compressed
from benhan.fhir_api.faults import WRONG_ENCODING, NotAcceptable, PreconditionFailed, TooLarge, WrongMediaType
from benhan.fhir_api.requests import beside_the_loop, language_of, preference
from benhan.kernel.faults import Fault
from benhan.kernel.issues import Issue, Severity
from benhan.kernel.texts import Text
from benhan.kernel.trace import current_trace
from benhan.store.unit_of_work import Stored

MEDIA_TYPE = JSON_MEDIA_TYPE
VARY = "accept, accept-encoding"
"""What an answer depends on beside its address, for those who keep answers."""

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
_BY_CODE = {"BA-0210": 422, "BA-2200": 422, "BA-0412": 412, "BA-2150": 412}
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
    if fault.code == WRONG_ENCODING.code:
        headers["accept-encoding"] = ", ".join(CODINGS)
    asked = _asked_leniently(scope)
    media_type = XML_MEDIA_TYPE if asked.is_xml else MEDIA_TYPE
    return Response(_written(orjson.dumps(outcome), asked), status_of(fault), headers, media_type)


def _asked_leniently(scope: Any) -> Asked:
    """The format asked for; JSON where the form asked for is what is refused, or the answer is no FHIR else."""
    try:
        asked = asked_of(scope)
    except Fault:
        return PLAIN
    return Asked(asked.is_xml, asked.is_pretty)


async def finished(request: Request, answer: Response) -> Response:
    """An answer in FHIR JSON brought to the form asked for, and packed where it is large and the client unpacks.

    Raises what `asked_of` and `part_of_answer` raise, and Broken BA-2055. Other answers pass as they are.
    """
    if answer.media_type != MEDIA_TYPE or not answer.body:
        return answer
    asked = _asked_leniently(request.scope) if is_operation(request.scope) else asked_of(request.scope)
    if asked != PLAIN:
        _set_body(answer, await beside_the_loop(_written, bytes(answer.body), asked))
        answer.headers["content-type"] = XML_MEDIA_TYPE if asked.is_xml else MEDIA_TYPE
    if len(answer.body) >= SIZE_BYTES_MIN:
        coding = coding_of(header(request.scope, b"accept-encoding") or "")
        if coding:
            _set_body(answer, await beside_the_loop(compressed, bytes(answer.body), coding))
            answer.headers["content-encoding"] = coding
            answer.headers["vary"] = VARY
    return answer


async def as_entry(request: Request, answer: Response) -> Response:
    """The answer to a read inside of a bundle: JSON, whatever the format of the bundle; the part that was asked for.

    Raises what `asked_of` and `part_of_answer` raise.
    """
    part = asked_of(request.scope).part
    if part is not None and answer.media_type == MEDIA_TYPE and answer.body:
        _set_body(answer, await beside_the_loop(part_of_answer, bytes(answer.body), part))
    return answer


def _set_body(answer: Response, body: bytes) -> None:
    answer.body = body
    answer.headers["content-length"] = str(len(body))


def _written(data: bytes, asked: Asked) -> bytes:
    """FHIR JSON in the form asked for."""
    if asked.part is not None:
        data = part_of_answer(data, asked.part)
    if asked.is_xml:
        return to_xml(data, pretty=asked.is_pretty)
    return orjson.dumps(exact_json(data), option=orjson.OPT_INDENT_2) if asked.is_pretty else data


class Answer(Response):
    """A Response whose headers come as they go out; `media_type` is None where there is no body."""

    def __init__(
        self, body: bytes, status: int = 200, headers: Iterable[Header] = (), media_type: str | None = None
    ) -> None:
        self.body = body
        self.status_code = status
        self.media_type = media_type
        self.background = None
        self.raw_headers = [*headers]
        if media_type is not None:
            self.raw_headers.append((b"content-type", media_type.encode("latin-1")))
        if status not in _WITHOUT_LENGTH:
            self.raw_headers.append((b"content-length", b"%d" % len(body)))


_WITHOUT_LENGTH = (204, 304)


def json_response(content: bytes, status: int = 200, headers: Iterable[Header] = ()) -> Response:
    """FHIR JSON as it is."""
    return Answer(content, status, headers, MEDIA_TYPE)


def version_headers(stored: Stored) -> list[Header]:
    """ETag and Last-Modified, of a version that can have several forms."""
    modified = _http_date(int(stored.updated_at.timestamp()))
    return [(b"etag", stored.etag.encode()), (b"last-modified", modified), _VARIES]


def location_of(stored: Stored, base_url: str) -> Header:
    """Where a version that was made is."""
    return b"location", f"{base_url}/{stored.type}/{stored.id}/_history/{stored.version}".encode("latin-1")


_VARIES = (b"vary", VARY.encode())


@lru_cache(4096)
def _http_date(seconds: int) -> bytes:
    return formatdate(seconds, usegmt=True).encode()


def written_response(request: Request, stored: Stored, base_url: str) -> Response:
    """The answer to create and update, as `Prefer: return` asks; the resource itself by default."""
    headers = version_headers(stored)
    status = 201 if stored.created else 200
    if stored.created:
        headers.append(location_of(stored, base_url))
    wanted = preference(request, "return")
    if wanted == "minimal":
        return Answer(b"", status, headers)
    if wanted == "OperationOutcome":
        told = [Issue(Severity.INFORMATION, "informational", DONE), *stored.notes]
        done = outcome_of_issues(told, language_of(request.scope))
        return json_response(orjson.dumps(done), status, headers)
    return json_response(stored.content, status, headers)


def deleted_response(request: Request, deleted: Sequence[Stored]) -> Response:
    """The answer to a deletion: 204, with ETag where one was deleted; 200 with words where `Prefer` asks for them."""
    headers = [(b"etag", deleted[0].etag.encode())] if len(deleted) == 1 else []
    if preference(request, "return") != "OperationOutcome":
        return Answer(b"", 204, headers)
    told = Issue(Severity.INFORMATION, "informational", DELETED.filled(count=len(deleted)))
    return json_response(orjson.dumps(outcome_of_issues([told], language_of(request.scope))), 200, headers)
