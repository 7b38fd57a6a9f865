"""A hub with hospitals and a book around it, all in one process, on one database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.clocks import StoppedClock
from tests.postgres import fresh
from tests.unit.network.people import ANCHOR, ASKER, AT, BOOK, HOLDER, HUB, PERSON, member, seal, signer

from benhan.hub.members.members import Members
from benhan.hub.persons import AsTold
from benhan.hub.post.door import Door
from benhan.hub.post.office import Office
from benhan.kernel.actors import system
from benhan.kernel.faults import Fault
from benhan.kernel.ids import SystemRandom
from benhan.network.configuration import Configuration, Environment, Kind, Member, MemberKey, Use
from benhan.network.consent import Grant, Way, sign_consent
from benhan.network.exchanges import Answer, Ask, Outcome, Person, Receipt, State, read_fetch
from benhan.network.messages import Message, Signer, digest_of, read_message
from benhan.network.sealing import content_digest
from benhan.network.sealing import seal as sealed_to
from benhan.network.subjects import Identifier, told_identifiers
from benhan.store.database import Database
from benhan.store.key_encryption import make_kek_file
from benhan.store.store import Store

OPERATOR = system("operator")
OTHER = "48001"
TRIAL = "00099"
DOCTOR = Person("account:7", "doctor", "012345/BYT-GPHN")


@dataclass
class HubHouse:
    """The hub, and short ways to speak to it as its members do."""

    store: Store
    clock: StoppedClock
    members: Members
    office: Office

    def signer(self, code: str) -> Signer:
        return Signer(code, signer(code).key, SystemRandom())

    async def say(
        self, code: str, type_: str, body: dict[str, Any], to: str = HUB, content: str = ""
    ) -> dict[str, Any]:
        """What the hub gives back to a message of a member."""
        return await self.office.take(self.signer(code).sign(type_, to, body, self.clock.now()).text, content)

    async def refused(self, code: str, type_: str, body: dict[str, Any], to: str = HUB, content: str = "") -> str:
        """The code for which a message is refused."""
        try:
            await self.say(code, type_, body, to, content)
        except Fault as fault:
            return fault.code
        return ""

    async def locate(self, holder: str, *kinds: str, subject: Identifier = PERSON) -> None:
        """A holder registers what it has."""
        entry = {"subject": told_identifiers([subject]), "kinds": list(kinds), "since": "2026-01-01",
                 "until": "2026-11-01"}  # fmt: skip
        await self.say(holder, "register", {"entries": [entry]})

    async def permit(self, grant: Grant = Grant.PERMIT, taker: str = BOOK, way: Way = Way.BOOK, **told: Any) -> str:
        """The number of a consent that the book took for the asker."""
        if grant is Grant.PERMIT:
            told = {"purposes": ["treatment"], "recipients": [ASKER], **told}
        subject, now = told.pop("subject", [PERSON]), self.clock.now()
        signed = sign_consent(grant, subject, self.signer(taker), now, now + timedelta(days=30), way=way, **told)
        return str((await self.say(taker, "consent", {"consent": signed.text}))["consent"])

    async def collect(self, code: str, done: list[int] | None = None) -> list[dict[str, Any]]:
        """What waits for a member."""
        return list((await self.say(code, "collect", {"done": done or []}))["letters"])

    async def answer(
        self, holder: str, letter: dict[str, Any], content: bytes = b"{}", *, state: State = State.GIVEN
    ) -> tuple[Message, str]:
        """The answer of a holder to a fetch it collected, and the sealed content; handed to the hub."""
        fetch = read_fetch(read_message(letter["message"], (await self.members.configuration()).key_of))
        asker = (await self.configuration()).sealing_key(ASKER, self.clock.now())
        sealed = sealed_to(content, asker) if state is State.GIVEN else ""
        given = Answer(fetch.exchange, digest_of(fetch.ask), state, ("summary",), 1, "",
                       content_digest(sealed) if sealed else "")  # fmt: skip
        message = self.signer(holder).sign("answer", ASKER, given.body, self.clock.now())
        await self.office.take(message.text, sealed)
        return message, sealed

    async def receipt(self, letter: dict[str, Any], holder: str, outcome: Outcome = Outcome.KEPT) -> None:
        """The asker says that it has an answer."""
        body = read_message(letter["message"], (await self.configuration()).key_of).body
        receipt = Receipt(body["exchange"], digest_of(letter["message"]), outcome)
        await self.say(ASKER, "receipt", receipt.body, holder)

    async def configuration(self) -> Configuration:
        return await self.members.configuration()

    async def ledger(self) -> list[str]:
        """The events of the hub's ledger, in order."""
        from benhan.store.ledger.chain import chain_all
        from benhan.store.ledger.events import EVENTS_BY_NUMBER

        await chain_all(self.store.database)
        rows = await self.store.database.fetch("select event from ledger_entry order by seq")
        return [EVENTS_BY_NUMBER[row["event"]].label for row in rows]


def ask(**told: Any) -> dict[str, Any]:
    """What the asker's doctor asks."""
    usual: dict[str, Any] = {
        "subject": (PERSON,), "kinds": ("summary", "laboratory"), "purpose": "treatment", "basis": "consent",
        "person": DOCTOR,
    }  # fmt: skip
    return Ask(**{**usual, **told}).body


EMERGENCY = {"basis": "emergency", "purpose": "emergency", "note": "Đột quỵ, không nói được"}


@asynccontextmanager
async def open_house(embedded_url: str, folder: Path) -> AsyncIterator[HubHouse]:
    """A hub whose members are published."""
    async with fresh(embedded_url) as url:
        clock = StoppedClock(AT)
        kek = make_kek_file(folder / "kek.json", SystemRandom())
        store = await Store.open(await Database.connect(url, pool_size=6), kek, clock=clock)
        members = Members(store, HUB, ANCHOR.key.public)
        office = Office(store, members, AsTold(), Door(store, members))
        office.start()
        house = HubHouse(store, clock, members, office)
        await house_members(house)
        yield house
        await office.stop()
        await store.close()


async def house_members(house: HubHouse) -> None:
    """The members of the house, and its own entry with the key it signs with."""
    since, until = AT - timedelta(days=1), AT + timedelta(days=400)
    own = MemberKey(house.members.signer.key.public, Use.SIGN, since, until)
    await house.members.add(Member(HUB, "Trục thử", Kind.HUB, Environment.LIVE, keys=(own,)), {}, OPERATOR)
    for each in (
        member(ASKER), member(HOLDER), member(OTHER), member(TRIAL, environment=Environment.SANDBOX),
        member(BOOK, Kind.BOOK, attests=("book", "oidc"), capabilities=()),
    ):  # fmt: skip
        await house.members.add(each, {"phone": "024 0000 0000"}, OPERATOR)
    await house.members.publish(ANCHOR, OPERATOR)


__all__ = ["ANCHOR", "ASKER", "AT", "BOOK", "HOLDER", "HUB", "PERSON", "seal"]
