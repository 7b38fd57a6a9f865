"""Asked, located, judged, fetched, answered, delivered, receipted: and what stops it on the way."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.hub.hub_house import ASKER, BOOK, EMERGENCY, HOLDER, HUB, OTHER, TRIAL, HubHouse, ask
from tests.unit.network.people import seal

from benhan.fhir.validation import check_structure
from benhan.hub.exchange.rows import ExchangeRows, exchange_id
from benhan.hub.keeper import HubKeeper
from benhan.network.consent import Grant, Way
from benhan.network.exchanges import Push, State
from benhan.network.messages import digest_of, read_message
from benhan.network.sealing import content_digest, open_sealed
from benhan.network.sealing import seal as sealed_to
from benhan.network.subjects import Identifier, told_identifiers
from benhan.vn import systems

NEXT = iter(range(1, 1000))


@pytest.fixture
def somebody() -> Identifier:
    """A person of whom nothing is known yet."""
    return Identifier(systems.CCCD, f"0011840{next(NEXT):05d}")


async def parts(house: HubHouse, name: str) -> dict[str, tuple[str, str]]:
    """State and fault of each part of an exchange."""
    found = await ExchangeRows(house.store).read([exchange_id(name)])
    return {each.holder: (each.state.value, each.fault) for each in found[exchange_id(name)].parts}


async def test_a_record_reaches_who_asked_and_all_three_can_prove_it(house: HubHouse, somebody: Identifier) -> None:
    await house.locate(HOLDER, "summary", subject=somebody)
    await house.permit(subject=[somebody])
    told = await house.say(ASKER, "ask", ask(subject=(somebody,)))
    assert [each["holder"] for each in told["parts"]] == [HOLDER]
    configuration = await house.configuration()
    assert read_message(told["receipt"], configuration.key_of).sender == HUB

    (letter,) = await house.collect(HOLDER)
    fetch = read_message(letter["message"], configuration.key_of)
    asked = read_message(fetch.body["ask"], configuration.key_of)
    assert (fetch.sender, asked.sender, asked.body["person"]["id"]) == (HUB, ASKER, "account:7")
    answer, sealed = await house.answer(HOLDER, letter, b'{"resourceType":"Bundle"}')

    (given,) = await house.collect(ASKER)
    assert (given["message"], given["content"]) == (answer.text, sealed)
    ours = seal(ASKER)
    assert open_sealed(given["content"], {ours.public.kid: ours}) == b'{"resourceType":"Bundle"}'
    await house.receipt(given, HOLDER)
    assert await house.collect(ASKER, [given["id"]]) == []
    (receipt,) = await house.collect(HOLDER, [letter["id"]])
    assert read_message(receipt["message"], configuration.key_of).body["answer"] == answer.digest
    await house.collect(HOLDER, [receipt["id"]])
    assert await parts(house, told["exchange"]) == {HOLDER: ("delivered", "")}
    assert {"hub:exchange:ask", "hub:exchange:answer", "hub:exchange:receipt"} <= set(await house.ledger())
    rows = await house.store.database.fetch("select body, state from hub_letter")
    assert {(row["body"], row["state"]) for row in rows} == {(None, "taken")}


async def test_nothing_that_names_a_person_lies_open_in_the_hub(house: HubHouse, somebody: Identifier) -> None:
    await house.locate(HOLDER, "summary", subject=somebody)
    await house.permit(subject=[somebody])
    await house.say(ASKER, "ask", ask(subject=(somebody,)))
    for table in ("hub_exchange", "hub_part", "hub_letter", "hub_location", "hub_consent", "ledger_pending",
                  "ledger_entry"):  # fmt: skip
        rows = await house.store.database.fetch(f"select t::text as row from {table} t")
        text = "".join(row["row"] for row in rows)
        assert rows or table == "ledger_entry"
        assert somebody.value not in text
        assert somebody.value.encode().hex() not in text
    await house.collect(HOLDER)


async def test_without_a_basis_nobody_is_asked(house: HubHouse, somebody: Identifier) -> None:
    await house.locate(HOLDER, "summary", subject=somebody)
    assert await house.refused(ASKER, "ask", ask(subject=(somebody,))) == "BA-6013"
    await house.permit(subject=[somebody], recipients=[OTHER])
    assert await house.refused(ASKER, "ask", ask(subject=(somebody,))) == "BA-6013"
    await house.permit(subject=[somebody])
    await house.permit(Grant.REFUSE, subject=[somebody])
    assert await house.refused(ASKER, "ask", ask(subject=(somebody,))) == "BA-6013"
    emergency = await house.say(ASKER, "ask", ask(subject=(somebody,), **EMERGENCY))
    assert await parts(house, emergency["exchange"]) == {HOLDER: ("waiting", "")}
    assert (await house.ledger()).count("hub:message:refuse") == 3


async def test_who_is_located_nowhere_is_told_so(house: HubHouse, somebody: Identifier) -> None:
    told = await house.say(ASKER, "ask", ask(subject=(somebody,), **EMERGENCY))
    assert told["parts"] == []
    await house.locate(ASKER, "summary", subject=somebody)  # its own record is not asked for
    await house.locate(TRIAL, "summary", subject=somebody)  # nor one on trial
    assert (await house.say(ASKER, "ask", ask(subject=(somebody,), **EMERGENCY)))["parts"] == []


async def test_several_holders_answer_each_for_itself(house: HubHouse, somebody: Identifier) -> None:
    await house.locate(HOLDER, "summary", subject=somebody)
    await house.locate(OTHER, "laboratory", subject=somebody)
    told = await house.say(ASKER, "ask", ask(subject=(somebody,), **EMERGENCY))
    for holder, state in ((HOLDER, State.REFUSED), (OTHER, State.NOTHING)):
        letter = (await house.collect(holder))[-1]
        await house.answer(holder, letter, state=state)
    assert {holder: state for holder, (state, _) in (await parts(house, told["exchange"])).items()} == {
        HOLDER: "refused", OTHER: "nothing",
    }  # fmt: skip
    state = await house.store.database.fetchval(
        "select state from hub_exchange where id = $1", exchange_id(told["exchange"])
    )
    assert state == "done"


async def test_a_holder_that_is_away_finds_the_ask_when_it_comes_back(house: HubHouse, somebody: Identifier) -> None:
    await house.locate(OTHER, "summary", subject=somebody)
    body = ask(subject=(somebody,), **EMERGENCY)
    message = house.signer(ASKER).sign("ask", HUB, body, house.clock.now(), timedelta(days=1))
    told = await house.office.take(message.text, "")
    house.clock.advance(hours=5)
    letter = (await house.collect(OTHER))[-1]
    assert (await house.collect(OTHER)) == []  # leased
    house.clock.advance(seconds=31)
    assert (await house.collect(OTHER))[-1]["id"] == letter["id"]  # it died; it is given again
    await house.answer(OTHER, letter)
    assert (await parts(house, told["exchange"]))[OTHER] == ("answered", "")
    house.clock.advance(days=2)
    await HubKeeper(house.store, house.office).keep()
    assert (await parts(house, told["exchange"]))[OTHER] == ("expired", "")
    assert await house.store.database.fetchval("select count(*) from hub_letter where body is not null") == 0


async def test_a_consent_revoked_in_flight_stops_the_ask_and_the_answer(house: HubHouse, somebody: Identifier) -> None:
    await house.locate(HOLDER, "summary", subject=somebody)
    number = await house.permit(subject=[somebody])
    told = [await house.say(ASKER, "ask", ask(subject=(somebody,))) for _ in range(3)]
    collected = await house.collect(HOLDER)
    answered, unanswered = collected[-3], collected[-2]
    await house.answer(HOLDER, answered)  # waits for the asker
    assert await house.refused(HOLDER, "revoke", {"consent": number}) == "BA-6041"
    await house.say(BOOK, "revoke", {"consent": number})
    assert await house.collect(ASKER) == []
    with pytest.raises(Exception, match="BA-6036"):
        await house.answer(HOLDER, unanswered)
    house.clock.advance(minutes=1)
    assert await house.collect(HOLDER) == []
    states = [(await parts(house, each["exchange"]))[HOLDER] for each in told]
    assert states == [("stopped", "revoked")] * 3
    assert await house.refused(ASKER, "ask", ask(subject=(somebody,))) == "BA-6013"


async def test_a_transfer_is_pushed_ahead_with_its_basis(house: HubHouse, somebody: Identifier) -> None:
    key = (await house.configuration()).sealing_key(ASKER, house.clock.now())
    sealed = sealed_to(b'{"resourceType":"Bundle"}', key)
    push = Push((somebody,), ("summary",), "transfer", "transfer", "GC-2026-001", 3, content_digest(sealed))
    told = await house.say(HOLDER, "push", push.body, ASKER, sealed)
    (letter,) = await house.collect(ASKER)
    assert letter["type"] == "push"
    assert digest_of(letter["message"])
    assert await parts(house, told["exchange"]) == {HOLDER: ("answered", "")}
    without_note = Push((somebody,), ("summary",), "transfer", "transfer", "", 3, content_digest(sealed))
    assert await house.refused(HOLDER, "push", without_note.body, ASKER, sealed) == "BA-6013"
    assert await house.refused(HOLDER, "push", push.body, TRIAL, sealed) == "BA-6007"
    assert await house.refused(HOLDER, "push", push.body, ASKER, sealed + "A") == "BA-6011"
    await house.permit(Grant.REFUSE, subject=[somebody])
    assert await house.refused(HOLDER, "push", push.body, ASKER, sealed) == "BA-6013"


async def test_a_book_shows_what_was_permitted_refused_and_taken_back(house: HubHouse, somebody: Identifier) -> None:
    number = await house.permit(subject=[somebody], kinds=["summary"], secrets=["hiv"])
    await house.permit(Grant.REFUSE, taker=OTHER, way=Way.OTP, subject=[somebody])
    await house.say(BOOK, "revoke", {"consent": number})
    body = {"subject": told_identifiers([somebody])}
    bundle = (await house.say(BOOK, "consents", body))["bundle"]
    shown = {each["resource"]["id"]: each["resource"] for each in bundle["entry"]}
    assert len(shown) == 2
    assert (shown[number]["status"], shown[number]["provision"]["type"]) == ("inactive", "permit")
    assert {each["provision"]["type"] for each in shown.values()} == {"permit", "deny"}
    for each in shown.values():
        assert [issue for issue in check_structure(each) if issue.is_error] == []
    assert (await house.say(OTHER, "consents", body))["bundle"]["total"] == 1
    assert await house.refused(HUB, "consents", body) == "BA-6001"
    assert "hub:consent:view" in await house.ledger()


async def test_holders_that_answer_at_the_same_moment_leave_nothing_open(house: HubHouse, somebody: Identifier) -> None:
    await house.locate(HOLDER, "summary", subject=somebody)
    await house.locate(OTHER, "summary", subject=somebody)
    asked = [await house.say(ASKER, "ask", ask(subject=(somebody,), **EMERGENCY)) for _ in range(8)]
    letters = [(holder, letter) for holder in (HOLDER, OTHER) for letter in (await house.collect(holder))[-8:]]
    await asyncio.gather(*(house.answer(holder, letter, state=State.NOTHING) for holder, letter in letters))
    ids = [exchange_id(each["exchange"]) for each in asked]
    rows = await house.store.database.fetch("select state from hub_exchange where id = any($1::bigint[])", ids)
    assert [row["state"] for row in rows] == ["done"] * 8
