"""The MLLP listener on a socket pair: answers in the order of arrival, bounds, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from benhan.hl7v2.mllp import frame
from benhan.transports.mllp_server import UNDER_WAY_MAX, MllpLimits, MllpServer, _Connection


@dataclass
class Hospital:
    """What stands behind the listener: it answers a frame when it is let."""

    heard: list[bytes] = field(default_factory=list)
    gates: dict[bytes, asyncio.Event] = field(default_factory=dict)
    is_broken: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def hold(self, content: bytes) -> asyncio.Event:
        self.gates[content] = asyncio.Event()
        return self.gates[content]

    async def receive(self, content: bytes) -> bytes:
        self.heard.append(content)
        self.arrived.set()
        if content in self.gates:
            await self.gates[content].wait()
        if self.is_broken:
            raise RuntimeError("the disk is gone")
        return b"ACK " + content

    async def refuse_long(self, beginning: bytes, limit: int) -> bytes:
        return b"LONG %d " % limit + beginning[:4]


@dataclass
class Peer:
    """The other end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    connection: _Connection

    def send(self, *contents: bytes) -> None:
        self.writer.write(b"".join(frame(each) for each in contents))

    async def answer(self) -> bytes:
        return (await self.reader.readuntil(b"\x1c\r"))[1:-2]


class House:
    """A listener whose peers are socket pairs, so that no port is needed."""

    def __init__(self, hospital: Hospital, limits: MllpLimits) -> None:
        self.server = MllpServer("", 0, hospital.receive, hospital.refuse_long, limits)
        self.peers: list[Peer] = []

    async def connect(self) -> Peer:
        ours, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        _, connection = await loop.connect_accepted_socket(lambda: _Connection(self.server), ours)
        peer = Peer(*await asyncio.open_connection(sock=theirs), connection)
        self.peers.append(peer)
        return peer


@pytest.fixture
def hospital() -> Hospital:
    return Hospital()


@pytest.fixture
async def house(hospital: Hospital) -> AsyncIterator[House]:
    house = House(hospital, MllpLimits(frame_bytes_max=1000, connections_max=2))
    yield house
    for gate in hospital.gates.values():
        gate.set()
    for peer in house.peers:
        peer.writer.close()
        await asyncio.wait_for(peer.connection._drained.wait(), 5)


async def test_answers_come_in_the_order_of_their_messages_even_when_a_later_one_is_done_first(
    house: House, hospital: Hospital
) -> None:
    gate = hospital.hold(b"first")
    peer = await house.connect()
    peer.send(b"first", b"second")
    while hospital.heard != [b"first", b"second"]:
        hospital.arrived.clear()
        await hospital.arrived.wait()
    gate.set()
    assert [await peer.answer(), await peer.answer()] == [b"ACK first", b"ACK second"]


async def test_a_frame_too_long_is_refused_by_its_beginning_and_the_next_one_is_heard(house: House) -> None:
    peer = await house.connect()
    peer.send(b"MSH|" + b"x" * 5000, b"next")
    assert await peer.answer() == b"LONG 1000 MSH|"
    assert await peer.answer() == b"ACK next"


async def test_garbage_between_frames_is_logged_by_its_size_alone(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    peer = await house.connect()
    with caplog.at_level(logging.DEBUG):
        peer.writer.write(b"Nguyen Van Thu" + frame(b"a"))
        assert await peer.answer() == b"ACK a"
    assert "Nguyen" not in caplog.text


async def test_one_connection_more_than_the_limit_is_closed_and_the_others_go_on(house: House) -> None:
    first, second, third = [await house.connect() for _ in range(3)]
    assert await third.reader.read() == b""
    for peer in (first, second):
        peer.send(b"x")
        assert await peer.answer() == b"ACK x"


async def test_a_place_is_free_again_when_a_peer_has_left(house: House) -> None:
    first, _ = [await house.connect() for _ in range(2)]
    first.writer.close()
    await first.connection._drained.wait()
    third = await house.connect()
    third.send(b"x")
    assert await third.answer() == b"ACK x"


async def test_a_message_that_could_not_be_kept_gets_no_answer_and_the_connection_ends(
    house: House, hospital: Hospital
) -> None:
    hospital.is_broken = True
    peer = await house.connect()
    peer.send(b"a", b"b")
    assert await peer.reader.read() == b""


async def test_reading_pauses_while_too_many_messages_wait_and_goes_on_afterwards(
    house: House, hospital: Hospital
) -> None:
    gate = hospital.hold(b"0")
    peer = await house.connect()
    many = [str(number).encode() for number in range(UNDER_WAY_MAX * 3)]
    peer.send(*many[: UNDER_WAY_MAX + 1])
    while len(hospital.heard) <= UNDER_WAY_MAX:
        hospital.arrived.clear()
        await hospital.arrived.wait()
    transport = peer.connection._transport
    assert transport is not None
    assert not transport.is_reading()
    peer.send(*many[UNDER_WAY_MAX + 1 :])
    gate.set()
    assert [await peer.answer() for _ in many] == [b"ACK " + each for each in many]
    assert transport.is_reading()


async def test_what_was_read_is_answered_before_the_listener_ends(house: House, hospital: Hospital) -> None:
    gate = hospital.hold(b"slow")
    peer = await house.connect()
    peer.send(b"slow")
    await hospital.arrived.wait()
    ending = asyncio.create_task(peer.connection.drain())
    gate.set()
    await asyncio.wait_for(ending, 5)
    assert await peer.reader.read() == frame(b"ACK slow")


@pytest.mark.parametrize("how", ["the peer leaves", "the message fails"])
async def test_the_listener_ends_although_an_answer_never_comes(house: House, hospital: Hospital, how: str) -> None:
    gate = hospital.hold(b"slow")
    peer = await house.connect()
    peer.send(b"slow", b"after")
    await hospital.arrived.wait()
    ending = asyncio.create_task(peer.connection.drain())
    if how == "the peer leaves":
        # while reading is paused a peer that closes is only noticed when it is written to
        assert peer.connection._transport is not None
        peer.connection._transport.abort()
    else:
        hospital.is_broken = True
        gate.set()
    await asyncio.wait_for(ending, 5)
    assert peer.connection not in house.server.connections
