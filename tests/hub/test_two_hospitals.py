"""A doctor asks, another hospital gives, and neither believes the hub what it can verify itself."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.hub.hospitals import ASSERTED, DOCTOR, Hospital, open_hospital
from tests.hub.hub_house import BOOK, OPERATOR, HubHouse
from tests.unit.network.people import ANCHOR

from benhan.hub.members.rows import State as MemberState
from benhan.kernel.actors import Actor, Role, system
from benhan.kernel.faults import Fault
from benhan.kernel.ids import SystemRandom
from benhan.network.consent import Grant, Way, sign_consent
from benhan.network.exchanges import Answer, Ask, Fetch, Person, State, read_answer
from benhan.network.messages import Message, Signer
from benhan.network.sealing import content_digest, open_sealed, seal
from benhan.network.subjects import Identifier
from benhan.node.exchange.asker import Wish
from benhan.node.exchange.holder import Made
from benhan.node.exchange.party import Party
from benhan.node.exchange.pusher import Pusher
from benhan.store.ledger.chain import chain_all
from benhan.store.ledger.read import entries_of_patient
from benhan.vn import systems

NEXT = iter(range(60_000, 70_000))
EMERGENCY = Wish(("summary", "allergies", "laboratory"), "emergency", "emergency", "Đột quỵ")


@dataclass
class Country:
    """The hub, who asks, who holds."""

    hub: HubHouse
    asker: Hospital
    holder: Hospital


@pytest.fixture(scope="module")
async def country(
    embedded_url: str, tmp_path_factory: pytest.TempPathFactory, house: HubHouse
) -> AsyncIterator[Country]:
    folder = tmp_path_factory.mktemp("country")
    async with AsyncExitStack() as open_:
        asker, holder = [
            await open_.enter_async_context(open_hospital(embedded_url, folder, house, code))
            for code in ("48010", "79010")
        ]
        yield Country(house, asker, holder)


@pytest.fixture
def number() -> str:
    """The number of a person of whom nothing is known yet."""
    return f"0011840{next(NEXT):05d}"


async def documents(hospital: Hospital, patient: str) -> list[dict[str, Any]]:
    """The documents from outside of a patient."""
    from benhan.store.compartment import read_compartment

    rid = hospital.store.workshop.ids.rid_of("Patient", patient)
    return [each.read() for each in await read_compartment(hospital.store, system("t"), rid, ("DocumentReference",))]


def attached(reference: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The document and the signed answer of a DocumentReference."""
    one, other = (base64.b64decode(each["attachment"]["data"]) for each in reference["content"])
    return orjson.loads(one), other.decode()


def texts(bundle: dict[str, Any]) -> str:
    return orjson.dumps(bundle).decode()


async def labels(hospital: Hospital, patient: str) -> set[str]:
    await chain_all(hospital.store.database)
    rid = hospital.store.workshop.ids.rid_of("Patient", patient)
    return {each.label for each in (await entries_of_patient(hospital.store.database, rid)).entries}


async def test_in_an_emergency_the_record_is_there_in_three_letters(country: Country, number: str) -> None:
    there = await country.holder.patient(number, label="hiv")
    here = await country.asker.bare_patient(number)
    await country.holder.register()
    asked = await country.asker.asker.ask(here, EMERGENCY, ASSERTED, DOCTOR)
    assert await country.holder.collect() == 1
    assert await country.asker.collect() == 1
    assert await country.holder.collect() == 1  # the receipt
    (kept,) = await documents(country.asker, here)
    bundle, answer = attached(kept)
    assert {each["resource"]["resourceType"] for each in bundle["entry"]} == {
        "Composition", "Patient", "Condition", "AllergyIntolerance", "Observation",
    }  # fmt: skip
    assert "SECRET" not in texts(bundle)
    assert kept["meta"]["tag"][0]["code"] == "external"
    assert kept["author"][0]["identifier"]["value"] == "79010"
    configuration = await country.asker.party.configuration()
    from benhan.network.messages import read_message

    proof = read_message(answer, configuration.key_of)
    assert (proof.sender, read_answer(proof).ask) == ("79010", asked.ask)
    patient = await country.asker.store.resources.read("Patient", here, DOCTOR)
    (told,) = await country.asker.asker.of_patient(patient)
    assert (told.state, told.parts) == ("waiting", (("79010", "given", ""),))
    assert {"exchange:record:ask", "exchange:record:keep"} <= await labels(country.asker, here)
    assert "exchange:record:give" in await labels(country.holder, there)
    for store in (country.hub.store, country.asker.store):
        rows = await store.database.fetch("select t::text as row from exchange_asked t")
        assert not any(number in row["row"] for row in rows)


