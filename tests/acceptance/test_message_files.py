"""HL7 v2 files dropped into a folder: good messages come into the record, bad ones are parked, counts are held."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benhan.hl7v2.mllp import frame
from benhan.node.message_files import message_folder


def batch(*messages: bytes, count: int) -> bytes:
    return b"FHS|^~\\&\rBHS|^~\\&\r" + b"".join(messages) + f"BTS|{count}\rFTS|1\r".encode()


async def dropped(hospital: Any, folder: Path, name: str, data: bytes) -> dict[str, Any]:
    """The report of a file, and where it was put as `put`."""
    watch = message_folder(hospital.store.database, hospital.intake, folder, 1.0)
    (folder / name).write_bytes(data)
    await watch.look()
    assert await watch.look() == 1
    await hospital.apply()
    return report_of(folder, name)


def report_of(folder: Path, name: str) -> dict[str, Any]:
    (report,) = folder.glob(f"*/{name}.report.json")
    return {**json.loads(report.read_bytes()), "put": report.parent.name}


async def test_a_batch_is_taken_message_by_message_and_put_aside(hospital: Any, frames: Any, tmp_path: Path) -> None:
    messages = frames.adt(1), frames.oru(1, 1), frames.oru(2, 2)
    told = await dropped(hospital, tmp_path, "a.hl7", batch(*messages, count=3))
    assert (told["put"], told["taken"], told["parked"]) == ("done", 3, 0)
    assert len(await hospital.found("Observation")) == 2
    again = await dropped(hospital, tmp_path, "b.mllp", b"".join(map(frame, messages)))
    assert (again["put"], again["taken"], again["repeated"]) == ("done", 0, 3)


async def test_the_good_part_is_kept_and_the_bad_part_parked(hospital: Any, frames: Any, tmp_path: Path) -> None:
    bad = frames.message("ADT^A99", "HIS", "EVN||1")
    told = await dropped(hospital, tmp_path, "a.hl7", batch(b"rubbish\r", frames.oru(1, 1), bad, count=3))
    assert (told["put"], told["taken"], told["parked"], told["issues"]) == ("rejected", 1, 2, [])
    assert [(each["number"], each["fault"]) for each in told["messages"]] == [(1, "BA-0601"), (3, "BA-0607")]
    assert len(await hospital.found("Observation")) == 1
    rows = await hospital.rows("select state, count(*) as n from inbox group by state order by state")
    assert [(row["state"], row["n"]) for row in rows] == [("applied", 1), ("parked", 2)]


async def test_a_count_that_does_not_hold_rejects_the_file_and_keeps_its_messages(
    hospital: Any, frames: Any, tmp_path: Path
) -> None:
    told = await dropped(hospital, tmp_path, "a.hl7", batch(frames.oru(1, 1), count=2))
    assert (told["put"], told["taken"], [each["place"] for each in told["issues"]]) == ("rejected", 1, ["BTS-1"])
    assert "gửi lại cả tệp" in (tmp_path / "rejected/a.hl7.report.txt").read_text(encoding="utf-8")
    assert len(await hospital.found("Observation")) == 1
