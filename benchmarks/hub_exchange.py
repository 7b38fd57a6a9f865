"""The hub: small exchanges on kept connections, each with signatures, a consent judged, ledger and receipt.

Members ask, answer and receipt through a hub of one process; signatures and content of the members cost the client,
not the hub. `added_p50_ms` is from an ask that leaves to its answer that arrives, with little going on, less what the
members spend. The limit: 1,000 exchanges a second on two cores, of which the client here takes a large share;
`hub_processor_us` and `postgres_processor_us` are what an exchange costs the hub; `verifications_per_exchange` is that
in units of one bare verification of Ed25519 in the same run (9,000/s on a quiet core).
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benhan.hub.members.members import Members
from benhan.kernel.actors import system
from benhan.kernel.ids import SystemRandom
from benhan.kernel.settings import Settings
from benhan.network.configuration import REGISTRY, Environment, Kind, Member, MemberKey, Use
from benhan.network.consent import Grant, Way, sign_consent
from benhan.network.exchanges import Answer, Ask, Outcome, Person, Receipt, State
from benhan.network.keys import sealing_key, signing_key
from benhan.network.messages import Signer, digest_of, unverified_message
from benhan.network.sealing import content_digest, seal
from benhan.network.subjects import Identifier, told_identifiers
from benhan.store.opening import open_store
from benhan.vn import systems
from common import Server, arguments, report, scratch_folder, serving
from cpu_time import CpuTime
from http_client import Connection, drive

PAIRS = 16
SIDE_BY_SIDE = 48
CONTENT = b"x" * 4096
LIMIT_PER_S = 1_000


class Caller:
    """A member: its key, its connection for what it says, another for its long poll."""

    def __init__(self, code: str) -> None:
        random = SystemRandom()
        self.code = code
        self.signer = Signer(code, signing_key(random.bytes(32)), random)
        self.sealing = sealing_key(random.bytes(32))

    def member(self, at: datetime) -> Member:
        since, until = at - timedelta(days=1), at + timedelta(days=30)
        keys = (
            MemberKey(self.signer.key.public, Use.SIGN, since, until),
            MemberKey(self.sealing.public, Use.SEAL, since, until),
        )
        able = ("ask", "hold")
        return Member(
            self.code, self.code, Kind.FACILITY, Environment.LIVE, capabilities=able, attests=("otp",), keys=keys
        )


def body_of(message: str, content: str = "") -> bytes:
    body = json.dumps({"message": message, "content": content}).encode()
    head = "POST /hub/messages HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def said(connection: Connection, message: str, content: str = "") -> dict[str, Any]:
    status, answer = await connection.ask(body_of(message, content))
    assert status == 200, answer
    return json.loads(answer)


async def set_up(data: Path, callers: list[Caller]) -> None:
    """A hub whose members are published, on `data`."""
    actor, at, random = system("bench"), datetime.now(UTC), SystemRandom()
    registry = Signer(REGISTRY, signing_key(random.bytes(32)), random)
    (data / "anchor.jwk").write_text(json.dumps(registry.key.public.jwk))
    async with open_store(Settings(data=data), "hub") as store:
        members = Members(store, "hub", registry.key.public)
        own = MemberKey(members.signer.key.public, Use.SIGN, at - timedelta(days=1), at + timedelta(days=30))
        await members.add(Member("hub", "hub", Kind.HUB, Environment.LIVE, keys=(own,)), {}, actor)
        for each in callers:
            await members.add(each.member(at), {}, actor)
        await members.publish(registry, actor)


class Futures(dict[str, "asyncio.Future[str]"]):
    """An answer may be there before who waits for it."""

    def __missing__(self, key: str) -> asyncio.Future[str]:
        self[key] = asyncio.get_running_loop().create_future()
        return self[key]


class Traffic:
    """Exchanges between pairs of members, each member with a long poll of its own."""

    def __init__(self, server: Server, callers: list[Caller]) -> None:
        self._server = server
        self._callers = callers
        self._answers = Futures()
        self._done: dict[str, list[int]] = defaultdict(list)
        self._sealed = {each.code: seal(CONTENT, each.sealing.public) for each in callers}
        self.times_ms: list[float] = []
        self.count = 0
        self.is_over = False

    def pair(self, number: int) -> tuple[Caller, Caller, Identifier]:
        asker, holder = self._callers[number % PAIRS], self._callers[(number + 1) % PAIRS]
        return asker, holder, Identifier(systems.CCCD, f"0012000{number % PAIRS:05d}")

    async def prepare(self, connection: Connection) -> None:
        """Each pair's person is located, and has consented."""
        now = datetime.now(UTC)
        for number in range(PAIRS):
            asker, holder, person = self.pair(number)
            entry = {
                "subject": told_identifiers([person]),
                "kinds": ["summary"],
                "since": "2026-01-01",
                "until": "2026-01-02",
            }
            await said(connection, holder.signer.sign("register", "hub", {"entries": [entry]}, now).text)
            consent = sign_consent(
                Grant.PERMIT, [person], holder.signer, now, now + timedelta(days=9), way=Way.OTP,
                purposes=["treatment"], recipients=[asker.code],
            )  # fmt: skip
            await said(connection, holder.signer.sign("consent", "hub", {"consent": consent.text}, now).text)

    async def poll(self, connection: Connection, number: int, speaking: Connection) -> None:
        """A member's long poll: fetches are answered at once, answers handed to who waits."""
        caller = self._callers[number]
        while not self.is_over:
            done, self._done[caller.code] = self._done[caller.code], []
            body = {"done": done, "wait_s": 2}
            message = caller.signer.sign("collect", "hub", body, datetime.now(UTC))
            for letter in (await said(connection, message.text))["letters"]:
                self._done[caller.code].append(letter["id"])
                if letter["type"] == "fetch":
                    await self._answer(caller, letter["message"], speaking)
                elif letter["type"] == "answer":
                    exchange = unverified_message(letter["message"]).body["exchange"]
                    self._answers[exchange].set_result(digest_of(letter["message"]))

    async def _answer(self, holder: Caller, text: str, speaking: Connection) -> None:
        fetch = unverified_message(text).body
        ask = unverified_message(fetch["ask"])
        content = self._sealed[ask.sender]
        answer = Answer(fetch["exchange"], ask.digest, State.GIVEN, ("summary",), 1, "", content_digest(content))
        message = holder.signer.sign("answer", ask.sender, answer.body, datetime.now(UTC))
        await said(speaking, message.text, content)

    async def exchange(self, connection: Connection, number: int) -> None:
        """One exchange from ask to receipt."""
        asker, holder, person = self.pair(number)
        ask = Ask((person,), ("summary",), "treatment", "consent", Person("account:1", "doctor"))
        message = asker.signer.sign("ask", "hub", ask.body, datetime.now(UTC))
        began = time.perf_counter()
        told = await said(connection, message.text)
        digest = await self._answers[told["exchange"]]
        self.times_ms.append((time.perf_counter() - began) * 1000)
        receipt = Receipt(told["exchange"], digest, Outcome.KEPT)
        await said(connection, asker.signer.sign("receipt", holder.code, receipt.body, datetime.now(UTC)).text)
        del self._answers[told["exchange"]]
        self.count += 1


