"""What every history takes and how it is answered. Source: FHIR R4 http.html#history, bundle.html#history."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request

from benhan.fhir.bundle import Entry, bundle_bytes
from benhan.fhir.dates import Range, range_of
from benhan.fhir.resource import instant
from benhan.fhir_api.conditions import ABOUT_THE_ANSWER
from benhan.fhir_api.faults import BAD_HISTORY_PARAMETER
from benhan.store.history import HistoryPage, HistoryQuery
from benhan.store.ids import decode_id
from benhan.store.unit_of_work import Stored

COUNT_DEFAULT, COUNT_MAX = 50, 1_000
PARAMETERS = ("_count", "_since", "_at", "_page")


def history_query(request: Request) -> HistoryQuery:
    """What the request asks. Raises BA-2162 for what is unknown, twice or garbled."""
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in ABOUT_THE_ANSWER:
            continue
        if name not in PARAMETERS or name in given:
            raise BAD_HISTORY_PARAMETER(name=name if name.isascii() and name.replace("_", "").isalnum() else "?")
        given[name] = value
    since = _range(given, "_since")
    return HistoryQuery(
        _count(given), since[0] if since is not None else None, _range(given, "_at"), given.get("_page", "")
    )


def _count(given: dict[str, str]) -> int:
    text = given.get("_count", str(COUNT_DEFAULT))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise BAD_HISTORY_PARAMETER(name="_count")
    return min(int(text), COUNT_MAX)


def _range(given: dict[str, str], name: str) -> Range | None:
    if name not in given:
        return None
    found = range_of(given[name].replace(" ", "+"))
    if found is None:
        raise BAD_HISTORY_PARAMETER(name=name)
    return found


def history_bundle(request: Request, address: str, base_url: str, page: HistoryPage) -> bytes:
    """The Bundle of a page: each version with the request that made it; deletions have no resource."""
    asked = [pair for pair in request.query_params.multi_items() if pair[0] != "_page"]
    links = [("self", f"{address}?{urlencode(asked)}" if asked else address)]
    if page.next:
        links.append(("next", f"{address}?{urlencode([*asked, ('_page', page.next)])}"))
    is_whole = not page.next and "_page" not in request.query_params
    entries = [_entry(stored, base_url) for stored in page.versions]
    return bundle_bytes("history", entries, links=links, total=len(entries) if is_whole else None)


def _entry(stored: Stored, base_url: str) -> Entry:
    """A version that the server named was posted; every other was put, as far as anybody can tell."""
    verb = "PUT"
    if stored.deleted:
        verb = "DELETE"
    elif stored.version == 1 and decode_id(stored.id) is not None:
        verb = "POST"
    status = "204" if stored.deleted else "201" if stored.version == 1 else "200"
    return Entry(
        stored.content,
        f"{base_url}/{stored.type}/{stored.id}",
        request={"method": verb, "url": stored.type if verb == "POST" else f"{stored.type}/{stored.id}"},
        response={"status": status, "etag": stored.etag, "lastModified": instant(stored.updated_at)},
    )
