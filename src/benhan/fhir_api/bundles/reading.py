"""The answers to the reads among the entries of a bundle."""

from __future__ import annotations

from starlette.requests import Request

from benhan.fhir.bundle import Entry
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.bundles.answers import Teller
from benhan.fhir_api.bundles.dispatch import answered_read
from benhan.fhir_api.bundles.steps import Step


async def read_entry(api: FhirApi, request: Request, teller: Teller, step: Step) -> Entry:
    """The answer to a GET or HEAD entry. Raises the Faults of its interaction."""
    conditions = {"if-none-match": step.none_match, "if-modified-since": step.modified_since}
    answer = await answered_read(api, request, step.path.lstrip("/"), step.query, conditions)
    return teller.of_read(answer, is_head=step.verb == "HEAD")
