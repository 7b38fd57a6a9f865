from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.clocks import SetClock

from benhan.fhir.resource import resource_of
from benhan.kernel.actors import system
from benhan.kernel.faults import Fault, FaultCode, Incorrect, Unavailable
from benhan.kernel.ids import SeededRandom
from benhan.kernel.texts import Text
from benhan.kernel.trace import current_trace
from benhan.store.database import Connection
from benhan.store.ids import bucket_of
from benhan.store.ledger.events import Event
from benhan.store.outbox import ATTEMPTS_MAX, LEASE, RECORD_DELAY, Delivery, Outbox
from benhan.store.store import Store

AWAY = FaultCode("BA-9901", Unavailable, Text("Chưa được", "Not now"))
WRONG = FaultCode("BA-9902", Incorrect, Text("Sai", "Wrong"))
ACTOR = system("test")
TRACE = "a" * 32
NOBODY = 0


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def outbox(store: Store, clock: SetClock) -> AsyncIterator[Outbox]:
    store.clock = clock
    outbox = Outbox(store.database, clock, SeededRandom(1), "https://repository")
    outbox.start()
    yield outbox
    await outbox.stop()


async def put(store: Store, outbox: Outbox, subject: str = "Patient/p1", *changed: str, patient: int = NOBODY) -> None:
    unit = store.begin(ACTOR)
    unit.trace = TRACE
    outbox.put_changes(unit, patient, subject, changed or (subject,))
    await store.commit(unit)


async def claimed(outbox: Outbox, kind: str = "") -> list[Delivery]:
    return [each for each in await outbox.claim(100) if not kind or each.kind == kind]


async def states(store: Store, kind: str = "record") -> list[str]:
    rows = await store.database.fetch("select state from outbox where kind = $1 order by id", kind)
    return [row["state"] for row in rows]


async def test_what_is_put_is_due_at_once(store: Store, outbox: Outbox) -> None:
    patient = store.workshop.ids.new_patient()
    await put(store, outbox, "Patient/p1", "Patient/p1", "Observation/o1", patient=patient)
    (delivery,) = await outbox.claim(10)
    assert delivery.content == ("Patient/p1", "Observation/o1")
    assert (delivery.patient, delivery.bucket, delivery.trace) == (patient, bucket_of(patient), TRACE)
    assert (delivery.kind, delivery.state, delivery.attempts) == ("resources", "waiting", 0)


async def test_nothing_is_put_where_the_act_fails(store: Store, outbox: Outbox) -> None:
    async def fail(_: Connection) -> None:
        raise WRONG()

    unit = store.begin(ACTOR)
    unit.create(resource_of({"resourceType": "Patient", "active": True}))
    outbox.put_changes(unit, NOBODY, "Encounter/e1", ["Encounter/e1"])
    unit.also(fail)
    with pytest.raises(Fault):
        await store.commit(unit)
    assert await store.database.fetchval("select count(*) from outbox") == 0


async def test_an_act_of_many_puts_everything_of_all(store: Store, outbox: Outbox) -> None:
    await asyncio.gather(*(put(store, outbox, f"Encounter/e{number % 10}") for number in range(60)))
    assert await states(store, "resources") == ["waiting"] * 60
    assert await states(store) == ["waiting"] * 10


async def test_a_node_without_a_repository_puts_nothing(store: Store, clock: SetClock) -> None:
    await put(store, Outbox(store.database, clock, SeededRandom(1)), "Encounter/e1")
    assert await store.database.fetchval("select count(*) from outbox") == 0


async def test_changes_that_come_together_are_one_record(store: Store, outbox: Outbox, clock: SetClock) -> None:
    for _ in range(3):
        await put(store, outbox, "Encounter/e1")
    assert await claimed(outbox, "record") == []
    clock.at += RECORD_DELAY
    (record,) = await claimed(outbox, "record")
    assert record.subject == "Encounter/e1"


async def test_a_change_while_the_record_is_on_its_way_is_sent_too(
    store: Store, outbox: Outbox, clock: SetClock
) -> None:
    await put(store, outbox, "Encounter/e1")
    clock.at += RECORD_DELAY
    (first,) = await claimed(outbox, "record")
    await put(store, outbox, "Encounter/e1")  # read too late for the first
    await outbox.receipted(first, "R-1", clock.now())
    clock.at += RECORD_DELAY
    (second,) = await claimed(outbox, "record")
    assert second.key != first.key
    assert await states(store) == ["receipted", "waiting"]


async def test_a_record_tried_in_vain_gives_way_to_the_next(store: Store, outbox: Outbox, clock: SetClock) -> None:
    for _ in range(4):
        await put(store, outbox, "Encounter/e1")
        clock.at += timedelta(minutes=10)
        for record in await claimed(outbox, "record"):
            await outbox.failed(record, AWAY())
        clock.at += timedelta(minutes=10)
    assert (await states(store)).count("waiting") == 1
    assert len(await claimed(outbox, "record")) == 1


async def test_a_record_on_its_way_does_not_give_way(store: Store, outbox: Outbox, clock: SetClock) -> None:
    await put(store, outbox, "Encounter/e1")
    clock.at += RECORD_DELAY
    (first,) = await claimed(outbox, "record")
    await put(store, outbox, "Encounter/e1")
    await outbox.failed(first, AWAY())
    assert await states(store) == ["waiting", "waiting"]


