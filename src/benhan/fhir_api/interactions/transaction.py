"""transaction, and batch by the same address: POST [base]. Source: FHIR R4 http.html#transaction."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from benhan.fhir.bundle import Entry, bundle_bytes
from benhan.fhir.resource import parse_json
from benhan.fhir.search_query import parse_search
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.bundles.answers import Teller, teller_for
from benhan.fhir_api.bundles.planning import AtEntry, Plan, planned
from benhan.fhir_api.bundles.reading import read_entry
from benhan.fhir_api.bundles.steps import Step, check_permissions, entries_of, read_step
from benhan.fhir_api.conditions import claimed, until_settled
from benhan.fhir_api.interactions.batch import batch
from benhan.fhir_api.requests import actor_of, preference, read_body
from benhan.fhir_api.responses import json_response
from benhan.store.unit_of_work import Stored


async def transaction(api: FhirApi, request: Request) -> Response:
    """200 with a batch-response or transaction-response; a transaction is done whole or not at all.

    A Fault names the entry it comes from, and nothing of the bundle is stored.
    """
    data = await read_body(request, api.body_bytes_max)
    body, plain = parse_json(data, size_bytes_max=api.body_bytes_max, is_bundle=True)
    entries = entries_of(body, plain, api.bundle_entries_max)
    if plain["type"] == "batch":
        return json_response(await batch(api, request, entries))
    return json_response(await _transaction(api, request, entries))


async def _transaction(api: FhirApi, request: Request, entries: list[tuple[Any, Any]]) -> bytes:
    steps = _steps(api, request, entries)
    teller = teller_for(api.base_url, request)
    written = {step.address for step in steps if not step.is_read and step.id}
    answers = await _early_reads(api, request, teller, steps, written)
    fresh = [steps]

    async def act() -> tuple[Plan, list[Stored | None]]:
        plan = await planned(api, actor_of(request), fresh.pop() if fresh else _steps(api, request, entries))
        return plan, await api.store.commit(plan.unit) if plan.unit.writes else []

    conditions = [step.condition for step in steps if step.condition is not None]
    patched = [step.address for step in steps if step.id and (step.verb == "PATCH" or step.changes_meta)]
    async with claimed(api, conditions, ids=patched):
        plan, stored = await until_settled(act, pinned=all(step.version is None for step in steps))
    answers |= {step.number: _written(teller, step, plan, stored) for step in plan.steps}
    for step in steps:
        if step.number not in answers:
            answers[step.number] = await teller.settled(read_entry(api, request, teller, step, plan.real))
    return bundle_bytes("transaction-response", [answers[step.number] for step in steps])


def _steps(api: FhirApi, request: Request, entries: list[tuple[Any, Any]]) -> list[Step]:
    registry = api.store.search.registry
    steps = [read_step(exact, entry, number, registry) for number, (exact, entry) in enumerate(entries, 1)]
    check_permissions(actor_of(request), steps)
    return steps


def _written(teller: Teller, step: Step, plan: Plan, stored: list[Stored | None]) -> Entry:
    start, end = plan.spans[step.number]
    if step.operation:
        changed = stored[start] if end > start else step.found
        assert changed is not None
        return teller.of_meta(changed)
    if step.verb == "POST" and step.found is not None:
        step.found.created = False
        return teller.of_write(step.found)
    return teller.of_write(stored[start] if end == start + 1 else None)


async def _early_reads(
    api: FhirApi, request: Request, teller: Teller, steps: list[Step], written: set[str]
) -> dict[int, Entry]:
    """The answers of reads that no write of the bundle touches: one that fails stops all before anything is written.

    Searches are understood here and answered after the writes, which they must see.
    """
    answers = {}
    lenient = preference(request, "handling") == "lenient"
    for step in steps:
        if step.is_read:
            with AtEntry(step):
                if step.type and step.path == step.type:
                    pairs, registry = parse_qsl(step.query, keep_blank_values=True), api.store.search.registry
                    parse_search(step.type, pairs, lenient=lenient, registry=registry)
                elif step.id and step.path == step.address and step.address not in written:
                    answers[step.number] = await read_entry(api, request, teller, step)
    return answers
