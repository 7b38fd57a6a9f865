"""Messages of real senders through the listener: each is applied, or parked with a reason for a technician."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

from tests.processes.ports import free_ports

from benhan.hl7v2.mllp import frame
from benhan.store.inbox import State
from benhan.transports.mllp_server import MllpServer

APPLIED_KINDS = {"ADT^A01", "ADT^A03", "ADT^A04", "ADT^A08", "ORM^O01", "OMG^O19", "OML^O21", "ORU^R01"}


def messages(vectors: Path) -> list[tuple[str, bytes]]:
    """Every message by `folder/name`, as its file holds it."""
    return [
        (f"{path.parent.name}/{path.name}", path.read_bytes()) for path in sorted((vectors / "hl7v2").rglob("*.hl7"))
    ]


def table(rows: list[Any]) -> str:
    """How many of each kind are applied, and how many parked for which fault."""
    counts = Counter((row["kind"], row["state"], row["fault"]) for row in rows)
    return "\n".join(" ".join(map(str, (*key, count))) for key, count in sorted(counts.items()))


async def answers_of(hospital: Any, frames: list[bytes]) -> list[str]:
    """MSA-1 of the answer to each frame, sent over a socket."""
    port = free_ports("mllp")["mllp"]
    stop = asyncio.Event()
    server = MllpServer("127.0.0.1", port, hospital.intake.receive, hospital.intake.refuse_long)
    running = asyncio.create_task(server.run(stop))
    await asyncio.sleep(0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    told = []
    for content in frames:
        writer.write(frame(content))
        answer = await asyncio.wait_for(reader.readuntil(b"\x1c\r"), 10)
        told.append(answer.split(b"MSA|")[1][:2].decode())
    writer.close()
    stop.set()
    await running
    return told


async def test_each_message_is_applied_or_parked_with_a_reason(hospital: Any, vectors: Path) -> None:
    named = messages(vectors)
    assert len(named) > 150
    answers = await answers_of(hospital, [content for _, content in named])
    await hospital.apply()
    rows = await hospital.rows("select id, kind, state, fault from inbox order by id")
    assert {row["state"] for row in rows} == {"applied", "parked"}
    assert len(rows) == len({content for _, content in named})  # the same file twice is one message
    parked = []
    while more := await hospital.inbox.listed(State.PARKED, before=parked[-1].id if parked else 2**62):
        parked += more
    for message in parked:
        assert message.fault.startswith("BA-")
        assert message.report.reasons
        assert all(vi and en and vi != en for _place, vi, en in message.report.reasons)
        assert "Traceback" not in str(message.report.reasons)
    assert not [row for row in rows if row["fault"] == "BA-0812"], "a mistake of ours parked a message"
    for row in rows:
        if row["kind"] not in APPLIED_KINDS:
            assert row["state"] == "parked"
    counts = Counter((row["state"], row["kind"] in APPLIED_KINDS) for row in rows)
    assert counts["applied", True] >= 0.9 * (counts["applied", True] + counts["parked", True])
    assert Counter(answers)["AA"] + Counter(answers)["CA"] >= counts["applied", True]
    print(table(rows))
