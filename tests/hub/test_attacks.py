"""What a hostile or broken member, and a hostile hub, get: a word for the sender, and nothing for anybody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from tests.hub.hub_house import ASKER, BOOK, EMERGENCY, HOLDER, HUB, OTHER, TRIAL, HubHouse, ask
from tests.unit.network.people import signer

from benhan.hub.persons import AsTold
from benhan.hub.post.door import Door
from benhan.hub.post.office import Office
from benhan.kernel.faults import Fault
from benhan.kernel.ids import SystemRandom
from benhan.network.exchanges import Answer, State
from benhan.network.messages import Signer, digest_of, read_message
from benhan.network.subjects import Identifier
from benhan.store.database import Connection
from benhan.vn import systems

NEXT = iter(range(50_000, 60_000))


@pytest.fixture
def somebody() -> Identifier:
    return Identifier(systems.CCCD, f"0011840{next(NEXT):05d}")


async def code_of(house: HubHouse, text: str, content: str = "") -> str:
    with pytest.raises(Fault) as told:
        await house.office.take(text, content)
    return told.value.code


async def asked(house: HubHouse, somebody: Identifier) -> dict[str, Any]:
    """A fetch that the holder has collected, of an emergency."""
    await house.locate(HOLDER, "summary", subject=somebody)
    await house.say(ASKER, "ask", ask(subject=(somebody,), **EMERGENCY))
    return (await house.collect(HOLDER))[-1]


async def test_the_same_message_counts_once_also_after_a_restart(house: HubHouse, somebody: Identifier) -> None:
    message = house.signer(ASKER).sign("ask", HUB, ask(subject=(somebody,), **EMERGENCY), house.clock.now())
    await house.office.take(message.text, "")
    assert await code_of(house, message.text) == "BA-6030"
    again = Office(house.store, house.members, AsTold(), Door(house.store, house.members))
    again.start()
    with pytest.raises(Fault) as told:
        await again.take(message.text, "")
    assert told.value.code == "BA-6030"
    await again.stop()


async def test_two_of_the_same_at_once_are_one(house: HubHouse, somebody: Identifier) -> None:
    import asyncio

    message = house.signer(ASKER).sign("ask", HUB, ask(subject=(somebody,), **EMERGENCY), house.clock.now())
    told = await asyncio.gather(*(house.office.take(message.text, "") for _ in range(5)), return_exceptions=True)
    assert sorted(getattr(each, "code", "") for each in told if isinstance(each, Fault)) == ["BA-6030"] * 4


async def test_what_was_refused_is_not_asked_again_by_replay(house: HubHouse, somebody: Identifier) -> None:
    await house.locate(HOLDER, "summary", subject=somebody)
    message = house.signer(ASKER).sign("ask", HUB, ask(subject=(somebody,)), house.clock.now())
    assert await code_of(house, message.text) == "BA-6013"
    await house.permit(subject=[somebody])
    assert await code_of(house, message.text) == "BA-6030"


async def test_no_message_counts_for_years(house: HubHouse) -> None:
    message = house.signer(ASKER).sign("collect", HUB, {"done": []}, house.clock.now(), timedelta(days=4000))
    assert await code_of(house, message.text) == "BA-6000"


@pytest.mark.parametrize(("off_s", "code"), [(120, "BA-6003"), (-420, "BA-6003")])
async def test_a_wrong_clock_is_told(house: HubHouse, off_s: int, code: str) -> None:
    at = house.clock.now() + timedelta(seconds=off_s)
    assert await code_of(house, house.signer(ASKER).sign("collect", HUB, {"done": []}, at).text) == code


async def test_a_flood_is_told_to_wait_and_hinders_nobody_else(house: HubHouse) -> None:
    door = Door(house.store, house.members, burst=5, per_s=1)
    office = Office(house.store, house.members, AsTold(), door)
    office.start()

    async def collect(code: str) -> str:
        text = house.signer(code).sign("collect", HUB, {"done": []}, house.clock.now()).text
        try:
            await office.take(text, "")
        except Fault as fault:
            return fault.code
        return ""

    assert [await collect(OTHER) for _ in range(7)] == [""] * 5 + ["BA-6031"] * 2
    assert await collect(ASKER) == ""
    forged = Signer(ASKER, signer(OTHER).key, SystemRandom())  # spends nothing of the asker's share
    for _ in range(10):
        with pytest.raises(Fault):
            await office.take(forged.sign("collect", HUB, {"done": []}, house.clock.now()).text, "")
    assert await collect(ASKER) == ""
    house.clock.advance(seconds=2)
    assert await collect(OTHER) == ""
    await office.stop()


async def test_a_member_does_only_what_it_may(house: HubHouse, somebody: Identifier) -> None:
    assert await house.refused(BOOK, "ask", ask(subject=(somebody,))) == "BA-6032"
    assert await house.refused(BOOK, "register", {"entries": []}) == "BA-6032"
    assert await house.refused(ASKER, "wipe", {}) == "BA-6043"
    assert await house.refused(HUB, "ask", ask()) == "BA-6001"  # the hub's old test key is no member's


async def test_who_is_no_party_answers_nothing(house: HubHouse, somebody: Identifier) -> None:
    letter = await asked(house, somebody)
    fetch = read_message(letter["message"], (await house.configuration()).key_of)
    given = Answer(fetch.body["exchange"], digest_of(fetch.body["ask"]), State.NOTHING)
    assert await house.refused(OTHER, "answer", given.body, ASKER) == "BA-6035"
    assert await house.refused(HOLDER, "answer", given.body, OTHER) == "BA-6035"
    other_ask = Answer(fetch.body["exchange"], "0" * 64, State.NOTHING)
    assert await house.refused(HOLDER, "answer", other_ask.body, ASKER) == "BA-6035"
    unknown = Answer("0" * 13, digest_of(fetch.body["ask"]), State.NOTHING)
    assert await house.refused(HOLDER, "answer", unknown.body, ASKER) == "BA-6034"


async def test_an_answer_is_given_once(house: HubHouse, somebody: Identifier) -> None:
    letter = await asked(house, somebody)
    await house.answer(HOLDER, letter, state=State.NOTHING)
    with pytest.raises(Fault) as told:
        await house.answer(HOLDER, letter)
    assert told.value.code == "BA-6036"


async def test_content_that_its_sender_did_not_sign_is_not_carried(house: HubHouse, somebody: Identifier) -> None:
    letter = await asked(house, somebody)
    fetch = read_message(letter["message"], (await house.configuration()).key_of)
    given = Answer(fetch.body["exchange"], digest_of(fetch.body["ask"]), State.GIVEN, content="0" * 64)
    assert await house.refused(HOLDER, "answer", given.body, ASKER, "other content") == "BA-6011"


async def test_nobody_collects_anothers_letters(house: HubHouse, somebody: Identifier) -> None:
    await house.locate(HOLDER, "summary", subject=somebody)
    await house.say(ASKER, "ask", ask(subject=(somebody,), **EMERGENCY))
    assert await house.collect(OTHER) == []
    (letter,) = await house.collect(HOLDER)
    await house.collect(OTHER, [letter["id"]])  # says that it has what is another's
    house.clock.advance(seconds=31)
    assert letter["id"] in [each["id"] for each in await house.collect(HOLDER)]
    await house.collect(HOLDER, [letter["id"]])


async def test_a_member_on_trial_reaches_no_live_one(house: HubHouse, somebody: Identifier) -> None:
    await house.locate(HOLDER, "summary", subject=somebody)
    told = await house.say(TRIAL, "ask", ask(subject=(somebody,), **EMERGENCY))
    assert told["parts"] == []


async def test_where_no_evidence_can_be_written_nothing_is_handed_on(
    house: HubHouse, somebody: Identifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.locate(HOLDER, "summary", subject=somebody)
    message = house.signer(ASKER).sign("ask", HUB, ask(subject=(somebody,), **EMERGENCY), house.clock.now())

    async def broken(connection: Connection, entries: Sequence[object]) -> None:
        await connection.execute("insert into ledger_pending_that_is_not_there values (1)")

    monkeypatch.setattr("benhan.hub.post.acts.append_many", broken)
    assert await code_of(house, message.text) == "BA-6033"
    monkeypatch.undo()
    assert await house.collect(HOLDER) == []
    assert (await house.office.take(message.text, ""))["parts"] != []  # the same message, when it can be written
    await house.collect(HOLDER)


async def test_a_receipt_is_for_what_was_answered(house: HubHouse, somebody: Identifier) -> None:
    letter = await asked(house, somebody)
    fetch = read_message(letter["message"], (await house.configuration()).key_of)
    body = {"exchange": fetch.body["exchange"], "answer": "0" * 64, "outcome": "kept", "reason": ""}
    assert await house.refused(ASKER, "receipt", body, HOLDER) == "BA-6035"


@pytest.mark.parametrize(
    "body",
    [
        {}, {"subject": []}, {"subject": [{"system": "x"}]}, {"subject": "everybody"},
        {"subject": [{"system": "s", "value": "v"}], "kinds": []},
        {"subject": [{"system": "s", "value": "v"}] * 20, "kinds": ["summary"]},
    ],
)  # fmt: skip
async def test_an_ask_that_is_none_is_told_so(house: HubHouse, body: dict[str, Any]) -> None:
    assert await house.refused(ASKER, "ask", body) == "BA-6000"
