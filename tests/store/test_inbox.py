from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from tests.clocks import SetClock

from benhan.kernel.faults import Fault, FaultCode, Incorrect, Unavailable
from benhan.kernel.ids import SeededRandom
from benhan.kernel.issues import error
from benhan.kernel.texts import Text
from benhan.store.inbox import ATTEMPTS_MAX, CROWD, Arrival, Inbox, Receipt, State, without_sending_time
from benhan.store.ledger.append import Entry, detail_text
from benhan.store.ledger.events import Event
from benhan.store.store import Store

AWAY = FaultCode("BA-9901", Unavailable, Text("Chưa được", "Not now"))
WRONG = FaultCode("BA-9902", Incorrect, Text("Sai", "Wrong"))
NO_NUMBER = error("required", "PID-3", Text("Thiếu mã bệnh nhân", "No patient number"))
TRACES = iter(f"{number:032x}" for number in range(1, 10**6))


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def inbox(store: Store, clock: SetClock) -> AsyncIterator[Inbox]:
    inbox = Inbox(store.database, store.keyring, store.workshop.tokens, clock, SeededRandom(1))
    inbox.start()
    yield inbox
    await inbox.stop()


def message(control_id: str = "A1", text: str = "PID|1||BN1", at: str = "20260105") -> bytes:
    return f"MSH|^~\\&|HIS|01234|X|Y|{at}||ADT^A01|{control_id}|P|2.5\r{text}\r".encode()


def arrival(clock: SetClock, control_id: str = "A1", *, sender: str = "HIS@01234", **changes: Any) -> Arrival:
    content = changes.pop("content", message(control_id))
    return Arrival(clock.now(), sender, control_id, "ADT^A01", next(TRACES), content, **changes)


async def settle(store: Store, inbox: Inbox, *ids: int) -> None:
    async with store.database.transaction() as connection:
        await inbox.settle(connection, ids)


async def test_a_frame_is_kept_as_it_came(inbox: Inbox, clock: SetClock) -> None:
    assert await inbox.receive(arrival(clock, content=b"MSH|^~\\&|\xff\x00 not even text")) is Receipt.NEW
    (due,) = await inbox.due(10)
    assert due.content == b"MSH|^~\\&|\xff\x00 not even text"
    assert due.state is State.RECEIVED
    assert due.report.sender == "HIS@01234"


async def test_the_database_shows_nothing_of_what_came(store: Store, inbox: Inbox, clock: SetClock) -> None:
    fault = WRONG(error("value", "PID-5", Text("NGUYỄN VĂN THỬ", "NGUYỄN VĂN THỬ")))
    await inbox.receive(arrival(clock, "CONTROL77", content=message("CONTROL77", "PID|NGUYỄN VĂN THỬ"), fault=fault))
    row = await store.database.fetchrow("select i::text as whole, payload, report from inbox i")
    assert row is not None
    for secret in ("NGUYỄN VĂN THỬ", "CONTROL77", "HIS@01234"):
        assert secret not in row["whole"]
        assert secret.encode() not in row["payload"] + row["report"]
        assert secret.encode().hex() not in row["whole"]


async def test_the_same_message_again_is_known(inbox: Inbox, clock: SetClock) -> None:
    assert await inbox.receive(arrival(clock)) is Receipt.NEW
    assert await inbox.receive(arrival(clock)) is Receipt.REPEATED
    assert await inbox.receive(arrival(clock, content=message(at="20260106"))) is Receipt.REPEATED
    assert len(await inbox.due(10)) == 1


async def test_the_same_message_twice_at_the_same_time_is_kept_once(inbox: Inbox, clock: SetClock) -> None:
    got = await asyncio.gather(*(inbox.receive(arrival(clock)) for _ in range(20)))
    assert got.count(Receipt.NEW) == 1
    assert len(await inbox.due(50)) == 1


async def test_another_content_under_a_used_control_id_is_another_message(inbox: Inbox, clock: SetClock) -> None:
    await inbox.receive(arrival(clock))
    assert await inbox.receive(arrival(clock, content=message("A1", "PID|1||BN2"))) is Receipt.NEW


async def test_the_same_control_id_of_another_sender_is_another_message(inbox: Inbox, clock: SetClock) -> None:
    await inbox.receive(arrival(clock))
    assert await inbox.receive(arrival(clock, sender="LIS@01234")) is Receipt.NEW


async def test_frames_that_nobody_can_name_are_all_kept(inbox: Inbox, clock: SetClock) -> None:
    for _ in range(2):
        assert await inbox.receive(arrival(clock, "", content=b"garbage", fault=WRONG())) is Receipt.NEW


async def test_messages_come_out_in_the_order_they_came_in(inbox: Inbox, clock: SetClock) -> None:
    async def send(sender: int) -> None:
        for number in range(25):
            await inbox.receive(arrival(clock, f"{number:03d}", sender=f"S{sender}"))

    await asyncio.gather(*(send(sender) for sender in range(8)))
    due = await inbox.due(1000)
    assert len(due) == 200
    for sender in range(8):
        own = [each.report.control_id for each in due if each.report.sender == f"S{sender}"]
        assert own == sorted(own)


