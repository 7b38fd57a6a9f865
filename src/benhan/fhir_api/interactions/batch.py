"""batch: POST [base] with a Bundle of type batch. Source: FHIR R4 http.html#batch.

Entries stand alone, so they are done side by side, and their reads and writes share statements and commits; first the
deletions, then POST, then PUT and PATCH, then reads, as in a transaction. Entries about one resource keep their order.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

import orjson
from starlette.requests import Request

from benhan.fhir.bundle import Entry, bundle_bytes
from benhan.fhir_api.api import FhirApi
from benhan.fhir_api.bundles.answers import Teller, teller_for
from benhan.fhir_api.bundles.planning import AtEntry, planned
from benhan.fhir_api.bundles.reading import read_entry
from benhan.fhir_api.bundles.references import urns_in
from benhan.fhir_api.bundles.steps import Step, check_permissions, read_step
from benhan.fhir_api.conditions import claimed, until_settled
from benhan.fhir_api.faults import BATCH_REFERENCE
from benhan.fhir_api.requests import actor_of
from benhan.kernel.faults import Fault
from benhan.store.unit_of_work import Stored

SIDE_BY_SIDE = 64


async def batch(api: FhirApi, request: Request, entries: list[tuple[Any, Any]]) -> bytes:
    """The batch-response: one answer an entry, in its place; each is done or refused by itself."""
    teller = teller_for(api.base_url, request)
    answers: dict[int, Entry] = {}
    borne = {str(entry["fullUrl"]) for _, entry in entries if isinstance(entry, dict) and "fullUrl" in entry}
    phases: dict[int, list[tuple[Step, Any, Any]]] = defaultdict(list)
    for number, (exact, entry) in enumerate(entries, 1):
        try:
            step = read_step(exact, entry, number, api.store.search.registry)
            with AtEntry(step):
                check_permissions(actor_of(request), [step])
                _check_alone(step, borne)
        except Fault as fault:
            answers[number] = teller.of_fault(fault)
        else:
            phases[step.order].append((step, exact, entry))
    turns = asyncio.Semaphore(SIDE_BY_SIDE)
    for _, phase in sorted(phases.items()):
        done = await asyncio.gather(*(_in_turn(api, request, teller, each, turns) for each in phase))
        answers |= {step.number: answer for (step, _, _), answer in zip(phase, done, strict=True)}
    return bundle_bytes("batch-response", [answers[number] for number in range(1, len(entries) + 1)])


async def _in_turn(
    api: FhirApi, request: Request, teller: Teller, asked: tuple[Step, Any, Any], turns: asyncio.Semaphore
) -> Entry:
    async with turns:
        step, exact, entry = asked
        if step.is_read:
            return await teller.settled(read_entry(api, request, teller, step))
        return await teller.settled(_written(api, request, teller, step, exact, entry))


async def _written(api: FhirApi, request: Request, teller: Teller, step: Step, exact: Any, entry: Any) -> Entry:
    fresh = [step]

    async def act() -> Entry:
        again = fresh.pop() if fresh else read_step(exact, entry, step.number, api.store.search.registry)
        plan = await planned(api, actor_of(request), [again])
        stored: list[Stored | None] = await api.store.commit(plan.unit) if plan.unit.writes else []
        found = plan.steps[0].found
        if step.operation:
            changed = stored[0] if stored else found
            assert changed is not None
            return teller.of_meta(changed)
        if step.verb == "POST" and found is not None:
            found.created = False
            return teller.of_write(found)
        return teller.of_write(stored[0] if len(stored) == 1 else None)

    conditions = [step.condition] if step.condition is not None else []
    alone = [step.address] if step.id else []
    async with claimed(api, conditions, ids=alone):
        return await until_settled(act, pinned=step.version is None)


def _check_alone(step: Step, borne: set[str]) -> None:
    """Raises BA-2165 where an entry refers to another, by its fullUrl: that is what a transaction is for."""
    if step.body is None or not borne:
        return
    if not borne.isdisjoint(urns_in(orjson.dumps(step.body))):
        raise BATCH_REFERENCE(number=step.number)