async def test_special_secrecy_goes_with_a_consent_that_names_it(country: Country, number: str) -> None:
    await country.holder.patient(number, label="hiv")
    here = await country.asker.bare_patient(number)
    await country.holder.register()
    person = Identifier(systems.CCCD, number)
    now = country.hub.clock.now()
    signed = sign_consent(
        Grant.PERMIT, [person], country.hub.signer(BOOK), now, now + timedelta(days=9), way=Way.BOOK,
        purposes=["treatment"], recipients=["48010"], kinds=["summary"], secrets=["hiv"],
    )  # fmt: skip
    await country.hub.say(BOOK, "consent", {"consent": signed.text})
    wish = Wish(("summary", "laboratory"), "treatment", "consent", secrets=("hiv",))
    await country.asker.asker.ask(here, wish, ASSERTED, DOCTOR)
    await country.holder.collect()
    await country.asker.collect()
    (kept,) = await documents(country.asker, here)
    bundle, _ = attached(kept)
    assert "SECRET" in texts(bundle)
    assert "Kali" not in texts(bundle)  # not permitted
    secret = [each["resource"] for each in bundle["entry"] if "SECRET" in texts(each)]
    assert all(each["meta"]["security"] for each in secret)
    await country.holder.collect()


async def test_who_may_not_ask_does_not_and_without_a_basis_nothing_leaves(country: Country, number: str) -> None:
    await country.holder.patient(number)
    here = await country.asker.bare_patient(number)
    await country.holder.register()
    nurse = Actor("account:9", Role.LAB)
    with pytest.raises(Fault) as told:
        await country.asker.asker.ask(here, EMERGENCY, ASSERTED, nurse)
    assert told.value.code == "BA-0902"
    with pytest.raises(Fault) as told:
        await country.asker.asker.ask(here, Wish(("summary",), "treatment", "consent"), ASSERTED, DOCTOR)
    assert told.value.code == "BA-6052"
    assert "BA-6013" in told.value.text.vi
    assert "đồng ý" in told.value.text.vi
    patient = await country.asker.store.resources.read("Patient", here, DOCTOR)
    (asked,) = await country.asker.asker.of_patient(patient)
    assert asked.state == "refused"
    assert await country.holder.collect() == 0


async def test_a_killed_hospital_finds_its_letters_again_and_keeps_nothing_twice(country: Country, number: str) -> None:
    await country.holder.patient(number)
    here = await country.asker.bare_patient(number)
    await country.holder.register()
    await country.asker.asker.ask(here, EMERGENCY, ASSERTED, DOCTOR)
    await country.holder.collector.step()
    country.holder.collector._done.clear()  # it dies before it says that it is done
    country.hub.clock.advance(seconds=31)
    await country.holder.collect()
    await country.asker.collector.step()
    country.asker.collector._done.clear()
    country.hub.clock.advance(seconds=31)
    await country.asker.collect()
    assert len(await documents(country.asker, here)) == 1


async def test_a_hub_that_is_away_stops_nothing_that_is_known(country: Country, number: str) -> None:
    country.asker.line.is_cut = True
    country.hub.clock.advance(minutes=5)
    assert (await country.asker.party.configuration()).hub
    again = Party(country.asker.store, country.asker.party.client, ANCHOR.key.public, "48010", 1,
                  country.asker.party._file)  # fmt: skip
    assert (await again.configuration()).version  # from its file
    here = await country.asker.bare_patient(number)
    with pytest.raises(Fault) as told:
        await country.asker.asker.ask(here, EMERGENCY, ASSERTED, DOCTOR)
    assert told.value.code == "BA-6050"
    country.asker.line.is_cut = False
    country.hub.clock.advance(minutes=1)
    assert await country.asker.collect() == 0


async def forged_fetch(
    country: Country, asked: Message, signer: Signer | None = None, consents: tuple[str, ...] = ()
) -> Message:
    """A fetch as a hub that lies would make it."""
    hub = signer or country.hub.members.signer
    fetch = Fetch("0" * 13, asked.text, consents)
    return hub.sign("fetch", "79010", fetch.body, country.hub.clock.now())