async def test_a_repeated_message_wakes_nobody(inbox: Inbox, clock: SetClock) -> None:
    await inbox.receive(arrival(clock))
    assert inbox.arrived.is_set()
    inbox.arrived.clear()
    await inbox.receive(arrival(clock))
    assert not inbox.arrived.is_set()


async def test_a_message_is_settled_once(store: Store, inbox: Inbox, clock: SetClock) -> None:
    await inbox.receive(arrival(clock))
    (due,) = await inbox.due(10)
    await settle(store, inbox, due.id)
    assert await inbox.due(10) == []
    with pytest.raises(Fault) as caught:
        await settle(store, inbox, due.id)
    assert caught.value.code == "BA-0811"
    found = await inbox.read(due.id)
    assert found is not None
    assert (found.state, found.applied_at) == (State.APPLIED, clock.now())


async def test_settling_several_is_all_or_nothing(store: Store, inbox: Inbox, clock: SetClock) -> None:
    await inbox.receive(arrival(clock, "A1"))
    await inbox.receive(arrival(clock, "A2"))
    first, second = await inbox.due(10)
    await settle(store, inbox, first.id)
    with pytest.raises(Fault):
        await settle(store, inbox, second.id, first.id)
    assert [each.id for each in await inbox.due(10)] == [second.id]


async def test_a_parked_message_tells_its_reasons_and_stops_nothing(inbox: Inbox, clock: SetClock) -> None:
    await inbox.receive(arrival(clock, "A1"))
    await inbox.receive(arrival(clock, "A2"))
    first, second = await inbox.due(10)
    await inbox.park(first, WRONG(NO_NUMBER))
    assert [each.id for each in await inbox.due(10)] == [second.id]
    (parked,) = await inbox.listed(State.PARKED)
    assert parked.fault == "BA-9902"
    assert parked.report.reasons == (("", "Sai", "Wrong"), ("PID-3", "Thiếu mã bệnh nhân", "No patient number"))
    assert parked.content == b""  # a list opens no contents


async def test_what_is_applied_is_not_parked_afterwards(store: Store, inbox: Inbox, clock: SetClock) -> None:
    await inbox.receive(arrival(clock))
    (due,) = await inbox.due(10)
    await settle(store, inbox, due.id)
    await inbox.park(due, WRONG())
    await inbox.postpone(due, AWAY())
    found = await inbox.read(due.id)
    assert found is not None
    assert (found.state, found.attempts) == (State.APPLIED, 0)


async def test_a_postponed_message_waits_and_those_behind_it_too(inbox: Inbox, clock: SetClock) -> None:
    for number in range(3):
        await inbox.receive(arrival(clock, f"A{number}"))
    first, second, other = await inbox.due(10)
    at = await inbox.postpone(first, AWAY(), [second])
    assert at is not None
    assert at > clock.now()
    assert [each.id for each in await inbox.due(10)] == [other.id]
    clock.at = at
    again = await inbox.due(10)
    assert [each.id for each in again] == [first.id, second.id, other.id]
    assert [each.attempts for each in again] == [1, 0, 0]


async def test_waiting_grows_and_ends_with_the_message_parked(inbox: Inbox, clock: SetClock) -> None:
    await inbox.receive(arrival(clock))
    waits = []
    for _ in range(ATTEMPTS_MAX - 1):
        (due,) = await inbox.due(10)
        at = await inbox.postpone(due, AWAY())
        assert at is not None
        waits.append(at - clock.now())
        clock.at = at
    (due,) = await inbox.due(10)
    assert await inbox.postpone(due, AWAY()) is None
    assert await inbox.due(10) == []
    assert [each.fault for each in await inbox.listed(State.PARKED)] == ["BA-9901"]
    assert waits[0] < timedelta(seconds=1)
    assert waits[-1] > timedelta(seconds=100)


async def test_a_new_start_tries_everything_at_once_in_order(inbox: Inbox, clock: SetClock) -> None:
    for number in range(2):
        await inbox.receive(arrival(clock, f"A{number}"))
    first, second = await inbox.due(10)
    await inbox.postpone(first, AWAY())
    await inbox.hasten()
    assert [each.id for each in await inbox.due(10)] == [first.id, second.id]


def replay_entry(clock: SetClock) -> Entry:
    return Entry(Event.MESSAGE_REPLAY, clock.now(), "account:1", "lab", "1" * 32)


async def test_a_mended_message_is_tried_again_and_the_original_stays(inbox: Inbox, clock: SetClock) -> None:
    await inbox.receive(arrival(clock, fault=WRONG(NO_NUMBER)))
    (parked,) = await inbox.listed(State.PARKED)
    assert await inbox.replay(parked.id, b"mended", replay_entry(clock))
    (due,) = await inbox.due(10)
    assert (due.content, due.mended, due.attempts) == (message(), b"mended", 0)
    assert due.report.reasons  # it is remembered that it had been parked