async def measure(server: Server, data: Path, callers: list[Caller], seconds: float) -> dict[str, Any]:
    traffic = Traffic(server, callers)
    loop = asyncio.get_running_loop()
    speaking = [(await loop.create_connection(Connection, "127.0.0.1", server.http_port))[1] for _ in callers]
    await traffic.prepare(speaking[0])
    polling = asyncio.create_task(
        drive(server.http_port, PAIRS, lambda connection, number: traffic.poll(connection, number, speaking[number]))
    )

    async def go_on(until: float, clients: int) -> None:
        async def work(connection: Connection, number: int) -> None:
            while time.perf_counter() < until:
                await traffic.exchange(connection, number)

        await drive(server.http_port, clients, work)

    await go_on(time.perf_counter() + 1.5, 8)
    traffic.times_ms.clear()
    await go_on(time.perf_counter() + seconds / 2, 1)
    alone, members_ms = sorted(traffic.times_ms), members_share_ms(callers)
    traffic.times_ms, traffic.count = [], 0
    cpu, began = CpuTime(server.process.pid, data), time.perf_counter()
    await go_on(began + seconds, SIDE_BY_SIDE)
    took, spent = time.perf_counter() - began, cpu.spent_us(traffic.count)
    traffic.is_over = True
    await polling
    for each in speaking:
        each.close()
    added = statistics.median(alone) - members_ms
    hub_us = spent["node"] + spent["postgres"]
    return {
        "exchange_per_s": round(traffic.count / took),
        "added_p50_ms": round(added, 2),
        "loaded_p50_ms": round(statistics.median(traffic.times_ms), 1),
        "loaded_p99_ms": round(sorted(traffic.times_ms)[int(len(traffic.times_ms) * 0.99)], 1),
        "hub_processor_us": spent["node"],
        "postgres_processor_us": spent["postgres"],
        "members_processor_us": spent["client"],
        "verifications_per_exchange": round(hub_us / verification_us(), 1),
        "exchange_per_two_cores": round(2e6 / hub_us),
        "exchange_ratio_to_limit": round(2e6 / hub_us / LIMIT_PER_S, 2),
    }


def verification_us() -> float:
    """The processor's time of one bare verification of Ed25519 now."""
    key = Ed25519PrivateKey.generate()
    signature, public = key.sign(CONTENT[:800]), key.public_key()
    began = time.process_time()
    for _ in range(500):
        public.verify(signature, CONTENT[:800])
    return (time.process_time() - began) / 500 * 1e6


def members_share_ms(callers: list[Caller]) -> float:
    """What the members themselves spend between ask and answer: one signature and reading one message, in ms."""

    def once() -> float:
        began = time.perf_counter()
        message = callers[0].signer.sign("answer", "x", {"exchange": "x" * 13, "content": "0" * 64}, datetime.now(UTC))
        unverified_message(message.text)
        return (time.perf_counter() - began) * 1000

    return statistics.median(once() for _ in range(101))


def main() -> None:
    options = arguments(__doc__ or "")
    callers = [Caller(f"{10_000 + number}") for number in range(PAIRS)]
    with scratch_folder() as folder:
        data = folder / "data"
        data.mkdir()
        asyncio.run(set_up(data, callers))
        with serving(data, "hub", BENHAN_HUB_ANCHOR=str(data / "anchor.jwk")) as server:
            report(asyncio.run(measure(server, data, callers, 6.0 if options.quick else 20.0)), options)


if __name__ == "__main__":
    main()