async def an_ask(country: Country, number: str, signer: Signer | None = None, **told: Any) -> Message:
    """An ask as the asking hospital signs it."""
    usual: dict[str, Any] = {
        "subject": (Identifier(systems.CCCD, number),), "kinds": ("summary",), "purpose": "treatment",
        "basis": "consent", "person": Person("account:7", "doctor"),
    }  # fmt: skip
    by = signer or await country.asker.party.signer()
    return by.sign("ask", "hub", Ask(**{**usual, **told}).body, country.hub.clock.now())


async def answered(country: Country, fetch: Message) -> Made:
    return await country.holder.holder.answer(fetch, await country.holder.party.configuration())


async def test_a_hub_that_lies_gets_nothing_out_of_a_holder(country: Country, number: str) -> None:
    await country.holder.patient(number)
    hub = country.hub
    refused = await answered(country, await forged_fetch(country, await an_ask(country, number)))
    assert (read_answer(refused.message).state, refused.content) == (State.REFUSED, "")
    assert read_answer(refused.message).reason == "no-consent"

    person, now = Identifier(systems.CCCD, number), hub.clock.now()
    forged = sign_consent(
        Grant.PERMIT, [person], hub.members.signer, now, now + timedelta(days=9), way=Way.BOOK,
        purposes=["treatment"], recipients=["48010"],
    )  # fmt: skip
    fetch = await forged_fetch(country, await an_ask(country, number), consents=(forged.text,))
    assert read_answer((await answered(country, fetch)).message).reason == "no-consent"

    own_ask = await an_ask(country, number, Signer("48010", hub.members.signer.key, SystemRandom()),
                           basis="emergency", purpose="emergency", note="x")  # fmt: skip
    with pytest.raises(Fault) as told:
        await answered(country, await forged_fetch(country, own_ask))
    assert told.value.code == "BA-6002"

    genuine = await an_ask(country, number, basis="emergency", purpose="emergency", note="x")
    with pytest.raises(Fault) as told:
        await answered(country, await forged_fetch(country, genuine, await country.asker.party.signer()))
    assert told.value.code == "BA-6060"
    country.hub.clock.advance(minutes=10)
    with pytest.raises(Fault):  # an old ask shown again
        await answered(country, await forged_fetch(country, genuine))


async def test_content_is_sealed_to_the_asker_of_the_ask_and_the_hub_cannot_read_it(
    country: Country, number: str
) -> None:
    await country.holder.patient(number)
    ask = await an_ask(country, number, basis="emergency", purpose="emergency", note="x", kinds=("laboratory",))
    made = await answered(country, await forged_fetch(country, ask))
    assert made.message.recipient == "48010"
    assert b"Kali" in open_sealed(made.content, country.asker.party.sealing)
    with pytest.raises(Fault):
        open_sealed(made.content, country.holder.party.sealing)
    assert "Kali" not in made.content


async def test_an_asker_takes_nothing_that_was_altered_or_is_of_somebody_else(country: Country, number: str) -> None:
    other = f"0011840{next(NEXT):05d}"
    await country.holder.patient(number)
    await country.holder.patient(other)
    here = await country.asker.bare_patient(number)
    await country.holder.register()
    asker, configuration = country.asker.asker, await country.asker.party.configuration()

    async def made_for(subject: str, digest: str) -> tuple[Answer, str]:
        ask = await an_ask(country, subject, basis="emergency", purpose="emergency", note="x")
        made = await answered(country, await forged_fetch(country, ask))
        return replace(read_answer(made.message), ask=digest), made.content

    asked = await asker.ask(here, EMERGENCY, ASSERTED, DOCTOR)
    holder, now = await country.holder.party.signer(), country.hub.clock.now()
    answer, content = await made_for(number, asked.ask)
    signed = holder.sign("answer", "48010", answer.body, now)
    receipt = await asker.take(signed, content[:-8] + "AAAAAAAA", configuration)
    assert receipt is not None
    assert (receipt.body["outcome"], receipt.body["reason"]) == ("rejected", "BA-6011")

    replaced = seal(b'{"resourceType":"Bundle"}', configuration.sealing_key("48010", now))
    false_content = replace(answer, content=content_digest(replaced))
    receipt = await asker.take(holder.sign("answer", "48010", false_content.body, now), replaced, configuration)
    assert receipt is not None
    assert receipt.body["reason"] == "BA-6063"

    wrong, content = await made_for(other, asked.ask)
    receipt = await asker.take(holder.sign("answer", "48010", wrong.body, now), content, configuration)
    assert receipt is not None
    assert receipt.body["reason"] == "BA-6063"
    with pytest.raises(Fault) as told:
        await asker.take(holder.sign("answer", "48010", replace(wrong, ask="0" * 64).body, now), content, configuration)
    assert told.value.code == "BA-6062"
    assert await documents(country.asker, here) == []


