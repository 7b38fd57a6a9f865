"""Preconditions of HTTP on one resource. Source: RFC 9110 section 13; FHIR R4 http.html#cread, #concurrency."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from benhan.fhir.dates import range_of
from benhan.fhir_api.faults import BAD_IF_NONE_MATCH, BAD_INSTANT
from benhan.store.unit_of_work import Stored


def is_known(stored: Stored, if_none_match: str | None, if_modified_since: str | None) -> bool:
    """Whether the asker has this version already; If-None-Match goes before If-Modified-Since.

    Raises BA-2157 for a time of no known form.
    """
    if if_none_match is not None:
        known = [each.strip() for each in if_none_match.split(",")]
        return "*" in known or stored.etag in known or stored.etag.removeprefix("W/") in known
    if if_modified_since is None:
        return False
    return stored.updated_at.replace(microsecond=0) <= time_of(if_modified_since, "If-Modified-Since")


def only_if_absent(if_none_match: str | None) -> bool:
    """Whether a write wants nothing to be there. Raises BA-2156 for anything but `*`."""
    if if_none_match is None:
        return False
    if if_none_match.strip() != "*":
        raise BAD_IF_NONE_MATCH()
    return True


def time_of(text: str, name: str) -> datetime:
    """The point in time of an HTTP date, or of a FHIR instant as Bundle entries write it. Raises BA-2157."""
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        found = range_of(text)
        if found is None:
            raise BAD_INSTANT(name=name) from None
        at = found[0]
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