async def test_only_what_is_parked_is_replayed(store: Store, inbox: Inbox, clock: SetClock) -> None:
    await inbox.receive(arrival(clock))
    (due,) = await inbox.due(10)
    assert not await inbox.replay(due.id, None, replay_entry(clock))
    await settle(store, inbox, due.id)
    assert not await inbox.replay(due.id, b"mended", replay_entry(clock))
    assert not await inbox.replay(10**9, None, replay_entry(clock))


async def test_a_replay_keeps_an_earlier_mending(inbox: Inbox, clock: SetClock) -> None:
    await inbox.receive(arrival(clock, fault=WRONG()))
    (parked,) = await inbox.listed(State.PARKED)
    await inbox.replay(parked.id, b"mended", replay_entry(clock))
    (due,) = await inbox.due(10)
    await inbox.park(due, WRONG())
    await inbox.replay(parked.id, None, replay_entry(clock))
    (due,) = await inbox.due(10)
    assert due.mended == b"mended"


async def test_it_is_known_which_traces_began_later(inbox: Inbox, clock: SetClock) -> None:
    first, second, third = (arrival(clock, f"A{number}") for number in range(3))
    for each in (first, second, third):
        await inbox.receive(each)
    middle = (await inbox.of_trace(second.trace))[0]
    traces = [first.trace, second.trace, third.trace, "f" * 32]
    assert await inbox.later_than(middle, traces) == {third.trace}


async def test_what_happens_to_a_message_is_in_the_ledger(store: Store, inbox: Inbox, clock: SetClock) -> None:
    kept = arrival(clock)
    await inbox.receive(kept)
    await inbox.receive(arrival(clock))
    (due,) = await inbox.due(10)
    await inbox.park(due, WRONG())
    await inbox.replay(due.id, None, replay_entry(clock))
    rows = await store.database.fetch("select event, trace, detail, actor, role from ledger_pending order by id")
    events = [row["event"] for row in rows]
    assert rows[0]["detail"] == detail_text({"message": due.id})
    assert (rows[0]["actor"], rows[0]["role"]) == ("machine:mllp", "machine")
    assert events == [Event.MESSAGE_RECEIVE.number, Event.MESSAGE_PARK.number, Event.MESSAGE_REPLAY.number]
    assert rows[0]["trace"].hex() == rows[1]["trace"].hex() == kept.trace


async def test_what_is_parked_as_it_comes_is_in_the_ledger_with_its_fault(
    store: Store, inbox: Inbox, clock: SetClock
) -> None:
    batch = [arrival(clock, "A1", fault=WRONG()), arrival(clock, "A2"), arrival(clock, "A2")]
    receipts = await asyncio.gather(*(inbox.receive(each) for each in batch))
    assert receipts == [Receipt.NEW, Receipt.NEW, Receipt.REPEATED]
    rows = await store.database.fetch("select event, detail, trace from ledger_pending order by id")
    ids = [(await inbox.of_trace(each.trace))[0].id for each in batch[:2]]
    assert [tuple(row) for row in rows] == [
        (
            Event.MESSAGE_PARK.number,
            detail_text({"message": ids[0], "fault": WRONG.code}),
            bytes.fromhex(batch[0].trace),
        ),
        (Event.MESSAGE_RECEIVE.number, detail_text({"message": ids[1]}), bytes.fromhex(batch[1].trace)),
    ]


async def test_a_crowd_of_frames_goes_first_for_a_while(inbox: Inbox, clock: SetClock) -> None:
    assert await inbox.calm(10.0)
    await asyncio.gather(*(inbox.receive(arrival(clock, f"A{number}")) for number in range(CROWD)))
    assert not await inbox.calm(0.0)
    assert await inbox.calm(10.0)


async def test_counts_tell_what_waits(inbox: Inbox, clock: SetClock) -> None:
    await inbox.receive(arrival(clock, "A1"))
    await inbox.receive(arrival(clock, "A2", fault=WRONG()))
    assert await inbox.counts() == {"received": 1.0, "parked": 1.0}


@pytest.mark.parametrize(
    ("content", "left"),
    [
        (b"MSH|^~\\&|A|B|C|D|20260105||ADT|1\rPID|1", b"MSH|^~\\&|A|B|C|D|||ADT|1\rPID|1"),
        (b"MSH#^~\\&#A#B#C#D#20260105##ADT", b"MSH#^~\\&#A#B#C#D###ADT"),
        (b"MSH|^~\\&|A", b"MSH|^~\\&|A"),
        (b"x", b"x"),
        (b"", b""),
    ],
)
def test_the_time_of_sending_is_left_out_of_the_comparison(content: bytes, left: bytes) -> None:
    assert without_sending_time(content) == left