async def test_what_is_claimed_is_not_claimed_by_another(store: Store, outbox: Outbox) -> None:
    for number in range(30):
        await put(store, outbox, f"Patient/p{number}")
    taken = await asyncio.gather(*(outbox.claim(10) for _ in range(5)))
    ids = [each.id for some in taken for each in some]
    assert len(ids) == len(set(ids)) == 30


async def test_the_claim_of_a_dead_worker_comes_back(store: Store, outbox: Outbox, clock: SetClock) -> None:
    await put(store, outbox)
    (lost,) = await outbox.claim(10)
    clock.at += LEASE - timedelta(seconds=1)
    assert await outbox.claim(10) == []
    clock.at += timedelta(seconds=2)
    (again,) = await outbox.claim(10)
    assert again.key == lost.key


async def test_what_was_not_tried_is_due_again(store: Store, outbox: Outbox, clock: SetClock) -> None:
    await put(store, outbox)
    await outbox.release(await outbox.claim(10))
    clock.at += timedelta(milliseconds=1)
    (again,) = await outbox.claim(10)
    assert again.attempts == 0


async def test_a_try_that_failed_waits_longer_each_time(store: Store, outbox: Outbox, clock: SetClock) -> None:
    await put(store, outbox)
    waits = []
    for attempt in range(10):
        (delivery,) = await outbox.claim(10)
        assert delivery.attempts == attempt
        await outbox.failed(delivery, AWAY())
        due = await store.database.fetchval("select next_try_at from outbox")
        waits.append((due - clock.now()).total_seconds())
        clock.at = due + timedelta(milliseconds=1)
    assert waits[0] <= 0.5
    assert 30 <= waits[-1] <= 60


async def test_while_nobody_is_there_tries_are_not_counted(store: Store, outbox: Outbox, clock: SetClock) -> None:
    await put(store, outbox)
    for _ in range(ATTEMPTS_MAX * 2):
        (delivery,) = await outbox.claim(10)
        await outbox.failed(delivery, AWAY(), is_reached=False)
        clock.at += timedelta(seconds=1)
    (delivery,) = await outbox.claim(10)
    assert (delivery.attempts, delivery.state, delivery.fault) == (0, "waiting", "BA-9901")


async def test_what_the_other_side_fails_on_for_ever_waits_for_a_person(
    store: Store, outbox: Outbox, clock: SetClock
) -> None:
    await put(store, outbox)
    for _ in range(ATTEMPTS_MAX):
        (delivery,) = await outbox.claim(10)
        await outbox.failed(delivery, AWAY())
        clock.at += timedelta(minutes=2)
    assert await outbox.claim(10) == []
    assert await outbox.counts() == {"waiting": 0.0, "refused": 1.0}


async def test_what_is_refused_waits_for_a_person_and_can_be_tried_again(
    store: Store, outbox: Outbox, clock: SetClock
) -> None:
    await put(store, outbox)
    (delivery,) = await outbox.claim(10)
    await outbox.failed(delivery, WRONG())
    clock.at += timedelta(days=1)
    assert await outbox.claim(10) == []
    assert await outbox.retry(delivery.bucket, delivery.id)
    assert not await outbox.retry(delivery.bucket, delivery.id)
    assert [each.key for each in await outbox.claim(10)] == [delivery.key]


async def test_a_receipt_is_kept_with_its_times(store: Store, outbox: Outbox, clock: SetClock) -> None:
    await put(store, outbox)
    (delivery,) = await outbox.claim(10)
    sent_at = clock.now()
    clock.at += timedelta(seconds=2)
    await outbox.receipted(delivery, "R-1", sent_at)
    await outbox.receipted(delivery, "R-2", sent_at)
    (found,) = await outbox.of_trace(TRACE)
    assert (found.state, found.receipt, found.sent_at, found.receipted_at) == ("receipted", "R-1", sent_at, clock.now())


async def test_a_late_failure_does_not_undo_a_receipt(store: Store, outbox: Outbox, clock: SetClock) -> None:
    await put(store, outbox)
    (delivery,) = await outbox.claim(10)
    await outbox.receipted(delivery, "R-1", clock.now())
    await outbox.failed(delivery, WRONG())
    assert await states(store, "resources") == ["receipted"]


async def test_the_list_is_newest_first_and_goes_on(store: Store, outbox: Outbox) -> None:
    for number in range(5):
        await put(store, outbox, f"Patient/p{number}")
    first = await outbox.listed(count=3)
    rest = await outbox.listed(before=first[-1].id, count=3)
    assert [each.subject for each in first + rest] == [f"Patient/p{number}" for number in (4, 3, 2, 1, 0)]


async def test_what_happens_to_a_delivery_is_in_the_ledger(store: Store, outbox: Outbox, clock: SetClock) -> None:
    patient = store.workshop.ids.new_patient()
    token = current_trace.set("b" * 32)
    await put(store, outbox, "Patient/p1", patient=patient)
    await put(store, outbox, "Patient/p1", patient=patient)
    first, second = await outbox.claim(10)
    await outbox.receipted(first, "R-1", clock.now())
    await outbox.failed(second, WRONG())
    current_trace.reset(token)
    rows = await store.database.fetch("select event, patient, trace, detail from ledger_pending order by id")
    events = [row["event"] for row in rows]
    put_, receipt, refuse = Event.DELIVERY_PUT, Event.DELIVERY_RECEIPT, Event.DELIVERY_REFUSE
    assert events == [put_.number, put_.number, receipt.number, refuse.number]
    assert {row["patient"] for row in rows} == {patient}
    assert {row["trace"].hex() for row in rows} == {TRACE}
