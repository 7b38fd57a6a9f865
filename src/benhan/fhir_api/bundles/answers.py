"""The answers of entries. Source: FHIR R4 bundle.html (Bundle.entry.response), http.html#transaction-response."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.bundle import Entry
from benhan.fhir.outcome import outcome_of, outcome_of_issues
from benhan.fhir.resource import instant
from benhan.fhir_api.operations.meta import meta_bytes
from benhan.fhir_api.preconditions import time_of
from benhan.fhir_api.requests import language_of, preference
from benhan.fhir_api.responses import DONE, status_of
from benhan.kernel.faults import Fault
from benhan.kernel.issues import Issue, Severity
from benhan.kernel.texts import Language
from benhan.store.unit_of_work import Stored

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Teller:
    """How the entries of one bundle are answered: what `Prefer: return` wants, in which language."""

    base_url: str
    wanted: str
    language: Language

    def of_write(self, stored: Stored | None) -> Entry:
        """The answer to a write: its status, place, version and time; the resource or an outcome where wanted."""
        response: Json = {"status": "204"}
        if stored is not None and not stored.deleted:
            response = {
                "status": "201" if stored.created else "200",
                "location": f"{stored.type}/{stored.id}/_history/{stored.version}",
                "etag": stored.etag,
                "lastModified": instant(stored.updated_at),
            }
        elif stored is not None:
            response["etag"] = stored.etag
        if self.wanted == "OperationOutcome":
            done = Issue(Severity.INFORMATION, "informational", DONE)
            response["outcome"] = outcome_of_issues([done], self.language)
        if self.wanted == "representation" and stored is not None and not stored.deleted:
            return Entry(stored.content, f"{self.base_url}/{stored.type}/{stored.id}", response=response)
        return Entry(response=response)

    def of_meta(self, stored: Stored) -> Entry:
        """The answer to `$meta-add` and `$meta-delete`: the meta as it is now."""
        response = {"status": "200", "etag": stored.etag, "lastModified": instant(stored.updated_at)}
        return Entry(meta_bytes(stored), response=response)

    def of_fault(self, fault: Fault) -> Entry:
        """The answer to an entry that was not done."""
        return Entry(response={"status": str(status_of(fault)), "outcome": outcome_of(fault, self.language)})

    def of_read(self, answer: Response, *, is_head: bool) -> Entry:
        """The answer to a read, as its interaction gave it."""
        response: Json = {"status": str(answer.status_code)}
        if "etag" in answer.headers:
            response["etag"] = answer.headers["etag"]
        if "last-modified" in answer.headers:
            response["lastModified"] = instant(time_of(answer.headers["last-modified"], "Last-Modified"))
        return Entry(b"" if is_head else bytes(answer.body), response=response)

    async def settled(self, answer: Awaitable[Entry]) -> Entry:
        """The answer of an entry; a Fault of it is an answer too."""
        try:
            return await answer
        except Fault as fault:
            return self.of_fault(fault)


def teller_for(base_url: str, request: Request) -> Teller:
    """The teller of a request."""
    return Teller(base_url, preference(request, "return"), language_of(request.scope))
