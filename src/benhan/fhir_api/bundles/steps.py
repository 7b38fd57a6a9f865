"""The entries of a batch or transaction as steps: what to do, to what, with which content, under which conditions.

Source: FHIR R4 bundle.html (Bundle.entry.request), http.html#transaction.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from benhan.access.faults import NOT_ALLOWED
from benhan.fhir.definitions import resource_types
from benhan.fhir.search_parameters import SearchRegistry
from benhan.fhir_api.bundles.dispatch import POSTED_READS, POSTED_WRITES, route_of
from benhan.fhir_api.conditions import Condition, parse_condition
from benhan.fhir_api.faults import BAD_ENTRY, ID_MISMATCH, NOT_A_BUNDLE, TOO_MANY_ENTRIES
from benhan.fhir_api.interactions.delete_conditional import parse_condition_with_count
from benhan.fhir_api.preconditions import only_if_absent
from benhan.fhir_api.requests import version_of_etag
from benhan.kernel.actors import Actor
from benhan.kernel.permissions import Permission
from benhan.store.unit_of_work import Stored

Json = dict[str, Any]
ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}
READS = ("GET", "HEAD")
_ADDRESS = re.compile(
    r"/?(?P<type>[A-Z][A-Za-z]+)(?:/(?P<id>[A-Za-z0-9\-.]{1,64}))?(?:/(?P<operation>\$[a-z][a-z-]{1,40}))?"
)
_REQUEST_TEXTS = ("url", "ifMatch", "ifNoneMatch", "ifNoneExist", "ifModifiedSince")
_NEEDED = {
    "POST": Permission.FHIR_WRITE,
    "PUT": Permission.FHIR_WRITE,
    "PATCH": Permission.FHIR_WRITE,
    "DELETE": Permission.FHIR_DELETE,
}


@dataclass(slots=True)
class Step:
    """One entry; `body` and `plain` are its resource as `ParsedResource` has them."""

    number: int
    verb: str
    type: str
    id: str
    path: str
    query: str
    full_url: str
    body: Json | None
    plain: Json | None
    version: int | None = None
    absent: bool = False
    none_match: str | None = None
    modified_since: str | None = None
    condition: Condition | None = None
    count: int | None = None
    found: Stored | None = None
    """What a conditional create found, which is the answer then; what an operation leaves as it was."""
    operation: str = ""
    """What a POST asks for that is no create: `$match`."""

    @property
    def address(self) -> str:
        return f"{self.type}/{self.id}" if self.id else self.type

    @property
    def is_read(self) -> bool:
        return self.verb in READS or self.operation in POSTED_READS

    @property
    def changes_meta(self) -> bool:
        """Whether it is `$meta-add` or `$meta-delete`."""
        return self.operation in POSTED_WRITES

    @property
    def makes(self) -> bool:
        """Whether it brings a whole resource."""
        return self.verb == "PUT" or (self.verb == "POST" and not self.operation)

    @property
    def order(self) -> int:
        """When it is done among the others. An operation that changes something comes with PUT and PATCH."""
        return ORDER["GET"] if self.is_read else ORDER["PATCH"] if self.operation else ORDER[self.verb]


def entries_of(body: Any, plain: Any, entries_max: int) -> list[tuple[Any, Any]]:
    """The entries of a batch or transaction, exact and plain. Raises BA-0310, BA-0312."""
    if not isinstance(plain, dict) or plain.get("resourceType") != "Bundle":
        raise NOT_A_BUNDLE()
    if plain.get("type") not in ("batch", "transaction"):
        raise NOT_A_BUNDLE()
    exact, entries = body.get("entry", []), plain.get("entry", [])
    if not isinstance(entries, list):
        raise NOT_A_BUNDLE()
    if len(entries) > entries_max:
        raise TOO_MANY_ENTRIES(limit=entries_max)
    return list(zip(exact, entries, strict=True))


def read_step(exact: Any, entry: Any, number: int, registry: SearchRegistry) -> Step:
    """The step of an entry. Raises Incorrect BA-0311 with its number, BA-0306, BA-2151, BA-0220."""
    told = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(told, dict) or told.get("method") not in list(ORDER) or not isinstance(told.get("url"), str):
        raise BAD_ENTRY(number=number, reason="request.method, request.url")
    if not isinstance(entry.get("fullUrl", ""), str):
        raise BAD_ENTRY(number=number, reason="fullUrl")
    verb = told["method"]
    path, _, query = told["url"].partition("?")
    match = _ADDRESS.fullmatch(path)
    if (match is None or match["type"] not in resource_types()) and verb not in READS:
        raise BAD_ENTRY(number=number, reason="request.url")
    type_, id_ = (match["type"], match["id"] or "") if match is not None else ("", "")
    plain = entry.get("resource")
    step = Step(number, verb, type_, id_, path, query, entry.get("fullUrl", ""), None, None)
    if match is not None and match["operation"]:
        if verb not in (*READS, "POST"):
            raise BAD_ENTRY(number=number, reason="request.url")
        step.operation = match["operation"] if verb == "POST" else ""
    if isinstance(plain, dict):
        step.body, step.plain = exact["resource"], plain
    _check_shape(step)
    _add_conditions(step, told, registry)
    return step


def _check_shape(step: Step) -> None:
    if step.operation:
        if step.operation not in POSTED_READS | POSTED_WRITES:
            raise BAD_ENTRY(number=step.number, reason=f"request.url, {step.operation}")
        if step.operation in POSTED_WRITES and (not step.id or step.plain is None):
            raise BAD_ENTRY(number=step.number, reason=f"{step.operation}: [type]/[id], resource")
        return
    if step.path.endswith("$document") and "persist" in dict(parse_qsl(step.query, keep_blank_values=True)):
        raise BAD_ENTRY(number=step.number, reason="$document, persist")  # a read that would write
    if step.verb in ("POST", "PUT", "PATCH") and step.plain is None:
        raise BAD_ENTRY(number=step.number, reason="resource")
    if step.verb == "POST" and (step.id or step.query):
        raise BAD_ENTRY(number=step.number, reason="request.url")
    if step.verb in ("PUT", "PATCH", "DELETE") and bool(step.id) == bool(step.query):
        raise BAD_ENTRY(number=step.number, reason="request.url")
    if step.verb in ("POST", "PUT") and step.plain is not None:
        if step.plain.get("resourceType") != step.type:
            raise BAD_ENTRY(number=step.number, reason="resourceType")
        if step.verb == "PUT" and step.id and step.plain.get("id") != step.id:
            raise ID_MISMATCH()


def _add_conditions(step: Step, told: Json, registry: SearchRegistry) -> None:
    if "ifMatch" in told:
        step.version = version_of_etag(str(told["ifMatch"]))
    for name in _REQUEST_TEXTS:
        if not isinstance(told.get(name, ""), str):
            raise BAD_ENTRY(number=step.number, reason=f"request.{name}")
    if step.is_read:
        step.none_match, step.modified_since = told.get("ifNoneMatch"), told.get("ifModifiedSince")
        return
    step.absent = step.verb == "PUT" and only_if_absent(told.get("ifNoneMatch"))
    if step.verb == "POST" and "ifNoneExist" in told and not step.operation:
        step.condition = parse_condition(step.type, told["ifNoneExist"], registry)
    elif step.verb == "DELETE" and step.query:
        step.condition, step.count = parse_condition_with_count(step.type, step.query, registry)
    elif step.query and not step.operation:
        step.condition = parse_condition(step.type, step.query, registry)


def check_permissions(actor: Actor, steps: list[Step]) -> None:
    """Raises Forbidden BA-0902 where `actor` may not do one of `steps`."""
    for step in steps:
        needed = permission_of(step)
        if needed is not Permission.PUBLIC and not actor.may(needed):
            raise NOT_ALLOWED()


def permission_of(step: Step) -> Permission:
    """The permission that a step needs: a read that of its route. Raises BA-0311 where there is no such route."""
    if not step.is_read:
        return _NEEDED[step.verb]
    found = route_of(step.path, "POST" if step.verb == "POST" else "GET")
    if found is None:
        raise BAD_ENTRY(number=step.number, reason="request.url")
    return found.permission