async def test_a_member_revoked_in_flight_gets_nothing(country: Country, number: str) -> None:
    await country.holder.patient(number)
    here = await country.asker.bare_patient(number)
    await country.holder.register()
    await country.asker.asker.ask(here, EMERGENCY, ASSERTED, DOCTOR)
    await country.hub.members.set_state("48010", MemberState.SUSPENDED, OPERATOR)
    country.hub.clock.advance(seconds=40)
    await country.holder.collect()
    with pytest.raises(Fault):
        await country.asker.collector.step()
    await country.hub.members.set_state("48010", MemberState.ACTIVE, OPERATOR)
    country.hub.clock.advance(seconds=40)
    await country.asker.collect()
    assert await documents(country.asker, here) == []


async def test_a_record_goes_ahead_of_a_transfer_and_waits_for_the_patient(country: Country, number: str) -> None:
    there = await country.holder.patient(number, label="hiv")
    pusher = Pusher(country.holder.store, country.holder.party, ("79010", "BV 79010"), "https://79010.example/fhir")
    with pytest.raises(Fault) as told:
        await pusher.push(there, "48010", ("summary", "laboratory"), "", DOCTOR)
    assert told.value.code == "BA-6052"  # without the paper's number there is no basis
    await pusher.push(there, "48010", ("summary", "laboratory", "imaging"), "GC-2026-77", DOCTOR)
    assert await country.asker.collector.step() == 1
    assert country.asker.collector._done == []  # nobody of that number is here yet
    here = await country.asker.bare_patient(number)
    country.hub.clock.advance(seconds=31)
    await country.asker.collect()
    (kept,) = await documents(country.asker, here)
    bundle, _ = attached(kept)
    assert "Kali" in texts(bundle)
    assert "SECRET" not in texts(bundle)
    await country.holder.collect()
    events = await country.hub.ledger()
    assert events[-1] == "hub:exchange:receipt"
    with pytest.raises(Fault) as told:
        await pusher.push(there, "48010", ("imaging",), "GC-2026-77", DOCTOR)
    assert told.value.code == "BA-6066"


async def test_who_has_just_joined_is_known_when_their_first_ask_comes(
    country: Country, number: str, embedded_url: str, tmp_path: Path
) -> None:
    await country.holder.patient(number)
    await country.holder.register()
    await country.holder.collect()  # knows the configuration of now
    async with open_hospital(embedded_url, tmp_path, country.hub, "31010") as newcomer:
        here = await newcomer.bare_patient(number)
        await newcomer.asker.ask(here, EMERGENCY, ASSERTED, DOCTOR)
        await country.holder.collect()
        await newcomer.collect()
        assert len(await documents(newcomer, here)) == 1


async def test_a_refusal_of_the_holder_is_told_to_who_asked(country: Country, number: str) -> None:
    await country.holder.patient(number)
    here = await country.asker.bare_patient(number)
    await country.holder.register()
    asked = await country.asker.asker.ask(here, EMERGENCY, ASSERTED, DOCTOR)
    signer, now = await country.holder.party.signer(), country.hub.clock.now()
    refusal = Answer(asked.exchange or "0" * 13, asked.ask, State.REFUSED, reason="refused")
    message = signer.sign("answer", "48010", refusal.body, now)
    assert await country.asker.asker.take(message, "", await country.asker.party.configuration()) is None
    patient = await country.asker.store.resources.read("Patient", here, DOCTOR)
    (told,) = await country.asker.asker.of_patient(patient)
    assert told.parts == (("79010", "refused", "refused"),)
    await country.holder.collect()
    await country.asker.collect()
