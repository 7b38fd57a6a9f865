"""What the tests of the store write with: small units of work, small resources, and what they left behind."""

from __future__ import annotations

from typing import Any

from benhan.fhir.resource import resource_of
from benhan.kernel.actors import Actor, Role
from benhan.store.ledger.events import Event
from benhan.store.store import Store
from benhan.store.unit_of_work import Stored

DOCTOR = Actor("account:7", Role.DOCTOR)


async def save(store: Store, body: dict[str, Any], *, if_match: int | None = None) -> Stored:
    """Create `body`, or write its next version where it has an id."""
    unit = store.begin(DOCTOR)
    if "id" in body:
        unit.update(resource_of(body), if_match=if_match)
    else:
        unit.create(resource_of(body))
    [stored] = await store.commit(unit)
    assert stored is not None
    return stored


async def remove(store: Store, type_: str, id_: str, *, if_match: int | None = None) -> Stored | None:
    unit = store.begin(DOCTOR)
    unit.delete(type_, id_, if_match=if_match)
    return (await store.commit(unit))[0]


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "name": [{"family": "Nguyễn", "given": ["Văn", "An"]}], **more}


def note(of: str, text: str = "a", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": text},
        "subject": {"reference": f"Patient/{of}"},
        **more,
    }


async def events(store: Store) -> list[tuple[str, int]]:
    """The ledger as (event, version), in order; nothing chains it in these tests."""
    rows = await store.database.fetch("select event, version from ledger_waiting order by id, place")
    names = {event.number: event.name for event in Event}
    return [(names[row["event"]], row["version"]) for row in rows]


async def rows_written(store: Store) -> int:
    """Every row of content, place and ledger."""
    return int(
        await store.database.fetchval(
            """
            select (select count(*) from resource) + (select count(*) from resource_history)
                + (select count(*) from range_index) + (select count(*) from placement)
                + (select count(*) from ledger_pending) + (select count(*) from ledger_entry)
            """
        )
    )
