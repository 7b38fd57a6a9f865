"""The MLLP sender: an answer counts only when it names the message; what went wrong is a declared Fault."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from benhan.hl7v2.ack import acknowledge, read_header
from benhan.hl7v2.mllp import Frame, Framer, frame
from benhan.kernel.faults import Fault
from benhan.transports.mllp_client import MllpClient

MESSAGE = b"MSH|^~\\&|A|B|C|D|2026||ADT^A01|M1|P|2.5.1\rPID|1\r"
Answer = Callable[[bytes], bytes | None]
Listen = Callable[[Answer], Awaitable[int]]


def right(content: bytes) -> bytes:
    return frame(acknowledge(read_header(content), at="20260105", own_id="A1"))


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    """Opens a listener that answers each frame by a function (None: hangs up); gives its port."""
    servers: list[asyncio.Server] = []

    async def start(answer: Answer) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            framer = Framer()
            while data := await reader.read(65536):
                for event in framer.feed(data):
                    assert isinstance(event, Frame)
                    said = answer(event.content)
                    if said is None:
                        writer.close()
                        return
                    writer.write(said)
            writer.close()

        servers.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        return int(servers[-1].sockets[0].getsockname()[1])

    yield start
    for server in servers:
        server.close()


async def test_the_answer_to_a_message_is_given(listen: Listen) -> None:
    client = MllpClient("127.0.0.1", await listen(right))
    for _ in range(2):  # the same connection serves again
        answer = await client.send(MESSAGE)
        assert (answer.segments[1].raw(1), answer.segments[1].raw(2)) == ("AA", "M1")
    await client.close()


@pytest.mark.parametrize(
    "said",
    [right(MESSAGE.replace(b"|M1|", b"|M2|")), frame(b"hello"), frame(b""), frame(MESSAGE), frame(b"MSH|^~\\&|x|y\r?")],
)
async def test_an_answer_that_is_not_to_this_message_is_refused_and_the_connection_dropped(
    listen: Listen, said: bytes
) -> None:
    answers = iter([said, right(MESSAGE)])
    client = MllpClient("127.0.0.1", await listen(lambda _content: next(answers)))
    with pytest.raises(Fault, match="BA-0610"):
        await client.send(MESSAGE)
    assert (await client.send(MESSAGE)).segments[1].raw(2) == "M1"
    await client.close()


async def test_a_listener_that_hangs_up_is_unavailable_and_may_be_tried_again(listen: Listen) -> None:
    answers = iter([None, right(MESSAGE)])
    client = MllpClient("127.0.0.1", await listen(lambda _content: next(answers)))
    with pytest.raises(Fault, match="BA-0620") as caught:
        await client.send(MESSAGE)
    assert caught.value.retryable
    assert (await client.send(MESSAGE)).segments[1].raw(2) == "M1"
    await client.close()


async def test_a_listener_that_says_nothing_is_unavailable(listen: Listen) -> None:
    client = MllpClient("127.0.0.1", await listen(lambda _content: b""), timeout_s=0.05)
    with pytest.raises(Fault, match="BA-0620"):
        await client.send(MESSAGE)


async def test_nobody_listening_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: whoever connects is refused
        with pytest.raises(Fault, match="BA-0620"):
            await MllpClient("127.0.0.1", taken.getsockname()[1]).send(MESSAGE)
