"""The answers to the reads among the entries of a bundle."""

from __future__ import annotations

from starlette.requests import Request

from benhan.fhir.bundle import Entry
from benhan.fhir.resource import to_bytes
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.bundles.answers import Teller
from benhan.fhir_api.bundles.dispatch import Read, answered_read
from benhan.fhir_api.bundles.references import Real, base_of, rewritten
from benhan.fhir_api.bundles.steps import Step


async def read_entry(api: FhirApi, request: Request, teller: Teller, step: Step, real: Real | None = None) -> Entry:
    """The answer to a read. What an operation by POST is asked refers to what the transaction wrote by `real`.

    Raises the Faults of its interaction.
    """
    conditions = {"if-none-match": step.none_match, "if-modified-since": step.modified_since}
    body = to_bytes(step.body) if step.body is not None and step.verb == "POST" else b""
    if real is not None and body:
        body = rewritten(body, real, base_of(step.full_url))
    method = "POST" if step.verb == "POST" else "GET"
    answer = await answered_read(api, request, Read(step.path.lstrip("/"), step.query, conditions, method, body))
    return teller.of_read(answer, is_head=step.verb == "HEAD")
