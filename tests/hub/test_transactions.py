"""An operator finds an exchange, reads where it stands in words, and offers again what waits."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from tests.hub.hub_house import ASKER, EMERGENCY, HOLDER, OTHER, HubHouse, ask

from benhan.hub.exchange.rows import PartState
from benhan.hub.persons import AsTold
from benhan.hub.transactions.log import Sought, TransactionLog
from benhan.hub.transactions.routes import read_sought, told
from benhan.hub.transactions.words import REMEDIES, WORDS
from benhan.kernel.actors import Actor, Role
from benhan.kernel.faults import Fault
from benhan.network.exchanges import State
from benhan.network.subjects import Identifier
from benhan.vn import systems

OPERATOR = Actor("account:1", Role.IT_ADMIN)
SOMEBODY, ANOTHER = (Identifier(systems.CCCD, f"00119000000{each}") for each in (1, 2))


@pytest.fixture(scope="module")
async def log(house: HubHouse) -> TransactionLog:
    """A log with an exchange that waits, one that is done, one of another person."""
    for person in (SOMEBODY, ANOTHER):
        await house.locate(HOLDER, "summary", subject=person)
    await house.locate(OTHER, "summary", subject=SOMEBODY)
    await house.say(ASKER, "ask", ask(subject=(SOMEBODY,), holders=(HOLDER,), **EMERGENCY))
    house.clock.advance(minutes=1)
    (letter,) = await house.collect(HOLDER)
    await house.answer(HOLDER, letter, state=State.NOTHING)
    await house.collect(HOLDER, [letter["id"]])
    await house.collect(ASKER, [each["id"] for each in await house.collect(ASKER)])
    await house.say(ASKER, "ask", ask(subject=(SOMEBODY,), holders=(OTHER,), **EMERGENCY))
    house.clock.advance(minutes=1)
    await house.say(ASKER, "ask", ask(subject=(ANOTHER,), **EMERGENCY))
    return TransactionLog(house.store, AsTold(), house.office.letters)


async def test_exchanges_are_found_by_person_member_state_and_time(house: HubHouse, log: TransactionLog) -> None:
    every = await log.search(Sought(), OPERATOR)
    assert len(every) == 3
    assert [each.asked_at for each in every] == sorted((each.asked_at for each in every), reverse=True)
    assert len(await log.search(Sought(subject=SOMEBODY), OPERATOR)) == 2
    assert len(await log.search(Sought(subject=SOMEBODY, member=OTHER), OPERATOR)) == 1
    assert [each.parts[0].holder for each in await log.search(Sought(member=OTHER), OPERATOR)] == [OTHER]
    assert len(await log.search(Sought(state=PartState.NOTHING), OPERATOR)) == 1
    recent = Sought(since=house.clock.now() - timedelta(seconds=90))
    assert len(await log.search(recent, OPERATOR)) == 2
    assert "hub:exchange:view" in await house.ledger()


async def test_one_is_told_in_words_with_its_letters_and_no_body(house: HubHouse, log: TransactionLog) -> None:
    (waiting,) = await log.search(Sought(member=OTHER), OPERATOR)
    exchange, letters = await log.one(waiting.name, OPERATOR)
    assert [(each.type, each.recipient, each.state) for each in letters] == [("fetch", OTHER, "waiting")]
    words = told(exchange, "vi")
    assert words["parts"][0]["words"] == WORDS[PartState.WAITING].vi
    assert SOMEBODY.value not in orjson.dumps(words).decode()
    with pytest.raises(Fault) as fault:
        await log.one("0" * 13, OPERATOR)
    assert fault.value.code == "BA-6034"


async def test_what_waits_is_offered_again_and_what_is_done_is_not(house: HubHouse, log: TransactionLog) -> None:
    (waiting,) = await log.search(Sought(member=OTHER), OPERATOR)
    assert len(await house.collect(OTHER)) == 1
    assert await house.collect(OTHER) == []
    assert await log.again([waiting.name], OPERATOR) == 1
    assert len(await house.collect(OTHER)) == 1
    (done,) = await log.search(Sought(state=PartState.NOTHING), OPERATOR)
    with pytest.raises(Fault) as told_:
        await log.again([done.name], OPERATOR)
    assert told_.value.code == "BA-6042"


def test_every_state_has_words_and_what_an_operator_asks_is_read_strictly() -> None:
    assert set(WORDS) == set(PartState)
    assert set(REMEDIES) <= set(PartState)
    found = read_sought(b'{"member":"01001","state":"waiting","since":"2026-11-01"}')
    assert (found.member, found.state) == ("01001", PartState.WAITING)
    for wrong in (b"[]", b"{", b'{"state":"x"}', b'{"since":"yesterday"}', b'{"trace":"zz"}', b'{"member":3}'):
        with pytest.raises(Fault) as told_:
            read_sought(wrong)
        assert told_.value.code == "BA-6000"
